//! The captions of title blocks and tables, in several languages, as one table.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

mod captions;

use captions::CAPTIONS;

/// A field of the title block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Field {
    /// The number of the drawing or part.
    DrawingNumber,
    /// Its revision.
    Revision,
    /// The material of the part.
    Material,
    /// The name of the part.
    PartName,
    /// The scale of the main view.
    Scale,
    /// Which sheet of how many.
    Sheet,
    /// The date of the drawing.
    Date,
    /// The weight of the part.
    Weight,
    /// Who made the drawing.
    Company,
    /// First or third angle.
    Projection,
    /// Who drew it.
    Author,
    /// Who checked it.
    Checker,
    /// Who approved it.
    Approver,
    /// The standard by which it is drawn.
    Standard,
    /// What it says of sizes without a tolerance.
    ToleranceNote,
    /// The unit of its figures.
    Units,
    /// The format of the sheet.
    SheetSize,
}

impl Field {
    /// The fields that coverage counts, in the order of the contract.
    pub(super) const ALL: [Self; 10] = [
        Self::DrawingNumber,
        Self::Revision,
        Self::Material,
        Self::PartName,
        Self::Scale,
        Self::Sheet,
        Self::Date,
        Self::Weight,
        Self::Company,
        Self::Projection,
    ];

    /// The field's name on the wire.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::DrawingNumber => "drawing_number",
            Self::Revision => "revision",
            Self::Material => "material",
            Self::PartName => "part_name",
            Self::Scale => "scale",
            Self::Sheet => "sheet",
            Self::Date => "date",
            Self::Weight => "weight",
            Self::Company => "company",
            Self::Projection => "projection",
            Self::Author => "author",
            Self::Checker => "checker",
            Self::Approver => "approver",
            Self::Standard => "standard",
            Self::ToleranceNote => "tolerance_note",
            Self::Units => "units",
            Self::SheetSize => "sheet_size",
        }
    }

    /// Whether coverage counts it; the others are a welcome extra.
    pub(super) fn is_counted(self) -> bool {
        Self::ALL.contains(&self)
    }
}

/// What a caption announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caption {
    /// A field of the title block.
    Field(Field),
    /// Another cell of a title block or table.
    Other,
}

/// A caption found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label {
    /// What it announces.
    pub(super) caption: Caption,
    /// Its bytes in the text.
    pub(super) range: Range<usize>,
}

static PATTERNS: LazyLock<Vec<(Caption, Regex)>> = LazyLock::new(|| {
    CAPTIONS
        .iter()
        .filter_map(|(caption, words)| pattern(words).map(|pattern| (*caption, pattern)))
        .collect()
});

/// Finds the captions of a uniform text, leftmost and longest first, none overlapping.
pub(super) fn find(text: &str) -> Vec<Label> {
    let mut labels: Vec<Label> = PATTERNS
        .iter()
        .flat_map(|(caption, pattern)| {
            pattern.find_iter(text).map(|found| Label { caption: *caption, range: found.range() })
        })
        .filter(|label| stands_alone(text, &label.range))
        .collect();
    labels.sort_by_key(|label| (label.range.start, std::cmp::Reverse(label.range.end)));
    let mut end = 0;
    labels.retain(|label| {
        let is_free = label.range.start >= end;
        if is_free {
            end = label.range.end;
        }
        is_free
    });
    labels
}

/// Whether a text is nothing but captions.
pub(super) fn is_caption(text: &str, labels: &[Label]) -> bool {
    let mut rest = String::new();
    let mut end = 0;
    for label in labels {
        rest.push_str(text.get(end..label.range.start).unwrap_or(""));
        end = label.range.end;
    }
    rest.push_str(text.get(end..).unwrap_or(""));
    !labels.is_empty() && rest.chars().all(|left| !left.is_alphanumeric() && !matches!(left, '±'))
}

