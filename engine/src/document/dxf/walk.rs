//! From entities to what is seen: every block inserted, every shape and text at its place.

use hayro::kurbo::{Affine, BezPath, Point, Rect, Shape as _, Vec2};

use super::file::File;
use super::lettering::{self, Anchor, Lettering};
use super::tags::Record;
use super::{codes, dimension, shapes};

/// Blocks inserted in blocks inserted in blocks: deeper is a file that inserts itself.
const DEEPEST: u32 = 12;

/// Entities, sides and letters together: more than a drawing has, but blocks of blocks of blocks multiply.
const MOST_THINGS: usize = 2_000_000;

/// Copies of a block in one array.
const MOST_COPIES: i64 = 2000;

/// What a space of the drawing shows.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) strokes: Vec<BezPath>,
    pub(super) fills: Vec<BezPath>,
    pub(super) texts: Vec<Lettering>,
    /// Whether there was more than is kept.
    pub(super) is_cut: bool,
    /// Entities, sides and letters so far.
    things: usize,
}

/// The model, or the sheet of paper that shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    Model,
    Paper,
}

/// Goes through one space of a file.
pub(super) fn space(file: &File<'_>, space: Space) -> Seen {
    let mut seen = Seen::default();
    let wanted = i64::from(space == Space::Paper);
    let entities: Vec<_> =
        file.entities.iter().copied().filter(|entity| entity.flags(67) == wanted).collect();
    seen.walk(file, &entities, Affine::IDENTITY, 0);
    seen
}

impl Seen {
    pub(super) fn is_empty(&self) -> bool {
        self.strokes.is_empty() && self.fills.is_empty() && self.texts.is_empty()
    }

    /// The box around everything.
    pub(super) fn extent(&self) -> Option<Rect> {
        let shapes = self.strokes.iter().chain(&self.fills).map(BezPath::bounding_box);
        let texts = self.texts.iter().flat_map(Lettering::corners);
        let points = texts.map(|corner| Rect::from_points(corner, corner));
        shapes.chain(points).filter(|area| area.is_finite()).reduce(|all, area| all.union(area))
    }

