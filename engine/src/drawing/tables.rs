//! Reads parts lists, revision tables and hole tables as rows of cells.
//!
//! The captions of a table stand in one row and give the columns; what stands below goes into the
//! column under whose caption it lies, and into the row of its neighbours.

use cad_common::contract::drawing::Table;

use super::regions::{Regions, Role, TablePlace};
use super::sheet::{Area, Line, Sheet, median};

/// Lines whose middles are closer than this share of a letter's height stand in one row.
const SAME_ROW: f32 = 0.7;

/// Captions that tell what a table lists; the first kind with one of its words is taken.
const KINDS: [(&str, &[&str]); 3] = [
    ("revisions", &["rev", "eco", "zone", "ltr", "标记", "更改", "изм", "änd"]),
    ("holes", &["hole", "tag", "loc", "孔"]),
    (
        "parts_list",
        &["qty", "quantity", "item", "part", "pos", "menge", "序号", "数量", "代号", "material"],
    ),
];

/// The tables of a sheet.
pub(super) fn read(sheet: &Sheet<'_>, regions: &Regions) -> Vec<Table> {
    regions.tables.iter().filter_map(|place| table(sheet, regions, place)).collect()
}

fn table(sheet: &Sheet<'_>, regions: &Regions, place: &TablePlace) -> Option<Table> {
    let lines: Vec<(usize, &Line<'_>)> = sheet
        .lines
        .iter()
        .enumerate()
        .filter(|(index, line)| regions.is(*index, Role::Table) && place.area.touches(line.place))
        .collect();
    let height = median(lines.iter().map(|(_, line)| line.letter_height()).collect());
    let rows = rows(&lines, height);
    let header = rows.iter().find(|row| row.iter().any(|index| place.captions.contains(index)))?;
    let columns: Vec<Area> =
        header.iter().filter_map(|index| sheet.lines.get(*index)).map(|line| line.place).collect();
    if rows.len() < 2 || columns.len() < 2 {
        return None;
    }
    let captions: Vec<String> = cells(sheet, header, &columns);
    let members: Vec<usize> = rows.iter().flatten().copied().collect();
    Some(Table {
        kind: kind(&captions).to_owned(),
        rows: rows.iter().map(|row| cells(sheet, row, &columns)).collect(),
        evidence: sheet.evidence(&members),
    })
}

/// Lines that stand side by side, from the top, each row from the left.
fn rows(lines: &[(usize, &Line<'_>)], height: f32) -> Vec<Vec<usize>> {
    let mut sorted = lines.to_vec();
    sorted.sort_by(|first, second| first.1.place.middle_y().total_cmp(&second.1.place.middle_y()));
    let mut rows: Vec<Vec<(usize, f32)>> = Vec::new();
    let mut last_middle = f32::NEG_INFINITY;
    for (index, line) in sorted {
        let middle = line.place.middle_y();
        let cell = (index, line.place.left);
        match rows.last_mut().filter(|_| middle - last_middle < height * SAME_ROW) {
            Some(row) => row.push(cell),
            None => {
                rows.push(vec![cell]);
                last_middle = middle;
            }
        }
    }
    rows.into_iter()
        .map(|mut row| {
            row.sort_by(|first, second| first.1.total_cmp(&second.1));
            row.into_iter().map(|(index, _)| index).collect()
        })
        .collect()
}

/// The texts of a row by column; several in one column are joined.
fn cells(sheet: &Sheet<'_>, row: &[usize], columns: &[Area]) -> Vec<String> {
    let mut cells = vec![String::new(); columns.len()];
    for line in row.iter().filter_map(|index| sheet.lines.get(*index)) {
        let distance = |column: &Area| {
            let apart = (column.middle_x() - line.place.middle_x()).abs();
            (column.gap_across(line.place).max(0.0), apart)
        };
        let nearest = columns.iter().enumerate().min_by(|(_, first), (_, second)| {
            let (first, second) = (distance(first), distance(second));
            first.0.total_cmp(&second.0).then(first.1.total_cmp(&second.1))
        });
        if let Some(cell) = nearest.and_then(|(column, _)| cells.get_mut(column)) {
            if !cell.is_empty() {
                cell.push(' ');
            }
            cell.push_str(line.source.text.trim());
        }
    }
    cells
}

fn kind(captions: &[String]) -> &'static str {
    let header = captions.join(" ").to_lowercase();
    let found = KINDS.iter().find(|(_, words)| words.iter().any(|word| header.contains(word)));
    found.map_or("unknown", |(kind, _)| kind)
}
