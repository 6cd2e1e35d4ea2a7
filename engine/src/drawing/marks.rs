//! Marks that stand by themselves in a view: datum features and welds.
//!
//! A lone letter marks a datum only where a frame of the sheet refers to it; a section's letters
//! stand twice at its arrows and are named in its title.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use cad_common::contract::symbol::Symbol;
use regex::{Regex, RegexBuilder};

use super::regions::{Regions, Role};
use super::sheet::Sheet;

/// A datum that says itself that it is one: `-A-`, `DATUM A`, `基准A`.
static NAMED_DATUM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(r"^(?:- ?(?P<dashed>[A-Z]) ?-|(?:datum|bezug|基准)[: ]*(?P<named>[A-Z]))$")
});

/// A weld's sign with its size, `a5⊿ 10x50(30)`, or words that call for one.
static WELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(
        r"^(?:[az] ?)?\d{0,2}(?:[.,]\d)? ?[⊿◺◿◸◹△▽⌳∥]? ?[⊿◺◿◸◹△] ?(?:\d.*)?$|\bfillet weld\b|\bbutt weld\b|\bplug weld\b|\bspot weld\b|\bweld all around\b|\bkehlnaht\b|\bstumpfnaht\b|角焊|对接焊|^[az] ?\d{1,2}(?:[.,]5)? ?(?:x|×) ?\d+",
    )
});

/// The marks of a sheet's views.
pub(super) fn read(sheet: &Sheet<'_>, regions: &Regions, symbols: &[Symbol]) -> Vec<Symbol> {
    let referenced: BTreeSet<&str> = symbols
        .iter()
        .filter_map(|symbol| symbol.frame.as_ref())
        .flat_map(|frame| &frame.datums)
        .flat_map(|datum| datum.split('-'))
        .collect();
    let used: BTreeSet<usize> = symbols
        .iter()
        .filter(|symbol| symbol.evidence.page == sheet.number)
        .flat_map(|symbol| symbol.evidence.lines.iter().copied())
        .collect();
    let mut marks = Vec::new();
    for (index, line) in sheet.lines.iter().enumerate() {
        if !regions.is(index, Role::View) || used.contains(&index) {
            continue;
        }
        let text = line.text();
        let mark = |kind: &str, value: &str| Symbol {
            kind: kind.to_owned(),
            value: value.to_owned(),
            normalized_form: Some(value.to_owned()),
            evidence: sheet.evidence(&[index]),
            ..Symbol::default()
        };
        if let Some(letter) = datum(sheet, text, &referenced) {
            marks.push(mark("datum_feature", &letter));
        } else if WELD.as_ref().is_some_and(|weld| weld.is_match(text)) {
            marks.push(mark("weld", line.source.text.trim()));
        }
    }
    marks
}

fn datum(sheet: &Sheet<'_>, text: &str, referenced: &BTreeSet<&str>) -> Option<String> {
    if let Some(found) = NAMED_DATUM.as_ref().and_then(|datum| datum.captures(text)) {
        let letter = found.name("dashed").or(found.name("named"))?;
        return Some(letter.as_str().to_uppercase());
    }
    let letter = text.trim_matches(['[', ']', '|', ' ', '▼', '▲', '△', '▽']);
    let is_letter =
        letter.len() == 1 && letter.starts_with(|first: char| first.is_ascii_uppercase());
    (is_letter && referenced.contains(letter) && !names_section(sheet, letter))
        .then(|| letter.to_owned())
}

/// Whether a title such as `A-A` says that the letter marks a section.
fn names_section(sheet: &Sheet<'_>, letter: &str) -> bool {
    let title = format!("{letter}-{letter}");
    sheet.lines.iter().any(|line| line.text().split([' ', '(']).any(|word| word == title))
}

fn compiled(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).case_insensitive(true).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert!(NAMED_DATUM.is_some() && WELD.is_some());
    }

    #[test]
    fn weld_signs_and_words_are_told_from_sizes() {
        let is_weld = |text: &str| WELD.as_ref().is_some_and(|weld| weld.is_match(text));
        for text in ["a5⊿", "5 ◺", "z6 △ 10x50(30)", "a4x100", "FILLET WELD 5", "角焊缝"] {
            assert!(is_weld(text), "{text}");
        }
        for text in ["5", "A", "a5", "45°", "◁1:10", "100x50"] {
            assert!(!is_weld(text), "{text}");
        }
    }
}
