//! An envelope as AMQP properties, and back.

use std::time::{SystemTime, UNIX_EPOCH};

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};

use crate::queue::{ATTEMPT_HEADER, Envelope, QueueError};

const TRACEPARENT_HEADER: &str = "traceparent";
const TRACE_ID_HEADER: &str = "x-trace-id";

/// Survives a restart of the broker.
const PERSISTENT: u8 = 2;

/// What the broker itself notes in the headers; a copy that carried them on would tell of another
/// message's fate.
const BROKER_HEADERS: [&str; 8] = [
    "x-death",
    "x-delivery-count",
    "x-first-death-exchange",
    "x-first-death-queue",
    "x-first-death-reason",
    "x-last-death-exchange",
    "x-last-death-queue",
    "x-last-death-reason",
];

/// Writes an envelope as properties.
pub(super) fn of_envelope(envelope: &Envelope) -> Result<BasicProperties, QueueError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_timestamp(now.as_secs())
        .with_headers(headers_of(envelope)?);
    if let Some(id) = &envelope.message_id {
        properties = properties.with_message_id(short("message_id", id)?);
    }
    if let Some(id) = &envelope.correlation_id {
        properties = properties.with_correlation_id(short("correlation_id", id)?);
    }
    if let Some(queue) = &envelope.reply_to {
        properties = properties.with_reply_to(short("reply_to", queue)?);
    }
    if let Some(content_type) = &envelope.content_type {
        properties = properties.with_content_type(short("content_type", content_type)?);
    }
    if let Some(message_type) = &envelope.message_type {
        properties = properties.with_type(short("type", message_type)?);
    }
    Ok(properties)
}

fn headers_of(envelope: &Envelope) -> Result<FieldTable, QueueError> {
    let mut headers = FieldTable::default();
    for (name, value) in &envelope.headers {
        headers.insert(short("header name", name)?, text(value));
    }
    if let Some(traceparent) = &envelope.traceparent {
        headers.insert(TRACEPARENT_HEADER.into(), text(traceparent));
    }
    if let Some(trace_id) = &envelope.trace_id {
        headers.insert(TRACE_ID_HEADER.into(), text(trace_id));
    }
    headers.insert(ATTEMPT_HEADER.into(), AMQPValue::LongLongInt(envelope.attempt.into()));
    Ok(headers)
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(LongString::from(value))
}

/// A text that AMQP limits to 255 bytes. The conversions of `lapin` panic on longer ones.
pub(super) fn short(property: &'static str, value: &str) -> Result<ShortString, QueueError> {
    ShortString::try_new(value).map_err(|_| QueueError::TooLong(property))
}

/// Reads an envelope from properties.
pub(super) fn to_envelope(properties: &BasicProperties) -> Envelope {
    let mut envelope = Envelope {
        message_id: properties.message_id().as_ref().map(ToString::to_string),
        correlation_id: properties.correlation_id().as_ref().map(ToString::to_string),
        reply_to: properties.reply_to().as_ref().map(ToString::to_string),
        content_type: properties.content_type().as_ref().map(ToString::to_string),
        message_type: properties.kind().as_ref().map(ToString::to_string),
        ..Envelope::default()
    };
    for (name, value) in properties.headers().iter().flatten() {
        let Some(value) = as_text(value) else {
            continue;
        };
        match name.as_str() {
            TRACEPARENT_HEADER => envelope.traceparent = Some(value),
            TRACE_ID_HEADER => envelope.trace_id = Some(value),
            // What is no number was written by a stranger; the attempts of his message begin here.
            ATTEMPT_HEADER => envelope.attempt = value.parse().unwrap_or_default(),
            name if BROKER_HEADERS.contains(&name) => {}
            name => {
                envelope.headers.insert(name.to_owned(), value);
            }
        }
    }
    envelope
}

