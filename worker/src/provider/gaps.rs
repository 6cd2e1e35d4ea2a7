//! Whether the text of a drawing hints at more than was understood, so that a second reader may help.
//!
//! A sign that only dimensions have, without any dimension of that kind; a caption without its field. What a sheet
//! may well lack (many have no revision) is no gap as long as nothing on it announces it.

use std::sync::LazyLock;

use cad_common::contract::dimension::DimensionType;
use cad_common::contract::reading::Reading;
use regex::Regex;

/// A pattern that only lines of a kind match, and whether a reading has something of that kind.
struct Hint {
    pattern: &'static str,
    is_met: fn(&Reading) -> bool,
}

const HINTS: [Hint; 8] = [
    Hint {
        pattern: r"[⌀ØΦφ∅]\s?\d",
        is_met: |reading| {
            let has = |kind| reading.dimensions.iter().any(|item| item.kind == kind);
            // A cylindrical zone of a tolerance has the sign too.
            has(DimensionType::Diameter) || has(DimensionType::Spherical) || has_frame(reading)
        },
    },
    Hint {
        pattern: r"^\s*(?:\d+\s?[xX×]\s?)?R\s?\d",
        is_met: |reading| has_dimension(reading, DimensionType::Radius),
    },
    Hint {
        pattern: r"^\s*(?:\d+\s?[-xX×]\s?)?M\d+(?:\s?[xX×]\s?\d|\s?-\s?\d[gGhH]|\s*$)",
        is_met: |reading| has_dimension(reading, DimensionType::Thread),
    },
    Hint {
        pattern: r"(?:^|\s)R[az]\s?\d",
        is_met: |reading| reading.symbols.iter().any(|symbol| symbol.surface.is_some()),
    },
    Hint {
        pattern: r"[⏤⏥⌭⌒⌓⊥∥⌖◎⌯↗⌰]\s?[⌀Ø]?\s?0[.,]\d", is_met: has_frame
    },
    Hint {
        pattern: r"(?i)^\s*(?:material|材料)\s*[:：]?\s*$",
        is_met: |reading| reading.title_block.material.is_some(),
    },
    Hint {
        pattern: r"(?i)^\s*(?:(?:drawing|dwg\.?|part)\s?(?:no\.?|number)|图号)\s*[:：]?\s*$",
        is_met: |reading| reading.title_block.drawing_number.is_some(),
    },
    Hint {
        pattern: r"(?i)^\s*(?:title|part name|名称)\s*[:：]?\s*$",
        is_met: |reading| reading.title_block.part_name.is_some(),
    },
];

static PATTERNS: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| HINTS.iter().map(|hint| Regex::new(hint.pattern).ok()).collect());

/// Whether something is announced that the reading lacks.
pub(super) fn has_gaps(reading: &Reading) -> bool {
    let unmet = HINTS.iter().zip(PATTERNS.iter()).filter(|(hint, _)| !(hint.is_met)(reading));
    let mut patterns = unmet.filter_map(|(_, pattern)| pattern.as_ref());
    patterns.any(|pattern| {
        let mut lines = reading.pages.iter().flat_map(|page| &page.text_lines);
        lines.any(|line| pattern.is_match(&line.text))
    })
}

fn has_dimension(reading: &Reading, kind: DimensionType) -> bool {
    reading.dimensions.iter().any(|item| item.kind == kind)
}

fn has_frame(reading: &Reading) -> bool {
    reading.symbols.iter().any(|symbol| symbol.frame.is_some())
}

#[cfg(test)]
mod tests {
    use cad_common::contract::dimension::Dimension;
    use cad_common::contract::reading::{PageReading, TextLine};

    use super::*;

    fn reading(texts: &[&str]) -> Reading {
        let line = |text: &&str| TextLine { text: (*text).to_owned(), ..TextLine::default() };
        let page =
            PageReading { text_lines: texts.iter().map(line).collect(), ..PageReading::default() };
        Reading { pages: vec![page], ..Reading::default() }
    }

    #[test]
    fn every_pattern_is_one() {
        assert!(PATTERNS.iter().all(Option::is_some));
    }

    #[test]
    fn a_sign_without_its_dimension_is_a_gap() {
        for text in
            ["⌀20", "Φ 8", "R5", "4x R2", "M10x1.5", "2-M8", "Ra 3.2", "⌖ ⌀0.1 A", "MATERIAL:"]
        {
            assert!(has_gaps(&reading(&[text])), "{text}");
        }
    }

    #[test]
    fn words_with_the_same_letters_are_none() {
        for text in ["MATERIAL AISI 304", "REV A", "RAIL 7", "M", "MODEL 3", "120 ±0.1", ""] {
            assert!(!has_gaps(&reading(&[text])), "{text}");
        }
    }

    #[test]
    fn what_was_understood_is_no_gap() {
        let radius = Dimension { kind: DimensionType::Radius, ..Dimension::default() };

        let understood = Reading { dimensions: vec![radius], ..reading(&["R5"]) };

        assert!(!has_gaps(&understood));
    }
}
