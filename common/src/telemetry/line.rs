//! Events to lines.
//!
//! A text line has five columns, so that `awk` can count by them, then the message, then the fields:
//!
//! ```text
//! 2026-11-23T10:00:00.000Z ERROR cad_worker::job debug-123 PROVIDER_TIMEOUT job failed provider=paddle latency_ms=30001
//! time                     level target          trace id  error code       message    fields
//! ```
//!
//! A trace id or code that isn't there is `-`. Both come from fields (`trace_id`, `code`) of the event
//! or of the spans around it; of two fields with the same name the innermost counts. What could break
//! a line or colour a terminal is escaped.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_appender::non_blocking::NonBlocking;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The layer that writes lines.
#[derive(Debug)]
pub(super) struct Lines {
    is_json: bool,
    writers: Vec<NonBlocking>,
}

impl Lines {
    /// Lines of one form to all the writers.
    pub(super) const fn new(is_json: bool, writers: Vec<NonBlocking>) -> Self {
        Self { is_json, writers }
    }
}

impl<S> Layer<S> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                fields.extend(of_span);
            }
        }
        event.record(&mut fields);
        let now = Timestamp::now();
        let line = if self.is_json {
            json_line(now, event.metadata(), fields)
        } else {
            text_line(now, event.metadata(), fields)
        };
        for writer in &self.writers {
            // The writer has a buffer of its own and drops lines when that is full.
            let _ = writer.clone().write_all(line.as_bytes());
        }
    }
}

/// Named values in the order they were first seen.
#[derive(Debug, Clone, Default)]
struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn set(&mut self, name: &'static str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name, value)),
        }
    }

    fn extend(&mut self, other: &Self) {
        for (name, value) in &other.0 {
            self.set(name, value.clone());
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let position = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.remove(position).1)
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field.name(), value.into());
    }

    /// With its causes, as nobody else will tell them.
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        self.set(field.name(), text.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field.name(), format!("{value:?}").into());
    }
}

fn json_line(now: Timestamp, metadata: &Metadata<'_>, fields: Fields) -> String {
    let mut object = Map::new();
    for (name, value) in fields.0 {
        object.insert(name.to_owned(), value);
    }
    object.insert("timestamp".to_owned(), format!("{now:.3}").into());
    object.insert("level".to_owned(), metadata.level().as_str().into());
    object.insert("target".to_owned(), metadata.target().into());
    format!("{}\n", Value::Object(object))
}

fn text_line(now: Timestamp, metadata: &Metadata<'_>, mut fields: Fields) -> String {
    let (trace, code) = (fields.take("trace_id"), fields.take("code"));
    let message = fields.take("message");
    let mut line = format!("{now:.3} {} {}", metadata.level(), metadata.target());
    for column in [trace, code] {
        line.push(' ');
        push_value(&mut line, &column.unwrap_or_else(|| "-".into()));
    }
    if let Some(Value::String(text)) = message {
        line.push(' ');
        push_escaped(&mut line, &text);
    }
    for (name, value) in &fields.0 {
        let _ = write!(line, " {name}=");
        push_value(&mut line, value);
    }
    line.push('\n');
    line
}

/// Text that is one plain word stands bare, other text in quotes.
fn push_value(line: &mut String, value: &Value) {
    let Value::String(text) = value else {
        let _ = write!(line, "{value}");
        return;
    };
    let breaks_a_word = |c: char| c.is_whitespace() || is_unprintable(c) || "\"\\=".contains(c);
    if !text.is_empty() && !text.contains(breaks_a_word) {
        line.push_str(text);
        return;
    }
    line.push('"');
    push_escaped(line, &text.replace('\\', "\\\\").replace('"', "\\\""));
    line.push('"');
}

fn push_escaped(line: &mut String, text: &str) {
    for c in text.chars() {
        if is_unprintable(c) {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
}

/// Controls, line separators, and the marks that turn the direction of text around.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests;
