//! Exact text and recognised text of one page, made into one list that says nothing twice.
//!
//! A file's own text is right but not whole: programs draw signs such as ⌀ and whole notes as lines. OCR sees
//! everything but errs. So the file's text is kept, OCR adds the lines that the file does not have, and where
//! both have a line, OCR may add nothing but signs.

use cad_common::contract::reading::TextLine;

/// A recognised line is known already when exact lines cover more than this share of it.
const COVERED: f32 = 0.5;

/// An exact line belongs to the recognised line that holds more than this share of it.
const HELD: f32 = 0.6;

/// Longest line that is compared letter by letter.
const MOST_LETTERS: usize = 200;

/// Signs that drawing programs draw instead of writing.
const DRAWN_SIGNS: &str = "⌀±°⌴⌵↧□⌖⏥⏤⊥∥∠◎⌯○⌭⌰↗⌒⌓ⓂⓁⓅ√";

/// What recognisers make of a diameter sign in front of a figure.
const LIKE_A_DIAMETER: &str = "0OoQ@";

/// Puts the exact lines of a page and the recognised ones together, the exact ones first.
#[must_use]
pub fn merge(exact: Vec<TextLine>, recognised: Vec<TextLine>) -> Vec<TextLine> {
    if exact.is_empty() {
        return recognised;
    }
    let mut known: Vec<Option<TextLine>> = exact.into_iter().map(Some).collect();
    let mut added = Vec::new();
    for line in recognised {
        let area = Area::of(&line);
        let held: Vec<usize> = (0..known.len())
            .filter(|index| {
                let place = known.get(*index).and_then(Option::as_ref).map(Area::of);
                place.is_some_and(|place| place.share_in(area) > HELD)
            })
            .collect();
        if held.is_empty() {
            let covered: f32 =
                known.iter().flatten().map(|other| area.share_in(Area::of(other))).sum();
            if covered <= COVERED {
                added.push(line);
            }
            continue;
        }
        let pieces: Vec<&TextLine> =
            held.iter().filter_map(|index| known.get(*index)?.as_ref()).collect();
        if let Some(completed) = completed(&pieces, &line) {
            let mut held = held.into_iter();
            if let Some(slot) = held.next().and_then(|first| known.get_mut(first)) {
                *slot = Some(completed);
            }
            for index in held {
                if let Some(slot) = known.get_mut(index) {
                    *slot = None;
                }
            }
        }
    }
    known.into_iter().flatten().chain(added).collect()
}

/// The exact pieces of a line with the signs that only OCR saw; none when it saw no more.
fn completed(pieces: &[&TextLine], seen: &TextLine) -> Option<TextLine> {
    let mut ordered: Vec<&TextLine> = pieces.to_vec();
    ordered.sort_by(|a, b| start_along(a, seen.rotation).total_cmp(&start_along(b, seen.rotation)));
    let texts: Vec<&str> = ordered.iter().map(|piece| piece.text.as_str()).collect();
    let text = with_signs(&texts.join(" "), &seen.text)?;
    let first = ordered.first()?;
    Some(TextLine {
        text,
        polygon: seen.polygon,
        // The sign is recognised, so that the line is as sure as OCR is.
        confidence: seen.confidence,
        rotation: first.rotation,
        source: first.source,
        ..TextLine::default()
    })
}

/// The exact text with signs from the seen one at their places; none when there are none to add.
fn with_signs(exact: &str, seen: &str) -> Option<String> {
    let exact: Vec<char> = exact.chars().take(MOST_LETTERS).collect();
    let seen: Vec<char> = seen.chars().filter(|letter| *letter != ' ').take(MOST_LETTERS).collect();
    let pairs = common(&exact, &seen);
    let mut text = String::new();
    let mut has_added = false;
    let (mut from_exact, mut from_seen) = (0, 0);
    for (at_exact, at_seen) in pairs.iter().copied().chain([(exact.len(), seen.len())]) {
        let missed = exact.get(from_exact..at_exact).unwrap_or_default();
        let extra = seen.get(from_seen..at_seen).unwrap_or_default();
        let next = exact.get(at_exact).copied();
        let spaces_only = missed.iter().all(|letter| *letter == ' ');
        let signs = if spaces_only { signs_of(extra, next) } else { String::new() };
        if spaces_only && !signs.is_empty() {
            has_added = true;
            text.extend(missed);
            text.push_str(&signs);
        } else {
            text.extend(missed);
        }
        text.extend(next);
        (from_exact, from_seen) = (at_exact + 1, at_seen + 1);
    }
    has_added.then(|| text.trim().to_owned())
}

/// The signs among letters that only OCR saw, in front of `next`.
fn signs_of(extra: &[char], next: Option<char>) -> String {
    let is_before_figure = next.is_some_and(|next| next.is_ascii_digit());
    let mut signs = String::new();
    for (place, letter) in extra.iter().enumerate() {
        let letter = uniform(*letter);
        let is_last = place + 1 == extra.len();
        if DRAWN_SIGNS.contains(letter) {
            signs.push(letter);
        } else if is_last && is_before_figure && LIKE_A_DIAMETER.contains(letter) {
            signs.push('⌀');
        }
    }
    signs
}

