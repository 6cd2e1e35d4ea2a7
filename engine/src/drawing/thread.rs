//! Thread designations: metric, unified, pipe and trapezoidal.

use cad_common::contract::dimension::{Thread, Unit};

use super::cursor::Cursor;
use super::number;

mod inch;
mod pitches;

/// Coarsest pitch as a share of the diameter; a larger second figure is a length.
const COARSEST_PITCH: f64 = 0.36;

/// Largest pitch of a metric screw thread in millimetres.
const LARGEST_PITCH_MM: f64 = 8.0;

/// Diameters of metric threads in millimetres.
const METRIC_SIZES_MM: std::ops::RangeInclusive<f64> = 0.25..=600.0;

/// Trapezoidal and buttress threads by their letters; `S` is the German letter for a buttress.
const SAW_AND_TRAPEZOID: [(&str, &str); 4] = [("Tr", "tr"), ("TR", "tr"), ("B", "b"), ("S", "b")];

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
        .or_else(|| inch::pipe(cursor))
        .or_else(|| inch::unified(cursor))
}

fn metric(cursor: &mut Cursor<'_>) -> Option<ThreadCallout> {
    let mut ahead = *cursor;
    let name = if ahead.eat_text("MJ") { "MJ" } else { "M" };
    if name == "M" && !ahead.eat(&['M']) {
        return None;
    }
    ahead.eat(&[' ']);
    let size = number::figure(&mut ahead)
        .filter(|size| METRIC_SIZES_MM.contains(&size.value) && !size.is_padded)?;
    let largest_pitch = (size.value * COARSEST_PITCH).min(LARGEST_PITCH_MM);
    let second = second_figure(&mut ahead).or_else(|| dashed_pitch(&mut ahead, largest_pitch));
    let (pitch, depth) = match second {
        Some(second) if second <= largest_pitch => (Some(second), None),
        other => (None, other),
    };
    let depth = depth.or_else(|| pitch.and_then(|_| second_figure(&mut ahead)));
    number::length_unit(&mut ahead);
    let class = metric_class(&mut ahead);
    engagement(&mut ahead);
    let hand = hand(&mut ahead);
    *cursor = ahead;
    Some(ThreadCallout {
        value: size.value,
        unit: Unit::Mm,
        thread: Thread {
            standard: "metric".to_owned(),
            size: format!("{name}{}", size.value),
            is_pitch_implied: pitch.is_none(),
            pitch: pitch.or_else(|| pitches::coarse(size.value)),
            class,
            hand,
        },
        depth,
    })
}

/// Reads `-1.5` behind `M10`, which is a pitch where no class follows: `M10-6H`.
fn dashed_pitch(cursor: &mut Cursor<'_>, largest: f64) -> Option<f64> {
    let mut ahead = *cursor;
    if !ahead.eat(&['-']) {
        return None;
    }
    let figure = number::figure(&mut ahead)
        .filter(|figure| figure.value > 0.0 && figure.value <= largest)?;
    if ahead.is_inside_word() {
        return None;
    }
    *cursor = ahead;
    Some(figure.value)
}

/// Reads the length of engagement, `-S`, `-N` or `-L`, for which the contract has no place.
fn engagement(cursor: &mut Cursor<'_>) {
    let mut ahead = *cursor;
    if ahead.eat(&['-']) && ahead.eat(&['S', 'N', 'L']) && !ahead.is_inside_word() {
        *cursor = ahead;
    }
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
    let is_left = ahead.eat_word(&["LH", "左旋", "左", "LINKS"]);
    if is_left {
        *cursor = ahead;
    }
    (if is_left { "left" } else { "right" }).to_owned()
}

fn trapezoidal(cursor: &mut Cursor<'_>) -> Option<ThreadCallout> {
    let mut ahead = *cursor;
    let (name, standard) = SAW_AND_TRAPEZOID
        .into_iter()
        .find(|(name, _)| ahead.rest().starts_with(name) && ahead.eat_text(name))?;
    ahead.eat(&[' ']);
    let size = number::figure(&mut ahead).filter(|size| !size.is_padded)?;
    let lead = second_figure(&mut ahead)?;
    // a letter alone may name anything; a buttress thread has one of the standard's pitches
    if name.len() == 1 && !pitches::is_trapezoidal(size.value, lead) {
        return None;
    }
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
    let prefix = if standard == "tr" { "Tr" } else { "B" };
    let size_text = format!("{prefix}{}x{lead}", size.value);
    let pitch = Some(stated_pitch.map_or(lead, |pitch| pitch.value));
    Some(ThreadCallout {
        value: size.value,
        unit: Unit::Mm,
        thread: Thread {
            standard: standard.to_owned(),
            size: size_text,
            pitch,
            is_pitch_implied: false,
            class,
            hand: left_hand,
        },
        depth: None,
    })
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
        let found = read("M8-6H");
        assert_eq!((found.thread.pitch, found.thread.is_pitch_implied), (Some(1.25), true));
    }

    #[test]
    fn a_length_behind_the_size_is_no_pitch() {
        let found = read("M5x20mm");

        assert_eq!((found.thread.is_pitch_implied, found.depth), (true, Some(20.0)));
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
