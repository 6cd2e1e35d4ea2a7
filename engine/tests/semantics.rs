//! The semantics on true texts: what is understood when every line is recognised without a fault.
//!
//! So a fault here is one of understanding, not of recognition. The floors are what was measured;
//! they may only rise.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use cad_engine::drawing::interpret;
use proptest::prelude::*;

use cad_common::contract::reading::{PageReading, TextLine};

#[path = "support/score.rs"]
mod score;

use score::{Score, Truth};

fn truths() -> Vec<Truth> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/drawings");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    paths.iter().map(|path| Truth::load(path)).collect()
}

#[test]
fn true_texts_are_understood() {
    let mut total = Score::default();
    for truth in truths() {
        let score = score::score(&truth, &interpret(vec![truth.page()]));
        println!("{:24} {}", truth.name, score.summary());
        for remark in &score.remarks {
            println!("    {remark}");
        }
        total.add(&score);
    }

    println!("total {}", total.summary());
    assert!(total.f1() >= 0.5, "dimension F1 fell to {:.3}", total.f1());
}
