//! A little chance in delays, so that the workers of a fleet, and jobs that failed in one moment, don't go in step.

use std::time::Duration;

/// Up to a tenth of a delay.
pub(crate) fn tenth(delay: Duration) -> Duration {
    let [chance, ..] = uuid::Uuid::new_v4().into_bytes();
    delay * u32::from(chance) / (10 * u32::from(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_differs_and_stays_under_a_tenth() {
        let drawn: Vec<Duration> = (0..50).map(|_| tenth(Duration::from_secs(10))).collect();

        assert!(drawn.iter().all(|delay| *delay <= Duration::from_secs(1)));
        assert!(drawn.iter().any(|delay| *delay != drawn[0]));
    }
}
