//! Trying again: how long to wait between attempts, and when to give up.
//!
//! The only file that names `backoff`, which is no longer maintained: leaving it is a matter of this
//! file alone.

use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff;

/// Half of a delay is chance, so that the processes of a fleet don't come back in step.
const JITTER: f64 = 0.5;

/// How attempts are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The delay after the first failure, give or take its half; it doubles with every further one.
    pub first_delay: Duration,
    /// No delay is longer.
    pub longest_delay: Duration,
    /// No attempt begins later than this after the first one.
    pub give_up_after: Duration,
}

/// What an attempt that failed says about the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure<E> {
    /// The next one may succeed.
    Transient(E),
    /// No attempt can succeed.
    Permanent(E),
}

/// Repeats an operation until it succeeds, can't succeed, or its time is up.
///
/// # Errors
/// The last error of the operation.
pub async fn retry<T, E, F, Fut>(policy: Policy, mut operation: F) -> Result<T, E>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Failure<E>>>,
{
    let backoff = ExponentialBackoff {
        max_elapsed_time: Some(policy.give_up_after),
        ..exponential(policy.first_delay, policy.longest_delay)
    };
    let attempt = || {
        let outcome = operation();
        async { outcome.await.map_err(backoff::Error::from) }
    };
    backoff::future::retry(backoff, attempt).await
}

impl<E> From<Failure<E>> for backoff::Error<E> {
    fn from(failure: Failure<E>) -> Self {
        match failure {
            Failure::Transient(error) => Self::transient(error),
            Failure::Permanent(error) => Self::permanent(error),
        }
    }
}

/// The delays of a loop that never gives up, such as one that connects again.
#[derive(Debug)]
pub struct Delays {
    backoff: ExponentialBackoff,
    longest: Duration,
}

impl Delays {
    /// Delays that double from `first` up to `longest`.
    #[must_use]
    pub fn new(first: Duration, longest: Duration) -> Self {
        let backoff = ExponentialBackoff { max_elapsed_time: None, ..exponential(first, longest) };
        Self { backoff, longest }
    }

    /// The delay before the next attempt.
    pub fn next_delay(&mut self) -> Duration {
        self.backoff.next_backoff().unwrap_or(self.longest)
    }

    /// Begins anew with the shortest, after a success.
    pub fn reset(&mut self) {
        self.backoff.reset();
    }
}

fn exponential(first: Duration, longest: Duration) -> ExponentialBackoff {
    ExponentialBackoff {
        initial_interval: first,
        current_interval: first,
        // So that chance can't stretch a delay beyond the longest.
        max_interval: longest.div_f64(1.0 + JITTER),
        randomization_factor: JITTER,
        multiplier: 2.0,
        ..ExponentialBackoff::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Policy = Policy {
        first_delay: Duration::from_millis(1),
        longest_delay: Duration::from_millis(4),
        give_up_after: Duration::from_secs(5),
    };

    #[tokio::test]
    async fn a_transient_failure_is_tried_again() {
        let mut attempts = 0;

        let outcome = retry(QUICK, || {
            attempts += 1;
            let outcome =
                if attempts < 3 { Err(Failure::Transient("not yet")) } else { Ok(attempts) };
            async move { outcome }
        })
        .await;

        assert_eq!(outcome, Ok(3));
    }

    #[tokio::test]
    async fn a_permanent_failure_is_not_tried_again() {
        let mut attempts = 0;

        let outcome: Result<(), _> = retry(QUICK, || {
            attempts += 1;
            async { Err(Failure::Permanent("never")) }
        })
        .await;

        assert_eq!(outcome, Err("never"));
        assert_eq!(attempts, 1);
    }

    #[tokio::test]
    async fn the_last_failure_is_returned_when_time_is_up() {
        let policy = Policy { give_up_after: Duration::from_millis(30), ..QUICK };
        let mut attempts = 0;

        let outcome: Result<(), _> = retry(policy, || {
            attempts += 1;
            let attempt = attempts;
            async move { Err(Failure::Transient(attempt)) }
        })
        .await;

        assert_eq!(outcome, Err(attempts));
        assert!(attempts > 1, "it was tried {attempts} times");
    }

    #[test]
    fn delays_grow_and_stay_below_the_longest() {
        let mut delays = Delays::new(Duration::from_millis(100), Duration::from_secs(5));

        let first = delays.next_delay();
        let all: Vec<Duration> = (0..50).map(|_| delays.next_delay()).collect();

        assert!(first <= Duration::from_millis(150), "the first was {first:?}");
        assert!(all.iter().all(|delay| *delay <= Duration::from_secs(5)));
        assert!(all.iter().any(|delay| *delay > Duration::from_secs(3)));
    }

    #[test]
    fn delays_begin_anew_after_a_success() {
        let mut delays = Delays::new(Duration::from_millis(100), Duration::from_secs(5));
        for _ in 0..20 {
            delays.next_delay();
        }

        delays.reset();

        assert!(delays.next_delay() <= Duration::from_millis(150));
    }
}
