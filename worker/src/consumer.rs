//! Takes the jobs of one provider: gate, free slot, delivery, in this order.
//!
//! A slot is free before a job is started; each lane keeps at most as many messages at hand as there are slots, so
//! that the most urgent one can be taken without asking the broker. While the store is
//! away, the circuit is open or no slot can be started, there is no subscription at all: the messages stay in the
//! broker, for whichever worker is well. Each subscription is a new one, never a paused one resumed.

use std::sync::Arc;
use std::time::Duration;

use cad_common::queue::{Delivery, Subscription};
use cad_common::shutdown::Shutdown;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::bench::Bench;
use crate::breaker::{Admission, Ticket, Verdict};
use crate::circuit::Circuit;
use crate::pool::{Pool, Seat, Standing};
use crate::station::{Intake, Station};
use crate::{chance, job};

/// How often the loop looks up when nothing happens.
const LOOK_UP: Duration = Duration::from_secs(1);

/// What handing back a job takes at most: the broker's and the store's answers.
const HAND_BACK_LIMIT: Duration = Duration::from_secs(5);

/// What a job that is tried takes beside its run: its drawing, its result.
const PROBE_MARGIN: Duration = Duration::from_secs(10);

/// The consumer of one provider.
pub(crate) struct Consumer {
    bench: Arc<Bench>,
    pool: Pool,
    /// A free slot that waits for its job.
    seat: Option<Seat>,
    desk: Desk,
}

/// What decides whether jobs are taken, and the jobs that were.
struct Desk {
    station: Arc<Station>,
    circuit: Circuit,
    gate: watch::Receiver<bool>,
    standing: watch::Receiver<Standing>,
    /// Whether an operator wants no jobs to be taken.
    is_paused: watch::Receiver<bool>,
    shutdown: Shutdown,
    jobs: JoinSet<(Ticket, Verdict)>,
    /// The job that decides about a half-open circuit.
    probe: Option<Ticket>,
}

/// Why a subscription is over.
enum Pause {
    /// The gate has changed.
    Gate,
    /// The queue is closed for good.
    QueueClosed,
}

impl Consumer {
    /// A consumer that takes nothing yet.
    pub(crate) fn new(
        bench: Arc<Bench>,
        pool: Pool,
        station: Arc<Station>,
        shutdown: Shutdown,
    ) -> Self {
        // So that the workers of a fleet don't all probe at once.
        let recovery = bench.jobs.circuit_recovery + chance::tenth(bench.jobs.circuit_recovery);
        let lease = bench.run_limit() + PROBE_MARGIN;
        let threshold = bench.jobs.circuit_failure_threshold;
        let desk = Desk {
            circuit: Circuit::of(bench.provider, threshold, recovery, (lease, &bench.store)),
            gate: bench.gate.watch(),
            standing: pool.standing(),
            is_paused: station.watch_pause(),
            station,
            shutdown,
            jobs: JoinSet::new(),
            probe: None,
        };
        Self { bench, pool, seat: None, desk }
    }

    /// Takes jobs until the shutdown, then drains.
    pub(crate) async fn run(mut self) {
        let hand_back = CancellationToken::new();
        while !self.desk.shutdown.is_stopping() {
            let admission = self.desk.open_gate().filter(|_| self.desk.standing.borrow().ready > 0);
            let Some(admission) = admission else {
                self.desk.station.publish_intake(Intake::Paused);
                self.desk.change().await;
                continue;
            };
            let prefetch = match admission {
                Admission::Probe(_) => 1,
                Admission::All(_) | Admission::Wait(_) => self.desk.station.slots,
            };
            let prefetch = u16::try_from(prefetch).unwrap_or(u16::MAX);
            let mut subscription = self.bench.queue.subscribe(self.bench.provider, prefetch);
            let pause = self.take(&mut subscription, admission, &hand_back).await;
            subscription.stop().await;
            if matches!(pause, Pause::QueueClosed) {
                break;
            }
        }
        self.drain(&hand_back).await;
    }

