//! Figures as drawings print them: decimal point or comma, bare decimals, fractions, units.

use cad_common::contract::dimension::Unit;

use super::cursor::Cursor;

/// Longest whole part of a figure; longer runs of digits are numbers of things.
const MOST_WHOLE_DIGITS: usize = 6;

/// Longest decimal part.
const MOST_DECIMALS: usize = 6;

/// Millimetres in an inch.
pub(super) const MM_PER_INCH: f64 = 25.4;

/// One printed figure without sign.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figure {
    /// Its value.
    pub(super) value: f64,
    /// Digits after the decimal mark.
    pub(super) decimals: usize,
    /// Whether zeros precede the whole part, as in `014`, which no drawing prints.
    pub(super) is_padded: bool,
    /// Whether it starts with its decimal mark, as inch sheets print it.
    pub(super) is_bare: bool,
}

/// Reads a decimal figure; dates and numbered sections are none.
pub(super) fn figure(cursor: &mut Cursor<'_>) -> Option<Figure> {
    let mut ahead = *cursor;
    let whole = ahead.digits();
    let decimals = decimals(&mut ahead);
    if whole.is_empty() && decimals.is_empty() {
        return None;
    }
    if whole.len() > MOST_WHOLE_DIGITS || decimals.len() > MOST_DECIMALS || is_at_decimals(ahead) {
        return None;
    }
    let value = format!("{whole}.{decimals}0").parse().ok()?;
    *cursor = ahead;
    Some(Figure {
        value,
        decimals: decimals.len(),
        is_padded: whole.len() > 1 && whole.starts_with('0'),
        is_bare: whole.is_empty(),
    })
}

/// Reads a fraction such as `3/8` or `1 1/2`.
pub(super) fn fraction(cursor: &mut Cursor<'_>) -> Option<f64> {
    let mut ahead = *cursor;
    let mut whole = 0.0;
    let mut above: f64 = ahead.digits().parse().ok()?;
    if ahead.peek() != Some('/') {
        if !ahead.eat(&[' ', '-']) {
            return None;
        }
        whole = above;
        above = ahead.digits().parse().ok()?;
    }
    if !ahead.eat(&['/']) {
        return None;
    }
    let below: f64 = ahead.digits().parse().ok()?;
    if !(2.0..=64.0).contains(&below) || above <= 0.0 || above >= below || ahead.peek() == Some('/')
    {
        return None;
    }
    *cursor = ahead;
    Some(whole + above / below)
}

/// Reads a unit of length: the unit it is given in and the factor to it.
pub(super) fn length_unit(cursor: &mut Cursor<'_>) -> Option<(Unit, f64)> {
    let mut ahead = *cursor;
    ahead.skip_gap();
    let unit = if ahead.eat_word(&["mm", "毫米"]) {
        (Unit::Mm, 1.0)
    } else if ahead.eat_word(&["cm", "厘米"]) {
        (Unit::Mm, 10.0)
    } else if ahead.eat_word(&["μm", "um"]) {
        (Unit::Mm, 0.001)
    } else if ahead.eat_word(&["inches", "inch", "in.", "in"]) || ahead.eat(&['"']) {
        (Unit::Inch, 1.0)
    } else {
        return None;
    };
    if ahead.is_inside_word() {
        return None;
    }
    *cursor = ahead;
    Some(unit)
}

/// Takes the noise of binary fractions off a difference of printed figures.
pub(super) fn tidy(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

fn decimals<'t>(cursor: &mut Cursor<'t>) -> &'t str {
    if !is_at_decimals(*cursor) {
        return "";
    }
    cursor.bump();
    cursor.digits()
}

fn is_at_decimals(cursor: Cursor<'_>) -> bool {
    matches!(cursor.peek(), Some('.' | ','))
        && cursor.peek_second().is_some_and(|second| second.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_commas_and_bare_decimals_are_figures() {
        for (text, value) in
            [("12.5", 12.5), ("12,5", 12.5), (".500", 0.5), ("100", 100.0), ("0,000", 0.0)]
        {
            assert_eq!(
                figure(&mut Cursor::new(text)).map(|figure| figure.value),
                Some(value),
                "{text}"
            );
        }
    }

    #[test]
    fn dates_and_long_numbers_are_no_figures() {
        for text in ["27.08.2018", "1.2.3", "20250101", "", ".", "x"] {
            assert_eq!(figure(&mut Cursor::new(text)), None, "{text}");
        }
    }

    #[test]
    fn fractions_may_have_a_whole_part() {
        assert_eq!(fraction(&mut Cursor::new("1 1/2")), Some(1.5));
        assert_eq!(fraction(&mut Cursor::new("3/8")), Some(0.375));
        assert_eq!(fraction(&mut Cursor::new("13/06/19")), None);
    }

    #[test]
    fn a_unit_ends_its_word() {
        assert_eq!(length_unit(&mut Cursor::new(" mm")), Some((Unit::Mm, 1.0)));
        assert_eq!(length_unit(&mut Cursor::new("MM20")), None);
    }
}
