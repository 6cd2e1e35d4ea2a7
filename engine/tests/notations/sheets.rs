//! What belongs to the sheet as a whole: general tolerances, tables, title block extras.

use cad_common::contract::dimension::ToleranceKind;

use super::{interpret, line, page, sheet};

#[test]
fn a_general_tolerance_holds_for_what_has_none_of_its_own() {
    let reading = sheet(&["100", "Ø20±0.05", "[50]", "M6", "未注公差按GB/T 1804-m"]);

    let kinds: Vec<_> = reading
        .dimensions
        .iter()
        .map(|found| found.tolerance.as_ref().map(|tolerance| (tolerance.kind, tolerance.upper)))
        .collect();
    assert_eq!(
        kinds,
        [
            Some((ToleranceKind::General, Some(0.3))),
            Some((ToleranceKind::Symmetric, Some(0.05))),
            Some((ToleranceKind::Basic, None)),
            None,
        ]
    );
    let basis = reading.dimensions[0].tolerance.as_ref().and_then(|found| found.basis.clone());
    assert_eq!(basis.as_deref(), Some("GB/T 1804-m"));
    assert!(reading.title_block.tolerance_note.is_some());
}

#[test]
fn a_parts_list_is_read_as_cells() {
    let columns = [400.0, 600.0, 1000.0, 1500.0];
    let texts = [
        ["ITEM", "QTY", "DESCRIPTION", "MATERIAL"],
        ["1", "4", "SCREW M6x20", "STEEL"],
        ["2", "1", "PLATE", ""],
    ];
    let mut lines = Vec::new();
    for (row, cells) in texts.iter().enumerate() {
        for (left, text) in columns.iter().zip(cells).filter(|(_, text)| !text.is_empty()) {
            lines.push(line(text, [*left, 400.0 + row as f32 * 40.0]));
        }
    }

    let reading = interpret(vec![page(lines)]);

    let table = reading.tables.first().unwrap();
    assert_eq!(table.kind, "parts_list");
    assert_eq!(table.rows, texts.map(|row| row.map(str::to_owned).to_vec()));
    assert!(reading.dimensions.is_empty(), "{:?}", reading.dimensions);
}

#[test]
fn the_sheet_says_its_units_and_standard() {
    let block = sheet(&[
        "ALL DIMENSIONS IN MILLIMETERS",
        "DIMENSIONING AND TOLERANCING PER ASME Y14.5-2009",
        "DRAWN BY: J. SMITH  CHECKED: A. MEYER",
    ])
    .title_block;

    assert_eq!(block.units.as_deref(), Some("mm"));
    assert_eq!(block.standard.as_deref(), Some("ASME Y14.5-2009"));
    assert_eq!(block.author.as_deref(), Some("J. SMITH"));
    assert_eq!(block.checker.as_deref(), Some("A. MEYER"));
}

#[test]
fn a_datum_letter_is_one_where_a_frame_refers_to_it() {
    let datums = |texts: &[&str]| {
        let reading = sheet(texts);
        let kinds = reading.symbols.iter().filter(|symbol| symbol.kind == "datum_feature");
        kinds.map(|symbol| symbol.value.clone()).collect::<Vec<_>>()
    };

    assert_eq!(datums(&["⊥|0.05|A", "A"]), ["A"]);
    assert_eq!(datums(&["⊥|0.05|A", "B"]), Vec::<String>::new());
    assert_eq!(datums(&["⊥|0.05|A", "A", "SECTION A-A"]), Vec::<String>::new());
    assert_eq!(datums(&["-B-", "基准C"]), ["B", "C"]);
}
