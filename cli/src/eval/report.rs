//! The figures as a table for people and as JSON for scripts.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tabled::builder::Builder;
use tabled::settings::Style;

use super::calibration;
use super::score::{Score, Tally};

/// One row a drawing and one for all; with `details`, what went wrong below.
pub(super) fn tables(scores: &[Score], total: &Score, details: bool) -> String {
    let mut rows = Builder::default();
    rows.push_record([
        "drawing", "text", "CER", "dim P", "dim R", "dim F1", "strict", "toler.", "rough.", "GD&T",
        "fields", "Brier",
    ]);
    for score in scores.iter().chain([total]) {
        rows.push_record(row(score));
    }
    let mut table = rows.build();
    table.with(Style::sharp());
    let mut text = table.to_string();
    if details {
        for score in scores {
            let _ = write!(text, "\n\n{}", score.name);
            for remark in &score.remarks {
                let _ = write!(text, "\n  {remark}");
            }
        }
    }
    let _ = write!(text, "\n\nconfidence of dimensions: claimed, right, items");
    for bin in calibration::reliability(&total.forecasts) {
        let _ = write!(text, "\n  {:.2}  {:.2}  {:3}", bin.claimed, bin.right, bin.count);
    }
    text
}

fn row(score: &Score) -> [String; 12] {
    let brier = calibration::brier(&score.forecasts).map_or_else(|| "-".to_owned(), three);
    [
        score.name.clone(),
        three(score.texts.value()),
        three(error_rate(score)),
        three(score.dimensions.precision()),
        three(score.dimensions.recall()),
        three(score.dimensions.f1()),
        three(score.strict.f1()),
        three(score.tolerances.value()),
        three(score.roughness.f1()),
        three(score.frames.f1()),
        three(score.fields.value()),
        brier,
    ]
}

/// Everything, for `--json`.
pub(super) fn figures(scores: &[Score], total: &Score) -> Value {
    let drawings: Vec<Value> = scores
        .iter()
        .map(|score| json!({ "name": score.name, "figures": totals(score), "remarks": score.remarks }))
        .collect();
    json!({ "drawings": drawings, "total": totals(total) })
}

/// The figures of one score.
pub(super) fn totals(score: &Score) -> Value {
    json!({
        "text_recall": score.texts.value(),
        "character_error_rate": error_rate(score),
        "dimensions": tally(&score.dimensions),
        "dimensions_strict_f1": score.strict.f1(),
        "tolerance_accuracy": score.tolerances.value(),
        "roughness": tally(&score.roughness),
        "gdt": tally(&score.frames),
        "title_block_accuracy": score.fields.value(),
        "brier": calibration::brier(&score.forecasts),
        "reliability": calibration::reliability(&score.forecasts),
    })
}

fn tally(tally: &Tally) -> Value {
    json!({
        "precision": tally.precision(),
        "recall": tally.recall(),
        "f1": tally.f1(),
        "right": tally.right,
        "wrong": tally.wrong,
        "missed": tally.missed,
    })
}

fn error_rate(score: &Score) -> f64 {
    if score.characters.whole > 0.0 { score.characters.value() } else { 0.0 }
}

fn three(value: f64) -> String {
    format!("{value:.3}")
}
