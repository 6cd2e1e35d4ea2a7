//! The black-box cases of the service that this one follows.
//!
//! Every case of `cases/original.jsonl` holds here; those changed on purpose are in `CHANGED` with the reason.

#![cfg(test)]

use cad_common::contract::dimension::Dimension;
use cad_common::contract::drawing::Requirement;
use cad_common::contract::reading::{PageReading, Reading, TextLine};
use cad_engine::drawing::interpret;
use serde_json::Value;

/// Cases that are not kept: a part of their source, and why.
const CHANGED: [(&str, &str); 1] = [(
    "test_build_review_hints_high_readiness",
    "it counts coverage over four tracked fields; ours always counts ten, and review.rs tests the same sheet by the formula",
)];

#[test]
fn the_original_cases_hold() {
    let cases = include_str!("cases/original.jsonl");
    let mut failures = Vec::new();
    let mut held = 0;
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let source = case["source"].as_str().unwrap();
        if CHANGED.iter().any(|(part, _)| source.contains(part)) {
            continue;
        }
        match check(&case) {
            Ok(()) => held += 1,
            Err(fault) => failures.push(format!(
                "{source}: {fault}\n    input {}\n    expected {}",
                case["input"], case["expect"]
            )),
        }
    }

    assert!(
        failures.is_empty(),
        "{held} held, {} failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn check(case: &Value) -> Result<(), String> {
    let reading = interpret(vec![page(&case["input"])]);
    let expected = &case["expect"];
    match case["kind"].as_str().unwrap() {
        "dimensions" => check_dimensions(&reading, expected),
        "symbols" => check_symbols(&reading, expected),
        "title_block" => check_title_block(&reading, expected),
        "identifiers" => check_identifiers(&reading, expected),
        "process" => check_process(&reading, expected),
        "fallback" => check_fallback(&reading, expected),
        other => Err(format!("unknown kind {other}")),
    }
}

/// One line of text per line of input; the boxes that a case states, else lines below each other.
fn page(input: &Value) -> PageReading {
    let mut text_lines = Vec::new();
    if let Some(lines) = input["lines"].as_array() {
        for (row, line) in lines.iter().enumerate() {
            let boxed: Option<Vec<f32>> = serde_json::from_value(line["bbox"].clone()).ok();
            let bbox = boxed.unwrap_or_else(|| vec![10.0, row as f32 * 40.0, 400.0, 20.0]);
            let confidence = line["score"].as_f64().unwrap_or(1.0) as f32;
            text_lines.push(text_line(
                line["text"].as_str().unwrap(),
                [bbox[0], bbox[1], bbox[2], bbox[3]],
                confidence,
            ));
        }
    } else {
        let lines = input.as_str().unwrap().lines().map(str::trim).filter(|line| !line.is_empty());
        for (row, text) in lines.enumerate() {
            let width = text.chars().count() as f32 * 12.0;
            text_lines.push(text_line(text, [300.0, 300.0 + row as f32 * 30.0, width, 20.0], 1.0));
        }
    }
    PageReading { number: 1, width: 2000, height: 1400, text_lines, ..PageReading::default() }
}

fn text_line(text: &str, [left, top, width, height]: [f32; 4], confidence: f32) -> TextLine {
    let (right, bottom) = (left + width, top + height);
    TextLine {
        text: text.to_owned(),
        polygon: [[left, top], [right, top], [right, bottom], [left, bottom]],
        confidence,
        ..TextLine::default()
    }
}

/// A dimension in the words of the original: one tolerance figure, absolute deviations.
fn original_dimension(dimension: &Dimension) -> Value {
    let tolerance = dimension.tolerance.clone().unwrap_or_default();
    let (positive, negative) = (tolerance.upper.map(f64::abs), tolerance.lower.map(f64::abs));
    let largest = positive
        .into_iter()
        .chain(negative)
        .fold(None, |most: Option<f64>, next| Some(most.map_or(next, |most| most.max(next))));
    serde_json::json!({
        "type": dimension.kind,
        "value": dimension.value,
        "pitch": dimension.thread.as_ref().and_then(|thread| thread.pitch),
        "tolerance": largest,
        "tol_pos": positive,
        "tol_neg": negative,
    })
}

fn check_dimensions(reading: &Reading, expected: &Value) -> Result<(), String> {
    let found: Vec<Value> = reading.dimensions.iter().map(original_dimension).collect();
    contains_all(&found, &expected["contains"])?;
    for (kind, count) in expected["count"].as_object().into_iter().flatten() {
        let of_kind = found.iter().filter(|dimension| dimension["type"] == kind.as_str()).count();
        ensure(of_kind as u64 == count.as_u64().unwrap(), || format!("{of_kind} of {kind}"))?;
    }
    for (kind, order) in expected["ordered"].as_object().into_iter().flatten() {
        let of_kind: Vec<&Value> =
            found.iter().filter(|dimension| dimension["type"] == kind.as_str()).collect();
        for (dimension, wanted) in of_kind.iter().zip(order.as_array().unwrap()) {
            ensure(matches(dimension, wanted), || format!("{dimension} is not {wanted}"))?;
        }
    }
    Ok(())
}

fn check_symbols(reading: &Reading, expected: &Value) -> Result<(), String> {
    let found: Vec<Value> =
        reading.symbols.iter().map(|symbol| serde_json::to_value(symbol).unwrap()).collect();
    contains_all(&found, &expected["contains"])?;
    let any = expected["contains_any"].as_array();
    let has_any = any.is_none_or(|any| {
        any.iter().any(|wanted| found.iter().any(|symbol| matches(symbol, wanted)))
    });
    ensure(has_any, || format!("none of {} in {found:?}", expected["contains_any"]))
}

