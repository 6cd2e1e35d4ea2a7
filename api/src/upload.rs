//! Drawings out of multipart forms, streamed.

use std::collections::BTreeMap;

use axum::extract::multipart::{Field, Multipart};
use axum::extract::{FromRequest, Request};

use crate::body::{self, BodyMemory, Watch};
use crate::choices::shown_filename;
use crate::error::ApiError;

/// What boundaries, headers and small fields may take beside the drawing.
const FORM_OVERHEAD: usize = 64 * 1024;

/// Most fields of a form: each one costs a header, and we know eight.
const MAX_FIELDS: usize = 32;

/// Longest value of a small field; URLs are the longest.
const MAX_FIELD_BYTES: usize = 8 * 1024;

/// Longest media type that is kept (RFC 6838 allows no longer names).
const MAX_TYPE_BYTES: usize = 255;

/// A form as it came in.
#[derive(Debug)]
pub(crate) struct Form {
    /// The field `file`.
    pub(crate) file: Option<UploadedFile>,
    /// Every other field.
    pub(crate) fields: BTreeMap<String, String>,
    /// Holds the memory of the drawing.
    pub(crate) watch: Watch,
}

/// A file as it came in.
#[derive(Debug)]
pub(crate) struct UploadedFile {
    pub(crate) bytes: Vec<u8>,
    pub(crate) filename: Option<String>,
    pub(crate) content_type: Option<String>,
}

/// Reads a multipart form with a drawing of `limit` bytes at most.
///
/// # Errors
/// It is no form, or more than is allowed.
pub(crate) async fn read_form(
    request: Request,
    limit: usize,
    memory: &BodyMemory,
) -> Result<Form, ApiError> {
    let (parts, body) = request.into_parts();
    let (body, watch) = body::watch(&parts.headers, body, limit, FORM_OVERHEAD, memory)?;
    let watched = Request::from_parts(parts, body);
    let mut multipart = Multipart::from_request(watched, &())
        .await
        .map_err(|_| ApiError::WrongMediaType("multipart/form-data with a boundary"))?;

    let mut form = Form { file: None, fields: BTreeMap::new(), watch };
    for _ in 0..MAX_FIELDS {
        let next = multipart.next_field().await.map_err(|_| form.watch.fault())?;
        let Some(field) = next else { return Ok(form) };
        form.take(field, limit).await?;
    }
    Err(ApiError::field("form", format!("send {MAX_FIELDS} fields at most")))
}

impl Form {
    async fn take(&mut self, field: Field<'_>, limit: usize) -> Result<(), ApiError> {
        let name = field.name().unwrap_or_default().to_owned();
        if name != "file" {
            let bytes = read_field(field, MAX_FIELD_BYTES, &self.watch).await?;
            let bytes = bytes.ok_or_else(|| {
                ApiError::field(&name, format!("send {MAX_FIELD_BYTES} bytes at most"))
            })?;
            let text = String::from_utf8(bytes)
                .map_err(|_| ApiError::field(&name, "send text in UTF-8"))?;
            self.fields.insert(name, text);
            return Ok(());
        }
        if self.file.is_some() {
            return Err(ApiError::field("file", "send one drawing per request"));
        }
        let filename = field.file_name().and_then(shown_filename);
        let content_type = field.content_type().and_then(claimed_type);
        let bytes = read_field(field, limit, &self.watch).await?;
        let bytes = bytes.ok_or(ApiError::BodyTooLarge { limit })?;
        self.file = Some(UploadedFile { bytes, filename, content_type });
        Ok(())
    }
}

/// What a client claims the drawing is, if it is of a length that claims have.
pub(crate) fn claimed_type(text: &str) -> Option<String> {
    (text.len() <= MAX_TYPE_BYTES).then(|| text.to_owned())
}

/// Reads a field; `None` as soon as it is over its limit.
async fn read_field(
    mut field: Field<'_>,
    limit: usize,
    watch: &Watch,
) -> Result<Option<Vec<u8>>, ApiError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|_| watch.fault())? {
        if bytes.len().saturating_add(chunk.len()) > limit {
            drop(bytes);
            // Read on to the field's end or the body's limit: who still sends doesn't see an answer.
            while let Ok(Some(_)) = field.chunk().await {}
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes))
}
