//! A DXF as what it is: pairs of a group code and a value, one after the other.
//!
//! Read here and not with the `dxf` crate (0.6.2): that one ignores `$DWGCODEPAGE`, so that every Chinese or
//! Cyrillic drawing from before 2007 becomes nonsense, drops angular dimensions between two lines, and gives
//! up a whole file for one pair that it does not know.

use encoding_rs::Encoding;

use super::binary;

/// A group code with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'t> {
    pub(super) code: i32,
    pub(super) value: &'t str,
}

/// What stands between two zeros: a thing of some kind with its properties.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'t> {
    pub(super) kind: &'t str,
    tags: &'t [Tag<'t>],
}

/// The file as text, from whatever encoding and form it has.
pub(super) fn text_of(bytes: &[u8]) -> Option<String> {
    if let Some(body) = bytes.strip_prefix(binary::MARK) {
        return binary::to_text(body, encoding(bytes));
    }
    Some(match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(_) => encoding(bytes).decode(bytes).0.into_owned(),
    })
}

/// The pairs of a text, up to the first line that is no group code.
pub(super) fn tags(text: &str) -> Vec<Tag<'_>> {
    let mut lines = text.lines();
    let mut tags = Vec::new();
    while let (Some(code), Some(value)) = (lines.next(), lines.next()) {
        let Ok(code) = code.trim().parse() else { break };
        tags.push(Tag { code, value });
    }
    tags
}

/// The records of a file, in order.
pub(super) fn records<'t>(tags: &'t [Tag<'t>]) -> impl Iterator<Item = Record<'t>> {
    let chunks = tags.chunk_by(|_, next| next.code != 0);
    chunks.filter_map(|chunk| {
        let (first, tags) = chunk.split_first()?;
        (first.code == 0).then(|| Record { kind: first.value.trim(), tags })
    })
}

impl<'t> Record<'t> {
    pub(super) fn tags(&self) -> &'t [Tag<'t>] {
        self.tags
    }

    /// The first value of a code.
    pub(super) fn text(&self, code: i32) -> Option<&'t str> {
        self.tags.iter().find(|tag| tag.code == code).map(|tag| tag.value)
    }

    /// The first value of a code as a finite number.
    pub(super) fn number(&self, code: i32) -> Option<f64> {
        number(self.text(code)?)
    }

    /// All values of a code as numbers.
    pub(super) fn numbers(&self, code: i32) -> impl Iterator<Item = f64> {
        self.tags.iter().filter(move |tag| tag.code == code).filter_map(|tag| number(tag.value))
    }

    pub(super) fn flags(&self, code: i32) -> i64 {
        self.text(code).and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    /// The point whose x has this code.
    pub(super) fn point(&self, code: i32) -> Option<hayro::kurbo::Point> {
        Some(hayro::kurbo::Point::new(self.number(code)?, self.number(code + 10)?))
    }
}

pub(super) fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// The encoding that the header names; files since 2007 are UTF-8 whatever it says.
fn encoding(bytes: &[u8]) -> &'static Encoding {
    const NAME: &[u8] = b"$DWGCODEPAGE";
    let name_at = bytes.windows(NAME.len()).position(|window| window == NAME);
    let value = name_at.and_then(|at| bytes.get(at + NAME.len()..)).unwrap_or_default();
    let value = value.get(..40.min(value.len())).unwrap_or_default();
    let value = String::from_utf8_lossy(value).to_ascii_uppercase();
    let known = [
        ("932", encoding_rs::SHIFT_JIS),
        ("936", encoding_rs::GBK),
        ("GB2312", encoding_rs::GBK),
        ("949", encoding_rs::EUC_KR),
        ("950", encoding_rs::BIG5),
        ("1250", encoding_rs::WINDOWS_1250),
        ("1251", encoding_rs::WINDOWS_1251),
        ("1253", encoding_rs::WINDOWS_1253),
        ("1254", encoding_rs::WINDOWS_1254),
        ("1257", encoding_rs::WINDOWS_1257),
    ];
    let named = known.into_iter().find(|(name, _)| value.contains(name));
    named.map_or(encoding_rs::WINDOWS_1252, |(_, encoding)| encoding)
}
