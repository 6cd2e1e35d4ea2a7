//! What the original got wrong, each as it should be.

use super::{check, dimensions, interpret, page, sheet};

#[test]
fn words_and_codes_are_no_dimensions() {
    check(
        &[
            ("ER50-6", ""),
            ("焊丝ER50-6", ""),
            ("RM100", ""),
            ("10MM20", ""),
            ("PREVIOUS", ""),
            ("⌖ Φ0.1 A B C", ""),
            ("M2.5", "thread 2.5 metric M2.5 p0.45"),
            ("⌵Φ10×90°", "diameter 10 sink 10/90"),
            ("ISO 2768-mK", ""),
            ("GB/T 1804-m", ""),
            ("DIN EN 10025", ""),
            ("R=2,4 K=0,47", ""),
        ],
        dimensions,
    );
}

#[test]
fn words_that_contain_captions_fill_no_field() {
    for text in ["PREVIOUS", "OVERALL DIM", "Review", "REVERSE SIDE"] {
        assert_eq!(sheet(&[text]).title_block.revision, None, "{text}");
    }
    assert_eq!(sheet(&["version 2 of description"]).title_block.part_name, None);
}

#[test]
fn captions_without_colons_part_their_values() {
    let block = sheet(&["名称 轴承座 图号 ZC-01 材料 HT200"]).title_block;

    assert_eq!(block.part_name.as_deref(), Some("轴承座"));
    assert_eq!(block.drawing_number.as_deref(), Some("ZC-01"));
    assert_eq!(block.material.as_deref(), Some("HT200"));
}

#[test]
fn values_that_the_original_cut_or_missed_are_whole() {
    let block = |text: &str| sheet(&[text]).title_block;
    assert_eq!(
        block("MATERIAL: AISI 304, ANNEALED").material.as_deref(),
        Some("AISI 304, ANNEALED")
    );
    assert_eq!(block("比例: 1:2.5").scale.as_deref(), Some("1:2.5"));
    assert_eq!(block("图样代号: ZC-01").drawing_number.as_deref(), Some("ZC-01"));
    assert_eq!(block("质量: 2.5公斤").weight.as_deref(), Some("2.5公斤"));
    assert_eq!(block("第1张 共2张").sheet.as_deref(), Some("1/2"));
    assert_eq!(block("P/N: 100-20").drawing_number.as_deref(), Some("100-20"));
    assert_eq!(block("dwg. no. 100-20").drawing_number.as_deref(), Some("100-20"));
    assert_eq!(block("日期: 2025年1月2日").date.as_deref(), Some("2025年1月2日"));
    assert_eq!(block("DATE: 12 Jan 2025").date.as_deref(), Some("12 Jan 2025"));
    assert_eq!(block("THIRD ANGLE PROJECTION").projection.as_deref(), Some("third"));
    assert_eq!(block("第三角法").projection.as_deref(), Some("third"));
}

#[test]
fn a_blank_page_says_nothing() {
    let reading = interpret(vec![page(Vec::new())]);

    assert_eq!(reading.confidence, None);
    assert!(reading.dimensions.is_empty() && reading.symbols.is_empty());
    assert!(reading.identifiers.is_empty() && reading.process_requirements.is_none());
    assert_eq!(reading.warnings.len(), 1);
}
