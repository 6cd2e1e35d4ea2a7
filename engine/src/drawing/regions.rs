//! Sorts the lines of a sheet by the part of the sheet that they belong to.
//!
//! Precision of dimensions hangs on this: a bare figure is a dimension only where nothing else claims it.

use super::cursor::Cursor;
use super::labels::{self, Caption, Field, Label};
use super::notes;
use super::number;
use super::sheet::{Area, Line, Sheet, median};

/// Width of the border that carries zone letters, as a share of the page.
const ZONE_BORDER: f32 = 0.075;

/// Largest number of a zone.
const MOST_ZONES: u32 = 32;

/// Captions further apart than these shares of the page belong to different blocks.
const CAPTION_REACH: (f32, f32) = (0.2, 0.09);

/// Fewest captions that make a block.
const FEWEST_CAPTIONS: usize = 3;

/// Distance between a caption and its block's border, in letter heights.
const BLOCK_MARGIN: f32 = 2.0;

/// Distance from a block's captions to values above or beside them, in letter heights.
const VALUE_MARGIN: f32 = 6.0;

/// Widest gap between the rows of a table, in letter heights.
const ROW_GAP: f32 = 2.5;

/// What a line is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A view: what dimensions come from.
    View,
    /// The letters and numbers along the border.
    Zone,
    /// The title block.
    Title,
    /// A table other than the title block.
    Table,
    /// General notes.
    Note,
}

/// The parts of a sheet.
#[derive(Debug)]
pub(super) struct Regions {
    /// For each line, what it is part of.
    pub(super) roles: Vec<Role>,
    /// For each line, its captions.
    pub(super) labels: Vec<Vec<Label>>,
    /// The title block, where there is one.
    pub(super) title: Option<TitlePlace>,
    /// The tables besides the title block.
    pub(super) tables: Vec<TablePlace>,
}

/// Where a table stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TablePlace {
    /// Its area with its rows.
    pub(super) area: Area,
    /// The lines of its captions.
    pub(super) captions: Vec<usize>,
}

/// Where the values of a title block may stand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TitlePlace {
    /// Its area with a margin for values outside its captions.
    pub(super) area: Area,
    /// Whether it has cells with captions, not only lines of text.
    pub(super) has_cells: bool,
}

impl Regions {
    /// Sorts a sheet's lines.
    pub(super) fn of(sheet: &Sheet<'_>) -> Self {
        let mut roles = vec![Role::View; sheet.lines.len()];
        let labels: Vec<Vec<Label>> =
            sheet.lines.iter().map(|line| labels::find(line.text())).collect();
        mark_zones(sheet, &mut roles);
        let (mut title, tables) = mark_caption_blocks(sheet, &labels, &mut roles);
        if title.is_none() {
            title = mark_free_title(sheet, &labels, &mut roles);
        }
        for index in notes::lines(sheet, &roles) {
            set(&mut roles, index, Role::Note);
        }
        Self { roles, labels, title, tables }
    }

    /// Whether a line has this role.
    pub(super) fn is(&self, index: usize, role: Role) -> bool {
        self.roles.get(index) == Some(&role)
    }

    /// Whether a line is nothing but captions.
    pub(super) fn is_caption(&self, index: usize, line: &Line<'_>) -> bool {
        self.labels.get(index).is_some_and(|labels| labels::is_caption(line.text(), labels))
    }
}

fn set(roles: &mut [Role], index: usize, role: Role) {
    if let Some(place) = roles.get_mut(index).filter(|place| **place == Role::View) {
        *place = role;
    }
}

/// A letter or number at the border, with its step in the row of zones.
#[derive(Debug, Clone, Copy)]
struct ZoneMark {
    line: usize,
    step: u32,
    is_number: bool,
    edge: Edge,
    along: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    Left,
    Right,
    Top,
    Bottom,
}

/// Marks single letters and small numbers at the border that continue each other or face each other.
fn mark_zones(sheet: &Sheet<'_>, roles: &mut [Role]) {
    let marks: Vec<ZoneMark> = sheet
        .lines
        .iter()
        .enumerate()
        .filter_map(|(index, line)| zone_mark(sheet, index, line))
        .collect();
    for mark in &marks {
        let is_zone = marks.iter().any(|other| {
            let is_same_kind = other.line != mark.line && other.is_number == mark.is_number;
            let continues = other.edge == mark.edge && other.step.abs_diff(mark.step) == 1;
            let faces = other.edge == mark.edge.opposite()
                && other.step == mark.step
                && (other.along - mark.along).abs() < sheet.width.max(sheet.height) * 0.02;
            is_same_kind && (continues || faces)
        });
        if is_zone {
            set(roles, mark.line, Role::Zone);
        }
    }
}

impl Edge {
    fn opposite(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
            Self::Top => Self::Bottom,
            Self::Bottom => Self::Top,
        }
    }
}

