//! Reads the title block: by geometry first, by text second, by the form of the text last.
//!
//! A caption's value stands behind it in the same line, or in its cell: to the right or below, up to
//! the next caption. Fields that no caption announces are taken from the title block's other lines
//! where their form says what they are.

use super::labels::{Caption, Field, Label};
use super::regions::{Regions, Role};
use super::sheet::{Area, Line, Sheet};
use super::values::{self, Value};

mod forms;

/// Reach of a cell to the right where no caption ends it, in letter heights of its caption.
const CELL_WIDTH: f32 = 36.0;

/// Reach of a cell downwards where no caption ends it, in letter heights of its caption.
const CELL_DEPTH: f32 = 6.0;

/// Reach of a cell downwards where a caption ends it, in letter heights of its own caption.
const DEEPEST_CELL: f32 = 14.0;

/// Letter heights within which two lines of one name stand below each other.
const NAME_GAP: f32 = 1.3;

/// Lines of one name differ in letter height by less than this share.
const NAME_HEIGHTS: f32 = 0.3;

/// How sure a way of finding a value is; lower is surer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    CellOfTitle,
    TextOfTitle,
    Text,
    CellElsewhere,
    TextOfTable,
    TextOfNote,
    Form,
}

/// A field that was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// Which field.
    pub(super) field: Field,
    /// Its caption as printed, where it had one.
    pub(super) label: Option<String>,
    /// Its value.
    pub(super) value: String,
    /// The lines that hold the value.
    pub(super) lines: Vec<usize>,
    /// The line that holds the caption, if that is another one.
    pub(super) label_line: Option<usize>,
    way: Way,
}

/// Reads what a sheet says of the fields, the surest entry of a field first.
pub(super) fn read(sheet: &Sheet<'_>, regions: &Regions) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for (index, line) in sheet.lines.iter().enumerate() {
        entries.extend(in_line(regions, index, line));
        if regions.is_caption(index, line) {
            entries.extend(in_cell(sheet, regions, index, line));
        }
    }
    if let Some(place) = regions.title {
        forms::by_form(sheet, regions, place, &mut entries);
    }
    forms::stated_anywhere(sheet, &mut entries);
    drop_claimed_persons(&mut entries);
    entries.sort_by_key(|entry| (entry.field, entry.way));
    entries
}

/// Drops persons whose cell turned out to hold another field: an empty cell lies open to its neighbours.
fn drop_claimed_persons(entries: &mut Vec<Entry>) {
    let is_person =
        |field: Field| matches!(field, Field::Author | Field::Checker | Field::Approver);
    let claimed: Vec<usize> = entries
        .iter()
        .filter(|entry| !is_person(entry.field))
        .flat_map(|entry| entry.lines.iter().copied())
        .collect();
    entries.retain(|entry| {
        let is_from_cell = matches!(entry.way, Way::CellOfTitle | Way::CellElsewhere);
        !(is_person(entry.field)
            && is_from_cell
            && entry.lines.iter().any(|line| claimed.contains(line)))
    });
}

/// Reads captions with their values behind them in one line.
fn in_line(regions: &Regions, index: usize, line: &Line<'_>) -> Vec<Entry> {
    let text = line.text();
    let labels = regions.labels.get(index).map_or(&[][..], Vec::as_slice);
    let fields = labels
        .iter()
        .filter(|label| matches!(label.caption, Caption::Field(field) if field.is_counted()))
        .count();
    let way = match regions.roles.get(index) {
        Some(Role::Title) => Way::TextOfTitle,
        Some(Role::Table) => Way::TextOfTable,
        Some(Role::Note) => Way::TextOfNote,
        _ => Way::Text,
    };
    let mut entries = Vec::new();
    for (position, label) in labels.iter().enumerate() {
        let Caption::Field(field) = label.caption else {
            continue;
        };
        let end = labels.get(position + 1).map_or(text.len(), |next| next.range.start);
        let behind = text.get(label.range.end..end).unwrap_or("").trim();
        let has_colon = behind.starts_with([':', '='])
            || text.get(label.range.clone()).is_some_and(|label| label.ends_with(['#', '.']));
        let is_list = fields > 1 && labels.first().is_some_and(|first| first.range.start == 0);
        let leads_title = way == Way::TextOfTitle && label.range.start == 0;
        let Some(value) = values::value(field, behind) else {
            continue;
        };
        if is_believed(field, &value, has_colon, is_list || leads_title) {
            entries.push(entry(field, Some((text, label)), value.value, vec![index], way));
        }
    }
    entries
}

/// Free words need a colon or neighbours; figures of a strict form speak for themselves.
fn is_believed(field: Field, value: &Value, has_colon: bool, is_listed: bool) -> bool {
    match field {
        Field::Scale | Field::Sheet | Field::Date => value.is_whole || has_colon || is_listed,
        Field::Projection => true,
        Field::Revision | Field::Weight => value.is_whole || has_colon,
        Field::DrawingNumber => {
            let has_digit = value.value.chars().any(|character| character.is_ascii_digit());
            has_colon || has_digit && (value.is_whole || is_listed)
        }
        Field::PartName
        | Field::Material
        | Field::Company
        | Field::Author
        | Field::Checker
        | Field::Approver
        | Field::SheetSize => has_colon || is_listed,
        Field::Standard | Field::ToleranceNote | Field::Units => true,
    }
}

