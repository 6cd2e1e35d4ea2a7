//! Resolves fit codes such as `H7` to deviations, by the tables of ISO 286-1:2010.
//!
//! Shafts are tabled; a hole is the mirror of the shaft with its letter, corrected by the rules of
//! clause 4.1.4: up to IT8 for K, M, N and up to IT7 for P to ZC the difference between the grade and
//! the next finer one is added, so that a fit works out the same on a hole or a shaft basis.

mod tables;

use tables::{COARSE_STEPS, FINE_STEPS, GRADES, J_HOLES, J_SHAFTS, LOWER, UPPER};

/// Largest nominal size of the tables in millimetres.
const LARGEST_MM: f64 = 500.0;

/// Largest size for which the correction of holes is zero, in millimetres.
const UNCORRECTED_MM: f64 = 3.0;

/// Micrometres in a millimetre.
const UM_PER_MM: f64 = 1000.0;

/// The upper and lower deviation in millimetres of a fit's first code.
///
/// Of `H7/g6` that is the hole's. None beyond the tables.
pub(super) fn deviations(fit: &str, nominal_mm: f64) -> Option<(f64, f64)> {
    let code = fit.split('/').next()?;
    let letters = code.trim_end_matches(|last: char| last.is_ascii_digit());
    let grade: usize = code.get(letters.len()..)?.parse().ok()?;
    if nominal_mm <= 0.0 || nominal_mm > LARGEST_MM {
        return None;
    }
    let width = width(grade, nominal_mm)?;
    let is_hole = letters.starts_with(|first: char| first.is_ascii_uppercase());
    let (upper, lower) = if letters.eq_ignore_ascii_case("js") {
        (width / 2.0, -width / 2.0)
    } else if is_hole {
        hole(letters, grade, nominal_mm, width)?
    } else {
        shaft(letters, grade, nominal_mm, width)?
    };
    Some((in_mm(upper), in_mm(lower)))
}

