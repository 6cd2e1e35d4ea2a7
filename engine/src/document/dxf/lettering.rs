//! Texts of entities with their places, in the coordinates of the drawing.

use cad_common::contract::reading::{TextLine, TextSource};
use hayro::kurbo::{Affine, Point, Vec2};

use super::codes;
use super::tags::Record;

/// Width of a letter of the usual fonts, as a share of the height of its capitals.
const LETTER_WIDTH: f64 = 0.8;

/// The same for the letters of East Asia.
const WIDE_LETTER_WIDTH: f64 = 1.35;

/// Distance of lines of an MTEXT, as a share of the height of its capitals.
const LINE_DISTANCE: f64 = 5.0 / 3.0;

/// Letters are at least this high and no text is higher; anything else is damage.
const HEIGHTS: std::ops::Range<f64> = 1e-6..1e6;

/// One line of text on the drawing.
#[derive(Debug, Clone)]
pub(super) struct Lettering {
    pub(super) text: String,
    /// Where its base line begins.
    pub(super) start: Point,
    /// Its base line, as long as the text.
    pub(super) along: Vec2,
    /// From the base line to the top of its capitals.
    pub(super) up: Vec2,
}

/// Which part of a text stands on its point: 0 the start or the bottom, 1 the end or the top.
#[derive(Debug, Clone, Copy)]
pub(super) struct Anchor {
    pub(super) across: f64,
    pub(super) upwards: f64,
}

impl Lettering {
    /// A line of capitals of a height at a point, in a direction in degrees.
    pub(super) fn new(
        text: &str,
        at: Point,
        height: f64,
        degrees: f64,
        anchor: Anchor,
    ) -> Option<Self> {
        if !HEIGHTS.contains(&height) || text.trim().is_empty() {
            return None;
        }
        let direction = Vec2::from_angle(degrees.to_radians());
        let along = direction * width(text, height);
        let up = Vec2::new(-direction.y, direction.x) * height;
        let start = at - along * anchor.across - up * anchor.upwards;
        Some(Self { text: text.trim().to_owned(), start, along, up })
    }

    pub(super) fn placed(self, place: Affine) -> Self {
        let turn = |way: Vec2| place * (self.start + way) - place * self.start;
        Self {
            start: place * self.start,
            along: turn(self.along),
            up: turn(self.up),
            text: self.text,
        }
    }

    pub(super) fn height(&self) -> f64 {
        self.up.hypot()
    }

    pub(super) fn corners(&self) -> [Point; 4] {
        let (start, end) = (self.start, self.start + self.along);
        [start + self.up, end + self.up, end, start]
    }

    /// The line as it is reported, already in pixels.
    #[expect(clippy::cast_possible_truncation, reason = "pages have fewer pixels than f32 counts")]
    pub(super) fn into_line(self) -> TextLine {
        let degrees = (-self.along.y).atan2(self.along.x).to_degrees().rem_euclid(360.0);
        let whole = degrees.round();
        TextLine {
            polygon: self.corners().map(|corner| [corner.x as f32, corner.y as f32]),
            rotation: (if (degrees - whole).abs() < 0.05 { whole % 360.0 } else { degrees } + 0.0)
                as f32,
            text: self.text,
            confidence: 1.0,
            source: TextSource::Dxf,
            ..TextLine::default()
        }
    }
}

