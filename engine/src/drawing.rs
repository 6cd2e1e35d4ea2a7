//! Says what the text of a drawing means to an engineer.
//!
//! Lines are put into one alphabet and sorted by the part of the sheet that they belong to; lines
//! that the sheet shows as one statement are joined; a small grammar reads the statements. No fact
//! comes without the line that states it.

use cad_common::contract::drawing::{EngineeringSignals, MaterialNote};
use cad_common::contract::reading::{PageReading, RESULT_VERSION, Reading, Warning, WarningCode};

use self::facts::Facts;
use self::regions::Regions;
use self::sheet::Sheet;

mod callout;
mod compose;
mod cursor;
mod facts;
mod fits;
mod frame;
mod general;
mod glyphs;
mod habits;
mod hole;
mod identifier;
mod labels;
mod marks;
mod material;
mod notes;
mod number;
mod process;
mod regions;
mod review;
mod sheet;
mod statements;
mod surface;
mod tables;
mod thread;
mod title_block;
mod tolerance;
mod values;

/// Reads the text of a document's pages; what the provider knows besides is left default.
#[must_use]
pub fn interpret(pages: Vec<PageReading>) -> Reading {
    let facts = read(&pages);
    Reading { v: RESULT_VERSION, success: true, pages, ..facts }
}

/// The passes in their order.
fn read(pages: &[PageReading]) -> Reading {
    let sheets: Vec<(Sheet<'_>, Regions)> = pages
        .iter()
        .map(Sheet::new)
        .map(|sheet| {
            let regions = Regions::of(&sheet);
            (sheet, regions)
        })
        .collect();

    let Facts { dimensions, symbols } = views(&sheets);
    let tables = sheets.iter().flat_map(|(sheet, regions)| tables::read(sheet, regions)).collect();
    let notes = sheets.iter().flat_map(|(sheet, regions)| notes::read(sheet, regions)).collect();

    let identifiers: Vec<_> = sheets
        .iter()
        .flat_map(|(sheet, regions)| {
            identifier::identifiers(sheet, &title_block::read(sheet, regions))
        })
        .collect();
    let texts = sheets.iter().flat_map(|(sheet, _)| &sheet.lines).map(sheet::Line::text);
    let standards_candidates = review::standards(texts);

    let mut reading = Reading {
        confidence: confidence(&sheets),
        dimensions,
        symbols,
        identifiers,
        engineering_signals: EngineeringSignals {
            standards_candidates,
            ..EngineeringSignals::default()
        },
        tables,
        notes,
        process_requirements: process::read(&sheets),
        warnings: warnings(&sheets),
        ..Reading::default()
    };
    sum_up(&mut reading);
    reading
}

/// Says anew what follows from the facts of a reading, when some were added: fields, coverage, hints.
pub fn sum_up(reading: &mut Reading) {
    reading.field_evidence = identifier::field_evidence(&reading.identifiers);
    reading.title_block = identifier::title_block(&reading.field_evidence);
    reading.material.clone_from(&reading.title_block.material);
    reading.material_info = reading.material.as_deref().map(material::look_up);
    reading.field_coverage = review::coverage(&reading.field_evidence);
    reading.engineering_signals = review::signals(
        reading.dimensions.len(),
        &reading.symbols,
        reading.process_requirements.as_ref(),
        materials(reading.material_info.as_ref()),
        std::mem::take(&mut reading.engineering_signals.standards_candidates),
    );
    reading.review_hints = review::hints(
        &reading.field_coverage,
        !reading.identifiers.is_empty(),
        &reading.engineering_signals,
    );
}

/// What the views of all sheets state.
fn views(sheets: &[(Sheet<'_>, Regions)]) -> Facts {
    let mut all = Facts::default();
    for (sheet, regions) in sheets {
        let facts = facts::read(sheet, regions);
        all.dimensions.extend(facts.dimensions);
        all.symbols.extend(facts.symbols);
    }
    all
}

fn materials(note: Option<&MaterialNote>) -> Vec<String> {
    note.and_then(|note| note.grade.clone()).into_iter().collect()
}

/// The mean of the measured confidences of all lines.
fn confidence(sheets: &[(Sheet<'_>, Regions)]) -> Option<f32> {
    sheet::mean(
        sheets.iter().flat_map(|(sheet, _)| &sheet.lines).map(|line| line.source.confidence),
    )
}

/// An empty answer says why.
fn warnings(sheets: &[(Sheet<'_>, Regions)]) -> Vec<Warning> {
    let empty = sheets.iter().filter(|(sheet, _)| sheet.lines.is_empty());
    empty
        .map(|(sheet, _)| Warning {
            code: WarningCode::NoTextFound,
            detail: "no text was found on this page; a higher resolution may help".to_owned(),
            page: Some(sheet.number),
        })
        .collect()
}
