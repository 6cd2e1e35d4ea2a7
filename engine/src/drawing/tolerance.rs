//! Tolerances behind a figure: symmetric, signed pairs, limits and fits.

use cad_common::contract::dimension::{Tolerance, ToleranceKind};

use super::cursor::Cursor;
use super::number::{self, Figure};

/// Largest deviation as a share of the nominal value; above it the figure is no deviation.
const WIDEST_DEVIATION: f64 = 0.5;

/// Deviations up to this are believed on any nominal value.
const ALWAYS_A_DEVIATION: f64 = 0.5;

/// Largest difference of two limits as a share of the larger one.
const WIDEST_LIMITS: f64 = 0.15;

/// The same for limits with nothing between them, which must not be a size and a depth.
const WIDEST_BARE_LIMITS: f64 = 0.02;

/// The fundamental deviations of ISO 286 in capital letters.
const FIT_LETTERS: [&str; 28] = [
    "CD", "EF", "FG", "JS", "ZA", "ZB", "ZC", "A", "B", "C", "D", "E", "F", "G", "H", "J", "K",
    "M", "N", "P", "R", "S", "T", "U", "V", "X", "Y", "Z",
];

/// Fits that would read as a radius, thread, chamfer or datum when a space precedes them.
const AMBIGUOUS_AFTER_SPACE: [&str; 6] = ["R", "M", "C", "A", "B", "S"];

/// What a deviation is a deviation from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Nominal {
    /// The size in its contract unit.
    pub(super) value: f64,
    /// What turns figures without a unit of their own into that unit.
    pub(super) factor: f64,
}

/// Reads a stated deviation: `±0.1`, `(±0.1)`, `+0.1 -0.2`, `(+0.02/-0.01)`, `0 -0.02`.
pub(super) fn deviation(cursor: &mut Cursor<'_>, nominal: Nominal) -> Option<Tolerance> {
    let mut ahead = *cursor;
    if !ahead.skip_gap() {
        return None;
    }
    // a stray line or the border of a cell may stand between a size and its deviation
    ahead.eat(&[',', '|']);
    ahead.skip_gap();
    let is_bracketed = ahead.eat(&['(']);
    let tolerance = symmetric(&mut ahead, nominal).or_else(|| signed_pair(&mut ahead, nominal))?;
    if is_bracketed && ahead.previous() != Some(')') && !ahead.eat(&[')']) {
        return None;
    }
    *cursor = ahead;
    Some(tolerance)
}

/// The second of two limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SecondLimit {
    /// Its figure.
    pub(super) value: f64,
    /// The size sign before it.
    pub(super) sign: Option<char>,
}

/// Reads the second of two limits behind the first: `5.8-5.85`, `11.30/11.20`, `.2500 .2495`.
pub(super) fn second_limit(cursor: &mut Cursor<'_>, first: Figure) -> Option<SecondLimit> {
    let mut ahead = *cursor;
    ahead.skip_gap();
    let is_parted = ahead.eat(&['-', '/', '~'])
        || ahead.eat_text("...")
        || ahead.eat(&['…'])
        || ahead.eat_word(&["TO", "BIS"]);
    ahead.skip_gap();
    let sign = ahead.peek().filter(|sign| matches!(sign, 'Ø' | 'R'));
    if sign.is_some() {
        ahead.bump();
    }
    let second = number::figure(&mut ahead)?;
    let larger = first.value.max(second.value);
    let difference = (first.value - second.value).abs();
    let widest = if is_parted { WIDEST_LIMITS } else { WIDEST_BARE_LIMITS };
    let is_plausible = difference > 0.0 && difference <= larger * widest;
    let is_alike = is_parted || first.decimals == second.decimals && second.decimals > 1;
    if !is_plausible || !is_alike || first.decimals.max(second.decimals) == 0 || second.is_padded {
        return None;
    }
    if ahead.peek() == Some('°') {
        return None;
    }
    *cursor = ahead;
    Some(SecondLimit { value: second.value, sign })
}

