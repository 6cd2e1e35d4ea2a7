//! Bytes to messages and back; the only file that names `rmp_serde` for job messages.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::job::{JobMessage, MAX_INLINE_BYTES};

/// Largest message body that is decoded: an inline drawing as base64 text, with room for the fields.
pub const MAX_MESSAGE_BYTES: usize = MAX_INLINE_BYTES * 2;

/// Deepest nesting that is followed, also through unknown fields: a deeper one would end the stack.
const MAX_DEPTH: usize = 64;

/// The two formats of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/msgpack`, named fields.
    MessagePack,
    /// `application/json`.
    Json,
}

impl Format {
    /// The AMQP `content_type`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::MessagePack => "application/msgpack",
            Self::Json => "application/json",
        }
    }

    /// Understands an AMQP `content_type`; absent means `MessagePack`.
    #[must_use]
    pub fn of_content_type(content_type: Option<&str>) -> Option<Self> {
        let Some(text) = content_type else {
            return Some(Self::MessagePack);
        };
        let essence = text.split(';').next().unwrap_or_default().trim();
        match essence {
            "application/msgpack" | "application/x-msgpack" | "application/vnd.msgpack" | "" => {
                Some(Self::MessagePack)
            }
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Why bytes are no message. Each is a dead-letter reason.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Send `application/msgpack` or `application/json`.
    #[error("content type is neither application/msgpack nor application/json")]
    UnknownContentType,
    /// Send the drawing by blob or URL.
    #[error("message has {0} bytes, at most {MAX_MESSAGE_BYTES} are decoded")]
    TooLarge(usize),
    /// Send a map of the named fields.
    #[error("message is no map of named fields")]
    NotAMap,
    /// Correct the named field.
    #[error("message can't be decoded from msgpack")]
    MessagePack(#[source] rmp_serde::decode::Error),
    /// Correct the named field.
    #[error("message can't be decoded from json")]
    Json(#[source] serde_json::Error),
    /// Send one message per delivery.
    #[error("message has bytes after its end")]
    TrailingBytes,
}

impl DecodeError {
    /// The dead-letter reason and metric label.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownContentType => "unknown_content_type",
            Self::TooLarge(_) => "message_too_large",
            Self::NotAMap | Self::MessagePack(_) | Self::Json(_) | Self::TrailingBytes => {
                "invalid_message"
            }
        }
    }
}

/// Decodes a job message.
///
/// # Errors
/// Anything but one well-formed message, see [`DecodeError`].
pub fn decode_job(body: &[u8], content_type: Option<&str>) -> Result<JobMessage, DecodeError> {
    if body.len() > MAX_MESSAGE_BYTES {
        return Err(DecodeError::TooLarge(body.len()));
    }
    match Format::of_content_type(content_type).ok_or(DecodeError::UnknownContentType)? {
        Format::Json => serde_json::from_slice(body).map_err(DecodeError::Json),
        Format::MessagePack => decode_messagepack(body),
    }
}

/// `rmp_serde` takes an array for a struct and ignores what follows it: both are refused here.
fn decode_messagepack(body: &[u8]) -> Result<JobMessage, DecodeError> {
    let is_map = matches!(body.first(), Some(0x80..=0x8f | 0xde | 0xdf));
    if !is_map {
        return Err(DecodeError::NotAMap);
    }
    let mut rest = body;
    let message = {
        let mut decoder = rmp_serde::Deserializer::new(&mut rest);
        decoder.set_max_depth(MAX_DEPTH);
        serde::Deserialize::deserialize(&mut decoder).map_err(DecodeError::MessagePack)?
    };
    if rest.is_empty() { Ok(message) } else { Err(DecodeError::TrailingBytes) }
}

/// A value that can't be written, which only a defect can cause.
#[derive(Debug, thiserror::Error)]
#[error("value can't be encoded")]
pub struct EncodeError(#[source] rmp_serde::encode::Error);

/// Encodes a value as `MessagePack` with named fields.
///
/// # Errors
/// A type that `MessagePack` can't hold.
pub fn to_messagepack<T: Serialize>(value: &T) -> Result<Vec<u8>, EncodeError> {
    rmp_serde::to_vec_named(value).map_err(EncodeError)
}

/// Decodes a value that this project has encoded.
///
/// # Errors
/// Bytes that are no such value.
pub fn from_messagepack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    rmp_serde::from_slice(bytes).map_err(DecodeError::MessagePack)
}

#[cfg(test)]
mod tests;
