//! Thread designations: metric, unified, pipe and trapezoidal.

use cad_common::contract::dimension::{Thread, Unit};

use super::cursor::Cursor;
use super::number::{self, MM_PER_INCH};

/// Coarsest pitch as a share of the diameter; a larger second figure is a length.
const COARSEST_PITCH: f64 = 0.36;

/// Largest pitch of a metric screw thread in millimetres.
const LARGEST_PITCH_MM: f64 = 8.0;

/// Diameters of metric threads in millimetres.
const METRIC_SIZES_MM: std::ops::RangeInclusive<f64> = 0.25..=600.0;

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
const PIPE_BEFORE: [(&str, &str); 9] = [
    ("NPTF", "nptf"),
    ("NPT", "npt"),
    ("BSPP", "g"),
    ("BSPT", "r"),
    ("ZG", "r"),
    ("Rc", "rc"),
    ("Rp", "rp"),
    ("G", "g"),
    ("R", "r"),
];

/// Series named after their size.
const NAMED_AFTER: [(&str, &str); 5] =
    [("NPTF", "nptf"), ("NPT", "npt"), ("BSPP", "g"), ("BSPT", "r"), ("ACME", "acme")];

/// A thread as read, before it becomes a dimension.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ThreadCallout {
    /// Nominal diameter in `unit`.
    pub(super) value: f64,
    /// What `value` counts.
    pub(super) unit: Unit,
    /// The designation.
    pub(super) thread: Thread,
    /// A length behind the size that is no pitch, as in `M5x20`.
    pub(super) depth: Option<f64>,
}

/// Reads a thread designation.
pub(super) fn thread(cursor: &mut Cursor<'_>) -> Option<ThreadCallout> {
    metric(cursor)
        .or_else(|| trapezoidal(cursor))
        .or_else(|| pipe(cursor))
        .or_else(|| unified(cursor))
}

fn metric(cursor: &mut Cursor<'_>) -> Option<ThreadCallout> {
    let mut ahead = *cursor;
    if !ahead.eat(&['M']) {
        return None;
    }
    ahead.eat(&[' ']);
    let size = number::figure(&mut ahead)
        .filter(|size| METRIC_SIZES_MM.contains(&size.value) && !size.is_padded)?;
    let second = second_figure(&mut ahead);
    let largest_pitch = (size.value * COARSEST_PITCH).min(LARGEST_PITCH_MM);
    let (pitch, depth) = match second {
        Some(second) if second <= largest_pitch => (Some(second), None),
        other => (None, other),
    };
    let depth = depth.or_else(|| pitch.and_then(|_| second_figure(&mut ahead)));
    number::length_unit(&mut ahead);
    let class = metric_class(&mut ahead);
    let hand = hand(&mut ahead);
    *cursor = ahead;
    let size_text = format!("M{}", size.value);
    Some(ThreadCallout {
        value: size.value,
        unit: Unit::Mm,
        thread: Thread { standard: "metric".to_owned(), size: size_text, pitch, class, hand },
        depth,
    })
}

/// Reads `x1.5` or `x P1.5`.
fn second_figure(cursor: &mut Cursor<'_>) -> Option<f64> {
    let mut ahead = *cursor;
    ahead.skip_gap();
    if !ahead.eat(&['x', 'X', '*']) {
        return None;
    }
    ahead.skip_gap();
    ahead.eat(&['P', 'p']);
    let figure = number::figure(&mut ahead)?;
    if ahead.peek() == Some('°') {
        return None;
    }
    *cursor = ahead;
    Some(figure.value)
}

/// Reads a tolerance class: `-6H`, ` - 6g`, `-5g6g`, `-6H/6g`.
fn metric_class(cursor: &mut Cursor<'_>) -> Option<String> {
    let mut ahead = *cursor;
    ahead.skip_gap();
    let has_dash = ahead.eat(&['-']);
    ahead.skip_gap();
    if !has_dash && ahead.at() == cursor.at() {
        return None;
    }
    let start = ahead;
    let mut parts = 0;
    while class_part(&mut ahead) {
        parts += 1;
        let mut over_slash = ahead;
        if over_slash.eat(&['/']) && class_part(&mut over_slash) {
            ahead = over_slash;
        }
    }
    if parts == 0 || ahead.is_inside_word() {
        return None;
    }
    let class = start.rest().get(..ahead.at() - start.at())?.to_owned();
    *cursor = ahead;
    Some(class)
}