fn zone_mark(sheet: &Sheet<'_>, index: usize, line: &Line<'_>) -> Option<ZoneMark> {
    let text = line.text();
    let mut characters = text.chars();
    let (step, is_number) = match (characters.next(), characters.next()) {
        (Some(letter @ 'A'..='Z'), None) => (u32::from(letter), false),
        _ => (text.parse().ok().filter(|number| (1..=MOST_ZONES).contains(number))?, true),
    };
    let (x, y) = (line.place.middle_x() / sheet.width, line.place.middle_y() / sheet.height);
    let (edge, along) = if y < ZONE_BORDER {
        (Edge::Top, line.place.middle_x())
    } else if y > 1.0 - ZONE_BORDER {
        (Edge::Bottom, line.place.middle_x())
    } else if x < ZONE_BORDER {
        (Edge::Left, line.place.middle_y())
    } else if x > 1.0 - ZONE_BORDER {
        (Edge::Right, line.place.middle_y())
    } else {
        return None;
    };
    Some(ZoneMark { line: index, step, is_number, edge, along })
}

/// Marks the title block and the tables by their captions; gives the title block's area for values
/// and the places of the tables.
fn mark_caption_blocks(
    sheet: &Sheet<'_>,
    labels: &[Vec<Label>],
    roles: &mut [Role],
) -> (Option<TitlePlace>, Vec<TablePlace>) {
    let blocks = caption_blocks(sheet, labels);
    let mut tables = Vec::new();
    let title =
        blocks.iter().filter(|block| block.is_title()).max_by_key(|block| block.fields.len());
    for block in &blocks {
        let is_title = title.is_some_and(|title| std::ptr::eq(title, block));
        let area = if is_title {
            toward_corner(sheet, block.area.grown(block.letter_height * BLOCK_MARGIN))
        } else {
            with_rows(sheet, block)
        };
        if !is_title && block.rows == 1 {
            tables.push(TablePlace { area, captions: block.members.clone() });
        }
        for (index, line) in sheet.lines.iter().enumerate() {
            if area.touches(line.place) {
                set(roles, index, if is_title { Role::Title } else { Role::Table });
            }
        }
    }
    let title = title.map(|block| TitlePlace {
        area: toward_corner(sheet, block.area.grown(block.letter_height * VALUE_MARGIN)),
        has_cells: true,
    });
    (title, tables)
}

/// Captions that stand together.
#[derive(Debug)]
struct CaptionBlock {
    area: Area,
    letter_height: f32,
    members: Vec<usize>,
    fields: Vec<Field>,
    rows: usize,
}

impl CaptionBlock {
    /// A table has its captions in one row; a title block in several.
    fn is_title(&self) -> bool {
        let has_title_field =
            [Field::Scale, Field::DrawingNumber, Field::PartName, Field::Sheet, Field::Material]
                .iter()
                .any(|field| self.fields.contains(field));
        self.rows > 1 && has_title_field
    }
}

fn caption_blocks(sheet: &Sheet<'_>, labels: &[Vec<Label>]) -> Vec<CaptionBlock> {
    let mut open: Vec<usize> =
        (0..sheet.lines.len()).filter(|index| is_cell(sheet, labels, *index)).collect();
    let mut blocks = Vec::new();
    while let Some(first) = open.pop() {
        let mut members = vec![first];
        let mut next = 0;
        while let Some(place) =
            members.get(next).and_then(|member| sheet.lines.get(*member)).map(|line| line.place)
        {
            let is_near = |index: &usize| {
                sheet.lines.get(*index).is_some_and(|line| are_one_block(sheet, place, line.place))
            };
            members.extend(open.extract_if(.., |index| is_near(index)));
            next += 1;
        }
        if members.len() >= FEWEST_CAPTIONS {
            blocks.extend(block_of(sheet, labels, &members));
        }
    }
    blocks
}

/// Whether a line is a cell of captions, not a sentence in which such a word occurs.
fn is_cell(sheet: &Sheet<'_>, labels: &[Vec<Label>], index: usize) -> bool {
    let (Some(line), Some(labels)) = (sheet.lines.get(index), labels.get(index)) else {
        return false;
    };
    let starts_with_caption = labels.first().is_some_and(|label| label.range.start == 0);
    let words = line.text().split(' ').filter(|word| !word.is_empty()).count();
    starts_with_caption
        && (labels::is_caption(line.text(), labels) || words <= 2 + 3 * labels.len())
}

fn are_one_block(sheet: &Sheet<'_>, first: Area, second: Area) -> bool {
    let (across, down) = CAPTION_REACH;
    first.gap_across(second) < sheet.width * across && first.gap_down(second) < sheet.height * down
}

