//! The circuit breaker of one provider: when to take jobs, when to wait, when to try one.
//!
//! It is a plain state machine: the consumer tells it the time and what became of the jobs, so every edge is
//! tested with made-up instants. A job carries a [`Ticket`] of the state it was admitted in; what becomes of a
//! job from an earlier state changes nothing, so a straggler can neither close an open circuit nor pass for
//! the probe.

use std::time::{Duration, Instant};

use cad_common::store::CircuitState;

/// The breaker of one provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Breaker {
    threshold: u32,
    recovery: Duration,
    state: State,
    /// Counts the changes of state; part of every ticket.
    era: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Faults in a row so far.
    Closed { faults: u32 },
    /// Nothing is taken before this.
    Open { until: Instant },
    /// One job at a time is tried.
    HalfOpen,
}

/// Whether jobs may be taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// As many as there are slots.
    All(Ticket),
    /// One, and no other before it has ended.
    Probe(Ticket),
    /// None before this.
    Wait(Instant),
}

/// The state in which a job was admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// What a job's end says about its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The provider did its work.
    Healthy,
    /// The provider is at fault.
    Fault,
    /// Nothing: bad input, a cancellation, an answer from the cache.
    Neutral,
}

impl Breaker {
    /// A closed one that opens after `threshold` faults in a row, for `recovery`.
    pub(crate) const fn new(threshold: u32, recovery: Duration) -> Self {
        Self { threshold, recovery, state: State::Closed { faults: 0 }, era: 0 }
    }

    /// The state for the gauge, `/health` and the fleet.
    pub(crate) const fn state(&self) -> CircuitState {
        match self.state {
            State::Closed { .. } => CircuitState::Closed,
            State::Open { .. } => CircuitState::Open,
            State::HalfOpen => CircuitState::HalfOpen,
        }
    }

    /// Says whether jobs may be taken; an open circuit becomes half-open when its time is up.
    pub(crate) fn admit(&mut self, now: Instant) -> Admission {
        match self.state {
            State::Closed { .. } => Admission::All(Ticket(self.era)),
            State::HalfOpen => Admission::Probe(Ticket(self.era)),
            State::Open { until } if now < until => Admission::Wait(until),
            State::Open { .. } => {
                self.become_state(State::HalfOpen);
                Admission::Probe(Ticket(self.era))
            }
        }
    }

    /// Learns what became of a job that `ticket` admitted.
    pub(crate) fn record(&mut self, ticket: Ticket, verdict: Verdict, now: Instant) {
        if ticket != Ticket(self.era) {
            return;
        }
        match (self.state, verdict) {
            (_, Verdict::Neutral) | (State::Open { .. }, _) => {}
            (State::Closed { .. }, Verdict::Healthy) => self.state = State::Closed { faults: 0 },
            (State::Closed { faults }, Verdict::Fault) if faults + 1 < self.threshold => {
                self.state = State::Closed { faults: faults + 1 };
            }
            (State::HalfOpen, Verdict::Healthy) => self.become_state(State::Closed { faults: 0 }),
            (State::Closed { .. } | State::HalfOpen, Verdict::Fault) => {
                self.become_state(State::Open { until: now + self.recovery });
            }
        }
    }

    /// Another breaker of the same threshold and recovery, in a state that was stored.
    pub(crate) const fn restored(
        self,
        state: CircuitState,
        faults: u32,
        until: Instant,
        era: u64,
    ) -> Self {
        let state = match state {
            CircuitState::Closed => State::Closed { faults },
            CircuitState::Open => State::Open { until },
            CircuitState::HalfOpen => State::HalfOpen,
        };
        Self { state, era, ..self }
    }

    /// Faults in a row so far, while it is closed.
    pub(crate) const fn faults(&self) -> u32 {
        match self.state {
            State::Closed { faults } => faults,
            State::Open { .. } | State::HalfOpen => 0,
        }
    }

    /// How often the state has changed.
    pub(crate) const fn era(&self) -> u64 {
        self.era
    }

    /// Lets a job be tried whose predecessor was never heard of again; a closed circuit needs none.
    pub(crate) fn probe_anew(&mut self) {
        if !matches!(self.state, State::Closed { .. }) {
            self.become_state(State::HalfOpen);
        }
    }

    /// Closes the circuit because an operator says so.
    pub(crate) fn reset(&mut self) {
        self.become_state(State::Closed { faults: 0 });
    }