/// The tolerance that two limits state about the larger of them.
pub(super) fn limits(first: f64, second: f64) -> Tolerance {
    Tolerance {
        kind: ToleranceKind::Limits,
        upper: Some(0.0),
        lower: Some(number::tidy(-(first - second).abs())),
        ..Tolerance::default()
    }
}

/// Reads a fit such as `H7`, `(H7)`, `H7/g6` or `H7-g6`.
pub(super) fn fit(cursor: &mut Cursor<'_>) -> Option<Tolerance> {
    let mut ahead = *cursor;
    ahead.skip_gap();
    let has_gap = ahead.at() > cursor.at();
    let is_bracketed = ahead.eat(&['(']);
    let (letters, grade) = fit_code(&mut ahead)?;
    if has_gap && !is_bracketed && AMBIGUOUS_AFTER_SPACE.contains(&letters) {
        return None;
    }
    let mut code = format!("{letters}{grade}");
    let mut partner = ahead;
    partner.skip_gap();
    if partner.eat(&['/', '-'])
        && {
            partner.skip_gap();
            true
        }
        && let Some((letters, grade)) = fit_code(&mut partner)
    {
        code = format!("{code}/{letters}{grade}");
        ahead = partner;
    }
    if ahead.is_inside_word() {
        return None;
    }
    // a printed deviation may share the bracket: `(H7 +0.021/0)` keeps it for the next rule
    if is_bracketed && !ahead.eat(&[')']) {
        return None;
    }
    *cursor = ahead;
    Some(Tolerance {
        kind: ToleranceKind::Fit,
        fit: Some(code),
        grade: Some(grade),
        ..Tolerance::default()
    })
}

/// Reads one side of a fit: its letters as printed and its grade.
fn fit_code<'t>(cursor: &mut Cursor<'t>) -> Option<(&'t str, u8)> {
    let rest = cursor.rest();
    let length = rest.chars().take_while(char::is_ascii_alphabetic).count();
    let letters = rest.get(..length)?;
    let is_one_case = letters.to_uppercase() == letters || letters.to_lowercase() == letters;
    if !is_one_case || !FIT_LETTERS.contains(&letters.to_uppercase().as_str()) {
        return None;
    }
    let mut ahead = *cursor;
    ahead.eat_text(letters);
    let digits = ahead.digits();
    let grade =
        digits.parse().ok().filter(|grade| (1..=18).contains(grade) && !digits.starts_with('0'))?;
    *cursor = ahead;
    Some((letters, grade))
}

/// Whether a text is a fit and nothing else; what may be a radius or thread is none.
pub(super) fn is_fit(text: &str) -> bool {
    let apart = format!(" {text}");
    let mut cursor = Cursor::new(&apart);
    fit(&mut cursor).is_some() && cursor.is_done()
}

fn symmetric(cursor: &mut Cursor<'_>, nominal: Nominal) -> Option<Tolerance> {
    let mut ahead = *cursor;
    if !(ahead.eat(&['±', '土']) || ahead.eat_text("+/-") || ahead.eat_text("+-")) {
        return None;
    }
    ahead.skip_gap();
    let figure = number::figure(&mut ahead)?;
    let value = number::tidy(figure.value * factor(&mut ahead, nominal));
    if !is_deviation(value, nominal.value) {
        return None;
    }
    *cursor = ahead;
    Some(Tolerance {
        kind: ToleranceKind::Symmetric,
        upper: Some(value),
        lower: Some(-value),
        ..Tolerance::default()
    })
}

fn signed_pair(cursor: &mut Cursor<'_>, nominal: Nominal) -> Option<Tolerance> {
    let mut ahead = *cursor;
    let first = signed(&mut ahead, nominal)?;
    let mut further = ahead;
    let second = if skip_separator(&mut further) { signed(&mut further, nominal) } else { None };
    let pair = second.filter(|second| first.has_sign || second.has_sign);
    if pair.is_some() {
        ahead = further;
    } else if !first.has_sign {
        return None;
    }
    let (upper, lower) = match pair {
        Some(second) => (Some(first.value.max(second.value)), Some(first.value.min(second.value))),
        None if first.value >= 0.0 => (Some(first.value), None),
        None => (None, Some(first.value)),
    };
    *cursor = ahead;
    Some(Tolerance { kind: ToleranceKind::Deviation, upper, lower, ..Tolerance::default() })
}

