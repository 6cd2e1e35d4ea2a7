//! Threads in inches: unified, pipe and Acme.

use cad_common::contract::dimension::{Thread, Unit};

use super::super::cursor::Cursor;
use super::super::number::{self, MM_PER_INCH};
use super::{ThreadCallout, hand, pitches};

/// Unified sizes that go by number.
const NUMBERED_SIZES: std::ops::RangeInclusive<f64> = 0.0..=12.0;

/// Threads per inch from which a whole figure is a numbered size: `10-32` is number ten, `2-12` two inches.
const FINEST_INCH_SIZES: f64 = 24.0;

/// Unified series, longest names first.
const UNIFIED: [(&str, &str); 7] = [
    ("UNJF", "unjf"),
    ("UNJC", "unjc"),
    ("UNEF", "unef"),
    ("UNC", "unc"),
    ("UNF", "unf"),
    ("UNS", "uns"),
    ("UN", "un"),
];

/// Pipe series named before their size.
const PIPE_BEFORE: [(&str, &str); 13] = [
    ("NPTF", "nptf"),
    ("NPT", "npt"),
    ("BSPP", "g"),
    ("BSPT", "r"),
    ("ZG", "r"),
    ("PT", "r"),
    ("PF", "g"),
    ("RC", "rc"),
    ("RP", "rp"),
    ("Rc", "rc"),
    ("Rp", "rp"),
    ("G", "g"),
    ("R", "r"),
];

/// Series named after their size.
const NAMED_AFTER: [(&str, &str); 5] =
    [("NPTF", "nptf"), ("NPT", "npt"), ("BSPP", "g"), ("BSPT", "r"), ("ACME", "acme")];

/// Reads `G1/2`, `Rc 3/8`, `NPT 1/4`; a whole inch needs its class or mark to be told from a label.
pub(super) fn pipe(cursor: &mut Cursor<'_>) -> Option<ThreadCallout> {
    for (name, standard) in PIPE_BEFORE {
        let mut ahead = *cursor;
        let start = ahead;
        if !ahead.rest().starts_with(name) || !ahead.eat_text(name) {
            continue;
        }
        ahead.eat(&[' ', '-']);
        let fraction = number::fraction(&mut ahead);
        let Some(value) = fraction.or_else(|| whole_inch(&mut ahead)) else {
            continue;
        };
        let size = start.rest().get(..ahead.at() - start.at())?.to_owned();
        let is_marked = ahead.eat(&['"']);
        ahead.eat(&[' ']);
        let class = ['A', 'B'].into_iter().find(|class| ahead.eat(&[*class])).map(String::from);
        let is_sure = fraction.is_some() || name == "G" && (is_marked || class.is_some());
        if ahead.is_inside_word() || !is_sure {
            return None;
        }
        let hand = hand(&mut ahead);
        *cursor = ahead;
        return Some(inch_thread(
            value,
            None,
            Thread { standard: standard.to_owned(), size, class, hand, ..Thread::default() },
        ));
    }
    None
}

fn whole_inch(cursor: &mut Cursor<'_>) -> Option<f64> {
    let inches: u8 = cursor.digits().parse().ok()?;
    (1..=6).contains(&inches).then(|| f64::from(inches))
}

/// Reads `1/4-20 UNC-2B`, `#10-32 UNF`, `.250-20 UNC`, `UNC 1/4-20`, `1/4-18 NPT`, `1-5 ACME`,
/// and `5/16-18` where only one series has that pitch.
pub(super) fn unified(cursor: &mut Cursor<'_>) -> Option<ThreadCallout> {
    let mut ahead = *cursor;
    let leading = UNIFIED.iter().find(|(name, _)| ahead.eat_text(name)).map(|(_, name)| *name);
    ahead.skip_gap();
    let stated_size = inch_size(&mut ahead)?;
    let count = threads_per_inch(&mut ahead);
    let bare_end = ahead;
    skip_dash(&mut ahead);
    let behind = UNIFIED
        .iter()
        .chain(&NAMED_AFTER)
        .find(|(name, _)| ahead.eat_text(name))
        .map(|(_, standard)| *standard);
    let value = in_inches(stated_size, count);
    let by_pitch = || {
        count.filter(|_| is_fraction(stated_size)).and_then(|count| pitches::series(value, count))
    };
    let standard = leading.or(behind).or_else(by_pitch)?;
    if behind.is_none() {
        ahead = bare_end;
    }
    let size = cursor.rest().get(..ahead.at() - cursor.at())?.trim().to_owned();
    let class = unified_class(&mut ahead);
    let is_stated = count.is_some() || pitches::per_inch(standard, value).is_some();
    if ahead.is_inside_word() || !is_stated && standard != "acme" {
        return None;
    }
    let hand = hand(&mut ahead);
    *cursor = ahead;
    Some(inch_thread(
        value,
        count,
        Thread { standard: standard.to_owned(), size, class, hand, ..Thread::default() },
    ))
}

