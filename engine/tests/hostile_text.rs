//! Whatever a text says, it is read without panic, in time, and with evidence that exists.

#![cfg(test)]

use std::time::{Duration, Instant};

use cad_common::contract::reading::{Bbox, Evidence, PageReading, Reading, TextLine};
use cad_engine::drawing::interpret;
use proptest::prelude::*;

const WIDTH: u32 = 4000;
const HEIGHT: u32 = 2800;

/// Pieces that the grammar knows, so that random texts go deep into it.
const PIECES: [&str; 60] = [
    "Ø",
    "⌀",
    "R",
    "M",
    "SR",
    "C",
    "□",
    "⌒",
    "x",
    "X",
    "×",
    "4x",
    "2-",
    "20",
    "0.05",
    "12,5",
    ".500",
    "±",
    "+",
    "-",
    "/",
    "(",
    ")",
    "[",
    "]",
    "|",
    "°",
    "'",
    "\"",
    "H7",
    "g6",
    "H7/g6",
    "↧",
    "⌴",
    "⌵",
    "THRU",
    "DEEP",
    "深",
    "通孔",
    "⌖",
    "⊥",
    "∥",
    "⏥",
    "//",
    "Ⓜ",
    "A",
    "B",
    "A-B",
    "Ra",
    "Rz",
    "√",
    "UNC",
    "NPT",
    "Tr",
    "◁",
    ":",
    "1:10",
    "MAX",
    " ",
    "ISO 2768-m",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_with_evidence_that_exists(
        texts in proptest::collection::vec(any_text(), 1..24),
        places in proptest::collection::vec(any_place(), 24),
    ) {
        let lines: Vec<TextLine> =
            texts.iter().zip(&places).map(|(text, place)| line(text, *place)).collect();

        let reading = interpret(vec![page(lines)]);

        check_evidence(&reading)?;
    }

    #[test]
    fn a_stretched_text_is_read_in_time(piece in proptest::sample::select(&PIECES[..])) {
        let text = piece.repeat(20_000 / piece.len());
        let started = Instant::now();

        let _ = interpret(vec![page(vec![line(&text, ([100.0, 100.0], 3000.0, 24.0, 0.0))])]);

        prop_assert!(started.elapsed() < Duration::from_secs(5), "{piece}: {:?}", started.elapsed());
    }
}

#[test]
fn four_thousand_lines_take_no_more_than_their_share() {
    let few = fastest(500);
    let many = fastest(4000);

    println!("500 lines in {few:?}, 4000 in {many:?}");
    assert!(few < Duration::from_millis(500), "500 lines took {few:?}");
    // optimised, 4000 lines take some 0.15 s; what grows with the square of the text takes minutes
    assert!(many < Duration::from_millis(2500), "500 lines {few:?}, 4000 lines {many:?}");
}

/// The fastest of three readings, so that a busy machine does not decide.
fn fastest(count: usize) -> Duration {
    let page = page((0..count).map(drawn_line).collect());
    let _ = interpret(vec![page.clone()]);
    let runs = (0..3).map(|_| {
        let copy = vec![page.clone()];
        let started = Instant::now();
        let _ = interpret(copy);
        started.elapsed()
    });
    runs.min().unwrap()
}

/// A sheet's usual texts, spread over it, from a fixed pattern.
fn drawn_line(index: usize) -> TextLine {
    const TEXTS: [&str; 20] = [
        "100±0.1",
        "Ø20H7",
        "R5",
        "4x Ø6.6 THRU",
        "⌴ Ø11 ↧6",
        "45°",
        "C2",
        "M10x1.5-6g",
        "Ra 3.2",
        "⌖|⌀0.14Ⓜ|A|B",
        "12,5",
        "+0.021",
        "0",
        "A",
        "SECTION A-A",
        "SCALE 1:2",
        "DRAWING NO",
        "2x45°",
        "1. REMOVE ALL BURRS AND SHARP EDGES",
        "未注公差按GB/T 1804-m",
    ];
    let (column, row) = (index % 25, index / 25);
    let spread = (index * 7919) % 13;
    let left = 60.0 + column as f32 * 155.0 + spread as f32;
    let top = 60.0 + row as f32 * 16.0 + spread as f32;
    let text = TEXTS[(index * 31) % TEXTS.len()];
    line(text, ([left, top], text.chars().count() as f32 * 8.0, 12.0, 0.0))
}

/// Left top, width, height, direction.
type Place = ([f32; 2], f32, f32, f32);

fn any_text() -> impl Strategy<Value = String> {
    let pieces = proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..24)
        .prop_map(|pieces| pieces.concat());
    prop_oneof![
        4 => pieces,
        2 => "\\PC{0,40}",
        1 => "[0-9.,/x+-]{0,60}",
        1 => "[\\(\\[\\|\\{]{0,200}",
        1 => proptest::collection::vec(any::<char>(), 0..40)
            .prop_map(|characters| characters.into_iter().collect::<String>()),
    ]
}

fn any_place() -> impl Strategy<Value = Place> {
    let direction = prop_oneof![
        4 => Just(0.0_f32),
        2 => Just(90.0_f32),
        1 => Just(180.0_f32),
        1 => 0.0_f32..360.0,
    ];
    ((0.0_f32..3800.0, 0.0_f32..2700.0), 1.0_f32..200.0, 1.0_f32..90.0, direction)
        .prop_map(|((left, top), width, height, direction)| ([left, top], width, height, direction))
}

fn line(text: &str, ([left, top], width, height, rotation): Place) -> TextLine {
    let (right, bottom) = (left + width, top + height);
    TextLine {
        text: text.to_owned(),
        polygon: [[left, top], [right, top], [right, bottom], [left, bottom]],
        rotation,
        confidence: 0.9,
        ..TextLine::default()
    }
}

fn page(text_lines: Vec<TextLine>) -> PageReading {
    PageReading { number: 1, width: WIDTH, height: HEIGHT, text_lines, ..PageReading::default() }
}

fn check_evidence(reading: &Reading) -> Result<(), TestCaseError> {
    let evidence = (reading.dimensions.iter().map(|found| &found.evidence))
        .chain(reading.symbols.iter().map(|found| &found.evidence))
        .chain(reading.notes.iter().map(|found| &found.evidence))
        .chain(reading.tables.iter().map(|found| &found.evidence));
    for evidence in evidence {
        check_one(evidence, &reading.pages[0])?;
    }
    for identifier in &reading.identifiers {
        check_bbox(identifier.bbox.unwrap())?;
    }
    for dimension in &reading.dimensions {
        prop_assert!(dimension.value.is_finite());
    }
    Ok(())
}

fn check_one(evidence: &Evidence, page: &PageReading) -> Result<(), TestCaseError> {
    prop_assert_eq!(evidence.page, 1);
    prop_assert!(!evidence.lines.is_empty());
    prop_assert!(evidence.lines.iter().all(|line| *line < page.text_lines.len()));
    check_bbox(evidence.bbox)
}

fn check_bbox([left, top, width, height]: Bbox) -> Result<(), TestCaseError> {
    let fits = left >= 0
        && top >= 0
        && width >= 0
        && height >= 0
        && left + width <= WIDTH as i32
        && top + height <= HEIGHT as i32;
    prop_assert!(fits, "{:?}", [left, top, width, height]);
    Ok(())
}
