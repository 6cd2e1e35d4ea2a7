//! The notations of engineering drawings, each with what it says.
//!
//! Every text is read as the only one of its sheet, through the same door that a client's drawing
//! takes. What was read is written in a short form so that a table shows text and meaning side by side:
//! `type value count tolerance thread hole angle`, and only what is there.

#![cfg(test)]

use cad_common::contract::dimension::{Dimension, Tolerance, Unit};
use cad_common::contract::reading::{PageReading, Reading, TextLine};
use cad_engine::drawing::interpret;

#[path = "notations/holes.rs"]
mod holes;
#[path = "notations/original_failures.rs"]
mod original_failures;
#[path = "notations/sheets.rs"]
mod sheets;
#[path = "notations/sizes.rs"]
mod sizes;
#[path = "notations/symbols.rs"]
mod symbols;
#[path = "notations/threads.rs"]
mod threads;
#[path = "notations/tolerances.rs"]
mod tolerances;

/// A text with what it says; several dimensions are parted by a semicolon.
type Case = (&'static str, &'static str);

/// Checks a table and names every row that fails.
fn check(cases: &[Case], say: impl Fn(&Reading) -> String) {
    let mut failures = Vec::new();
    for (text, expected) in cases {
        let said = say(&sheet(&[text]));
        if said != *expected {
            failures.push(format!("{text:?}\n  says     {said}\n  expected {expected}"));
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// Reads texts that stand far from each other in the middle of a sheet.
fn sheet(texts: &[&str]) -> Reading {
    let lines = texts.iter().enumerate().map(|(row, text)| {
        let top = 300.0 + row as f32 * 150.0;
        line(text, [400.0, top])
    });
    interpret(vec![page(lines.collect())])
}

fn page(text_lines: Vec<TextLine>) -> PageReading {
    PageReading { number: 1, width: 4000, height: 2800, text_lines, ..PageReading::default() }
}

/// A level line with letters 24 pixels high.
fn line(text: &str, [left, top]: [f32; 2]) -> TextLine {
    let (right, bottom) = (left + text.chars().count() as f32 * 14.0, top + 24.0);
    TextLine {
        text: text.to_owned(),
        polygon: [[left, top], [right, top], [right, bottom], [left, bottom]],
        confidence: 1.0,
        ..TextLine::default()
    }
}

fn dimensions(reading: &Reading) -> String {
    reading.dimensions.iter().map(dimension).collect::<Vec<_>>().join("; ")
}

fn dimension(found: &Dimension) -> String {
    let unit = match found.unit {
        Unit::Inch => "in",
        _ => "",
    };
    let mut said = vec![word(&found.kind), format!("{}{unit}", found.value)];
    if found.count != 1 {
        said.push(format!("x{}", found.count));
    }
    said.extend(found.tolerance.as_ref().map(tolerance));
    if let Some(thread) = &found.thread {
        said.push(format!("{} {}", thread.standard, thread.size));
        said.extend(thread.pitch.map(|pitch| format!("p{pitch}")));
        said.extend(thread.class.clone());
        if thread.hand != "right" {
            said.push(thread.hand.clone());
        }
    }
    if let Some(hole) = &found.hole {
        said.extend(hole.depth.map(|depth| format!("deep {depth}")));
        if hole.through {
            said.push("through".to_owned());
        }
        if let Some(bore) = &hole.counterbore {
            let depth = bore.depth.map(|depth| format!("/{depth}")).unwrap_or_default();
            said.push(format!("bore {}{depth}", bore.diameter));
        }
        if let Some(sink) = &hole.countersink {
            let angle = sink.angle.map(|angle| format!("/{angle}")).unwrap_or_default();
            said.push(format!("sink {}{angle}", sink.diameter));
        }
    }
    said.extend(found.angle.map(|angle| format!("@{angle}")));
    said.join(" ")
}

fn tolerance(found: &Tolerance) -> String {
    let mut said = vec![word(&found.kind)];
    said.extend(found.fit.clone());
    if found.upper.is_some() || found.lower.is_some() {
        let figure =
            |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or("?".to_owned());
        said.push(format!("{}/{}", figure(found.upper), figure(found.lower)));
    }
    said.join(" ")
}

fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}
