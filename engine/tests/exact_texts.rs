//! Real PDF and DXF drawings: what they say themselves is taken as it stands, at its place.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use cad_common::contract::reading::TextLine;
use cad_engine::document::{Document, Page, PageLimits};
use serde::Deserialize;

/// The part of a truth file that is compared.
#[derive(Deserialize)]
struct Truth {
    width: u32,
    height: u32,
    dpi: u32,
    texts: Vec<TrueText>,
}

#[derive(Deserialize)]
struct TrueText {
    text: String,
    bbox: [f32; 4],
    rotation: f32,
}

fn drawing(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/drawings").join(name)
}

fn truth(name: &str) -> Truth {
    let path = drawing(&format!("{name}.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn page(file: &str, dpi: u32) -> Page {
    let bytes = fs::read(drawing(file)).unwrap();
    let document = Document::open(&bytes, &PageLimits::default()).unwrap().drawn_at(Some(dpi));
    document.page(1).unwrap()
}

/// Letters without spaces and without signs, which most programs draw instead of writing.
fn letters(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>().replace('Ø', "")
}

/// Whether a line says a text at the place where it truly stands.
fn says(line: &TextLine, text: &TrueText) -> bool {
    let [left, top, width, height] = text.bbox;
    let [x, y, w, h] = line.bbox().map(|length| length as f32);
    let is_there = x < left + width && left < x + w && y < top + height && top < y + h;
    let turn = (line.rotation - text.rotation).rem_euclid(360.0);
    let is_turned_alike = turn.min(360.0 - turn) < 2.0;
    is_there && is_turned_alike && letters(&line.text).contains(&letters(&text.text))
}

/// The true texts with letters or figures that a file did not give, and their share.
fn missed<'t>(lines: &[TextLine], truth: &'t Truth) -> (Vec<&'t str>, f32) {
    let texts: Vec<_> = truth.texts.iter().filter(|text| !letters(&text.text).is_empty()).collect();
    let is_missed = |text: &&&TrueText| !lines.iter().any(|line| says(line, text));
    let missed: Vec<_> = texts.iter().filter(is_missed).map(|text| text.text.as_str()).collect();
    let share = missed.len() as f32 / texts.len() as f32;
    (missed, share)
}

#[test]
fn text_layers_of_real_pdfs_are_read_at_their_places() {
    // Missed are texts that the truth joins and the sheet sets apart: the numbers of notes, letters in circles.
    let most_missed = [
        ("edocr_aufspannung", 0.02),
        ("edocr_aufspannung_ecke", 0.17),
        ("oamr_motor_bracket", 0.2),
        ("oamr_wheel_bracket", 0.22),
        ("odri_aluminum_profiles", 0.0),
        ("odri_frame_barrier", 0.0),
        ("odri_motor_pulley", 0.0),
        ("odri_motor_shaft_inch", 0.0),
    ];
    let mut failures = Vec::new();

    for (name, most) in most_missed {
        let truth = truth(name);
        let page = page(&format!("{name}.pdf"), truth.dpi);

        let (width, height) = page.image.dimensions();
        assert!(width.abs_diff(truth.width) <= 1 && height.abs_diff(truth.height) <= 1, "{name}");
        let (missed, share) = missed(&page.text, &truth);
        if share > most {
            failures.push(format!("{name}: {share:.3} of the texts are missed: {missed:?}"));
        }
    }

    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn signs_that_are_drawn_beside_their_figures_are_read_with_them() {
    let wanted = [
        ("odri_motor_pulley", ["⌀4 H7", "⌀9,14 ±0,02", "⌀7,14 ±0,02"].as_slice()),
        ("odri_aluminum_profiles", ["⌀6,80 ↧ 26,25", "M8x1.25 - 6H ↧ 20"].as_slice()),
        ("odri_frame_barrier", ["6 x ⌀5"].as_slice()),
    ];
    let uniform = |text: &str| text.replace([' ', '\u{a0}'], "");

    for (name, wanted) in wanted {
        let page = page(&format!("{name}.pdf"), 200);
        let texts: Vec<_> = page.text.iter().map(|line| uniform(&line.text)).collect();

        for text in wanted {
            assert!(texts.contains(&uniform(text)), "{name}: no {text} in {texts:?}");
        }
    }
}

#[test]
fn texts_of_real_dxfs_are_read_without_ocr() {
    for name in ["asme_spacer_plate", "gb_end_cover"] {
        let truth = truth(name);
        let page = page(&format!("{name}.dxf"), truth.dpi);

        let (width, height) = page.image.dimensions();
        assert!(width.abs_diff(truth.width) <= 1 && height.abs_diff(truth.height) <= 1, "{name}");
        assert!(!page.needs_ocr);
        let (missed, share) = missed(&page.text, &truth);
        // Letters in circles are drawn as lines there.
        assert!(share <= 0.02, "{name}: {missed:?}");
    }
}