/// How a unified thread states its size.
#[derive(Debug, Clone, Copy)]
enum InchSize {
    Number(f64),
    Fraction(f64),
    Inches(f64),
}

fn is_fraction(size: InchSize) -> bool {
    matches!(size, InchSize::Fraction(_))
}

fn in_inches(size: InchSize, count: Option<f64>) -> f64 {
    let is_fine = count.is_some_and(|count| count >= FINEST_INCH_SIZES);
    match size {
        InchSize::Number(number) => numbered_size(number),
        InchSize::Inches(inches)
            if is_fine && NUMBERED_SIZES.contains(&inches) && inches.fract() == 0.0 =>
        {
            numbered_size(inches)
        }
        InchSize::Inches(inches) | InchSize::Fraction(inches) => inches,
    }
}

fn inch_size(cursor: &mut Cursor<'_>) -> Option<InchSize> {
    let mut ahead = *cursor;
    let size = if ahead.eat(&['#']) || ahead.eat_text("No.") {
        ahead.skip_gap();
        InchSize::Number(ahead.digits().parse().ok().filter(|number| *number <= 12.0)?)
    } else if let Some(inches) = number::fraction(&mut ahead) {
        InchSize::Fraction(inches)
    } else {
        InchSize::Inches(number::figure(&mut ahead)?.value)
    };
    ahead.eat(&['"']);
    *cursor = ahead;
    Some(size)
}

fn threads_per_inch(cursor: &mut Cursor<'_>) -> Option<f64> {
    let mut ahead = *cursor;
    ahead.skip_gap();
    if !ahead.eat(&['-']) {
        return None;
    }
    ahead.skip_gap();
    let count =
        number::figure(&mut ahead).map(|figure| figure.value).filter(|count| *count >= 1.0)?;
    *cursor = ahead;
    Some(count)
}

fn numbered_size(number: f64) -> f64 {
    number::tidy(0.060 + 0.013 * number)
}

fn skip_dash(cursor: &mut Cursor<'_>) {
    cursor.skip_gap();
    cursor.eat(&['-']);
    cursor.skip_gap();
}

/// Reads `-2B` or ` 3A`.
fn unified_class(cursor: &mut Cursor<'_>) -> Option<String> {
    let mut ahead = *cursor;
    ahead.skip_gap();
    ahead.eat(&['-']);
    ahead.skip_gap();
    let start = ahead;
    let is_class = ahead.eat(&['1', '2', '3', '4', '5']) && ahead.eat(&['A', 'B', 'C', 'G']);
    if !is_class || ahead.is_inside_word() {
        return None;
    }
    *cursor = ahead;
    start.rest().get(..2).map(str::to_owned)
}

/// A thread with the pitch that its threads per inch give, stated or by the standard.
fn inch_thread(value: f64, count: Option<f64>, thread: Thread) -> ThreadCallout {
    let per_inch = count.or_else(|| pitches::per_inch(&thread.standard, value));
    let pitch = per_inch.map(|count| number::tidy(MM_PER_INCH / count));
    let is_pitch_implied = pitch.is_some() && count.is_none();
    ThreadCallout {
        value,
        unit: Unit::Inch,
        thread: Thread { pitch, is_pitch_implied, ..thread },
        depth: None,
    }
}