/// Reads the value in the cell of a caption that stands alone.
fn in_cell(sheet: &Sheet<'_>, regions: &Regions, index: usize, line: &Line<'_>) -> Option<Entry> {
    let label = regions
        .labels
        .get(index)?
        .iter()
        .find(|label| matches!(label.caption, Caption::Field(_)))?;
    let Caption::Field(field) = label.caption else {
        return None;
    };
    let cell = cell(sheet, regions, index, line.place);
    let nearest = (0..sheet.lines.len())
        .filter(|other| *other != index)
        .filter_map(|other| {
            let candidate = sheet.lines.get(other)?;
            let distance = distance_in_cell(line.place, cell, candidate)?;
            if regions.is(other, Role::Zone) || starts_with_caption(regions, other) {
                return None;
            }
            let value = values::value(field, candidate.source.text.trim())
                .filter(|value| value.is_whole)?;
            Some((distance, other, value))
        })
        .min_by(|first, second| first.0.total_cmp(&second.0));
    let (_, chosen, value) = nearest?;
    let way = if regions.is(index, Role::Title) { Way::CellOfTitle } else { Way::CellElsewhere };
    let (text, lines) = if field == Field::PartName {
        whole_name(sheet, regions, chosen, |place| place.bottom < cell.bottom)
    } else {
        (value.value, vec![chosen])
    };
    Some(Entry {
        label_line: Some(index),
        ..entry(field, Some((line.text(), label)), text, lines, way)
    })
}

/// The cell of a caption: to the next caption on its row and the next one below.
fn cell(sheet: &Sheet<'_>, regions: &Regions, index: usize, label: Area) -> Area {
    let height = label.height();
    let mut cell = Area {
        left: label.left - height,
        top: label.top,
        right: label.right + height * CELL_WIDTH,
        bottom: label.bottom + height * CELL_DEPTH,
    };
    let captions = || {
        (0..sheet.lines.len())
            .filter(|other| *other != index && starts_with_caption(regions, *other))
            .filter_map(|other| sheet.lines.get(other))
            .map(|line| line.place)
    };
    for place in captions() {
        let is_on_row =
            (place.middle_y() - label.middle_y()).abs() < height.max(place.height()) * 0.8;
        if is_on_row && place.left > label.right - height * 0.5 {
            cell.right = cell.right.min(place.left);
        }
    }
    let below = captions().filter(|place| {
        place.top > label.bottom - height * 0.3 && place.gap_across(label) < height
    });
    if let Some(next) = below.map(|place| place.top).min_by(f32::total_cmp) {
        cell.bottom = next.min(label.bottom + height * DEEPEST_CELL);
    }
    cell
}

/// How far a line in a cell is from the caption; none if it is not in the cell.
fn distance_in_cell(label: Area, cell: Area, candidate: &Line<'_>) -> Option<f32> {
    let (place, height) = (candidate.place, label.height());
    let is_right_of = (place.middle_y() - label.middle_y()).abs()
        < height.max(place.height()) * 0.6
        && place.left > label.right - height;
    let is_below = place.middle_y() > label.middle_y()
        && place.top > label.top - height
        && place.middle_y() < cell.bottom;
    let is_across =
        place.middle_x() > cell.left && place.middle_x() < cell.right && place.left < cell.right;
    if !(is_across && (is_right_of || is_below) && candidate.is_level()) {
        return None;
    }
    if is_right_of {
        return Some((place.left - label.right).max(0.0));
    }
    Some((place.top - label.bottom).max(0.0) * 1.5 + (place.left - label.left).abs() * 0.3)
}

fn starts_with_caption(regions: &Regions, index: usize) -> bool {
    regions
        .labels
        .get(index)
        .and_then(|labels| labels.first())
        .is_some_and(|label| label.range.start == 0)
}

/// A name with the lines above and below it that belong to it.
fn whole_name(
    sheet: &Sheet<'_>,
    regions: &Regions,
    first: usize,
    is_inside: impl Fn(Area) -> bool,
) -> (String, Vec<usize>) {
    let mut lines = vec![first];
    let mut next = 0;
    while let Some(member) = lines.get(next).and_then(|member| sheet.lines.get(*member)) {
        for (index, line) in sheet.lines.iter().enumerate() {
            let is_other = values::is_code(line.text())
                || values::company(line.text()).is_some()
                || starts_with_caption(regions, index);
            let is_member = are_one_name(member, line)
                && !is_other
                && values::is_name(line.text())
                && is_inside(line.place);
            if is_member && !lines.contains(&index) {
                lines.push(index);
            }
        }
        next += 1;
    }
    let top = |index: &usize| sheet.lines.get(*index).map_or(0.0, |line| line.place.top);
    lines.sort_by(|first, second| top(first).total_cmp(&top(second)));
    let texts: Vec<&str> = lines
        .iter()
        .filter_map(|index| sheet.lines.get(*index))
        .map(|line| line.source.text.trim())
        .collect();
    (texts.join(" "), lines)
}

/// Whether two lines stand one below the other and are printed alike.
fn are_one_name(first: &Line<'_>, second: &Line<'_>) -> bool {
    let height = first.place.height().max(second.place.height());
    let gap = first.place.gap_down(second.place);
    let is_stacked = gap > -height * 0.3
        && gap < height * NAME_GAP
        && first.place.gap_across(second.place) < 0.0;
    let difference = (first.place.height() - second.place.height()).abs();
    is_stacked && difference < height * NAME_HEIGHTS && second.is_level()
}

fn entry(
    field: Field,
    label: Option<(&str, &Label)>,
    value: String,
    lines: Vec<usize>,
    way: Way,
) -> Entry {
    let label = label.and_then(|(text, label)| text.get(label.range.clone())).map(str::to_owned);
    Entry { field, label, value, lines, label_line: None, way }
}
