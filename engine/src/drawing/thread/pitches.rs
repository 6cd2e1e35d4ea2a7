//! Pitches that the standards give a size which states none.
//!
//! Metric: ISO 261, coarse series. Unified: ASME B1.1. Pipe: ISO 228-1, ISO 7-1, ASME B1.20.1.

/// Sizes closer than this are one.
const SAME_SIZE: f64 = 1e-4;

/// Diameter and coarse pitch in millimetres.
const COARSE: [(f64, f64); 38] = [
    (1.0, 0.25),
    (1.1, 0.25),
    (1.2, 0.25),
    (1.4, 0.3),
    (1.6, 0.35),
    (1.8, 0.35),
    (2.0, 0.4),
    (2.2, 0.45),
    (2.5, 0.45),
    (3.0, 0.5),
    (3.5, 0.6),
    (4.0, 0.7),
    (4.5, 0.75),
    (5.0, 0.8),
    (6.0, 1.0),
    (7.0, 1.0),
    (8.0, 1.25),
    (9.0, 1.25),
    (10.0, 1.5),
    (11.0, 1.5),
    (12.0, 1.75),
    (14.0, 2.0),
    (16.0, 2.0),
    (18.0, 2.5),
    (20.0, 2.5),
    (22.0, 2.5),
    (24.0, 3.0),
    (27.0, 3.0),
    (30.0, 3.5),
    (33.0, 3.5),
    (36.0, 4.0),
    (39.0, 4.0),
    (42.0, 4.5),
    (45.0, 4.5),
    (48.0, 5.0),
    (52.0, 5.0),
    (56.0, 5.5),
    (60.0, 5.5),
];

/// Diameter in inches with the threads per inch of the coarse and the fine series; 0 for none.
const UNIFIED: [(f64, f64, f64); 28] = [
    (0.060, 0.0, 80.0),
    (0.073, 64.0, 72.0),
    (0.086, 56.0, 64.0),
    (0.099, 48.0, 56.0),
    (0.112, 40.0, 48.0),
    (0.125, 40.0, 44.0),
    (0.138, 32.0, 40.0),
    (0.164, 32.0, 36.0),
    (0.190, 24.0, 32.0),
    (0.216, 24.0, 28.0),
    (0.25, 20.0, 28.0),
    (0.3125, 18.0, 24.0),
    (0.375, 16.0, 24.0),
    (0.4375, 14.0, 20.0),
    (0.5, 13.0, 20.0),
    (0.5625, 12.0, 18.0),
    (0.625, 11.0, 18.0),
    (0.75, 10.0, 16.0),
    (0.875, 9.0, 14.0),
    (1.0, 8.0, 12.0),
    (1.125, 7.0, 12.0),
    (1.25, 7.0, 12.0),
    (1.375, 6.0, 12.0),
    (1.5, 6.0, 12.0),
    (1.75, 5.0, 0.0),
    (2.0, 4.5, 0.0),
    (2.25, 4.5, 0.0),
    (2.5, 4.0, 0.0),
];

/// Largest size and threads per inch of Whitworth pipe threads.
const WHITWORTH_PIPE: [(f64, f64); 4] = [(0.13, 28.0), (0.4, 19.0), (0.9, 14.0), (6.1, 11.0)];

/// Largest size and threads per inch of American pipe threads.
const AMERICAN_PIPE: [(f64, f64); 5] =
    [(0.13, 27.0), (0.4, 18.0), (0.8, 14.0), (2.1, 11.5), (24.1, 8.0)];

/// Pitches of trapezoidal and buttress threads in millimetres, from ISO 2904.
const TRAPEZOIDAL: [f64; 20] = [
    1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 22.0, 24.0,
    28.0, 32.0, 36.0,
];

/// The pitch of a metric thread that states none.
pub(super) fn coarse(diameter: f64) -> Option<f64> {
    let large = [(64.0, 6.0), (68.0, 6.0)];
    COARSE
        .iter()
        .chain(&large)
        .find(|(size, _)| (size - diameter).abs() < SAME_SIZE)
        .map(|(_, pitch)| *pitch)
}

/// The threads per inch of a thread that states none.
pub(super) fn per_inch(standard: &str, inches: f64) -> Option<f64> {
    let up_to = |table: &[(f64, f64)]| {
        table.iter().find(|(largest, _)| inches <= *largest).map(|(_, count)| *count)
    };
    let unified = UNIFIED.iter().find(|(size, _, _)| (size - inches).abs() < SAME_SIZE);
    let count = match standard {
        "unc" => unified?.1,
        "unf" => unified?.2,
        "g" | "r" | "rc" | "rp" => up_to(&WHITWORTH_PIPE)?,
        "npt" | "nptf" => up_to(&AMERICAN_PIPE)?,
        _ => return None,
    };
    (count > 0.0).then_some(count)
}

/// The series that gives a size these threads per inch.
pub(super) fn series(inches: f64, count: f64) -> Option<&'static str> {
    ["unc", "unf"].into_iter().find(|series| per_inch(series, inches) == Some(count))
}

/// Whether a trapezoidal or buttress thread has this diameter and pitch.
pub(super) fn is_trapezoidal(diameter: f64, pitch: f64) -> bool {
    TRAPEZOIDAL.contains(&pitch)
        && diameter >= 8.0
        && pitch >= diameter * 0.04
        && pitch <= diameter * 0.36
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_the_pitches_of_their_standards() {
        assert_eq!(coarse(2.5), Some(0.45));
        assert_eq!(coarse(24.0), Some(3.0));
        assert_eq!(coarse(13.0), None);
        assert_eq!(per_inch("unc", 0.25), Some(20.0));
        assert_eq!(per_inch("unf", 0.19), Some(32.0));
        assert_eq!(per_inch("g", 0.5), Some(14.0));
        assert_eq!(per_inch("rc", 0.375), Some(19.0));
        assert_eq!(per_inch("npt", 1.0), Some(11.5));
        assert_eq!(series(0.3125, 18.0), Some("unc"));
    }
}
