//! Letters to lines of text.
//!
//! Programs draw a text in pieces of any size, mostly in order. Letters that follow each other on one base
//! line are one line; what the font does not explain spoils its line, which is then left to OCR.

use cad_common::contract::reading::{TextLine, TextSource};
use hayro::kurbo::{Point, Rect, Vec2};

use super::glyphs::Letter;

/// Letters further apart than this, in letter sizes, belong to different lines.
const WIDEST_GAP: f64 = 0.8;

/// A gap wider than this is a space, whether or not one was written.
const SPACE: f64 = 0.17;

/// How far letters of one line may stand from its base line.
const OFF_BASE_LINE: f64 = 0.15;

/// How far a letter may reach back over the one before it.
const OVERLAP: f64 = 0.3;

/// Capitals are this high at least; a line of dots is believed to be as high.
const CAPITAL: f64 = 0.6;

/// So many spaces in a row move the pen to another column.
const COLUMN_SPACES: usize = 4;

/// Pieces beyond this many are joined only in their order.
const MOST_JOINED: usize = 2000;

/// Lines in the order in which the page draws them.
pub(super) fn of_letters(letters: Vec<Letter>) -> Vec<TextLine> {
    let mut pieces: Vec<Piece> = Vec::new();
    for letter in letters {
        let rest = match pieces.last_mut() {
            Some(last) => last.take(letter),
            None => Some(letter),
        };
        pieces.extend(rest.map(Piece::of));
    }
    pieces.retain(|piece| piece.ink.is_some());
    let pieces = without_doubles(joined(pieces));
    pieces.into_iter().filter_map(Piece::into_line).collect()
}

/// Letters on one base line.
struct Piece {
    /// None once a letter could not be understood.
    text: Option<String>,
    start: Point,
    /// Where its last letter begins.
    last: Point,
    end: Point,
    along: Vec2,
    em: f64,
    /// Around everything inked: along the base line from `start`, and up from it.
    ink: Option<Rect>,
}

impl Piece {
    fn of(letter: Letter) -> Self {
        Self {
            text: letter.text,
            start: letter.start,
            last: letter.start,
            end: letter.end,
            along: letter.along,
            em: letter.em,
            ink: letter.ink,
        }
    }

    /// Takes a letter that continues the piece; gives back one that does not.
    fn take(&mut self, letter: Letter) -> Option<Letter> {
        let Some(gap) = self.gap_to(letter.start, letter.along, letter.em) else {
            return Some(letter);
        };
        let is_drawn_again = (letter.start - self.last).hypot() < 0.05 * self.em
            && self.text.as_deref().is_some_and(|text| {
                letter.text.as_deref().is_some_and(|again| text.ends_with(again))
            });
        if is_drawn_again {
            return None;
        }
        let is_new_column = letter.ink.is_some() && self.ends_in_column();
        if !(-OVERLAP..=WIDEST_GAP).contains(&gap) || is_new_column {
            return Some(letter);
        }
        self.append(Self::of(letter), gap);
        None
    }

    /// Distance along the base line to something else on it, in letter sizes; none if it is not on it.
    fn gap_to(&self, start: Point, along: Vec2, em: f64) -> Option<f64> {
        let is_parallel = self.along.dot(along) > 0.999;
        let is_same_size = (0.8..1.25).contains(&(em / self.em));
        let way = start - self.end;
        let is_level = self.along.cross(way).abs() < OFF_BASE_LINE * self.em;
        (is_parallel && is_same_size && is_level).then(|| self.along.dot(way) / self.em)
    }

    fn ends_in_column(&self) -> bool {
        let text = self.text.as_deref().unwrap_or_default();
        text.chars().rev().take_while(|letter| *letter == ' ').count() >= COLUMN_SPACES
    }

    fn append(&mut self, other: Self, gap: f64) {
        let shift = self.along.dot(other.start - self.start);
        self.text = match (self.text.take(), other.text) {
            (Some(mut text), Some(more)) => {
                let is_spaced = text.ends_with(' ') || more.starts_with(' ');
                if gap > SPACE && !is_spaced {
                    text.push(' ');
                }
                text.push_str(&more);
                Some(text)
            }
            _ => None,
        };
        let ink = other.ink.map(|ink| ink + Vec2::new(shift, 0.0));
        self.ink = match (self.ink, ink) {
            (Some(mine), Some(more)) => Some(mine.union(more)),
            (mine, more) => mine.or(more),
        };
        (self.last, self.end) = (other.last, other.end);
    }

    fn into_line(self) -> Option<TextLine> {
        let text = self.text?.split_whitespace().collect::<Vec<_>>().join(" ");
        let ink = self.ink?;
        let (bottom, top) = (ink.y0.min(0.0), ink.y1.max(CAPITAL * self.em));
        // Upwards is a quarter turn against the clock, where pixels count downwards.
        let up = Vec2::new(self.along.y, -self.along.x);
        let corner = |x: f64, y: f64| pixel(self.start + self.along * x + up * y);
        let polygon = [
            corner(ink.x0, top),
            corner(ink.x1, top),
            corner(ink.x1, bottom),
            corner(ink.x0, bottom),
        ];
        (!text.is_empty()).then_some(TextLine {
            text,
            polygon,
            rotation: rotation(self.along),
            confidence: 1.0,
            source: TextSource::PdfText,
            ..TextLine::default()
        })
    }
}

