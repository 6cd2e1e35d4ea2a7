//! The circuit of one provider as its consumer uses it: the worker's own, or one that the fleet shares.
//!
//! A local provider fails with its worker, so its breaker is the worker's own. A remote one fails for everybody:
//! its breaker is kept in the store, faults of all workers count together, and one worker alone tries it again.
//! A task of its own talks to the store, so that the consumer never waits and no verdict is lost in a `select!`.

use std::time::{Duration, Instant};

use cad_common::provider::ProviderName;
use cad_common::store::orders::SharedCircuit;
use cad_common::store::{CircuitState, Store, StoreError};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::breaker::{Admission, Breaker, Ticket, Verdict};

/// How old a worker's view of the fleet's circuit may get.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Verdicts on their way to the store; more are only lost when the store is away, and then nothing is taken.
const PENDING_EVENTS: usize = 256;

/// Workers that change a circuit at the same moment go one after the other, this often at most.
const MOST_SWAPS: usize = 10;

/// The circuit of one provider.
#[derive(Debug)]
pub(crate) enum Circuit {
    /// Of this worker alone.
    Own(Breaker),
    /// Of the whole fleet.
    Shared(Shared),
}

/// A worker's side of a shared circuit.
#[derive(Debug)]
pub(crate) struct Shared {
    view: watch::Receiver<View>,
    events: mpsc::Sender<Event>,
    /// The probe that this worker has already heard of, though its view has not.
    judged: Option<Ticket>,
    keeper: JoinHandle<()>,
}

/// The fleet's circuit as this worker knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct View {
    breaker: Breaker,
    /// Whether this worker is the one who tries the provider.
    is_prober: bool,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Judged(Ticket, Verdict),
    /// The circuit's time is up and this worker could try a job.
    ProbeIsDue,
    Reset,
}

impl Circuit {
    /// The circuit of a provider: the fleet's for a remote one. Who tries a shared one counts as gone after `lease`.
    pub(crate) fn of(
        provider: ProviderName,
        threshold: u32,
        recovery: Duration,
        (lease, store): (Duration, &Store),
    ) -> Self {
        let breaker = Breaker::new(threshold, recovery);
        if !provider.is_remote() {
            return Self::Own(breaker);
        }
        let (events, received) = mpsc::channel(PENDING_EVENTS);
        let (shown, view) = watch::channel(View { breaker, is_prober: false });
        let keeper = Keeper {
            store: store.clone(),
            provider,
            blank: breaker,
            recovery,
            lease: lease.max(recovery),
            events: received,
            shown,
            probed: None,
        };
        let keeper = tokio::spawn(keeper.run());
        Self::Shared(Shared { view, events, judged: None, keeper })
    }

    /// The state for the gauge, `/health` and the fleet.
    pub(crate) fn state(&self) -> CircuitState {
        match self {
            Self::Own(breaker) => breaker.state(),
            Self::Shared(shared) => shared.view.borrow().breaker.state(),
        }
    }

    /// Says whether jobs may be taken.
    pub(crate) fn admit(&mut self, now: Instant) -> Admission {
        match self {
            Self::Own(breaker) => breaker.admit(now),
            Self::Shared(shared) => shared.admit(now),
        }
    }

    /// Learns what became of a job that `ticket` admitted.
    pub(crate) fn record(&mut self, ticket: Ticket, verdict: Verdict, now: Instant) {
        match self {
            Self::Own(breaker) => breaker.record(ticket, verdict, now),
            Self::Shared(_) if verdict == Verdict::Neutral => {}
            Self::Shared(shared) => {
                shared.judged = Some(ticket);
                shared.tell(Event::Judged(ticket, verdict));
            }
        }
    }

    /// Closes the circuit because an operator says so.
    pub(crate) fn reset(&mut self) {
        match self {
            Self::Own(breaker) => breaker.reset(),
            Self::Shared(shared) => shared.tell(Event::Reset),
        }
    }