/// Reads one grade and position, such as `6H`.
fn class_part(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    let grade = ahead.bump().is_some_and(|grade| ('3'..='9').contains(&grade));
    let position = ahead.eat(&['E', 'F', 'G', 'H', 'e', 'f', 'g', 'h']);
    if grade && position {
        *cursor = ahead;
    }
    grade && position
}

fn hand(cursor: &mut Cursor<'_>) -> String {
    let mut ahead = *cursor;
    ahead.skip_gap();
    ahead.eat(&['-']);
    ahead.skip_gap();
    let is_left = ahead.eat_word(&["LH", "左旋", "左"]);
    if is_left {
        *cursor = ahead;
    }
    (if is_left { "left" } else { "right" }).to_owned()
}

fn trapezoidal(cursor: &mut Cursor<'_>) -> Option<ThreadCallout> {
    let mut ahead = *cursor;
    if !(ahead.peek() == Some('T') && ahead.eat_text("Tr")) {
        return None;
    }
    ahead.eat(&[' ']);
    let size = number::figure(&mut ahead)?;
    let lead = second_figure(&mut ahead)?;
    let mut bracket = ahead;
    let stated_pitch = if bracket.eat(&['(']) && bracket.eat(&['P', 'p']) {
        number::figure(&mut bracket).filter(|_| bracket.eat(&[')']))
    } else {
        None
    };
    if stated_pitch.is_some() {
        ahead = bracket;
    }
    let mut left_hand = hand(&mut ahead);
    let class = metric_class(&mut ahead);
    if left_hand == "right" {
        left_hand = hand(&mut ahead);
    }
    *cursor = ahead;
    let size_text = format!("Tr{}x{}", size.value, lead);
    let pitch = Some(stated_pitch.map_or(lead, |pitch| pitch.value));
    Some(ThreadCallout {
        value: size.value,
        unit: Unit::Mm,
        thread: Thread {
            standard: "tr".to_owned(),
            size: size_text,
            pitch,
            class,
            hand: left_hand,
        },
        depth: None,
    })
}

/// Reads `G1/2`, `Rc 3/8`, `NPT 1/4`; a whole inch needs its class to be told from a label.
fn pipe(cursor: &mut Cursor<'_>) -> Option<ThreadCallout> {
    for (name, standard) in PIPE_BEFORE {
        let mut ahead = *cursor;
        let start = ahead;
        if !ahead.rest().starts_with(name) || !ahead.eat_text(name) {
            continue;
        }
        ahead.eat(&[' ', '-']);
        let Some(value) = number::fraction(&mut ahead) else {
            continue;
        };
        let size = start.rest().get(..ahead.at() - start.at())?.to_owned();
        ahead.eat(&['"']);
        let class = ['A', 'B'].into_iter().find(|class| ahead.eat(&[*class])).map(String::from);
        if ahead.is_inside_word() {
            return None;
        }
        let hand = hand(&mut ahead);
        *cursor = ahead;
        return Some(inch_thread(
            value,
            Thread { standard: standard.to_owned(), size, pitch: None, class, hand },
        ));
    }
    None
}

