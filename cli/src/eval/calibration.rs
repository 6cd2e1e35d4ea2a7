//! Whether a confidence means what it says: of the items that claim 0.8, eight in ten should be right.

/// The reliability table's rows, each a tenth wide.
const BINS: usize = 10;

/// What was claimed of an item, and what came true.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Forecast {
    /// 0 to 1.
    pub(super) confidence: f64,
    pub(super) is_right: bool,
}

/// One row of the reliability table.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub(super) struct Bin {
    /// Lower edge of the claimed confidence.
    pub(super) from: f64,
    pub(super) count: u32,
    /// Mean of what was claimed.
    pub(super) claimed: f64,
    /// Share that was right.
    pub(super) right: f64,
}

/// The mean squared difference between claim and truth (Brier 1950): 0 is perfect, 0.25 is a coin; none for none.
pub(super) fn brier(forecasts: &[Forecast]) -> Option<f64> {
    let squares = forecasts.iter().map(|forecast| {
        let truth = f64::from(u8::from(forecast.is_right));
        (forecast.confidence - truth).powi(2)
    });
    (!forecasts.is_empty()).then(|| squares.sum::<f64>() / count(forecasts.len()))
}

/// The rows that have items.
pub(super) fn reliability(forecasts: &[Forecast]) -> Vec<Bin> {
    let mut bins = Vec::new();
    for number in 0..BINS {
        let (from, to) = (count(number) / 10.0, count(number + 1) / 10.0);
        let is_last = number + 1 == BINS;
        let members: Vec<&Forecast> = forecasts
            .iter()
            .filter(|one| one.confidence >= from && (one.confidence < to || is_last))
            .collect();
        let whole = count(members.len());
        if members.is_empty() {
            continue;
        }
        bins.push(Bin {
            from,
            count: u32::try_from(members.len()).unwrap_or(u32::MAX),
            claimed: members.iter().map(|one| one.confidence).sum::<f64>() / whole,
            right: count(members.iter().filter(|one| one.is_right).count()) / whole,
        });
    }
    bins
}

#[expect(clippy::cast_precision_loss, reason = "items of drawings are few")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(confidence: f64, is_right: bool) -> Forecast {
        Forecast { confidence, is_right }
    }

    #[test]
    fn a_sure_truth_scores_zero_and_a_sure_error_one() {
        assert_eq!(brier(&[forecast(1.0, true)]), Some(0.0));
        assert_eq!(brier(&[forecast(1.0, false)]), Some(1.0));
        assert_eq!(brier(&[]), None);
    }

    #[test]
    fn each_item_falls_into_one_bin() {
        let bins = reliability(&[forecast(0.0, false), forecast(0.95, true), forecast(1.0, true)]);

        assert_eq!(bins.iter().map(|bin| bin.count).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(bins[1].right, 1.0);
    }
}
