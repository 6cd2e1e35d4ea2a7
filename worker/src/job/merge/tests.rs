//! Readings made from lines by the engine, joined.

use cad_common::contract::provenance::{UNVERIFIED_CONFIDENCE, Verification};
use cad_common::contract::reading::{PageReading, TextSource, WarningCode};
use cad_common::metrics::labels::FallbackReason;

use super::*;
use crate::provider::Figures;

/// A reading of a sheet with lines below each other.
fn reading(provider: ProviderName, texts: &[&str]) -> Reading {
    let is_remote = provider.is_remote();
    let lines = texts.iter().enumerate().map(|(row, text)| {
        #[expect(clippy::cast_precision_loss, reason = "a few rows")]
        let (top, right) = (200.0 * row as f32 + 100.0, 12.0 * text.chars().count() as f32);
        TextLine {
            text: (*text).to_owned(),
            polygon: [
                [100.0, top],
                [100.0 + right, top],
                [100.0 + right, top + 20.0],
                [100.0, top + 20.0],
            ],
            confidence: if is_remote { UNVERIFIED_CONFIDENCE } else { 0.7 },
            source: if is_remote { TextSource::Model } else { TextSource::Ocr },
            provenance: is_remote.then(|| Provenance::unverified(provider)),
            rotation: 0.0,
        }
    });
    let page = PageReading {
        number: 1,
        width: 3000,
        height: 2000,
        text_lines: lines.collect(),
        ..PageReading::default()
    };
    let level = is_remote.then(|| "json_strict".to_owned());
    Reading {
        provider: provider.as_str().to_owned(),
        fallback_level: level,
        ..drawing::interpret(vec![page])
    }
}

fn answer(reading: &Reading) -> Answer {
    let figures = Figures { confidence: reading.confidence, ..Figures::default() };
    Answer { result: serde_json::to_vec(reading).unwrap(), figures, ..Answer::default() }
}

fn joined(first: &Reading, second: &Reading) -> Reading {
    let named = |reading: &Reading| reading.provider.parse::<ProviderName>().unwrap();
    let draft = Draft {
        provider: named(first),
        reason: FallbackReason::LowConfidence,
        answer: answer(first),
    };
    let answer = join(draft, named(second), &answer(second));
    serde_json::from_slice(&answer.result).unwrap()
}

fn local(texts: &[&str]) -> Reading {
    reading(ProviderName::Paddle, texts)
}

fn remote(texts: &[&str]) -> Reading {
    reading(ProviderName::DeepseekHf, texts)
}

#[test]
fn nonsense_changes_nothing_but_the_note_of_it() {
    let first = local(&["⌀20 H7", "R5", "120 ±0.1", "MATERIAL: AISI 304"]);
    let second = remote(&["⌀999", "R77", "M64x6", "MATERIAL: CHEESE", "DRAWING NO: X-1"]);

    let result = joined(&first, &second);

    assert_eq!(result.dimensions, first.dimensions);
    assert_eq!(result.symbols, first.symbols);
    assert_eq!(result.title_block, first.title_block);
    assert_eq!(result.pages, first.pages);
    assert_eq!(result.confidence, first.confidence);
    let note = result.second_reading.unwrap();
    assert_eq!((note.provider, note.added), (ProviderName::DeepseekHf, 0));
    assert!(note.unverified.iter().any(|item| item.text.contains("999")), "{note:?}");
    assert!(note.unverified.iter().any(|item| item.field == "drawing_number"), "{note:?}");
    assert_eq!(result.fallback_level.as_deref(), Some("confidence_fallback"));
}