    fn walk(&mut self, file: &File<'_>, entities: &[Record<'_>], place: Affine, depth: u32) {
        let mut rest = entities;
        while let Some((entity, after)) = rest.split_first() {
            rest = after;
            if self.things >= MOST_THINGS {
                self.is_cut = true;
                return;
            }
            self.things += 1;
            let layer = entity.text(8).unwrap_or_default();
            if entity.flags(60) != 0 || file.hidden.contains(layer) {
                continue;
            }
            let place_of = place * shapes::plane(*entity);
            match entity.kind {
                "INSERT" => self.insert(file, *entity, place_of, depth),
                "DIMENSION" => self.dimension(file, *entity, place, depth),
                "SOLID" | "TRACE" => self.fill(place_of * shapes::outline(*entity, &[])),
                "POLYLINE" => {
                    let count = rest.iter().take_while(|next| next.kind == "VERTEX").count();
                    let (vertices, after) = rest.split_at_checked(count).unwrap_or((rest, &[]));
                    rest = after;
                    self.stroke(place_of * shapes::outline(*entity, vertices));
                }
                _ => {
                    self.write(*entity, place_of);
                    self.stroke(place_of * shapes::outline(*entity, &[]));
                }
            }
        }
    }

    /// Takes the text of an entity that has one.
    fn write(&mut self, entity: Record<'_>, place: Affine) {
        let texts = match entity.kind {
            "TEXT" => lettering::of_text(entity).into_iter().collect(),
            // Bit 1 hides an attribute; an attribute's definition is seen only where it is constant, bit 2.
            "ATTRIB" if entity.flags(70) & 1 == 0 => {
                lettering::of_text(entity).into_iter().collect()
            }
            "ATTDEF" if entity.flags(70) & 3 == 2 => {
                lettering::of_text(entity).into_iter().collect()
            }
            "MTEXT" => lettering::of_mtext(entity),
            "TOLERANCE" => frames(entity),
            _ => Vec::new(),
        };
        self.letter(texts, place);
    }

    fn stroke(&mut self, shape: BezPath) {
        self.things += shape.elements().len();
        self.strokes.extend((shape.elements().len() > 1).then_some(shape));
    }

    fn fill(&mut self, shape: BezPath) {
        self.things += shape.elements().len();
        self.fills.extend((shape.elements().len() > 1).then_some(shape));
    }

    fn letter(&mut self, texts: Vec<Lettering>, place: Affine) {
        self.things += texts.iter().map(|text| text.text.len()).sum::<usize>();
        self.texts.extend(texts.into_iter().map(|text| text.placed(place)));
    }

    fn insert(&mut self, file: &File<'_>, insert: Record<'_>, place: Affine, depth: u32) {
        let Some(block) = insert.text(2).and_then(|name| file.blocks.get(name)) else { return };
        if depth >= DEEPEST {
            self.is_cut = true;
            return;
        }
        let scale = |code| insert.number(code).filter(|factor| *factor != 0.0).unwrap_or(1.0);
        let (columns, rows) = (insert.flags(70).max(1), insert.flags(71).max(1));
        let is_array_sane = columns.saturating_mul(rows) <= MOST_COPIES;
        let (columns, rows) = if is_array_sane { (columns, rows) } else { (1, 1) };
        let spacing = (insert.number(44).unwrap_or(0.0), insert.number(45).unwrap_or(0.0));
        let turn = Affine::rotate(insert.number(50).unwrap_or(0.0).to_radians());
        let at = insert.point(10).unwrap_or_default().to_vec2();
        for (column, row) in (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)))
        {
            let copy = Vec2::new(spacing.0 * column as f64, spacing.1 * row as f64);
            let inner = place
                * Affine::translate(at)
                * turn
                * Affine::translate(copy)
                * Affine::scale_non_uniform(scale(41), scale(42))
                * Affine::translate(-block.base.to_vec2());
            self.walk(file, &block.entities, inner, depth + 1);
        }
    }

    /// The block of a dimension is what the program drew for it; without text in it, the text is made here.
    fn dimension(&mut self, file: &File<'_>, dimension: Record<'_>, place: Affine, depth: u32) {
        let before = self.texts.len();
        let block = dimension.text(2).and_then(|name| file.blocks.get(name));
        if let Some(block) = block.filter(|_| depth < DEEPEST) {
            self.walk(file, &block.entities, place, depth + 1);
        }
        let is_silent = dimension.text(1).is_some_and(|text| text == " ");
        if self.texts.len() == before && !is_silent {
            let style = dimension.text(3).and_then(|name| file.styles.get(name)).copied();
            let texts = dimension::texts(dimension, style);
            self.letter(texts, place);
        }
    }
}

/// The rows of a feature control frame, which hangs to the right of its point.
fn frames(entity: Record<'_>) -> Vec<Lettering> {
    /// A frame does not say how high its letters are; its style does, or nobody.
    const USUAL_HEIGHT: f64 = 2.5;
    let at = entity.point(10).unwrap_or_default();
    let direction = entity.point(11).unwrap_or(Point::new(1.0, 0.0)).to_vec2();
    let degrees = direction.atan2().to_degrees();
    let rows = codes::frames(entity.text(1).unwrap_or_default());
    let anchor = Anchor { across: 0.0, upwards: 0.5 };
    let down = Vec2::from_angle(degrees.to_radians() - std::f64::consts::FRAC_PI_2);
    (0_u32..)
        .zip(rows)
        .filter_map(|(row, text)| {
            let at = at + down * (2.0 * USUAL_HEIGHT * f64::from(row));
            Lettering::new(&text, at, USUAL_HEIGHT, degrees, anchor)
        })
        .collect()
}