/// Millimetres without the noise of binary fractions and without a negative zero.
fn in_mm(micrometres: f64) -> f64 {
    let rounded = (micrometres * 10.0).round() / (10.0 * UM_PER_MM);
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// The width of a tolerance grade in micrometres.
fn width(grade: usize, nominal: f64) -> Option<f64> {
    let grades = GRADES.get(step(&COARSE_STEPS, nominal)?)?;
    grades.get(grade.checked_sub(1)?).copied()
}

fn shaft(letters: &str, grade: usize, nominal: f64, width: f64) -> Option<(f64, f64)> {
    if letters == "h" {
        return Some((0.0, -width));
    }
    if let Some(upper) = tabled(&UPPER, letters, nominal) {
        return Some((upper, upper - width));
    }
    let lower = match letters {
        "j" => of_grade(&J_SHAFTS, grade, nominal)?,
        "k" if !(4..=7).contains(&grade) => 0.0,
        _ => tabled(&LOWER, letters, nominal)?,
    };
    Some((lower + width, lower))
}

fn hole(letters: &str, grade: usize, nominal: f64, width: f64) -> Option<(f64, f64)> {
    let letters = letters.to_ascii_lowercase();
    if letters == "h" {
        return Some((width, 0.0));
    }
    if let Some(upper) = tabled(&UPPER, &letters, nominal) {
        return Some((width - upper, -upper));
    }
    let upper = if letters == "j" {
        of_grade(&J_HOLES, grade, nominal)?
    } else {
        mirrored(&letters, grade, nominal, width)?
    };
    Some((upper, upper - width))
}

/// The upper deviation of a hole from K on: the shaft's lower one mirrored and corrected.
fn mirrored(letters: &str, grade: usize, nominal: f64, width: f64) -> Option<f64> {
    let is_transition = matches!(letters, "k" | "m" | "n");
    let corrected_up_to = if is_transition { 8 } else { 7 };
    let is_small = nominal <= UNCORRECTED_MM;
    let lower = tabled(&LOWER, letters, nominal)?;
    if grade > corrected_up_to {
        return match letters {
            "k" => is_small.then_some(0.0),
            "n" if !is_small => Some(0.0),
            _ => Some(-lower),
        };
    }
    // the one value that the table sets against its own rule
    if letters == "m" && grade == 6 && nominal > 250.0 && nominal <= 315.0 {
        return Some(-9.0);
    }
    let finer = self::width(grade.checked_sub(1)?, nominal).filter(|_| !is_small);
    Some(finer.map_or(0.0, |finer| width - finer) - lower)
}

/// A fundamental deviation by its letters, with the sign that shafts have.
fn tabled(table: &[tables::Deviation], letters: &str, nominal: f64) -> Option<f64> {
    let found = table.iter().find(|deviation| deviation.letters == letters)?;
    let steps = if found.is_fine { &FINE_STEPS[..] } else { &COARSE_STEPS[..] };
    found.values.get(step(steps, nominal)?.checked_sub(found.first)?).map(|value| f64::from(*value))
}

/// A deviation of the letter J, which each grade states for itself.
fn of_grade(table: &[(usize, &[i16])], grade: usize, nominal: f64) -> Option<f64> {
    let (_, values) = table.iter().find(|(tabled, _)| *tabled == grade)?;
    values.get(step(&COARSE_STEPS, nominal)?).map(|value| f64::from(*value))
}

/// The step of nominal sizes that holds a size: above the step before, up to its own.
fn step(steps: &[f64], nominal: f64) -> Option<usize> {
    steps.iter().position(|up_to| nominal <= *up_to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values as the tables of ISO 286-2 print them, in micrometres.
    const PRINTED: [(f64, &str, f64, f64); 48] = [
        (20.0, "H7", 21.0, 0.0),
        (20.0, "g6", -7.0, -20.0),
        (30.0, "k6", 15.0, 2.0),
        (80.0, "f8", -30.0, -76.0),
        (80.0, "f7", -30.0, -60.0),
        (50.0, "js7", 12.5, -12.5),
        (38.0, "H11", 160.0, 0.0),
        (25.0, "N7", -7.0, -28.0),
        (40.0, "P7", -17.0, -42.0),
        (3.0, "H6", 6.0, 0.0),
        (10.0, "h6", 0.0, -9.0),
        (18.0, "d9", -50.0, -93.0),
        (25.0, "e8", -40.0, -73.0),
        (50.0, "f7", -25.0, -50.0),
        (100.0, "c11", -170.0, -390.0),
        (45.0, "b11", -180.0, -340.0),
        (6.0, "a11", -270.0, -345.0),
        (30.0, "j6", 9.0, -4.0),
        (60.0, "j7", 18.0, -12.0),
        (25.0, "m6", 21.0, 8.0),
        (25.0, "n6", 28.0, 15.0),
        (50.0, "p6", 42.0, 26.0),
        (60.0, "r6", 60.0, 41.0),
        (75.0, "r6", 62.0, 43.0),
        (100.0, "s6", 93.0, 71.0),
        (28.0, "t6", 54.0, 41.0),
        (22.0, "u6", 54.0, 41.0),
        (16.0, "v6", 50.0, 39.0),
        (12.0, "x6", 51.0, 40.0),
        (16.0, "x8", 72.0, 45.0),
        (30.0, "k8", 33.0, 0.0),
        (3.0, "k6", 6.0, 0.0),
        (20.0, "F8", 53.0, 20.0),
        (20.0, "D10", 149.0, 65.0),
        (8.0, "E9", 61.0, 25.0),
        (20.0, "G7", 28.0, 7.0),
        (20.0, "J7", 12.0, -9.0),
        (50.0, "J6", 10.0, -6.0),
        (8.0, "JS9", 18.0, -18.0),
        (25.0, "K7", 6.0, -15.0),
        (25.0, "M7", 0.0, -21.0),
        (280.0, "M6", -9.0, -41.0),
        (8.0, "N9", 0.0, -36.0),
        (3.0, "N9", -4.0, -29.0),
        (8.0, "P9", -15.0, -51.0),
        (60.0, "R7", -30.0, -60.0),
        (40.0, "S7", -34.0, -59.0),
        (500.0, "H8", 97.0, 0.0),
    ];

    #[test]
    fn printed_values_are_met() {
        for (nominal, fit, upper, lower) in PRINTED {
            assert_eq!(
                deviations(fit, nominal),
                Some((upper / UM_PER_MM, lower / UM_PER_MM)),
                "{nominal} {fit}"
            );
        }
    }

    #[test]
    fn a_pair_gives_the_hole() {
        assert_eq!(deviations("H7/g6", 20.0), Some((0.021, 0.0)));
    }

    #[test]
    fn what_is_beyond_the_tables_has_no_deviations() {
        for (fit, nominal) in
            [("H7", 501.0), ("H7", 0.0), ("t6", 20.0), ("j9", 20.0), ("H19", 20.0), ("H", 20.0)]
        {
            assert_eq!(deviations(fit, nominal), None, "{nominal} {fit}");
        }
    }
}
