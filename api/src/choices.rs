//! What a submission may choose, from query, form or JSON alike: text becomes types here.

use std::collections::BTreeMap;

use cad_common::config::shared::ProviderChoice;
use cad_common::contract::job::{Lane, Options, VECTOR_DPI};
use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};

use crate::error::ApiError;
use crate::problem::FieldError;

/// Longest `tag` that is kept.
const MAX_TAG_CHARS: usize = 128;

/// Longest file name that is kept; file systems allow no more.
const MAX_FILENAME_CHARS: usize = 255;

/// Longest list of pages that is read.
const MAX_PAGES_CHARS: usize = 256;

/// What a submission may choose; everything may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, IntoParams, ToSchema)]
#[schema(as = Choices)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct RawChoices {
    /// The provider: `auto`, `paddle` or `deepseek_hf`.
    pub(crate) provider: Option<String>,
    /// The priority lane: `high`, `normal` or `low`.
    pub(crate) lane: Option<String>,
    /// The client's own word for the job, echoed in the job resource.
    pub(crate) tag: Option<String>,
    /// Pages to read, 1-based, such as `1,3-5`; all when absent.
    pub(crate) pages: Option<String>,
    /// Resolution at which vector pages are drawn, 36 to 1200; 200 when absent.
    #[serde(deserialize_with = "text_or_number")]
    #[schema(value_type = Option<u32>)]
    #[param(value_type = Option<u32>)]
    pub(crate) dpi: Option<String>,
    /// Not available yet: poll the job, or wait for it.
    pub(crate) callback_url: Option<String>,
}

/// Forms have text only; in JSON a number is a number.
fn text_or_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Value {
        Text(String),
        Number(u32),
    }
    Ok(Option::<Value>::deserialize(from)?.map(|value| match value {
        Value::Text(text) => text,
        Value::Number(number) => number.to_string(),
    }))
}

/// The choices, understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Choices {
    pub(crate) provider: ProviderChoice,
    pub(crate) lane: Lane,
    pub(crate) tag: Option<String>,
    pub(crate) options: Options,
}

impl RawChoices {
    /// Lets the fields of a form override what stands in the query.
    pub(crate) fn overridden_by(mut self, mut fields: BTreeMap<String, String>) -> Self {
        let slots = [
            ("provider", &mut self.provider),
            ("lane", &mut self.lane),
            ("tag", &mut self.tag),
            ("pages", &mut self.pages),
            ("dpi", &mut self.dpi),
            ("callback_url", &mut self.callback_url),
        ];
        for (name, slot) in slots {
            if let Some(value) = fields.remove(name) {
                *slot = Some(value);
            }
        }
        self
    }

    /// Understands every choice, or names each that is wrong.
    ///
    /// # Errors
    /// [`ApiError::UnknownProvider`], or [`ApiError::Invalid`] with every other wrong field.
    pub(crate) fn parse(self, default_provider: ProviderChoice) -> Result<Choices, ApiError> {
        let provider = match set(self.provider) {
            None => default_provider,
            Some(text) => text.parse().map_err(ApiError::UnknownProvider)?,
        };
        let mut errors = Vec::new();
        let lane = parsed("lane", self.lane, &mut errors, |text| {
            text.parse::<Lane>().map_err(|error| error.to_string())
        });
        let tag = parsed("tag", self.tag, &mut errors, parse_tag);
        let pages = parsed("pages", self.pages, &mut errors, parse_pages);
        let dpi = parsed("dpi", self.dpi, &mut errors, parse_dpi);
        if set(self.callback_url).is_some() {
            let detail = "webhooks are not available yet, poll the job or send `Prefer: wait=60`";
            errors.push(FieldError::new("callback_url", detail));
        }
        if !errors.is_empty() {
            return Err(ApiError::Invalid(errors));
        }
        Ok(Choices {
            provider,
            lane: lane.unwrap_or_default(),
            tag,
            options: Options { pages, dpi },
        })
    }
}

