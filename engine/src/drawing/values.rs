//! What the value of a title-block field looks like, and its uniform spelling.

use std::sync::LazyLock;

use regex::Regex;

use super::glyphs::Uniform;
use super::labels::{self, Field};

/// A value as printed and in the uniform spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    /// As the field is given to clients.
    pub(super) value: String,
    /// Whether the whole text was the value.
    pub(super) is_whole: bool,
}

/// Scales of ISO 5455 that are still plain when their colon is not read.
const COLONLESS_SCALES: [&str; 11] =
    ["1:1", "1:2", "1:5", "1:10", "1:20", "1:50", "1:100", "2:1", "5:1", "10:1", "20:1"];

/// Longest value of a field in characters; longer texts are prose.
const LONGEST_VALUE: usize = 80;

fn compiled(pattern: &str) -> LazyPattern {
    Regex::new(pattern).ok()
}

type LazyPattern = Option<Regex>;

static REVISION: LazyLock<LazyPattern> = LazyLock::new(|| {
    compiled(
        r"^(?:[A-Za-z]{1,2}|\d{1,3}(?:\.\d{1,3}){0,2}|[A-Za-z]{1,2}[.-]?\d{1,2}|\d{1,2}[A-Za-z]|-)$",
    )
});
static SCALE: LazyLock<LazyPattern> = LazyLock::new(|| {
    compiled(
        r"(?i)^(?:(\d+(?:[.,]\d+)?) ?([:/]) ?(\d+(?:[.,]\d+)?)|(n\.?t\.?s\.?)|(\d+(?:\.\d+)?)$)",
    )
});
static SHEET: LazyLock<LazyPattern> =
    LazyLock::new(|| compiled(r"(?i)^(\d{1,3}) ?(?:/|of|von|de|di|sur) ?(\d{1,3})\b|^(\d{1,3})$"));
static SHEET_CHINESE: LazyLock<LazyPattern> = LazyLock::new(|| {
    compiled(
        r"共 ?(\d{1,3}) ?[张页].*?第 ?(\d{1,3}) ?[张页]|第 ?(\d{1,3}) ?[张页].*?共 ?(\d{1,3}) ?[张页]",
    )
});
static DATE: LazyLock<LazyPattern> = LazyLock::new(|| {
    compiled(
        r"(?i)\b(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|\d{1,2}[ -](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?[ -]\d{2,4})\b|\d{4}年\d{1,2}月\d{1,2}日",
    )
});
static WEIGHT: LazyLock<LazyPattern> = LazyLock::new(|| {
    compiled(r"(?i)^[~≈]?(\d*[.,]?\d+) ?(kgs?|g|lbs?|t|公斤|千克|克)?(?:[^a-z\d.,]|$)")
});
static PROJECTION: LazyLock<LazyPattern> =
    LazyLock::new(|| compiled(r"(?i)\b(first|third|1st|3rd)(?:[ -]angle|$|\b)|第([一三])角"));
static PROJECTION_STATED: LazyLock<LazyPattern> =
    LazyLock::new(|| compiled(r"(?i)\b(first|third|1st|3rd)[ -]angle\b|第([一三])角"));
static NUMBER: LazyLock<LazyPattern> =
    LazyLock::new(|| compiled(r"^[A-Za-z0-9№][A-Za-z0-9_./\-]*[A-Za-z0-9](?: ?- ?[A-Za-z0-9]+)?"));
static SHEET_SIZE: LazyLock<LazyPattern> = LazyLock::new(|| compiled(r"^(?:DIN )?A[0-5]$"));
static UNITS: LazyLock<LazyPattern> = LazyLock::new(|| {
    compiled(
        r"(?i)(?:dimensions?|units?|measures?|单位|尺寸单位|maße|cotes|cotas|quote|размеры|mått)(?:[^\d]{0,12} (?:in|are|en|в|i))? ?[:(=]? ?(?:in )?(mm\b|millimet\w*|inch\w*|毫米|мм)",
    )
});
static DRAWING_STANDARD: LazyLock<LazyPattern> = LazyLock::new(|| {
    compiled(
        r"(?:ASME|ANSI) ?Y14\.\d+(?:\.\d+)?M?(?:[- ]\d{4})?|ISO ?(?:8015|1101|14405|128|129)(?:-\d{1,2})?(?::\d{4})?|GB/T ?(?:4458|1182|4249)(?:\.\d)?(?:-\d{4})?|ГОСТ 2\.\d{3}(?:-\d{2,4})?",
    )
});
static DOMAIN: LazyLock<LazyPattern> =
    LazyLock::new(|| compiled(r"(?i)^[a-z][a-z\d-]+\.(?:com|org|net|de|eu|cn|co\.uk)$"));
