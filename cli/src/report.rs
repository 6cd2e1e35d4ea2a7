//! A reading as tables for people.

use std::fmt::Write as _;

use cad_common::contract::dimension::{Dimension, Tolerance, ToleranceKind, Unit};
use cad_common::contract::drawing::TitleBlock;
use cad_common::contract::reading::Reading;
use tabled::builder::Builder;
use tabled::settings::Style;

/// Lays a reading out: dimensions, symbols, title block, notes, warnings.
#[must_use]
pub(crate) fn tables(reading: &Reading) -> String {
    let mut text = String::new();
    section(&mut text, "Dimensions", dimensions(&reading.dimensions), reading.dimensions.len());
    section(&mut text, "Symbols", symbols(reading), reading.symbols.len());
    let fields = title_fields(&reading.title_block);
    section(&mut text, "Title block", title_block(reading, &fields), fields.len());
    section(&mut text, "Notes", notes(reading), reading.notes.len());
    for warning in &reading.warnings {
        let page = warning.page.map(|page| format!(" (page {page})")).unwrap_or_default();
        let _ = writeln!(text, "warning{page}: {}", warning.detail);
    }
    let lines: usize = reading.pages.iter().map(|page| page.text_lines.len()).sum();
    let confidence =
        reading.confidence.map_or_else(|| "not measured".to_owned(), |c| format!("{c:.2}"));
    let _ = write!(
        text,
        "{} page(s), {lines} text lines, mean confidence {confidence}, read by {} in {} ms",
        reading.pages.len(),
        reading.provider,
        reading.processing_time_ms
    );
    text
}

fn section(text: &mut String, title: &str, rows: Builder, count: usize) {
    if count == 0 {
        let _ = writeln!(text, "{title}: none found\n");
        return;
    }
    let mut table = rows.build();
    table.with(Style::sharp());
    let _ = writeln!(text, "{title} ({count})\n{table}\n");
}

fn dimensions(dimensions: &[Dimension]) -> Builder {
    let mut rows = Builder::default();
    rows.push_record([
        "type",
        "value",
        "tolerance",
        "count",
        "as printed",
        "at (x, y)",
        "confidence",
    ]);
    for dimension in dimensions {
        rows.push_record([
            word(&dimension.kind),
            format!("{} {}", dimension.value, unit(dimension.unit)).trim_end().to_owned(),
            dimension.tolerance.as_ref().map(tolerance).unwrap_or_default(),
            if dimension.count > 1 { format!("{}x", dimension.count) } else { String::new() },
            one_line(&dimension.raw),
            place(dimension.evidence.bbox),
            percent(dimension.evidence.confidence),
        ]);
    }
    rows
}

fn symbols(reading: &Reading) -> Builder {
    let mut rows = Builder::default();
    rows.push_record(["type", "value", "datums", "at (x, y)"]);
    for symbol in &reading.symbols {
        let datums = symbol.frame.as_ref().map(|frame| frame.datums.join(" ")).unwrap_or_default();
        rows.push_record([
            symbol.kind.clone(),
            one_line(&symbol.value),
            datums,
            place(symbol.evidence.bbox),
        ]);
    }
    rows
}

fn title_fields(block: &TitleBlock) -> Vec<(&'static str, &str)> {
    let all = [
        ("drawing_number", &block.drawing_number),
        ("part_name", &block.part_name),
        ("revision", &block.revision),
        ("material", &block.material),
        ("scale", &block.scale),
        ("sheet", &block.sheet),
        ("date", &block.date),
        ("weight", &block.weight),
        ("company", &block.company),
        ("projection", &block.projection),
        ("author", &block.author),
        ("checker", &block.checker),
        ("approver", &block.approver),
        ("standard", &block.standard),
        ("tolerance_note", &block.tolerance_note),
        ("units", &block.units),
        ("sheet_size", &block.sheet_size),
    ];
    all.into_iter()
        .filter_map(|(name, value)| value.as_deref().map(|value| (name, value)))
        .collect()
}

fn title_block(reading: &Reading, fields: &[(&'static str, &str)]) -> Builder {
    let mut rows = Builder::default();
    rows.push_record(["field", "value", "read from"]);
    for (name, value) in fields {
        let evidence = reading.field_evidence.get(*name);
        let source = evidence.and_then(|found| found.source_text.as_deref()).unwrap_or_default();
        rows.push_record([*name, &one_line(value), &one_line(source)]);
    }
    rows
}

fn notes(reading: &Reading) -> Builder {
    let mut rows = Builder::default();
    rows.push_record(["no", "note"]);
    for note in &reading.notes {
        let number = note.number.map(|number| number.to_string()).unwrap_or_default();
        rows.push_record([number, one_line(&note.text)]);
    }
    rows
}

/// The word that an enum has on the wire.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|json| json.as_str().map(str::to_owned))
        .unwrap_or_default()
}

const fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Inch => "in",
        Unit::Deg => "°",
        Unit::Ratio => "",
        _ => "mm",
    }
}

fn tolerance(tolerance: &Tolerance) -> String {
    let upper = tolerance.upper.unwrap_or_default();
    let lower = tolerance.lower.unwrap_or_default();
    let fit = tolerance.fit.clone().unwrap_or_default();
    match tolerance.kind {
        ToleranceKind::Symmetric => format!("±{upper}"),
        ToleranceKind::Deviation | ToleranceKind::Limits => format!("{upper:+} / {lower:+}"),
        ToleranceKind::Fit => fit,
        _ => word(&tolerance.kind),
    }
}

fn place([x, y, _, _]: [i32; 4]) -> String {
    format!("{x}, {y}")
}

fn percent(confidence: Option<f32>) -> String {
    confidence.map(|share| format!("{:.0} %", share * 100.0)).unwrap_or_default()
}

/// Longer cells than this wrap a table beyond any terminal.
const MAX_CELL_CHARS: usize = 60;

fn one_line(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= MAX_CELL_CHARS {
        return flat;
    }
    let head: String = flat.chars().take(MAX_CELL_CHARS - 1).collect();
    format!("{head}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_reading_says_that_nothing_was_found() {
        let text = tables(&Reading::default());

        assert!(text.contains("Dimensions: none found"), "{text}");
        assert!(text.contains("confidence not measured"), "{text}");
    }

    #[test]
    fn dimension_shows_its_deviation_and_count() {
        let dimension = Dimension {
            value: 20.0,
            raw: "2x Ø20 +0.02\n-0.01".to_owned(),
            count: 2,
            tolerance: Some(Tolerance {
                kind: ToleranceKind::Deviation,
                upper: Some(0.02),
                lower: Some(-0.01),
                ..Tolerance::default()
            }),
            ..Dimension::default()
        };
        let reading = Reading { dimensions: vec![dimension], ..Reading::default() };

        let text = tables(&reading);

        assert!(text.contains("+0.02 / -0.01"), "{text}");
        assert!(text.contains("2x Ø20 +0.02 -0.01"), "{text}");
    }
}