/// Joins pieces of one line that were not drawn one after the other.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    if pieces.len() > MOST_JOINED {
        return pieces;
    }
    let mut lines: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let follows = |line: &Piece| {
            line.gap_to(piece.start, piece.along, piece.em)
                .filter(|gap| (-0.1..2.0 * SPACE).contains(gap) && !line.ends_in_column())
        };
        match lines.iter_mut().find_map(|line| follows(line).map(|gap| (line, gap))) {
            Some((line, gap)) => line.append(piece, gap),
            None => lines.push(piece),
        }
    }
    lines
}

/// Drops what is drawn a second time over the first: a way to make letters bold.
fn without_doubles(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut kept: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        // A double follows its first soon; looking at all of them would take the square of the time.
        let is_double = kept.iter().rev().take(200).any(|first| {
            first.text == piece.text
                && (first.start - piece.start).hypot() < 0.1 * piece.em
                && (first.end - piece.end).hypot() < 0.1 * piece.em
        });
        if !is_double {
            kept.push(piece);
        }
    }
    kept
}

#[expect(clippy::cast_possible_truncation, reason = "pages have fewer pixels than f32 counts")]
fn pixel(point: Point) -> [f32; 2] {
    [point.x as f32, point.y as f32]
}

/// Reading direction in degrees against the clock, with whole degrees where it is as good as one.
#[expect(clippy::cast_possible_truncation, reason = "an angle needs no more than f32 holds")]
fn rotation(along: Vec2) -> f32 {
    let degrees = (-along.y).atan2(along.x).to_degrees().rem_euclid(360.0);
    let whole = degrees.round();
    (if (degrees - whole).abs() < 0.05 { whole % 360.0 } else { degrees } + 0.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text of letters half as wide as they are high, of size 20.
    fn written(text: &str, start: Point, along: Vec2) -> Vec<Letter> {
        let mut pen = start;
        let mut letters = Vec::new();
        for letter in text.chars() {
            let end = pen + along * 10.0;
            let ink = (letter != ' ').then_some(Rect::new(1.0, 0.0, 9.0, 14.0));
            letters.push(Letter {
                text: Some(letter.to_string()),
                start: pen,
                end,
                along,
                em: 20.0,
                ink,
            });
            pen = end;
        }
        letters
    }

    fn texts(letters: Vec<Letter>) -> Vec<String> {
        of_letters(letters).into_iter().map(|line| line.text).collect()
    }

    const RIGHT: Vec2 = Vec2::new(1.0, 0.0);
    const UP: Vec2 = Vec2::new(0.0, -1.0);

    #[test]
    fn letters_of_one_base_line_are_one_line() {
        let lines = of_letters(written("4x M6", Point::new(100.0, 50.0), RIGHT));

        assert_eq!(lines[0].text, "4x M6");
        assert_eq!(lines[0].polygon, [[101.0, 36.0], [149.0, 36.0], [149.0, 50.0], [101.0, 50.0]]);
        assert_eq!((lines[0].rotation, lines[0].confidence), (0.0, 1.0));
    }

    #[test]
    fn text_that_runs_up_the_page_is_turned_by_ninety_degrees() {
        let lines = of_letters(written("25", Point::new(100.0, 50.0), UP));

        assert_eq!(lines[0].rotation, 90.0);
        assert_eq!(lines[0].polygon, [[86.0, 49.0], [86.0, 31.0], [100.0, 31.0], [100.0, 49.0]]);
    }

    #[test]
    fn far_letters_and_other_base_lines_are_other_lines() {
        let mut letters = written("7,5", Point::new(0.0, 50.0), RIGHT);
        letters.extend(written("+0,1", Point::new(32.0, 40.0), RIGHT));
        letters.extend(written("-0,2", Point::new(32.0, 60.0), RIGHT));
        letters.extend(written("B", Point::new(300.0, 60.0), RIGHT));

        assert_eq!(texts(letters), ["7,5", "+0,1", "-0,2", "B"]);
    }

    #[test]
    fn a_gap_is_a_space() {
        let mut letters = written("M8", Point::new(0.0, 50.0), RIGHT);
        letters.extend(written("THRU", Point::new(26.0, 50.0), RIGHT));

        assert_eq!(texts(letters), ["M8 THRU"]);
    }

    #[test]
    fn many_spaces_lead_to_another_column() {
        let letters = written("Checked     Rev.", Point::new(0.0, 50.0), RIGHT);

        assert_eq!(texts(letters), ["Checked", "Rev."]);
    }

    #[test]
    fn a_line_with_a_letter_that_means_nothing_is_left_out() {
        let mut letters = written("abc", Point::new(0.0, 50.0), RIGHT);
        letters[1].text = None;
        letters.extend(written("def", Point::new(0.0, 90.0), RIGHT));

        assert_eq!(texts(letters), ["def"]);
    }

    #[test]
    fn text_drawn_twice_is_read_once() {
        let mut letters = written("BOLD", Point::new(0.0, 50.0), RIGHT);
        letters.extend(written("BOLD", Point::new(0.4, 50.0), RIGHT));

        assert_eq!(texts(letters), ["BOLD"]);
    }

    #[test]
    fn pieces_drawn_out_of_order_are_joined() {
        let mut letters = written("AB", Point::new(0.0, 50.0), RIGHT);
        letters.extend(written("elsewhere", Point::new(0.0, 500.0), RIGHT));
        letters.extend(written("CD", Point::new(21.0, 50.0), RIGHT));

        assert_eq!(texts(letters), ["ABCD", "elsewhere"]);
    }
}