/// TEXT, ATTRIB and ATTDEF.
pub(super) fn of_text(entity: Record<'_>) -> Option<Lettering> {
    let (horizontal, vertical) =
        (entity.flags(72), entity.flags(if entity.kind == "TEXT" { 73 } else { 74 }));
    let first = entity.point(10)?;
    let second = entity.point(11).filter(|_| horizontal != 0 || vertical != 0);
    let height = entity.number(40)?;
    let mut degrees = entity.number(50).unwrap_or(0.0);
    let text = codes::plain(entity.text(1)?);
    let anchor = Anchor {
        across: match horizontal {
            1 | 4 => 0.5,
            2 => 1.0,
            _ => 0.0,
        },
        upwards: match vertical {
            2 => 0.5,
            3 => 1.0,
            _ if horizontal == 4 => 0.5,
            _ => 0.0,
        },
    };
    // Stretched between two points.
    let stretched = second.filter(|_| matches!(horizontal, 3 | 5)).map(|end| end - first);
    if let Some(way) = stretched {
        degrees = way.atan2().to_degrees();
    }
    let at = if stretched.is_some() { first } else { second.unwrap_or(first) };
    let mut lettering = Lettering::new(&text, at, height, degrees, anchor)?;
    let squeezed = entity.number(41).filter(|factor| (0.1..4.0).contains(factor)).unwrap_or(1.0);
    let along = stretched.unwrap_or(lettering.along * squeezed);
    lettering.start += (lettering.along - along) * anchor.across;
    lettering.along = along;
    Some(lettering)
}

/// The lines of an MTEXT.
pub(super) fn of_mtext(entity: Record<'_>) -> Vec<Lettering> {
    // Long texts come in pieces of 250 letters: code 3 for all but the last.
    let pieces = entity.tags().iter().filter(|tag| tag.code == 3 || tag.code == 1);
    let text: String = pieces.map(|tag| tag.value).collect();
    let (Some(at), Some(height)) = (entity.point(10), entity.number(40)) else {
        return Vec::new();
    };
    let degrees = match entity.point(11) {
        Some(direction) if direction != Point::ZERO => direction.to_vec2().atan2().to_degrees(),
        _ => entity.number(50).unwrap_or(0.0),
    };
    let most = entity.number(41).filter(|width| *width > 0.0).unwrap_or(f64::INFINITY);
    let spacing = entity.number(44).filter(|factor| (0.25..=4.0).contains(factor)).unwrap_or(1.0);
    let lines: Vec<String> =
        codes::lines(&text).into_iter().flat_map(|line| wrapped(&line, height, most)).collect();
    block(lines, at, height, degrees, (entity.flags(71), spacing))
}

/// Lines below each other, hung at one of nine points: 1 top left to 9 bottom right.
pub(super) fn block(
    lines: Vec<String>,
    at: Point,
    height: f64,
    degrees: f64,
    (attachment, spacing): (i64, f64),
) -> Vec<Lettering> {
    let place = attachment.clamp(1, 9) - 1;
    let across =
        [0.0, 0.5, 1.0].get(usize::try_from(place % 3).unwrap_or(0)).copied().unwrap_or(0.0);
    let step = LINE_DISTANCE * spacing * height;
    let last = u32::try_from(lines.len().saturating_sub(1)).unwrap_or(0);
    let whole = height + step * f64::from(last);
    let top = match place / 3 {
        0 => 0.0,
        1 => whole / 2.0,
        _ => whole,
    };
    let direction = Vec2::from_angle(degrees.to_radians());
    let up = Vec2::new(-direction.y, direction.x);
    let anchor = Anchor { across, upwards: 1.0 };
    (0_u32..)
        .zip(lines)
        .filter_map(|(row, line)| {
            Lettering::new(&line, at + up * (top - step * f64::from(row)), height, degrees, anchor)
        })
        .collect()
}

/// Breaks a paragraph that is wider than its column.
fn wrapped(line: &str, height: f64, most: f64) -> Vec<String> {
    // Our letters are not the font's; only what is far too wide was surely broken.
    let most = most * 1.15;
    if width(line, height) <= most {
        return vec![line.to_owned()];
    }
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        let Some(current) = lines.last_mut() else { break };
        if current.is_empty() {
            current.push_str(word);
        } else if width(current, height) + width(word, height) + height <= most {
            current.push(' ');
            current.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

fn width(text: &str, height: f64) -> f64 {
    let of_letter = |letter: char| {
        if letter >= '\u{2e80}' { WIDE_LETTER_WIDTH } else { LETTER_WIDTH }
    };
    height * text.trim().chars().map(of_letter).sum::<f64>()
}