    /// Takes jobs as long as the gate stands as it did.
    async fn take(
        &mut self,
        subscription: &mut Subscription,
        admission: Admission,
        hand_back: &CancellationToken,
    ) -> Pause {
        while self.desk.open_gate() == Some(admission) {
            let is_connected = subscription.is_connected();
            let intake = if is_connected { Intake::Open } else { Intake::CutOff };
            self.desk.station.publish_intake(intake);
            let Self { pool, seat, desk, .. } = self;
            // Every branch may be dropped: a seat or delivery that was not returned stays where it is.
            let delivery = tokio::select! {
                biased;
                () = desk.change() => continue,
                () = vacated(seat) => {
                    *seat = None;
                    continue;
                }
                Some(free) = pool.seat(), if seat.is_none() => {
                    *seat = Some(free);
                    continue;
                }
                delivery = subscription.next(), if seat.is_some() => delivery,
            };
            match (delivery, self.seat.take()) {
                (Some(delivery), Some(seat)) => self.start(delivery, seat, admission, hand_back),
                _ => return Pause::QueueClosed,
            }
        }
        Pause::Gate
    }

    fn start(
        &mut self,
        delivery: Delivery,
        seat: Seat,
        admission: Admission,
        hand_back: &CancellationToken,
    ) {
        let ticket = match admission {
            Admission::Probe(ticket) => {
                self.desk.probe = Some(ticket);
                ticket
            }
            Admission::All(ticket) => ticket,
            Admission::Wait(_) => return,
        };
        let work = Box::pin(job::work(Arc::clone(&self.bench), delivery, seat, hand_back.clone()));
        let task = async move { (ticket, work.await) };
        self.desk.jobs.spawn(task.in_current_span());
    }

    /// Lets what runs finish; what does not in time is handed back.
    async fn drain(mut self, hand_back: &CancellationToken) {
        self.seat = None;
        let grace = self.bench.jobs.shutdown_grace;
        let deadline = Instant::now() + grace;
        let running = self.desk.jobs.len();
        tracing::info!(provider = %self.bench.provider, running, "no more jobs are taken");
        while !self.desk.jobs.is_empty()
            && Instant::now() < deadline
            && !self.desk.shutdown.is_forced()
        {
            tokio::select! {
                Some(ended) = self.desk.jobs.join_next() => self.desk.learn(ended),
                () = tokio::time::sleep_until(deadline.min(Instant::now() + LOOK_UP)) => {}
                () = self.desk.shutdown.forced() => {}
            }
            self.desk.station.pulse.beat();
        }
        hand_back.cancel();
        let handing_back = async { while self.desk.jobs.join_next().await.is_some() {} };
        if tokio::time::timeout(HAND_BACK_LIMIT, handing_back).await.is_err() {
            tracing::error!(provider = %self.bench.provider, "jobs could not be handed back, the queue does it itself");
        }
        self.pool.close().await;
    }
}

impl Desk {
    /// How jobs may be taken now; `None` when not at all.
    fn open_gate(&mut self) -> Option<Admission> {
        let is_well =
            *self.gate.borrow() && !*self.is_paused.borrow() && !self.standing.borrow().is_broken();
        if self.shutdown.is_stopping() || !is_well {
            return None;
        }
        let admission = self.circuit.admit(std::time::Instant::now());
        self.station.publish_circuit(self.circuit.state());
        match admission {
            Admission::Wait(_) => None,
            Admission::Probe(_) if self.probe.is_some() => None,
            Admission::Probe(_) | Admission::All(_) => Some(admission),
        }
    }

    /// Waits for anything that may change the gate. Cancel safe.
    async fn change(&mut self) {
        self.station.pulse.beat();
        tokio::select! {
            Some(ended) = self.jobs.join_next() => self.learn(ended),
            () = self.station.reset_asked() => {
                tracing::info!(provider = %self.station.provider, "circuit is reset");
                self.circuit.reset();
                self.probe = None;
            }
            // Their senders live as long as the worker.
            Ok(()) = self.gate.changed() => {}
            Ok(()) = self.standing.changed() => {}
            Ok(()) = self.is_paused.changed() => {}
            () = self.circuit.changed() => {}
            () = self.shutdown.stopping() => {}
            () = tokio::time::sleep(LOOK_UP) => {}
        }
        self.station.publish_circuit(self.circuit.state());
    }

    fn learn(&mut self, ended: Result<(Ticket, Verdict), JoinError>) {
        match ended {
            Ok((ticket, verdict)) => {
                self.circuit.record(ticket, verdict, std::time::Instant::now());
                self.probe = self.probe.filter(|probe| *probe != ticket);
            }
            Err(error) => {
                // Its message was dropped with it, so it comes back and its start is counted.
                tracing::error!(provider = %self.station.provider, %error, "a job's task panicked");
                self.probe = None;
            }
        }
    }
}

/// Waits until the slot behind a seat has died; for ever when there is no seat.
async fn vacated(seat: &mut Option<Seat>) {
    match seat {
        Some(seat) => seat.vacated().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