/// Latin captions are whole words; a list such as `title, material` announces no value.
fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let before = text.get(..range.start).and_then(|before| before.chars().next_back());
    let mut behind = text.get(range.end..).unwrap_or("").chars();
    let after = behind.next();
    let last = text.get(range.clone()).and_then(|label| label.chars().next_back());
    let is_latin = last.is_some_and(|last| !is_chinese(last));
    if !is_latin {
        return true;
    }
    let is_open_before = before
        .is_none_or(|before| matches!(before, ' ' | ':' | ';' | '|' | '(') || is_chinese(before));
    let ends_word = after.is_none_or(|after| {
        (!after.is_alphanumeric() || is_chinese(after)) && !matches!(after, '_' | '\'')
    });
    let is_listed = matches!(after, Some('/' | ','))
        || after == Some('-') && behind.next().is_some_and(char::is_alphanumeric);
    is_open_before && ends_word && !is_listed
}

fn is_chinese(character: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&character)
}

fn pattern(words: &[&str]) -> Option<Regex> {
    let mut longest_first = words.to_vec();
    longest_first.sort_by_key(|word| std::cmp::Reverse(word.len()));
    RegexBuilder::new(&longest_first.join("|")).case_insensitive(true).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<Field> {
        let field = |label: Label| match label.caption {
            Caption::Field(field) => Some(field),
            Caption::Other => None,
        };
        find(text).into_iter().filter_map(field).collect()
    }

    #[test]
    fn every_caption_compiles() {
        assert_eq!(PATTERNS.len(), CAPTIONS.len());
    }

    #[test]
    fn captions_are_whole_words() {
        for text in
            ["PREVIOUS", "OVERALL DIM", "Review", "subtitle", "dated", "Micro_Vu-4.20", "TITLE-4"]
        {
            assert_eq!(fields(text), [], "{text}");
        }
    }

    #[test]
    fn several_captions_of_one_line_are_found_in_order() {
        assert_eq!(
            fields("DWG# X-42 REV. C DESC: Bracket MATL: Steel"),
            [Field::DrawingNumber, Field::Revision, Field::PartName, Field::Material]
        );
        assert_eq!(
            fields("名称 轴承座 图号 ZC-01 材料 HT200"),
            [Field::PartName, Field::DrawingNumber, Field::Material]
        );
    }

    #[test]
    fn captions_are_known_in_eight_languages() {
        use Field::*;
        for (text, field) in [
            ("DRAWING NO", DrawingNumber),
            ("图样代号", DrawingNumber),
            ("Zeichnungsnummer", DrawingNumber),
            ("N° de plan", DrawingNumber),
            ("Nº de plano", DrawingNumber),
            ("Numero disegno", DrawingNumber),
            ("Обозначение", DrawingNumber),
            ("Ritningsnummer", DrawingNumber),
            ("Benennung", PartName),
            ("Désignation", PartName),
            ("Denominación", PartName),
            ("Denominazione", PartName),
            ("Наименование", PartName),
            ("Benämning", PartName),
            ("MASSSTAB", Scale),
            ("Échelle", Scale),
            ("Escala", Scale),
            ("Масштаб", Scale),
            ("Skala", Scale),
            ("Werkstoff", Material),
            ("Matière", Material),
            ("Materiale", Material),
            ("Материал", Material),
            ("Gewicht", Weight),
            ("Масса", Weight),
            ("Vikt", Weight),
            ("Fecha", Date),
            ("Дата", Date),
            ("Blatt", Sheet),
            ("Feuille", Sheet),
            ("Лист", Sheet),
            ("Blad", Sheet),
            ("设计", Author),
            ("Разраб.", Author),
            ("Ritad av", Author),
            ("审核", Checker),
            ("Geprüft", Checker),
            ("Approvato", Approver),
            ("Утв.", Approver),
            ("Формат", SheetSize),
        ] {
            let uniform = super::super::glyphs::Uniform::new(text).text;
            assert_eq!(fields(&uniform), [field], "{text}");
        }
    }

    #[test]
    fn the_longer_caption_wins() {
        assert_eq!(fields("Sheet Size: A3"), [Field::SheetSize]);
        assert_eq!(fields("Rev. Sheet"), []);
        assert_eq!(fields("零件名称: 支架"), [Field::PartName]);
    }

    #[test]
    fn a_list_of_captions_announces_nothing() {
        assert_eq!(fields("Title/Name, destination, material, dimension etc"), []);
    }

    #[test]
    fn captions_without_values_are_told_from_those_with() {
        assert!(is_caption("WEIGHT (kg)", &find("WEIGHT (kg)")));
        assert!(!is_caption("SCALE 1:2", &find("SCALE 1:2")));
    }
}
