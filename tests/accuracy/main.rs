//! How well real drawings are read: floors under what `cad eval` measures on `tests/drawings`.
//!
//! A floor is what the product promises, not what it reached last; `make eval-phase6` shows that. What each figure
//! means stands in `docs/evaluation.md`.

#![cfg(test)]

mod degrade;

use std::path::Path;
use std::process::Command;

use cad_tests::fleet::Settings;
use cad_tests::scratch::in_repository;
use cad_tests::services::Shared;
use serde_json::Value;

/// Most of the dimension F1 that a bad copy may cost.
const DEGRADED_LOSS: f64 = 0.10;

#[test]
fn drawings_are_read_as_well_as_promised() {
    let total = evaluate(&in_repository("tests/drawings"), &[]);

    at_least(&total, "/text_recall", 0.95);
    at_most(&total, "/character_error_rate", 0.04);
    at_least(&total, "/dimensions/f1", 0.85);
    at_least(&total, "/dimensions/recall", 0.85);
    at_least(&total, "/dimensions_strict_f1", 0.75);
    at_least(&total, "/title_block_accuracy", 0.90);
    at_least(&total, "/roughness/f1", 0.7);
    at_least(&total, "/gdt/f1", 0.7);
    at_most(&total, "/brier", 0.10);
}

/// So a loss here is one of understanding, not of recognition.
#[test]
fn true_texts_are_understood() {
    let total = evaluate(&in_repository("tests/drawings"), &["--true-texts"]);

    at_least(&total, "/dimensions/f1", 0.90);
    at_least(&total, "/dimensions_strict_f1", 0.85);
    at_least(&total, "/title_block_accuracy", 0.95);
    at_least(&total, "/roughness/f1", 0.9);
}

#[test]
fn copies_at_low_jpeg_quality_are_read_nearly_as_well() {
    lose_little("jpeg-40", degrade::jpeg);
}

#[test]
fn blurred_copies_are_read_nearly_as_well() {
    lose_little("blur", degrade::blurred);
}

#[test]
fn skewed_copies_are_read_nearly_as_well() {
    lose_little("skew", degrade::skewed);
}

#[test]
fn noisy_scans_are_read_nearly_as_well() {
    lose_little("noise", degrade::noisy);
}

fn lose_little(name: &str, spoil: degrade::Spoil) {
    let drawings = in_repository("tests/drawings");
    let copies = degrade::copies(&drawings, name, spoil);

    let clean = figure(&evaluate(&drawings, &[]), "/dimensions/f1");
    let bad = figure(&evaluate(copies.path(), &[]), "/dimensions/f1");

    println!("{name}: dimension F1 {bad:.3}, clean {clean:.3}");
    assert!(clean - bad <= DEGRADED_LOSS, "{name}: dimension F1 fell from {clean:.3} to {bad:.3}");
}

/// The totals of `cad eval` over a folder.
fn evaluate(folder: &Path, options: &[&str]) -> Value {
    let shared = Shared::new();
    let mut command: Command = Settings::new(shared.addresses()).command("cad");
    let output = command.arg("eval").arg(folder).arg("--json").args(options).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["total"].clone()
}

fn figure(total: &Value, pointer: &str) -> f64 {
    total.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("{pointer}: {total}"))
}

fn at_least(total: &Value, pointer: &str, floor: f64) {
    let value = figure(total, pointer);
    println!("{pointer} {value:.3}, promised {floor}");
    assert!(value >= floor, "{pointer} is {value:.3}, promised are {floor}");
}

fn at_most(total: &Value, pointer: &str, ceiling: f64) {
    let value = figure(total, pointer);
    println!("{pointer} {value:.3}, promised at most {ceiling}");
    assert!(value <= ceiling, "{pointer} is {value:.3}, promised are at most {ceiling}");
}