/// A deviation with its sign; only zero goes without one.
#[derive(Debug, Clone, Copy)]
struct Signed {
    value: f64,
    has_sign: bool,
}

fn signed(cursor: &mut Cursor<'_>, nominal: Nominal) -> Option<Signed> {
    let mut ahead = *cursor;
    let is_negative = ahead.peek() == Some('-');
    let has_sign = ahead.eat(&['+', '-']);
    if has_sign {
        ahead.skip_gap();
    }
    let figure = number::figure(&mut ahead)?;
    let is_zero = figure.value == 0.0;
    let size = number::tidy(figure.value * factor(&mut ahead, nominal));
    let is_believed =
        (has_sign || is_zero) && !figure.is_padded && is_deviation(size, nominal.value);
    if !is_believed || ahead.is_inside_word() {
        return None;
    }
    *cursor = ahead;
    let value = if is_zero || !is_negative { size } else { -size };
    Some(Signed { value, has_sign })
}

fn is_deviation(value: f64, nominal: f64) -> bool {
    value <= ALWAYS_A_DEVIATION.max(nominal * WIDEST_DEVIATION)
}

/// Skips what stands between two deviations; false if it is too wide a gap.
fn skip_separator(cursor: &mut Cursor<'_>) -> bool {
    let mut brackets = *cursor;
    if brackets.eat(&[')']) && brackets.skip_gap() && brackets.eat(&['(']) {
        *cursor = brackets;
    }
    let is_near = cursor.skip_gap();
    if cursor.eat(&['/', ',', ';', '~', '|']) {
        return is_near && cursor.skip_gap();
    }
    is_near
}

/// Reads a deviation's own unit and gives what turns its figure into the size's unit.
fn factor(cursor: &mut Cursor<'_>, nominal: Nominal) -> f64 {
    if cursor.eat(&['°']) {
        1.0
    } else if cursor.eat(&['\'']) {
        1.0 / 60.0
    } else {
        number::length_unit(cursor).map_or(nominal.factor, |(_, factor)| factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviations(text: &str) -> Option<(Option<f64>, Option<f64>)> {
        deviation(&mut Cursor::new(text), Nominal { value: 50.0, factor: 1.0 })
            .map(|found| (found.upper, found.lower))
    }

    #[test]
    fn every_spelling_of_a_pair_is_read() {
        for text in [
            "+0.05-0.03",
            "+0.05 -0.03",
            "+0.05/-0.03",
            "(+0.05/-0.03)",
            "-0.03 +0.05",
            "+0,05, -0,03",
            "(-0.03) (+0.05)",
        ] {
            assert_eq!(deviations(text), Some((Some(0.05), Some(-0.03))), "{text}");
        }
    }

    #[test]
    fn zero_needs_no_sign_beside_a_signed_figure() {
        assert_eq!(deviations("0 -0.021"), Some((Some(0.0), Some(-0.021))));
        assert_eq!(deviations("+0.021 0"), Some((Some(0.021), Some(0.0))));
        assert_eq!(deviations("0 0"), None);
    }

    #[test]
    fn both_deviations_may_have_one_sign() {
        assert_eq!(deviations("+0.03 +0.01"), Some((Some(0.03), Some(0.01))));
        assert_eq!(deviations("-0.01 -0.03"), Some((Some(-0.01), Some(-0.03))));
    }

    #[test]
    fn a_far_figure_is_no_deviation() {
        let text = format!("{}+0.05 -0.03", " ".repeat(50));

        assert_eq!(deviations(&text), None);
    }

    #[test]
    fn a_radius_behind_a_space_is_no_fit() {
        assert_eq!(fit(&mut Cursor::new(" R5")), None);
        assert_eq!(fit(&mut Cursor::new(" H7")).and_then(|found| found.fit).as_deref(), Some("H7"));
        assert_eq!(
            fit(&mut Cursor::new("H7/g6")).and_then(|found| found.fit).as_deref(),
            Some("H7/g6")
        );
    }
}
