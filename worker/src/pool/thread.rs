//! A slot in a thread of this process: for `cad up`, where one command is worth more than isolation.
//!
//! A panic ends the thread and nothing else. A deadline stops the run through its [`StopSignal`]; a run that does
//! not heed it is left behind in its thread, and the slot is replaced.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cad_common::contract::record::{JobError, Progress};
use cad_engine::stop::StopSignal;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::frame::Ready;
use super::{Control, Maker, SlotFailure, unstartable};
use crate::provider::{Answer, Task};

/// A stopped run ends between two steps, of which the longest is finding the outlines of a large page.
const PATIENCE: Duration = Duration::from_secs(2);

/// The thread, seen from the keeper.
pub(super) struct ThreadSlot {
    orders: mpsc::Sender<Order>,
    /// Whether its thread has panicked, or runs on without listening.
    is_lost: bool,
}

struct Order {
    task: Task,
    stop: StopSignal,
    progress: watch::Sender<Option<Progress>>,
    outcome: oneshot::Sender<Result<Answer, JobError>>,
}

impl ThreadSlot {
    /// Starts the thread and waits until its models are loaded.
    pub(super) async fn launch(name: String, make: Arc<Maker>) -> Result<(Self, Ready), JobError> {
        let (orders, inbox) = mpsc::channel(1);
        let (started, readiness) = oneshot::channel();
        thread::Builder::new()
            .name(name)
            .spawn(move || serve(make.as_ref(), started, inbox))
            .map_err(|error| unstartable(format!("no thread for a slot: {error}")))?;
        let ready = readiness
            .await
            .map_err(|_| unstartable("loading the models panicked".to_owned()))??;
        Ok((Self { orders, is_lost: false }, ready))
    }

    /// Runs a task until its end, its deadline or its stop.
    pub(super) async fn run(
        &mut self,
        task: Task,
        control: &Control,
        stop: &CancellationToken,
    ) -> Result<Answer, SlotFailure> {
        let (outcome, mut answer) = oneshot::channel();
        let signal = StopSignal::new();
        let _stop_when_dropped = StopWhenDropped(signal.clone());
        let order =
            Order { task, stop: signal.clone(), progress: control.progress.clone(), outcome };
        if self.orders.send(order).await.is_err() {
            return Err(self.panicked());
        }
        let failure = tokio::select! {
            answer = &mut answer => {
                // No answer comes from a thread that unwinds, which it may still be doing.
                let answer = answer.map_err(|_| self.panicked())?;
                return answer.map_err(SlotFailure::Failed);
            }
            () = tokio::time::sleep_until(control.deadline) => SlotFailure::TimedOut,
            () = stop.cancelled() => SlotFailure::Stopped,
        };
        signal.stop();
        if tokio::time::timeout(PATIENCE, answer).await.is_err() {
            tracing::error!("a stopped run goes on, its thread is left behind");
            self.is_lost = true;
        }
        Err(failure)
    }

    /// Whether it must be replaced.
    pub(super) fn is_spent(&self) -> bool {
        self.is_lost || self.orders.is_closed()
    }

    fn panicked(&mut self) -> SlotFailure {
        self.is_lost = true;
        SlotFailure::Crashed("its thread panicked".to_owned())
    }

    /// Waits until the thread has ended.
    pub(super) async fn died(&mut self) {
        self.orders.closed().await;
    }
}

/// Stops the run when nobody waits for it any more.
struct StopWhenDropped(StopSignal);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// The thread itself: owns the provider, and ends when its keeper is gone.
fn serve(
    make: &Maker,
    started: oneshot::Sender<Result<Ready, JobError>>,
    mut inbox: mpsc::Receiver<Order>,
) {
    let begin = Instant::now();
    let mut provider = match make() {
        Ok(provider) => provider,
        Err(error) => {
            // The keeper may have lost its patience already.
            let _ = started.send(Err(error));
            return;
        }
    };
    let ready = Ready { versions: provider.versions().clone(), load_time: begin.elapsed() };
    if started.send(Ok(ready)).is_err() {
        return;
    }
    while let Some(Order { task, stop, progress, outcome }) = inbox.blocking_recv() {
        let mut report = |newest| {
            progress.send_replace(Some(newest));
        };
        let answer = provider.run(&task, &stop, &mut report);
        // Nobody listens after a deadline.
        let _ = outcome.send(answer);
    }
}
