//! Turns the entries of title blocks into identifiers with their evidence and into the ten fields.

use std::collections::BTreeMap;

use cad_common::contract::drawing::{Identifier, TitleBlock};

use super::labels::Field;
use super::sheet::Sheet;
use super::title_block::Entry;

/// Where an identifier says that it came from.
const SOURCE: &str = "ocr_line";

/// The identifiers of a sheet, none twice.
pub(super) fn identifiers(sheet: &Sheet<'_>, entries: &[Entry]) -> Vec<Identifier> {
    let mut identifiers: Vec<Identifier> = Vec::new();
    for entry in entries {
        let identifier = identifier(sheet, entry);
        let is_known = identifiers.iter().any(|known| {
            known.identifier_type == identifier.identifier_type
                && known.normalized_value.eq_ignore_ascii_case(&identifier.normalized_value)
        });
        if !is_known {
            identifiers.push(identifier);
        }
    }
    identifiers
}

/// For each field the first identifier of its kind.
pub(super) fn field_evidence(identifiers: &[Identifier]) -> BTreeMap<String, Identifier> {
    let mut evidence = BTreeMap::new();
    for identifier in identifiers {
        evidence.entry(identifier.identifier_type.clone()).or_insert_with(|| identifier.clone());
    }
    evidence
}

/// The fields, each from its evidence.
pub(super) fn title_block(evidence: &BTreeMap<String, Identifier>) -> TitleBlock {
    let value =
        |field: Field| evidence.get(field.name()).map(|identifier| identifier.value.clone());
    TitleBlock {
        drawing_number: value(Field::DrawingNumber),
        revision: value(Field::Revision),
        material: value(Field::Material),
        part_name: value(Field::PartName),
        scale: value(Field::Scale),
        sheet: value(Field::Sheet),
        date: value(Field::Date),
        weight: value(Field::Weight),
        company: value(Field::Company),
        projection: value(Field::Projection),
        author: value(Field::Author),
        checker: value(Field::Checker),
        approver: value(Field::Approver),
        standard: value(Field::Standard),
        tolerance_note: value(Field::ToleranceNote),
        units: value(Field::Units),
        sheet_size: value(Field::SheetSize),
    }
}

fn identifier(sheet: &Sheet<'_>, entry: &Entry) -> Identifier {
    let evidence = sheet.evidence(&entry.lines);
    let source_lines = entry.label_line.iter().chain(&entry.lines);
    let texts: Vec<&str> = source_lines
        .filter_map(|index| sheet.lines.get(*index))
        .map(|line| line.source.text.trim())
        .collect();
    Identifier {
        identifier_type: entry.field.name().to_owned(),
        label: entry.label.clone(),
        normalized_value: normalized(entry.field, &entry.value),
        value: entry.value.clone(),
        source_text: Some(texts.join(" ")),
        page: evidence.page,
        bbox: Some(evidence.bbox),
        confidence: evidence.confidence,
        source: SOURCE.to_owned(),
        provenance: None,
    }
}

/// One space between words; capital letters where case means nothing.
fn normalized(field: Field, value: &str) -> String {
    let spaced = value.split_whitespace().collect::<Vec<_>>().join(" ");
    match field {
        Field::DrawingNumber | Field::Revision | Field::Projection => spaced.to_uppercase(),
        _ => spaced,
    }
}