fn check_title_block(reading: &Reading, expected: &Value) -> Result<(), String> {
    let found = serde_json::to_value(&reading.title_block).unwrap();
    for (field, wanted) in expected["fields"].as_object().unwrap() {
        ensure(&found[field] == wanted, || format!("{field} is {}", found[field]))?;
    }
    for (field, wanted) in expected["confidence"].as_object().into_iter().flatten() {
        let confidence =
            reading.field_evidence.get(field).and_then(|evidence| evidence.confidence).unwrap();
        ensure((f64::from(confidence) - wanted.as_f64().unwrap()).abs() < 1e-6, || {
            format!("{field} has confidence {confidence}")
        })?;
    }
    Ok(())
}

fn check_identifiers(reading: &Reading, expected: &Value) -> Result<(), String> {
    let found: Vec<Value> = reading
        .identifiers
        .iter()
        .map(|identifier| serde_json::to_value(identifier).unwrap())
        .collect();
    contains_all(&found, &expected["contains"])?;
    for (field, wanted) in expected["field_evidence"].as_object().into_iter().flatten() {
        let evidence = serde_json::to_value(reading.field_evidence.get(field)).unwrap();
        ensure(matches(&evidence, wanted), || format!("{field} comes from {evidence}"))?;
    }
    Ok(())
}

/// A requirement in the words of the original.
fn original_requirement(requirement: &Requirement) -> Value {
    let figure =
        |name: &str| requirement.parameters.get(name).and_then(|value| value.parse::<f64>().ok());
    serde_json::json!({
        "type": requirement.kind,
        "hardness_unit": requirement.parameters.get("hardness_unit"),
        "depth": figure("depth_mm"),
        "thickness": figure("thickness_um"),
        "leg_size": figure("leg_mm"),
        "filler_material": requirement.parameters.get("filler"),
    })
}

fn check_process(reading: &Reading, expected: &Value) -> Result<(), String> {
    let requirements = reading.process_requirements.clone().unwrap_or_default();
    let groups = [
        ("heat_treatments", &requirements.heat_treatments),
        ("surface_treatments", &requirements.surface_treatments),
        ("welding", &requirements.welding),
    ];
    for (group, found) in groups {
        let wanted = &expected[group];
        let found: Vec<Value> = found.iter().map(original_requirement).collect();
        counts(found.len(), wanted).map_err(|fault| format!("{group}: {fault} {found:?}"))?;
        contains_all(&found, &wanted["contains"])?;
        if wanted["first"].is_object() {
            ensure(found.first().is_some_and(|first| matches(first, &wanted["first"])), || {
                format!("{group} starts with {:?}", found.first())
            })?;
        }
    }
    let (notes, wanted) = (&requirements.general_notes, &expected["general_notes"]);
    counts(notes.len(), wanted).map_err(|fault| format!("general notes: {fault} {notes:?}"))?;
    if let Some(part) = wanted["any_has"].as_str() {
        ensure(notes.iter().any(|note| note.contains(part)), || {
            format!("no note has {part}: {notes:?}")
        })?;
    }
    for whole in wanted["includes"].as_array().into_iter().flatten() {
        ensure(notes.iter().any(|note| Some(note.as_str()) == whole.as_str()), || {
            format!("no note {whole}: {notes:?}")
        })?;
    }
    Ok(())
}

/// What a language model wrote as free text is read as the text of a drawing.
fn check_fallback(reading: &Reading, expected: &Value) -> Result<(), String> {
    let found: Vec<Value> = reading.dimensions.iter().map(original_dimension).collect();
    contains_all(&found, &expected["dimensions_contain"])?;
    if expected["first_thread"].is_object() {
        let first = found.iter().find(|dimension| dimension["type"] == "thread");
        ensure(first.is_some_and(|first| matches(first, &expected["first_thread"])), || {
            format!("the first thread is {first:?}")
        })?;
    }
    let symbols: Vec<Value> =
        reading.symbols.iter().map(|symbol| serde_json::to_value(symbol).unwrap()).collect();
    contains_all(&symbols, &expected["symbols_contain"])
}

fn counts(found: usize, wanted: &Value) -> Result<(), String> {
    let (exact, least) = (wanted["count"].as_u64(), wanted["min_count"].as_u64());
    ensure(exact.is_none_or(|exact| exact == found as u64), || format!("{found} found"))?;
    ensure(least.is_none_or(|least| found as u64 >= least), || format!("only {found} found"))
}

fn contains_all(found: &[Value], wanted: &Value) -> Result<(), String> {
    for wanted in wanted.as_array().into_iter().flatten() {
        ensure(found.iter().any(|found| matches(found, wanted)), || {
            format!("no {wanted} in {found:?}")
        })?;
    }
    Ok(())
}

/// Whether the listed fields are equal; `any_of` gives choices, `has` a part of a text.
fn matches(found: &Value, wanted: &Value) -> bool {
    match wanted {
        Value::Object(fields) if fields.contains_key("any_of") => fields["any_of"]
            .as_array()
            .is_some_and(|choices| choices.iter().any(|choice| matches(found, choice))),
        Value::Object(fields) if fields.contains_key("has") => found
            .as_str()
            .zip(fields["has"].as_str())
            .is_some_and(|(found, part)| found.contains(part)),
        Value::Object(fields) => fields.iter().all(|(name, wanted)| matches(&found[name], wanted)),
        Value::Number(wanted) => found
            .as_f64()
            .zip(wanted.as_f64())
            .is_some_and(|(found, wanted)| (found - wanted).abs() < 1e-9),
        other => found == other,
    }
}

fn ensure(holds: bool, fault: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(fault()) }
}