#[test]
fn a_figure_misread_by_look_alikes_is_added_at_its_place() {
    let first = local(&["120 ±0.1", "ITEM 7", "R|2"]);
    let second = remote(&["R12"]);
    assert!(!first.dimensions.iter().any(|item| item.kind == DimensionType::Radius));

    let result = joined(&first, &second);

    let radius = result.dimensions.iter().find(|item| item.kind == DimensionType::Radius).unwrap();
    assert_eq!((radius.value, radius.evidence.lines.as_slice()), (12.0, &[2][..]));
    assert_eq!(
        radius.evidence.confidence,
        Some(0.7),
        "the confidence is the line's, measured here"
    );
    let mark = radius.evidence.provenance.unwrap();
    assert_eq!(
        (mark.provider, mark.verification),
        (ProviderName::DeepseekHf, Verification::Verified)
    );
    assert_eq!(result.engineering_signals.dimension_count, 2);
}

#[test]
fn a_field_whose_value_was_read_but_not_understood_is_filled() {
    let first = local(&["120 ±0.1", "ZC-0417-B"]);
    let second = remote(&["DRAWING NO: ZC-0417-B", "MATERIAL: UNOBTAINIUM"]);
    assert_eq!(first.title_block.drawing_number, None);

    let result = joined(&first, &second);

    assert_eq!(result.title_block.drawing_number.as_deref(), Some("ZC-0417-B"));
    assert_eq!(result.title_block.material, None);
    let evidence = &result.field_evidence["drawing_number"];
    assert_eq!((evidence.source.as_str(), evidence.confidence), ("provider_json", Some(0.7)));
    assert!(result.field_coverage.recognized_keys.contains(&"drawing_number".to_owned()));
}

#[test]
fn a_known_fact_is_not_doubled_and_never_replaced() {
    let first = local(&["⌀20 H7", "MATERIAL: AISI 304"]);
    let second = remote(&["Ø20H7", "MATERIAL: AISI 316"]);

    let result = joined(&first, &second);

    assert_eq!(result.dimensions, first.dimensions);
    assert_eq!(result.title_block.material.as_deref(), Some("AISI 304"));
}

#[test]
fn a_bare_figure_proves_nothing() {
    let first = local(&["⌀20 H7", "ITEM 417"]);
    let second = remote(&["417"]);

    assert_eq!(joined(&first, &second).dimensions, first.dimensions);
}

#[test]
fn a_local_second_reading_is_the_base_of_a_remote_first_one() {
    let first = remote(&["⌀999", "R5"]);
    let second = local(&["R5", "M10x1.5"]);

    let result = joined(&first, &second);

    assert_eq!(result.provider, "paddle");
    assert_eq!(result.dimensions, second.dimensions);
    assert_eq!(result.second_reading.unwrap().provider, ProviderName::Paddle);
}

#[test]
fn a_sheet_on_which_nothing_was_read_shows_the_remote_reading_as_unverified() {
    let result = joined(&local(&[]), &remote(&["⌀20 H7"]));

    assert_eq!(result.dimensions.len(), 1);
    assert!(result.dimensions[0].evidence.confidence.unwrap() <= UNVERIFIED_CONFIDENCE);
    assert!(result.pages[0].text_lines[0].provenance.unwrap().is_unverified());
}

#[test]
fn what_is_no_reading_leaves_the_first_answer_as_it_was() {
    let first = answer(&local(&["R5"]));
    let draft = || Draft {
        provider: ProviderName::Paddle,
        reason: FallbackReason::MissingFields,
        answer: first.clone(),
    };
    for garbage in [&b""[..], b"{\"run\":1}", b"[]"] {
        let second = Answer { result: garbage.to_vec(), ..Answer::default() };
        assert_eq!(join(draft(), ProviderName::DeepseekHf, &second), first);
    }
}

#[test]
fn a_warning_stands_in_the_record_and_in_the_result() {
    let warning =
        Warning { code: WarningCode::NoSecondReading, detail: "late".to_owned(), page: None };

    let noted = with_warning(answer(&local(&["R5"])), warning.clone());

    assert_eq!(noted.warnings, std::slice::from_ref(&warning));
    assert!(read(&noted).unwrap().warnings.contains(&warning));
}