/// The longest common sequence of two texts, as pairs of places.
fn common(exact: &[char], seen: &[char]) -> Vec<(usize, usize)> {
    let width = seen.len() + 1;
    let mut lengths = vec![0_u16; (exact.len() + 1) * width];
    let at = |lengths: &[u16], i: usize, j: usize| lengths.get(i * width + j).copied().unwrap_or(0);
    for (i, letter) in exact.iter().enumerate().rev() {
        for (j, other) in seen.iter().enumerate().rev() {
            let longest = if uniform(*letter) == uniform(*other) {
                at(&lengths, i + 1, j + 1) + 1
            } else {
                at(&lengths, i + 1, j).max(at(&lengths, i, j + 1))
            };
            if let Some(place) = lengths.get_mut(i * width + j) {
                *place = longest;
            }
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while let (Some(letter), Some(other)) = (exact.get(i), seen.get(j)) {
        // Where letters are alike, taking the pair later in the seen text keeps a sign before its figure.
        if uniform(*letter) == uniform(*other) && at(&lengths, i, j) > at(&lengths, i, j + 1) {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if at(&lengths, i, j + 1) >= at(&lengths, i + 1, j) {
            j += 1;
        } else {
            i += 1;
        }
    }
    pairs
}

/// One letter for those that differ in print only.
fn uniform(letter: char) -> char {
    match letter {
        'Ø' | 'ø' | 'Φ' | 'φ' | '∅' | 'ϕ' => '⌀',
        '◯' => '○',
        '⊕' => '⌖',
        '⟂' => '⊥',
        'º' | '˚' => '°',
        '丁' => '↧',
        ',' => '.',
        '×' | 'X' => 'x',
        '–' | '—' | '−' => '-',
        other => other,
    }
}

fn start_along(line: &TextLine, rotation: f32) -> f32 {
    let (sine, cosine) = rotation.to_radians().sin_cos();
    let [x, y] = line.polygon[0];
    x * cosine - y * sine
}

/// An upright box.
#[derive(Debug, Clone, Copy)]
struct Area {
    low: [f32; 2],
    high: [f32; 2],
}

impl Area {
    fn of(line: &TextLine) -> Self {
        let fold = |start: f32, pick: fn(f32, f32) -> f32| {
            line.polygon
                .iter()
                .fold([start; 2], |found, [x, y]| [pick(found[0], *x), pick(found[1], *y)])
        };
        Self { low: fold(f32::INFINITY, f32::min), high: fold(f32::NEG_INFINITY, f32::max) }
    }

    /// How much of this area lies in another, 0 to 1.
    fn share_in(self, other: Self) -> f32 {
        let length = |axis: usize| {
            (self.high[axis].min(other.high[axis]) - self.low[axis].max(other.low[axis])).max(0.0)
        };
        let whole = (self.high[0] - self.low[0]) * (self.high[1] - self.low[1]);
        length(0) * length(1) / whole.max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use cad_common::contract::reading::TextSource;

    use super::*;

    fn line(text: &str, [left, top, width, height]: [f32; 4], source: TextSource) -> TextLine {
        let (right, bottom) = (left + width, top + height);
        let polygon = [[left, top], [right, top], [right, bottom], [left, bottom]];
        let confidence = if source == TextSource::Ocr { 0.9 } else { 1.0 };
        TextLine { text: text.to_owned(), polygon, confidence, source, ..TextLine::default() }
    }

    fn exact(text: &str, place: [f32; 4]) -> TextLine {
        line(text, place, TextSource::PdfText)
    }

    fn seen(text: &str, place: [f32; 4]) -> TextLine {
        line(text, place, TextSource::Ocr)
    }

    fn merged(exact: Vec<TextLine>, seen: Vec<TextLine>) -> Vec<String> {
        merge(exact, seen).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn what_the_file_says_is_not_read_again() {
        let texts = merged(
            vec![exact("SCALE 1:2", [10.0, 10.0, 90.0, 14.0])],
            vec![seen("SCALE I:2", [8.0, 8.0, 94.0, 18.0])],
        );

        assert_eq!(texts, ["SCALE 1:2"]);
    }

    #[test]
    fn lines_that_the_file_does_not_have_are_added() {
        let texts = merged(
            vec![exact("A", [10.0, 10.0, 10.0, 14.0])],
            vec![seen("OUTLINED", [300.0, 8.0, 94.0, 18.0])],
        );

        assert_eq!(texts, ["A", "OUTLINED"]);
    }

    #[test]
    fn a_drawn_sign_is_added_to_the_exact_figure() {
        for read in ["Ø7,1", "⌀7.1", "07,1", "φ7,1"] {
            let lines = merge(
                vec![exact("7,1", [30.0, 10.0, 30.0, 14.0])],
                vec![seen(read, [8.0, 8.0, 56.0, 18.0])],
            );

            assert_eq!(lines[0].text, "⌀7,1", "{read}");
            assert_eq!((lines.len(), lines[0].confidence), (1, 0.9));
        }
    }

    #[test]
    fn a_sign_between_pieces_joins_them() {
        let texts = merged(
            vec![exact("10,5", [60.0, 10.0, 40.0, 14.0]), exact("2 x", [10.0, 10.0, 25.0, 14.0])],
            vec![seen("2xØ10,5", [8.0, 8.0, 94.0, 18.0])],
        );

        assert_eq!(texts, ["2 x ⌀10,5"]);
    }

    #[test]
    fn a_letter_misread_adds_nothing() {
        let texts = merged(
            vec![exact("R10", [10.0, 10.0, 30.0, 14.0])],
            vec![seen("R1O", [8.0, 8.0, 34.0, 18.0])],
        );

        assert_eq!(texts, ["R10"]);
    }

    #[test]
    fn without_exact_text_ocr_stands() {
        assert_eq!(merged(Vec::new(), vec![seen("x", [0.0, 0.0, 9.0, 9.0])]), ["x"]);
    }
}
