//! Fields that no caption announces: told by the form of their text, or stated in clear words.

use super::super::labels::Field;
use super::super::regions::{Regions, Role, TitlePlace};
use super::super::sheet::{Sheet, median};
use super::super::{general, material, values};
use super::{Entry, Way, entry, starts_with_caption, whole_name};

/// A name without caption is printed larger than the title block's other text by this factor.
const NAME_STANDS_OUT: f32 = 1.25;

/// Fills fields that no caption announced from the title block's other lines.
pub(super) fn by_form(
    sheet: &Sheet<'_>,
    regions: &Regions,
    place: TitlePlace,
    entries: &mut Vec<Entry>,
) {
    let mut open: Vec<usize> = (0..sheet.lines.len())
        .filter(|index| {
            !matches!(regions.roles.get(*index), Some(Role::Zone | Role::Note | Role::Table))
        })
        .filter(|index| {
            !entries.iter().any(|entry| {
                entry.field.is_counted() && entry.way <= Way::Text && entry.lines.contains(index)
            })
        })
        .filter(|index| {
            sheet.lines.get(*index).is_some_and(|line| !regions.is_caption(*index, line))
        })
        .filter(|index| {
            sheet
                .lines
                .get(*index)
                .is_some_and(|line| line.is_level() && place.area.touches(line.place))
        })
        .collect();
    if !place.has_cells {
        free_title(sheet, regions, &mut open, entries);
    }
    let named = |entries: &[Entry], field| {
        entries.iter().any(|entry| entry.field == field && entry.way < Way::TextOfTable)
    };
    for (field, form) in FORMS {
        if named(entries, field) {
            continue;
        }
        let fitting = open.iter().copied().filter_map(|index| {
            let line = sheet.lines.get(index)?;
            form(line.source.text.trim()).map(|value| (line.place.height(), index, value))
        });
        if let Some((_, index, value)) =
            fitting.max_by(|first, second| first.0.total_cmp(&second.0))
        {
            open.retain(|other| *other != index);
            entries.push(entry(field, None, value, vec![index], Way::Form));
        }
    }
    if !named(entries, Field::PartName) {
        entries.extend(tallest_name(sheet, regions, &open));
    }
}

/// The value that a text holds when it has the form of a field's values.
type Form = fn(&str) -> Option<String>;

/// Fields that their form gives away, in the order in which they claim a line.
const FORMS: [(Field, Form); 5] = [
    (Field::Company, values::company),
    (Field::Material, stated_material),
    (Field::DrawingNumber, code),
    (Field::Date, date),
    (Field::Sheet, values::chinese_sheet),
];

fn stated_material(text: &str) -> Option<String> {
    material::grade(text).map(|_| text.to_owned())
}

fn code(text: &str) -> Option<String> {
    values::is_code(text).then(|| text.to_owned())
}

fn date(text: &str) -> Option<String> {
    values::date(text).map(str::to_owned)
}

/// A title block without cells starts with the part's name, with a date behind it at times.
fn free_title(
    sheet: &Sheet<'_>,
    regions: &Regions,
    open: &mut Vec<usize>,
    entries: &mut Vec<Entry>,
) {
    let lines = (0..sheet.lines.len()).filter(|index| regions.is(*index, Role::Title));
    let top = |index: &usize| sheet.lines.get(*index).map_or(0.0, |line| line.place.top);
    let Some(first) = lines.min_by(|first, second| top(first).total_cmp(&top(second))) else {
        return;
    };
    let Some(text) = sheet.lines.get(first).map(|line| line.source.text.trim()) else {
        return;
    };
    if let Some(date) = values::date(text) {
        entries.push(entry(Field::Date, None, date.to_owned(), vec![first], Way::Form));
    }
    let name = values::date(text).and_then(|date| text.split(date).next()).unwrap_or(text);
    let name = name.trim_end_matches([' ', '-', '–', '/', ',']);
    if values::is_name(name) {
        open.retain(|index| *index != first);
        entries.push(entry(Field::PartName, None, name.to_owned(), vec![first], Way::Form));
    }
}

/// The name of the part is what a title block prints largest.
fn tallest_name(sheet: &Sheet<'_>, regions: &Regions, open: &[usize]) -> Option<Entry> {
    let title = sheet.lines.iter().enumerate().filter(|(index, _)| regions.is(*index, Role::Title));
    let usual = median(title.map(|(_, line)| line.place.height()).collect());
    let tallest = open
        .iter()
        .copied()
        .filter(|index| !starts_with_caption(regions, *index))
        .filter_map(|index| sheet.lines.get(index).map(|line| (index, line)))
        .filter(|(_, line)| line.place.height() > usual * NAME_STANDS_OUT)
        .filter(|(_, line)| {
            values::is_name(line.text()) && !values::is_code(line.text()) && is_heading(line.text())
        })
        .max_by(|first, second| {
            let by_height = first.1.place.height().total_cmp(&second.1.place.height());
            by_height.then(second.1.place.top.total_cmp(&first.1.place.top))
        })?;
    let (text, lines) = whole_name(sheet, regions, tallest.0, |_| true);
    Some(entry(Field::PartName, None, text, lines, Way::Form))
}

/// A heading is short and is no file name or address.
fn is_heading(text: &str) -> bool {
    let words = text.split(' ').count();
    let is_address =
        text.contains("://") || text.contains('@') || text.to_ascii_lowercase().ends_with(".dxf");
    words <= 8 && !is_address
}

/// Facts whose words are clear wherever they stand on the sheet.
pub(super) fn stated_anywhere(sheet: &Sheet<'_>, entries: &mut Vec<Entry>) {
    for (index, line) in sheet.lines.iter().enumerate() {
        let text = line.text();
        let stated = [
            (Field::Projection, values::stated_projection(text).map(str::to_owned)),
            (
                Field::Company,
                values::company(line.source.text.trim())
                    .filter(|_| text.to_ascii_lowercase().contains("copyright")),
            ),
            (Field::Sheet, values::chinese_sheet(text)),
            (Field::Units, values::stated_units(text).map(str::to_owned)),
            (Field::Standard, values::drawing_standard(text)),
            (
                Field::ToleranceNote,
                general::is_note(text).then(|| line.source.text.trim().to_owned()),
            ),
        ];
        for (field, value) in stated {
            if let Some(value) = value
                && !entries.iter().any(|entry| entry.field == field)
            {
                entries.push(entry(field, None, value, vec![index], Way::Form));
            }
        }
    }
}