/// A blank field is one that was left out: forms send them.
fn set(field: Option<String>) -> Option<String> {
    field.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn parsed<T>(
    name: &str,
    field: Option<String>,
    errors: &mut Vec<FieldError>,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    match parse(&set(field)?) {
        Ok(value) => Some(value),
        Err(detail) => {
            errors.push(FieldError::new(name, detail));
            None
        }
    }
}

fn parse_tag(text: &str) -> Result<String, String> {
    if text.chars().count() <= MAX_TAG_CHARS && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(format!("choose {MAX_TAG_CHARS} printable characters at most"))
}

fn parse_dpi(text: &str) -> Result<u32, String> {
    let problem = || format!("choose {} to {} dots per inch", VECTOR_DPI.start(), VECTOR_DPI.end());
    let dpi = text.parse().map_err(|_| problem())?;
    if VECTOR_DPI.contains(&dpi) { Ok(dpi) } else { Err(problem()) }
}

fn parse_pages(text: &str) -> Result<String, String> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let is_valid = compact.len() <= MAX_PAGES_CHARS && compact.split(',').all(is_page_range);
    if is_valid { Ok(compact) } else { Err("choose pages from 1, such as `1,3-5`".to_owned()) }
}

fn is_page_range(part: &str) -> bool {
    let page = |text: &str| text.parse::<u32>().ok().filter(|page| *page > 0);
    match part.split_once('-') {
        None => page(part).is_some(),
        Some((first, last)) => match (page(first), page(last)) {
            (Some(first), Some(last)) => first <= last,
            _ => false,
        },
    }
}

/// A client's file name as it may be shown: without folders and control characters, `None` if nothing is left.
pub(crate) fn shown_filename(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_direction_mark(*c))
        .take(MAX_FILENAME_CHARS)
        .collect();
    Some(shown.trim().to_owned()).filter(|shown| !shown.is_empty() && shown != "." && shown != "..")
}

/// Marks that turn the reading direction make `gnp.exe` look like `exe.png`.
const fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use cad_common::provider::ProviderName;

    use super::*;

    fn raw(pairs: &[(&str, &str)]) -> RawChoices {
        let fields = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        RawChoices::default().overridden_by(fields)
    }

    #[test]
    fn choices_are_understood() {
        let choices = raw(&[
            ("provider", "paddle"),
            ("lane", "high"),
            ("tag", " A-17 "),
            ("pages", "1, 3-5"),
            ("dpi", "300"),
        ])
        .parse(ProviderChoice::Auto)
        .unwrap();

        assert_eq!(choices.provider, ProviderChoice::Named(ProviderName::Paddle));
        assert_eq!(choices.lane, Lane::High);
        assert_eq!(choices.tag.as_deref(), Some("A-17"));
        assert_eq!(choices.options, Options { pages: Some("1,3-5".to_owned()), dpi: Some(300) });
    }

    #[test]
    fn blank_fields_count_as_left_out() {
        let choices = raw(&[("provider", ""), ("lane", " "), ("callback_url", "")]);

        assert!(choices.parse(ProviderChoice::Auto).is_ok());
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let error = raw(&[
            ("lane", "fast"),
            ("pages", "3-1"),
            ("dpi", "5"),
            ("tag", "a\u{7}"),
            ("callback_url", "https://example.com/hook"),
        ])
        .parse(ProviderChoice::Auto)
        .unwrap_err();

        let ApiError::Invalid(errors) = error else { panic!("{error:?}") };
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/lane", "/tag", "/pages", "/dpi", "/callback_url"]);
    }

    #[test]
    fn pages_begin_at_one() {
        for wrong in ["0", "1-", "-3", "1,,2", "a", "1-0"] {
            assert!(parse_pages(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn form_overrides_query() {
        let query = RawChoices { lane: Some("low".to_owned()), ..RawChoices::default() };

        let both = query.overridden_by(BTreeMap::from([("lane".to_owned(), "high".to_owned())]));

        assert_eq!(both.lane.as_deref(), Some("high"));
    }

    #[test]
    fn shown_filename_is_harmless() {
        assert_eq!(shown_filename("../../etc/passwd").as_deref(), Some("passwd"));
        assert_eq!(shown_filename("C:\\plans\\shaft\n.png").as_deref(), Some("shaft.png"));
        assert_eq!(shown_filename("a\u{202e}gnp.exe").as_deref(), Some("agnp.exe"));
        assert_eq!(shown_filename("..").as_deref(), None);
    }
}
