//! The reply ladder: what a model says becomes JSON of the asked form, or is told from plain words.
//!
//! Models are asked for JSON and send it bare, in a fence, within other words, with a comma too many, or not at all.
//! Which step it took is told as `fallback_level`. JSON of another form is no text to search: nothing of it is used.

use serde_json::Value;

/// How a reply was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// It was JSON and nothing else.
    Strict,
    /// JSON in a fence, or within other words.
    Fenced,
    /// Words, searched for what drawings say.
    Text,
}

impl Level {
    /// The word for `fallback_level`.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "json_strict",
            Self::Fenced => "markdown_fence",
            Self::Text => "text_regex",
        }
    }
}

/// What is in a reply.
#[derive(Debug, PartialEq)]
pub(super) enum Found<T> {
    /// JSON of the asked form.
    Fitting(Level, T),
    /// JSON objects, none of them of the asked form.
    OtherForm,
    /// No JSON object; the words without marks around them.
    Words(String),
}

/// Looks for JSON of a form in a reply, the strictest reading first.
pub(super) fn read<T>(reply: &str, fit: impl Fn(&Value) -> Option<T>) -> Found<T> {
    let reply = without_thoughts(reply.trim_start_matches('\u{feff}').trim());
    let mut has_json = false;
    let whole = [(Level::Strict, reply)];
    let parts = fences(reply).into_iter().chain(braces(reply)).map(|part| (Level::Fenced, part));
    for (level, text) in whole.into_iter().chain(parts) {
        let Some(value) = object(text) else { continue };
        has_json = true;
        if let Some(fitting) = fit(&value) {
            return Found::Fitting(level, fitting);
        }
    }
    if has_json { Found::OtherForm } else { Found::Words(reply.to_owned()) }
}

/// Reasoning models think aloud first; what they think is no answer.
fn without_thoughts(reply: &str) -> &str {
    match reply.rsplit_once("</think>") {
        Some((_, answer)) => answer.trim(),
        None => reply,
    }
}

/// The contents of fences, with or without a language behind the ticks.
fn fences(reply: &str) -> Vec<&str> {
    let mut contents = Vec::new();
    let mut pieces = reply.split("```").skip(1);
    while let Some(piece) = pieces.next() {
        let (first_line, rest) = piece.split_once('\n').unwrap_or(("", piece));
        let has_language = first_line.trim().chars().all(char::is_alphanumeric);
        contents.push(if has_language { rest } else { piece });
        // Between two fences stand words.
        pieces.next();
    }
    contents
}

/// From the first brace to the last one.
fn braces(reply: &str) -> Option<&str> {
    let (start, end) = (reply.find('{')?, reply.rfind('}')?);
    reply.get(start..=end)
}

/// An object; a comma before a closing bracket is forgiven.
fn object(text: &str) -> Option<Value> {
    let text = text.trim();
    let parsed = serde_json::from_str(text)
        .or_else(|_| serde_json::from_str::<Value>(&without_trailing_commas(text)));
    parsed.ok().filter(Value::is_object)
}

/// Drops commas that nothing follows, outside of strings.
fn without_trailing_commas(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let (mut is_in_string, mut is_escaped) = (false, false);
    for (place, letter) in text.char_indices() {
        if is_in_string {
            is_in_string = letter != '"' || is_escaped;
            is_escaped = letter == '\\' && !is_escaped;
        } else if letter == '"' {
            is_in_string = true;
        } else if letter == ',' {
            let rest = text.get(place + 1..).unwrap_or_default().trim_start();
            if rest.starts_with([']', '}']) {
                continue;
            }
        }
        kept.push(letter);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: &Value) -> Option<i64> {
        value.get("n")?.as_i64()
    }

    fn found(reply: &str) -> Found<i64> {
        read(reply, number)
    }

    #[test]
    fn json_alone_is_strict() {
        for reply in
            ["{\"n\": 7}", "\u{feff}{\"n\": 7}\n", "  {\"n\": 7,}", "<think>{}</think>{\"n\":7}"]
        {
            assert_eq!(found(reply), Found::Fitting(Level::Strict, 7), "{reply}");
        }
    }

    #[test]
    fn json_in_a_fence_or_within_words_is_found() {
        let replies = [
            "```json\n{\"n\": 7}\n```",
            "```JSON  \n{\"n\": 7,\n}\n```",
            "```\n{\"n\": 7}\n```",
            "```{\"n\": 7}```",
            "Here it is:\n```json\n{\"n\": 7}\n```\nHope that helps.",
            "Sure: {\"n\": 7} as asked",
            "```text\nnothing\n```\nand\n```json\n{\"n\": 7}\n```",
        ];

        for reply in replies {
            assert_eq!(found(reply), Found::Fitting(Level::Fenced, 7), "{reply}");
        }
    }

    #[test]
    fn commas_in_texts_stay() {
        let text = r#"{"a": "x,]", "b": "\",}", "c": [1, 2, ],}"#;

        assert_eq!(without_trailing_commas(text), r#"{"a": "x,]", "b": "\",}", "c": [1, 2 ]}"#);
    }

    #[test]
    fn json_of_another_form_is_not_searched_for_words() {
        assert_eq!(found("{\"answer\": \"R5\"}"), Found::OtherForm);
        assert_eq!(found("```json\n{\"answer\": 1}\n```"), Found::OtherForm);
    }

    #[test]
    fn what_is_no_json_is_words() {
        for reply in ["a radius R5", "[1, 2]", "{\"n\": 7", "\"text\"", "```\nR5\n```"] {
            assert!(matches!(found(reply), Found::Words(_)), "{reply}");
        }
    }

    #[test]
    fn a_reply_as_deep_as_it_is_long_is_no_json() {
        assert!(matches!(found(&"{\"n\":".repeat(100_000)), Found::Words(_)));
    }
}