fn block_of(sheet: &Sheet<'_>, labels: &[Vec<Label>], members: &[usize]) -> Option<CaptionBlock> {
    let places =
        || members.iter().filter_map(|member| sheet.lines.get(*member)).map(|line| line.place);
    let area = places().reduce(Area::with)?;
    let letter_height = median(places().map(Area::height).collect());
    let mut middles: Vec<f32> = places().map(Area::middle_y).collect();
    middles.sort_by(f32::total_cmp);
    let rows = 1 + middles
        .windows(2)
        .filter(|pair| matches!(pair, [above, below] if below - above > letter_height))
        .count();
    let mut fields: Vec<Field> = members
        .iter()
        .filter_map(|member| labels.get(*member))
        .flatten()
        .filter_map(|label| match label.caption {
            Caption::Field(field) => Some(field).filter(|field| field.is_counted()),
            Caption::Other => None,
        })
        .collect();
    fields.sort_unstable();
    fields.dedup();
    Some(CaptionBlock { area, letter_height, members: members.to_vec(), fields, rows })
}

/// Stretches a title block to the corner of the sheet in which it sits.
fn toward_corner(sheet: &Sheet<'_>, area: Area) -> Area {
    Area {
        right: if area.right > sheet.width * 0.6 { sheet.width } else { area.right },
        bottom: if area.bottom > sheet.height * 0.8 { sheet.height } else { area.bottom },
        ..area
    }
}

/// A table's header with the rows that hang on it.
fn with_rows(sheet: &Sheet<'_>, block: &CaptionBlock) -> Area {
    let mut area = block.area.grown(block.letter_height * 0.5);
    if block.members.len() < FEWEST_CAPTIONS {
        return area;
    }
    let mut below: Vec<Area> =
        sheet.lines.iter().map(|line| line.place).filter(|place| place.top > area.top).collect();
    below.retain(|place| {
        place.left >= area.left - block.letter_height
            && place.right <= area.right + block.letter_height * 3.0
    });
    below.sort_by(|first, second| first.top.total_cmp(&second.top));
    for place in &below {
        let has_neighbour = below.iter().any(|other| {
            other != place && (other.middle_y() - place.middle_y()).abs() < block.letter_height
        });
        if has_neighbour && place.top - area.bottom < block.letter_height * ROW_GAP {
            area = area.with(*place);
        }
    }
    area
}

/// Marks a title block that is lines of text without cells: several title facts, one above the other.
fn mark_free_title(
    sheet: &Sheet<'_>,
    labels: &[Vec<Label>],
    roles: &mut [Role],
) -> Option<TitlePlace> {
    let facts: Vec<usize> = (0..sheet.lines.len())
        .filter(|index| sheet.lines.get(*index).is_some_and(|line| line.is_level()))
        .filter(|index| is_title_fact(sheet, labels, *index))
        .collect();
    let mut stacks: Vec<Vec<usize>> = facts.iter().map(|fact| stack_around(sheet, *fact)).collect();
    stacks.retain(|stack| {
        stack.iter().filter(|member| facts.contains(member)).count() >= FEWEST_CAPTIONS
    });
    let stack = stacks.into_iter().max_by_key(Vec::len)?;
    for index in &stack {
        set(roles, *index, Role::Title);
    }
    let area = stack
        .iter()
        .filter_map(|index| sheet.lines.get(*index))
        .map(|line| line.place)
        .reduce(Area::with)?;
    Some(TitlePlace { area, has_cells: false })
}

fn is_title_fact(sheet: &Sheet<'_>, labels: &[Vec<Label>], index: usize) -> bool {
    let Some(line) = sheet.lines.get(index) else {
        return false;
    };
    let text = line.text().to_ascii_lowercase();
    let has_scale = labels.get(index).is_some_and(|labels| {
        labels.iter().any(|label| label.caption == Caption::Field(Field::Scale))
    });
    let is_statement = ["dimensions in", "general tolerance", "https://", "www.", "units:"]
        .iter()
        .any(|word| text.contains(word));
    has_scale || is_statement || has_date(&text)
}

/// Whether a text has a date in figures.
fn has_date(text: &str) -> bool {
    text.split([' ', '/']).any(|word| {
        let parts: Vec<&str> = word.split(['.', '-']).collect();
        parts.len() == 3
            && parts
                .iter()
                .all(|part| !part.is_empty() && part.chars().all(|digit| digit.is_ascii_digit()))
    })
}

/// The lines that stand above and below a line without a gap wider than a line.
fn stack_around(sheet: &Sheet<'_>, start: usize) -> Vec<usize> {
    let mut stack = vec![start];
    let mut next = 0;
    while let Some(line) = stack.get(next).and_then(|member| sheet.lines.get(*member)) {
        for (index, other) in sheet.lines.iter().enumerate() {
            let is_level = other.is_level();
            let is_near = line.place.gap_down(other.place) < line.place.height() * 1.2
                && line.place.gap_across(other.place) < 0.0;
            let is_figure =
                number::figure(&mut Cursor::new(other.text())).is_some() && other.text().len() < 8;
            if is_level && is_near && !is_figure && !stack.contains(&index) {
                stack.push(index);
            }
        }
        next += 1;
    }
    stack.sort_unstable();
    stack
}
