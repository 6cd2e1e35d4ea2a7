//! The slots of one provider: each runs one task at a time, and none of them can hurt another.
//!
//! A slot is a child process in the fleet and a thread in `cad up`; both keep the same promises. A task ends at
//! its deadline or when it is stopped, whatever its code does; a slot that crashed, hangs or has grown too large
//! is replaced at once; one whose models can't be loaded is tried again with growing pauses, and the pool's
//! [`Standing`] says why. Each slot has a keeper, a task that owns it; a free slot is a [`Seat`] in the pool's
//! queue, so a job is taken only when there is somebody to run it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cad_common::contract::record::{JobError, Progress};
use cad_common::error_code::{ErrorCode, Stage};
use cad_common::metrics;
use cad_common::provider::ProviderName;
use cad_common::retry::Delays;
use cad_common::store::LastError;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::provider::{Answer, Provider, Task};

pub(crate) mod frame;
mod process;
mod thread;

use frame::Ready;

/// A disk that has to be read for the first time takes seconds; a slot that needs a minute hangs.
const LOAD_LIMIT: Duration = Duration::from_secs(60);

/// Pauses between attempts to start a slot that can't be started.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// So that a repaired model directory is noticed within half a minute.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How the slots of a provider are made.
pub(crate) struct Plan {
    /// Whose they are.
    pub(crate) provider: ProviderName,
    /// How many.
    pub(crate) slots: usize,
    /// In what they run.
    pub(crate) launch: Launch,
}

/// Makes a provider in a thread.
pub(crate) type Maker = dyn Fn() -> Result<Box<dyn Provider>, JobError> + Send + Sync;

/// In what a slot runs.
#[derive(Clone)]
pub(crate) enum Launch {
    /// A child process.
    Process {
        /// The program that understands `slot --provider NAME`.
        program: PathBuf,
        /// Memory in bytes at which it is killed.
        max_bytes: u64,
    },
    /// A thread.
    Thread {
        /// Makes the provider, in that thread.
        make: Arc<Maker>,
    },
}

/// How the pool is doing.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Standing {
    /// Slots that have their models loaded.
    pub(crate) ready: usize,
    /// Slots at work.
    pub(crate) busy: usize,
    /// Why the last slot that could not be started could not.
    pub(crate) problem: Option<String>,
    /// Names and versions of the models by role.
    pub(crate) versions: BTreeMap<String, String>,
    /// The last failure that was not the client's.
    pub(crate) last_error: Option<LastError>,
}

impl Standing {
    /// Whether no job can be run until somebody repairs something.
    pub(crate) fn is_broken(&self) -> bool {
        self.ready == 0 && self.problem.is_some()
    }
}

/// Why a slot has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SlotFailure {
    /// The provider said so; the slot is as good as before.
    #[error("{}", .0.detail)]
    Failed(JobError),
    /// The deadline came.
    #[error("the deadline came")]
    TimedOut,
    /// The caller stopped it.
    #[error("the run was stopped")]
    Stopped,
    /// The slot grew over its limit.
    #[error(
        "reading this drawing took more than the {limit_mib} MiB of memory that a slot may use"
    )]
    OutOfMemory {
        /// The limit.
        limit_mib: u64,
    },
    /// The slot is gone.
    #[error("the slot ended while it read this drawing ({0})")]
    Crashed(String),
}

impl SlotFailure {
    /// What is told of it, when the provider and not the drawing is at fault.
    fn of_provider(&self) -> Option<LastError> {
        let (code, detail) = match self {
            Self::Failed(error) if error.code.is_of_input() => return None,
            Self::Failed(error) => (error.code, error.detail.clone()),
            Self::Stopped => return None,
            Self::TimedOut => (ErrorCode::ProviderTimeout, "a run was not over in time".to_owned()),
            Self::OutOfMemory { .. } => (ErrorCode::ResourceExhausted, self.to_string()),
            // Its symptoms are for the log.
            Self::Crashed(_) => (ErrorCode::InternalError, "a slot ended within a run".to_owned()),
        };
        Some(LastError { code, detail, at: Timestamp::now() })
    }
}

/// What bounds a run.
#[derive(Debug)]
pub(crate) struct Control {
    /// When it is ended.
    pub(crate) deadline: Instant,
    /// Gets the newest progress.
    pub(crate) progress: watch::Sender<Option<Progress>>,
}