static COMPANY: LazyLock<LazyPattern> = LazyLock::new(|| {
    compiled(
        r"(?i)^(?:copyright\b|©|\(c\)|[\s\d,-])*(.*?\b(?:ltd|limited|inc|llc|gmbh|corp|corporation|company|co\.,? ltd|s\.r\.l|s\.p\.a|b\.v|ag|kg|oy|ab|institute|initiative|university|laboratories|foundation|industries|engineering works)\b\.?)|^.*(?:公司|研究所|研究院|设计院|集团|工厂|机械厂|大学|学院)$",
    )
});

/// The value that a text gives a field, where it looks like one.
pub(super) fn value(field: Field, text: &str) -> Option<Value> {
    let text = text.trim().trim_start_matches([':', '=', '|', ' ']).trim();
    if text.is_empty() || text.chars().count() > LONGEST_VALUE {
        return None;
    }
    let whole = |value: String| Value { is_whole: true, value };
    match field {
        Field::Revision => {
            let is_size = SHEET_SIZE.as_ref()?.is_match(text);
            (!is_size && REVISION.as_ref()?.is_match(text)).then(|| whole(text.to_owned()))
        }
        Field::Scale => scale(text),
        Field::Sheet => sheet(text),
        Field::Date => date(text)
            .map(|date| Value { is_whole: date.len() == text.len(), value: date.to_owned() }),
        Field::Weight => weight(text),
        Field::Projection => {
            projection_of(PROJECTION.as_ref()?, text).map(|value| whole(value.to_owned()))
        }
        Field::DrawingNumber => number(text),
        Field::PartName | Field::Material | Field::Company => {
            is_name(text).then(|| whole(text.to_owned()))
        }
        Field::Author | Field::Checker | Field::Approver => {
            is_person(text).then(|| whole(text.to_owned()))
        }
        Field::SheetSize => is_sheet_size(text).then(|| whole(text.to_owned())),
        Field::Standard | Field::ToleranceNote | Field::Units => None,
    }
}

/// The first date in a text.
pub(super) fn date(text: &str) -> Option<&str> {
    DATE.as_ref()?.find(text).map(|found| found.as_str())
}

fn is_date(text: &str) -> bool {
    date(text).is_some_and(|date| date.len() == text.len())
}

/// The projection that a text states by itself.
pub(super) fn stated_projection(text: &str) -> Option<&'static str> {
    projection_of(PROJECTION_STATED.as_ref()?, text)
}

/// The company that a text names by its legal form.
pub(super) fn company(text: &str) -> Option<String> {
    if text.contains("://") || text.contains("www.") {
        return None;
    }
    if DOMAIN.as_ref()?.is_match(text) {
        return Some(text.to_owned());
    }
    let found = COMPANY.as_ref()?.captures(text)?;
    let name = found.get(1).or(found.get(0))?.as_str().trim();
    let is_inside_sentence = name.starts_with(char::is_lowercase);
    (!is_inside_sentence && name.chars().count() > 3 && name.chars().count() < LONGEST_VALUE)
        .then(|| name.to_owned())
}

/// Whether a text without caption is the number of a drawing by its form.
pub(super) fn is_code(text: &str) -> bool {
    let count = |wanted: fn(&char) -> bool| text.chars().filter(wanted).count();
    let digits = count(|character| character.is_ascii_digit());
    let capitals = count(|character| character.is_ascii_uppercase());
    let is_plain = text.chars().all(|character| {
        character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | '/')
    });
    let is_standard = ["ISO", "DIN", "GB", "ANSI", "ASME", "ASTM", "JIS", "EN"]
        .iter()
        .any(|prefix| text.starts_with(prefix));
    is_plain && text.len() >= 5 && digits >= 2 && capitals >= 1 && !is_date(text) && !is_standard
}