    fn become_state(&mut self, state: State) {
        self.state = state;
        self.era += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECOVERY: Duration = Duration::from_secs(60);

    fn breaker() -> (Breaker, Instant) {
        (Breaker::new(3, RECOVERY), Instant::now())
    }

    fn ticket(breaker: &mut Breaker, now: Instant) -> Ticket {
        match breaker.admit(now) {
            Admission::All(ticket) | Admission::Probe(ticket) => ticket,
            Admission::Wait(until) => panic!("no job is admitted before {until:?}"),
        }
    }

    fn opened() -> (Breaker, Instant) {
        let (mut breaker, now) = breaker();
        for _ in 0..3 {
            let ticket = ticket(&mut breaker, now);
            breaker.record(ticket, Verdict::Fault, now);
        }
        assert_eq!(breaker.state(), CircuitState::Open);
        (breaker, now)
    }

    #[test]
    fn closed_edges() {
        use Verdict::{Fault, Healthy, Neutral};
        let cases: [(&[Verdict], CircuitState); 7] = [
            (&[], CircuitState::Closed),
            (&[Fault], CircuitState::Closed),
            (&[Fault, Fault], CircuitState::Closed),
            (&[Fault, Fault, Fault], CircuitState::Open),
            (&[Fault, Fault, Healthy, Fault, Fault], CircuitState::Closed),
            (&[Fault, Neutral, Fault, Neutral, Fault], CircuitState::Open),
            (&[Neutral, Neutral, Neutral, Neutral], CircuitState::Closed),
        ];

        for (verdicts, expected) in cases {
            let (mut breaker, now) = breaker();
            let ticket = ticket(&mut breaker, now);
            for verdict in verdicts {
                breaker.record(ticket, *verdict, now);
            }
            assert_eq!(breaker.state(), expected, "{verdicts:?}");
        }
    }

    #[test]
    fn an_open_circuit_admits_nothing_before_its_time() {
        let (mut breaker, now) = opened();

        let just_before = now + RECOVERY - Duration::from_nanos(1);

        assert_eq!(breaker.admit(just_before), Admission::Wait(now + RECOVERY));
        assert_eq!(breaker.state(), CircuitState::Open);
    }

    #[test]
    fn half_open_edges() {
        let cases = [
            (Verdict::Healthy, CircuitState::Closed),
            (Verdict::Fault, CircuitState::Open),
            (Verdict::Neutral, CircuitState::HalfOpen),
        ];

        for (verdict, expected) in cases {
            let (mut breaker, now) = opened();
            let later = now + RECOVERY;
            let Admission::Probe(probe) = breaker.admit(later) else { panic!("a probe is due") };
            breaker.record(probe, verdict, later);
            assert_eq!(breaker.state(), expected, "{verdict:?}");
        }
    }

    #[test]
    fn a_failed_probe_waits_the_whole_recovery_again() {
        let (mut breaker, now) = opened();
        let later = now + RECOVERY;
        let probe = ticket(&mut breaker, later);

        breaker.record(probe, Verdict::Fault, later);

        assert_eq!(breaker.admit(later), Admission::Wait(later + RECOVERY));
    }

    #[test]
    fn one_fault_after_recovery_does_not_open_again() {
        let (mut breaker, now) = opened();
        let later = now + RECOVERY;
        let probe = ticket(&mut breaker, later);
        breaker.record(probe, Verdict::Healthy, later);

        let first = ticket(&mut breaker, later);
        breaker.record(first, Verdict::Fault, later);

        assert_eq!(breaker.state(), CircuitState::Closed);
    }

    #[test]
    fn a_straggler_from_before_neither_closes_nor_opens() {
        for verdict in [Verdict::Healthy, Verdict::Fault] {
            let (mut breaker, now) = breaker();
            let straggler = ticket(&mut breaker, now);
            for _ in 0..3 {
                breaker.record(straggler, Verdict::Fault, now);
            }
            let later = now + RECOVERY;

            breaker.record(straggler, verdict, now);
            assert_eq!(breaker.admit(now), Admission::Wait(later), "{verdict:?} while open");
            let _probe = breaker.admit(later);
            breaker.record(straggler, verdict, later);

            assert_eq!(breaker.state(), CircuitState::HalfOpen, "{verdict:?} while half-open");
        }
    }

    #[test]
    fn a_reset_closes_from_every_state_and_forgets_faults() {
        let (mut breaker, now) = opened();
        breaker.reset();
        assert_eq!(breaker.state(), CircuitState::Closed);

        let ticket = ticket(&mut breaker, now);
        breaker.record(ticket, Verdict::Fault, now);
        breaker.record(ticket, Verdict::Fault, now);
        breaker.reset();
        let ticket = self::ticket(&mut breaker, now);
        breaker.record(ticket, Verdict::Fault, now);

        assert_eq!(breaker.state(), CircuitState::Closed);
    }

    #[test]
    fn a_threshold_of_one_opens_at_the_first_fault() {
        let mut breaker = Breaker::new(1, RECOVERY);
        let now = Instant::now();
        let ticket = ticket(&mut breaker, now);

        breaker.record(ticket, Verdict::Fault, now);

        assert_eq!(breaker.state(), CircuitState::Open);
    }
}