/// A header value as text; `None` for tables, lists and bytes.
fn as_text(value: &AMQPValue) -> Option<String> {
    match value {
        AMQPValue::LongString(value) => {
            std::str::from_utf8(value.as_bytes()).ok().map(str::to_owned)
        }
        AMQPValue::ShortString(value) => Some(value.to_string()),
        AMQPValue::Boolean(value) => Some(value.to_string()),
        AMQPValue::ShortShortInt(value) => Some(value.to_string()),
        AMQPValue::ShortShortUInt(value) => Some(value.to_string()),
        AMQPValue::ShortInt(value) => Some(value.to_string()),
        AMQPValue::ShortUInt(value) => Some(value.to_string()),
        AMQPValue::LongInt(value) => Some(value.to_string()),
        AMQPValue::LongUInt(value) => Some(value.to_string()),
        AMQPValue::LongLongInt(value) => Some(value.to_string()),
        AMQPValue::Float(value) => Some(value.to_string()),
        AMQPValue::Double(value) => Some(value.to_string()),
        AMQPValue::Timestamp(value) => Some(value.to_string()),
        AMQPValue::DecimalValue(_)
        | AMQPValue::FieldArray(_)
        | AMQPValue::FieldTable(_)
        | AMQPValue::ByteArray(_)
        | AMQPValue::Void => None,
    }
}

#[cfg(test)]
mod tests {
    use lapin::types::FieldArray;

    use super::*;

    fn foreign(name: &str, value: AMQPValue) -> Envelope {
        let mut headers = FieldTable::default();
        headers.insert(name.into(), value);
        to_envelope(&BasicProperties::default().with_headers(headers))
    }

    #[test]
    fn an_envelope_survives_the_way_there_and_back() {
        let envelope = Envelope {
            message_id: Some("0192".to_owned()),
            correlation_id: Some("order-7".to_owned()),
            reply_to: Some("answers".to_owned()),
            content_type: Some("application/msgpack".to_owned()),
            message_type: Some("cad.ocr.extract.v1".to_owned()),
            traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
            trace_id: Some("trace-1".to_owned()),
            attempt: 2,
            headers: [("customer".to_owned(), "müller".to_owned())].into(),
        };

        let properties = of_envelope(&envelope).unwrap();

        assert_eq!(to_envelope(&properties), envelope);
        assert_eq!(properties.delivery_mode(), &Some(2));
        assert!(properties.timestamp().is_some());
    }

    #[test]
    fn simple_values_of_strangers_become_text() {
        assert_eq!(foreign("n", AMQPValue::LongInt(-7)).headers["n"], "-7");
        assert_eq!(foreign("b", AMQPValue::Boolean(true)).headers["b"], "true");
    }

    #[test]
    fn lists_and_bytes_of_strangers_are_dropped() {
        let list = AMQPValue::FieldArray(FieldArray::default());
        let bytes = AMQPValue::LongString(LongString::from(vec![0xff, 0xfe]));

        assert_eq!(foreign("list", list), Envelope::default());
        assert_eq!(foreign("bytes", bytes), Envelope::default());
    }

    #[test]
    fn the_brokers_own_notes_are_dropped() {
        let envelope = foreign("x-delivery-count", AMQPValue::LongLongInt(3));

        assert_eq!(envelope, Envelope::default());
    }

    #[test]
    fn an_attempt_may_be_a_number_of_any_kind_or_text() {
        assert_eq!(foreign(ATTEMPT_HEADER, AMQPValue::ShortShortUInt(2)).attempt, 2);
        assert_eq!(foreign(ATTEMPT_HEADER, text("2")).attempt, 2);
        assert_eq!(foreign(ATTEMPT_HEADER, text("many")).attempt, 0);
        assert_eq!(foreign(ATTEMPT_HEADER, AMQPValue::LongLongInt(-1)).attempt, 0);
    }

    #[test]
    fn a_property_too_long_for_amqp_is_an_error_and_no_panic() {
        let envelope = Envelope { reply_to: Some("q".repeat(256)), ..Envelope::default() };

        let outcome = of_envelope(&envelope);

        assert!(matches!(outcome, Err(QueueError::TooLong("reply_to"))));
    }
}