/// Whether a text can be a name: letters, and nothing that is another field's value.
pub(super) fn is_name(text: &str) -> bool {
    let letters = text.chars().filter(|character| character.is_alphabetic()).count();
    let is_chinese = text.chars().any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character));
    let has_size = SHEET_SIZE.as_ref().is_some_and(|size| size.is_match(text));
    let is_caption = labels::is_caption(text, &labels::find(text));
    (letters >= 2 || is_chinese && letters >= 1) && !has_size && !is_caption && date(text).is_none()
}

/// Whether a text can be the name or initials of a person.
fn is_person(text: &str) -> bool {
    let words = text.split_whitespace().count();
    let is_plain = text.chars().all(|character| {
        character.is_alphabetic() || matches!(character, ' ' | '.' | '-' | '\'' | '’')
    });
    let uniform = Uniform::new(text).text;
    let has_caption = !labels::find(&uniform).is_empty();
    is_plain && (1..=4).contains(&words) && !has_caption && is_name(text) && company(text).is_none()
}

fn is_sheet_size(text: &str) -> bool {
    let is_letter = text.len() == 1 && text.starts_with(|first: char| ('A'..='E').contains(&first));
    is_letter || SHEET_SIZE.as_ref().is_some_and(|size| size.is_match(text))
}

/// The unit in which a text says that the sheet is dimensioned.
pub(super) fn stated_units(text: &str) -> Option<&'static str> {
    let found = UNITS.as_ref()?.captures(text)?;
    let unit = found.get(1)?.as_str().to_lowercase();
    Some(if unit.starts_with("in") || unit.starts_with('"') { "inch" } else { "mm" })
}

/// The standard by which a text says that the sheet is drawn.
pub(super) fn drawing_standard(text: &str) -> Option<String> {
    DRAWING_STANDARD.as_ref()?.find(text).map(|found| found.as_str().to_owned())
}

fn number(text: &str) -> Option<Value> {
    let found = NUMBER.as_ref()?.find(text)?;
    let value = found.as_str();
    let is_size = SHEET_SIZE.as_ref()?.is_match(value);
    (value.len() >= 2 && !is_size && !is_date(value))
        .then(|| Value { value: value.to_owned(), is_whole: value.len() == text.len() })
}

fn scale(text: &str) -> Option<Value> {
    if let Some(value) = misread_scale(text) {
        return Some(Value { value, is_whole: true });
    }
    let found = SCALE.as_ref()?.captures(text)?;
    let is_whole = found.get(0)?.len() == text.len();
    let value = match (found.get(1), found.get(2), found.get(3)) {
        (Some(drawn), Some(sign), Some(real)) => {
            format!("{}{}{}", drawn.as_str(), sign.as_str(), real.as_str())
        }
        _ if found.get(4).is_some() => "NTS".to_owned(),
        _ => found.get(5)?.as_str().to_owned(),
    };
    Some(Value { value, is_whole })
}

/// Reads `1.2` as `1:2`: one side of a scale is one, and scales are not printed as decimals from one on.
fn misread_scale(text: &str) -> Option<String> {
    if let Some(scale) = COLONLESS_SCALES.iter().find(|scale| scale.replace(':', "") == text) {
        return Some((*scale).to_owned());
    }
    let (drawn, real) = text.split_once('.')?;
    let is_figure = |side: &str| {
        (1..=3).contains(&side.len())
            && side.chars().all(|digit| digit.is_ascii_digit())
            && !side.starts_with('0')
    };
    (is_figure(drawn) && is_figure(real) && (drawn == "1" || real == "1"))
        .then(|| format!("{drawn}:{real}"))
}