/// The slots of one provider.
#[derive(Debug)]
pub(crate) struct Pool {
    seats: mpsc::Receiver<Seat>,
    standing: watch::Receiver<Standing>,
    keepers: JoinSet<()>,
}

impl Pool {
    /// Starts the slots; they become free one by one as their models are loaded.
    pub(crate) fn start(plan: &Plan) -> Self {
        let (offers, seats) = mpsc::channel(plan.slots.max(1));
        let (standing_sender, standing) = watch::channel(Standing::default());
        let mut keepers = JoinSet::new();
        for number in 0..plan.slots {
            let keeper = Keeper {
                provider: plan.provider,
                number,
                launch: plan.launch.clone(),
                offers: offers.clone(),
                standing: standing_sender.clone(),
            };
            keepers.spawn(keeper.keep());
        }
        Self { seats, standing, keepers }
    }

    /// Waits for a free slot; `None` once every keeper has ended. Cancel safe.
    pub(crate) async fn seat(&mut self) -> Option<Seat> {
        loop {
            let seat = self.seats.recv().await?;
            if !seat.orders.is_closed() {
                return Some(seat);
            }
        }
    }

    /// Shows how the pool is doing, now and later.
    pub(crate) fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.clone()
    }

    /// Ends every slot; what still runs in one is lost.
    pub(crate) async fn close(mut self) {
        self.seats.close();
        while self.seats.try_recv().is_ok() {}
        self.keepers.shutdown().await;
    }
}

/// The right to run one task in a free slot; dropped, the slot is free again.
#[derive(Debug)]
pub(crate) struct Seat {
    orders: oneshot::Sender<Order>,
}

#[derive(Debug)]
struct Order {
    task: Task,
    control: Control,
    stop: CancellationToken,
    outcome: oneshot::Sender<Result<Answer, SlotFailure>>,
}

impl Seat {
    /// Runs a task; dropping the future stops it.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(crate) async fn run(self, task: Task, control: Control) -> Result<Answer, SlotFailure> {
        let (outcome, answer) = oneshot::channel();
        let stop = CancellationToken::new();
        let _stop_when_dropped = stop.clone().drop_guard();
        let gone = || SlotFailure::Crashed("it was gone before the start".to_owned());
        self.orders.send(Order { task, control, stop, outcome }).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Waits until the slot behind it has died. Cancel safe.
    pub(crate) async fn vacated(&mut self) {
        self.orders.closed().await;
    }
}

/// Owns one slot and puts another in its place when it is lost.
struct Keeper {
    provider: ProviderName,
    number: usize,
    launch: Launch,
    offers: mpsc::Sender<Seat>,
    standing: watch::Sender<Standing>,
}

/// Why a keeper has no slot any more.
enum End {
    /// It could not be started, or died while it had nothing to do: pause before the next.
    Ailing,
    /// It ended with a task: start the next at once.
    Worn,
    /// The pool is closed.
    Closed,
}

