//! The moving averages behind `error_rate_ema` and `ocr_confidence_ema`.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::contract::job::Kind;
use crate::error_code::{ErrorCode, Severity};

/// An exponential moving average that many threads may feed.
#[derive(Debug)]
pub(super) struct Average {
    /// The weight of the newest value, above 0 up to 1.
    alpha: f64,
    /// The bits of the average; NaN before the first value.
    bits: AtomicU64,
}

impl Average {
    /// An average that starts at a value.
    pub(super) fn starting_at(alpha: f64, start: f64) -> Self {
        Self { alpha, bits: AtomicU64::new(start.to_bits()) }
    }

    /// An average that starts at its first value.
    pub(super) fn unset(alpha: f64) -> Self {
        Self::starting_at(alpha, f64::NAN)
    }

    /// Takes a value in and returns the new average.
    pub(super) fn add(&self, value: f64) -> f64 {
        let next = |bits: u64| {
            let current = f64::from_bits(bits);
            if current.is_nan() { value } else { self.alpha.mul_add(value - current, current) }
        };
        let update = |bits| Some(next(bits).to_bits());
        match self.bits.fetch_update(Ordering::AcqRel, Ordering::Acquire, update) {
            Ok(previous) | Err(previous) => next(previous),
        }
    }

    /// The average now.
    pub(super) fn value(&self) -> f64 {
        f64::from_bits(self.bits.load(Ordering::Acquire))
    }
}

/// The averages of this process.
#[derive(Debug)]
pub(super) struct Averages {
    ocr: Average,
    vision: Average,
    /// Confidence of whole readings.
    pub(super) confidence: Average,
}

impl Averages {
    /// Error rates start at zero, as the original's do.
    pub(super) fn new(alpha: f64) -> Self {
        Self {
            ocr: Average::starting_at(alpha, 0.0),
            vision: Average::starting_at(alpha, 0.0),
            confidence: Average::unset(alpha),
        }
    }

    /// The error rate of one service.
    pub(super) const fn errors(&self, kind: Kind) -> &Average {
        match kind {
            Kind::OcrExtract => &self.ocr,
            Kind::VisionAnalyze => &self.vision,
        }
    }
}

/// Whether a failure raises the error rate: what clients do wrong says nothing about the service.
pub(super) const fn counts(code: ErrorCode) -> bool {
    match code.severity() {
        Severity::P0 | Severity::P1 | Severity::P3 => true,
        Severity::P2 | Severity::None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_value_weighs_alpha() {
        let average = Average::starting_at(0.2, 0.0);

        assert!((average.add(1.0) - 0.2).abs() < 1e-12);
        assert!((average.add(1.0) - 0.36).abs() < 1e-12);
        assert!((average.add(0.0) - 0.288).abs() < 1e-12);
        assert!((average.value() - 0.288).abs() < 1e-12);
    }

    #[test]
    fn unset_average_starts_at_its_first_value() {
        let average = Average::unset(0.2);

        assert!((average.add(0.9) - 0.9).abs() < 1e-12);
    }

    #[test]
    fn values_of_many_threads_are_all_taken_in() {
        let average = Average::starting_at(0.001, 0.0);

        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        average.add(1.0);
                    }
                });
            }
        });

        let expected = 1.0 - 0.999_f64.powi(2000);
        assert!((average.value() - expected).abs() < 1e-9);
    }

    #[test]
    fn only_failures_that_are_not_the_clients_raise_the_rate() {
        let counted: Vec<_> = ErrorCode::ALL.into_iter().filter(|code| counts(*code)).collect();

        assert!(!counts(ErrorCode::InputError));
        assert!(!counts(ErrorCode::RateLimit));
        assert!(counts(ErrorCode::InternalError));
        assert!(ErrorCode::ALL.into_iter().filter(|code| code.opens_circuit()).all(counts));
        assert_eq!(counted.len(), 10);
    }
}