fn sheet(text: &str) -> Option<Value> {
    if let Some(value) = chinese_sheet(text) {
        return Some(Value { value, is_whole: true });
    }
    let found = SHEET.as_ref()?.captures(text)?;
    let is_whole = found.get(0)?.len() == text.len();
    let value = match (found.get(1), found.get(2)) {
        (Some(sheet), Some(of)) => format!("{}/{}", sheet.as_str(), of.as_str()),
        _ => found.get(3)?.as_str().to_owned(),
    };
    Some(Value { value, is_whole })
}

/// Reads `共 12 张 第 5 张` in either order as `5/12`.
pub(super) fn chinese_sheet(text: &str) -> Option<String> {
    let found = SHEET_CHINESE.as_ref()?.captures(text)?;
    let (sheet, of) = match (found.get(2), found.get(1)) {
        (Some(sheet), Some(of)) => (sheet, of),
        _ => (found.get(3)?, found.get(4)?),
    };
    Some(format!("{}/{}", sheet.as_str(), of.as_str()))
}

fn weight(text: &str) -> Option<Value> {
    let found = WEIGHT.as_ref()?.captures(text)?;
    let value = found.get(0)?.as_str().trim_end_matches([',', ';', ')', ' ']).to_owned();
    Some(Value { is_whole: value.len() == text.len(), value })
}

fn projection_of(pattern: &Regex, text: &str) -> Option<&'static str> {
    let found = pattern.captures(text)?;
    let word = found.get(1).or(found.get(2))?.as_str().to_ascii_lowercase();
    Some(if matches!(word.as_str(), "first" | "1st" | "一") { "first" } else { "third" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: Field, text: &str) -> Option<String> {
        value(field, text).map(|value| value.value)
    }

    #[test]
    fn each_field_knows_its_values() {
        for (field, text, expected) in [
            (Field::Scale, "1 : 2", "1:2"),
            (Field::Scale, "1:2.5", "1:2.5"),
            (Field::Scale, "N.T.S.", "NTS"),
            (Field::Scale, "1.1", "1:1"),
            (Field::Scale, "12", "1:2"),
            (Field::Scale, "1", "1"),
            (Field::Sheet, "2 of 4", "2/4"),
            (Field::Sheet, "1 OF 1", "1/1"),
            (Field::Sheet, "第1张 共2张", "1/2"),
            (Field::Date, "2025年1月2日", "2025年1月2日"),
            (Field::Date, "12 Jan 2025", "12 Jan 2025"),
            (Field::Weight, ".16 LB", ".16 LB"),
            (Field::Weight, "0.85", "0.85"),
            (Field::Projection, "第三角法", "third"),
            (Field::DrawingNumber, "Micro_Vu-4.20", "Micro_Vu-4.20"),
            (Field::Revision, "1.3", "1.3"),
        ] {
            assert_eq!(read(field, text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_values() {
        for (field, text) in [
            (Field::Revision, "HISTORY"),
            (Field::Revision, "2 of"),
            (Field::Scale, "DRAWING"),
            (Field::Sheet, "2.0 Steel"),
            (Field::DrawingNumber, "A4"),
            (Field::DrawingNumber, "27.08.2018"),
            (Field::PartName, "13/06/19"),
            (Field::PartName, "SCALE"),
            (Field::Checker, "APPV’D"),
            (Field::Author, "R2"),
        ] {
            assert_eq!(read(field, text), None, "{text}");
        }
    }

    #[test]
    fn a_company_is_told_by_its_form() {
        assert_eq!(
            company("Copyright (C) E3D-Online Ltd (e3d-online.com)").as_deref(),
            Some("E3D-Online Ltd")
        );
        assert_eq!(company("东海机械研究所").as_deref(), Some("东海机械研究所"));
        assert_eq!(company("PLATE, SPACER"), None);
    }

    #[test]
    fn codes_are_told_from_dates_and_standards() {
        assert!(is_code("MMP.03.00.00.003"));
        assert!(is_code("JX-08-05B"));
        for text in ["2021-03-26", "ISO2768-1", "Flange", "0.85", "flange.dxf"] {
            assert!(!is_code(text), "{text}");
        }
    }
}