impl Keeper {
    async fn keep(self) {
        let mut pauses = Delays::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            match self.keep_one().await {
                End::Closed => return,
                End::Worn => pauses.reset(),
                End::Ailing => tokio::time::sleep(pauses.next_delay()).await,
            }
        }
    }

    /// One slot from its start to its end.
    async fn keep_one(&self) -> End {
        let begin = Instant::now();
        match Slot::launch(&self.launch, self.provider, self.number).await {
            Ok((slot, ready)) => {
                let _is_ready = self.became_ready(&ready, begin.elapsed());
                self.serve(slot).await
            }
            Err(error) => {
                tracing::error!(
                    provider = %self.provider, slot = self.number, code = error.code.as_str(),
                    "slot can't be started: {}", error.detail
                );
                self.standing.send_modify(|standing| standing.problem = Some(error.detail));
                End::Ailing
            }
        }
    }

    async fn serve(&self, mut slot: Slot) -> End {
        loop {
            let (orders, mut order) = oneshot::channel();
            if self.offers.send(Seat { orders }).await.is_err() {
                return End::Closed;
            }
            let order = tokio::select! {
                order = &mut order => order,
                () = slot.died() => {
                    tracing::error!(provider = %self.provider, slot = self.number, "idle slot died");
                    return End::Ailing;
                }
            };
            // The seat was given back unused.
            let Ok(Order { task, control, stop, outcome }) = order else {
                continue;
            };
            let answer = {
                let _is_busy = self.became_busy();
                slot.run(task, &control, &stop).await
            };
            if let Err(failure) = &answer {
                self.note(failure);
            }
            let is_spent = slot.is_spent();
            // Nobody waits any more when the job was canceled.
            let _ = outcome.send(answer);
            if is_spent {
                tracing::info!(provider = %self.provider, slot = self.number, "slot is replaced");
                return End::Worn;
            }
        }
    }

    /// Keeps the newest failure for those who ask how the provider is.
    fn note(&self, failure: &SlotFailure) {
        if let Some(error) = failure.of_provider() {
            self.standing.send_modify(|standing| standing.last_error = Some(error));
        }
    }

    fn became_ready(&self, ready: &Ready, since_launch: Duration) -> Counted<'_> {
        metrics::model_load_duration(self.provider, ready.load_time);
        metrics::cold_start(self.provider, since_launch);
        metrics::model_loaded(self.provider, true);
        let models: Vec<&str> = ready.versions.values().map(String::as_str).collect();
        metrics::worker_info(env!("CARGO_PKG_VERSION"), models.join(" "));
        tracing::info!(provider = %self.provider, slot = self.number, elapsed_ms = millis(since_launch), "slot is ready");
        self.standing.send_modify(|standing| {
            standing.problem = None;
            standing.versions.clone_from(&ready.versions);
        });
        Counted::new(self, |standing| &mut standing.ready)
    }

    fn became_busy(&self) -> Counted<'_> {
        Counted::new(self, |standing| &mut standing.busy)
    }
}

/// Counts a slot in the standing as long as it is held, however it ends.
struct Counted<'a> {
    keeper: &'a Keeper,
    field: fn(&mut Standing) -> &mut usize,
}

impl<'a> Counted<'a> {
    fn new(keeper: &'a Keeper, field: fn(&mut Standing) -> &mut usize) -> Self {
        keeper.standing.send_modify(|standing| *field(standing) += 1);
        Self { keeper, field }
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.keeper.standing.send_modify(|standing| *(self.field)(standing) -= 1);
        metrics::model_loaded(self.keeper.provider, self.keeper.standing.borrow().ready > 0);
    }
}

/// One slot.
enum Slot {
    Process(Box<process::ProcessSlot>),
    Thread(thread::ThreadSlot),
}

impl Slot {
    async fn launch(
        launch: &Launch,
        provider: ProviderName,
        number: usize,
    ) -> Result<(Self, Ready), JobError> {
        let launching = async {
            match launch {
                Launch::Process { program, max_bytes } => {
                    let (slot, ready) =
                        process::ProcessSlot::launch(program, *max_bytes, provider).await?;
                    Ok((Self::Process(Box::new(slot)), ready))
                }
                Launch::Thread { make } => {
                    let name = format!("slot-{provider}-{number}");
                    let (slot, ready) = thread::ThreadSlot::launch(name, Arc::clone(make)).await?;
                    Ok((Self::Thread(slot), ready))
                }
            }
        };
        tokio::time::timeout(LOAD_LIMIT, launching).await.unwrap_or_else(|_| {
            Err(unstartable(format!("models were not loaded within {LOAD_LIMIT:?}")))
        })
    }

    async fn run(
        &mut self,
        task: Task,
        control: &Control,
        stop: &CancellationToken,
    ) -> Result<Answer, SlotFailure> {
        match self {
            Self::Process(slot) => slot.run(task, control, stop).await,
            Self::Thread(slot) => slot.run(task, control, stop).await,
        }
    }

    /// Whether it must be replaced.
    fn is_spent(&self) -> bool {
        match self {
            Self::Process(slot) => slot.is_spent(),
            Self::Thread(slot) => slot.is_spent(),
        }
    }

    /// Waits until it is gone by itself. Cancel safe.
    async fn died(&mut self) {
        match self {
            Self::Process(slot) => slot.died().await,
            Self::Thread(slot) => slot.died().await,
        }
    }
}

fn unstartable(detail: String) -> JobError {
    JobError::new(ErrorCode::ModelLoadError, detail).at(Stage::Init)
}

/// For log fields.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