    /// Waits until the fleet has changed the circuit; for ever when it is this worker's own. Cancel safe.
    pub(crate) async fn changed(&mut self) {
        if let Self::Shared(shared) = self
            && shared.view.changed().await.is_ok()
        {
            return;
        }
        std::future::pending().await
    }
}

impl Shared {
    fn admit(&self, now: Instant) -> Admission {
        let mut view = *self.view.borrow();
        if view.breaker.state() == CircuitState::Closed {
            return view.breaker.admit(now);
        }
        let later = Admission::Wait(now + LOOK_INTERVAL);
        match view.breaker.admit(now) {
            Admission::Probe(ticket) if view.is_prober && self.judged != Some(ticket) => {
                Admission::Probe(ticket)
            }
            Admission::Probe(_) => {
                self.tell(Event::ProbeIsDue);
                later
            }
            admission => admission,
        }
    }

    /// A full channel means that the store is away, and then the gate is shut.
    fn tell(&self, event: Event) {
        let _ = self.events.try_send(event);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// Brings what happens here to the store, and what is stored to the consumer.
struct Keeper {
    store: Store,
    provider: ProviderName,
    /// A breaker as it is made, for its threshold and recovery.
    blank: Breaker,
    recovery: Duration,
    /// How long one job that is tried may take.
    lease: Duration,
    events: mpsc::Receiver<Event>,
    shown: watch::Sender<View>,
    /// The era in which this worker is the one who tries.
    probed: Option<u64>,
}

impl Keeper {
    async fn run(mut self) {
        loop {
            let event = tokio::select! {
                event = self.events.recv() => match event {
                    Some(event) => Some(event),
                    None => return,
                },
                () = tokio::time::sleep(LOOK_INTERVAL) => None,
            };
            // A verdict is not given up because the store has stumbled.
            while let Err(error) = self.follow(event).await {
                tracing::debug!(provider = %self.provider, %error, "the fleet's circuit was not reached");
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
        }
    }

    /// Applies what has happened to the circuit as it is now, and shows the outcome.
    async fn follow(&mut self, event: Option<Event>) -> Result<(), StoreError> {
        for _ in 0..MOST_SWAPS {
            let (stored, clock_ms) = self.store.circuit(self.provider).await?;
            let now = Instant::now();
            let until = now + Duration::from_millis(stored.until_ms.saturating_sub(clock_ms));
            let mut breaker = self.blank.restored(stored.state, stored.faults, until, stored.era);
            let before = breaker;
            let is_lease_over = stored.until_ms <= clock_ms;
            match event {
                Some(Event::Judged(ticket, verdict)) => breaker.record(ticket, verdict, now),
                Some(Event::ProbeIsDue) if is_lease_over => breaker.probe_anew(),
                Some(Event::Reset) => breaker.reset(),
                Some(Event::ProbeIsDue) | None => {}
            }
            if breaker == before {
                self.show(breaker);
                return Ok(());
            }
            let next = SharedCircuit {
                version: stored.version + 1,
                era: breaker.era(),
                state: breaker.state(),
                faults: breaker.faults(),
                until_ms: clock_ms + millis(self.wait_of(breaker.state())),
            };
            if self.store.swap_circuit(self.provider, &next).await? {
                if breaker.state() == CircuitState::HalfOpen {
                    self.probed = Some(breaker.era());
                }
                self.show(breaker);
                return Ok(());
            }
        }
        Ok(())
    }

    const fn wait_of(&self, state: CircuitState) -> Duration {
        match state {
            CircuitState::HalfOpen => self.lease,
            CircuitState::Closed | CircuitState::Open => self.recovery,
        }
    }

    fn show(&self, breaker: Breaker) {
        let view = View { breaker, is_prober: self.probed == Some(breaker.era()) };
        self.shown.send_if_modified(|shown| {
            let is_news = *shown != view;
            *shown = view;
            is_news
        });
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