/// Reads `1/4-20 UNC-2B`, `#10-32 UNF`, `.250-20 UNC`, `1/4-18 NPT`, `1-5 ACME`.
fn unified(cursor: &mut Cursor<'_>) -> Option<ThreadCallout> {
    let mut ahead = *cursor;
    let stated_size = inch_size(&mut ahead)?;
    let threads_per_inch = threads_per_inch(&mut ahead);
    skip_dash(&mut ahead);
    let unified = UNIFIED.iter().filter(|_| threads_per_inch.is_some());
    let standard = unified
        .chain(&NAMED_AFTER)
        .find(|(name, _)| ahead.eat_text(name))
        .map(|(_, standard)| *standard)?;
    let size = cursor.rest().get(..ahead.at() - cursor.at())?.trim().to_owned();
    let class = unified_class(&mut ahead);
    if ahead.is_inside_word() {
        return None;
    }
    let hand = hand(&mut ahead);
    *cursor = ahead;
    let is_fine = threads_per_inch.is_some_and(|count| count >= FINEST_INCH_SIZES);
    let value = match stated_size {
        InchSize::Number(number) => numbered_size(number),
        InchSize::Inches(inches)
            if is_fine && NUMBERED_SIZES.contains(&inches) && inches.fract() == 0.0 =>
        {
            numbered_size(inches)
        }
        InchSize::Inches(inches) => inches,
    };
    let pitch = threads_per_inch.map(|count| number::tidy(MM_PER_INCH / count));
    Some(inch_thread(value, Thread { standard: standard.to_owned(), size, pitch, class, hand }))
}

/// How a unified thread states its size.
#[derive(Debug, Clone, Copy)]
enum InchSize {
    Number(f64),
    Inches(f64),
}

fn inch_size(cursor: &mut Cursor<'_>) -> Option<InchSize> {
    let mut ahead = *cursor;
    let size = if ahead.eat(&['#']) || ahead.eat_text("No.") {
        ahead.skip_gap();
        InchSize::Number(ahead.digits().parse().ok().filter(|number| *number <= 12.0)?)
    } else if let Some(inches) = number::fraction(&mut ahead) {
        InchSize::Inches(inches)
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
    if !(ahead.eat(&['1', '2', '3']) && ahead.eat(&['A', 'B', 'G'])) || ahead.is_inside_word() {
        return None;
    }
    *cursor = ahead;
    start.rest().get(..2).map(str::to_owned)
}

fn inch_thread(value: f64, thread: Thread) -> ThreadCallout {
    ThreadCallout { value, unit: Unit::Inch, thread, depth: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ThreadCallout {
        thread(&mut Cursor::new(text)).unwrap_or_else(|| panic!("{text} is no thread"))
    }

    #[test]
    fn metric_threads_keep_size_pitch_class_and_hand() {
        let found = read("M2.5x0.45");
        assert_eq!((found.value, found.thread.pitch), (2.5, Some(0.45)));

        let found = read("M10x1.5-6g LH");
        assert_eq!(found.thread.class.as_deref(), Some("6g"));
        assert_eq!(found.thread.hand, "left");

        assert_eq!(read("M8x1.25 - 6H").thread.class.as_deref(), Some("6H"));
        assert_eq!(read("M8-6H").thread.pitch, None);
    }

    #[test]
    fn a_length_behind_the_size_is_no_pitch() {
        let found = read("M5x20mm");

        assert_eq!((found.thread.pitch, found.depth), (None, Some(20.0)));
    }

    #[test]
    fn inch_threads_give_their_pitch_in_millimetres() {
        let found = read("1/4-20 UNC-2B");
        assert_eq!(
            (found.value, found.thread.pitch, found.thread.class.as_deref()),
            (0.25, Some(1.27), Some("2B"))
        );
        assert_eq!(found.thread.size, "1/4-20 UNC");

        assert_eq!(read("#10-32 UNF").value, 0.19);
        assert_eq!(read("10-32 UNF").value, 0.19);
        assert_eq!(read("1-8 UNC").value, 1.0);
        assert_eq!(read(".250-28 UNF").value, 0.25);
    }

    #[test]
    fn pipe_and_trapezoidal_threads_are_read() {
        assert_eq!(read("G1/2").thread.standard, "g");
        assert_eq!(read("Rc1/2").thread.standard, "rc");
        assert_eq!(read("1/4 NPT").thread.standard, "npt");
        assert_eq!(read("1/4-18 NPT").thread.pitch, Some(1.411111));
        let found = read("Tr40x14(P7)LH-7e");
        assert_eq!(
            (found.value, found.thread.pitch, found.thread.hand.as_str()),
            (40.0, Some(7.0), "left")
        );
    }

    #[test]
    fn other_words_are_no_threads() {
        for text in ["R5", "MM20", "Material", "G12", "10-20", "ER50-6"] {
            assert_eq!(thread(&mut Cursor::new(text)), None, "{text}");
        }
    }
}
