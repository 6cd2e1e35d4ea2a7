//! The job message: what a client, or a batch system, asks the fleet to do.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::provider::ProviderName;

/// The message version that this build writes and the only one it reads.
pub const MESSAGE_VERSION: u8 = 1;

/// Largest drawing that may travel inside a message; larger ones go by blob or URL.
pub const MAX_INLINE_BYTES: usize = 256 * 1024;

/// Resolutions at which a page can be drawn with use: below, no letter is left; above, no memory.
pub const VECTOR_DPI: RangeInclusive<u32> = 36..=1200;

/// At this resolution the smallest lettering of drawings, 2.5 mm, is 20 pixels high.
pub const DEFAULT_VECTOR_DPI: u32 = 200;

/// Identifies a job everywhere: a `UUIDv7`, so that ids sort by submission time.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(transparent)]
#[schema(value_type = String, format = "uuid")]
pub struct JobId(Uuid);

impl JobId {
    /// Makes a new id from the present time.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// Milliseconds since 1970 at which the id was made; `None` for ids made by others in another way.
    #[must_use]
    pub fn submitted_ms(self) -> Option<i64> {
        let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
        let ms = seconds.checked_mul(1000)?.checked_add(u64::from(nanos) / 1_000_000)?;
        i64::try_from(ms).ok()
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for JobId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self)
    }
}

/// The kind of work a job asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[non_exhaustive]
pub enum Kind {
    /// Reads the text of a drawing and what it says.
    #[serde(rename = "ocr.extract")]
    OcrExtract,
    /// Describes what is to be seen on a drawing.
    #[serde(rename = "vision.analyze")]
    VisionAnalyze,
}

impl Kind {
    /// Every kind, for topology and metrics.
    pub const ALL: [Self; 2] = [Self::OcrExtract, Self::VisionAnalyze];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OcrExtract => "ocr.extract",
            Self::VisionAnalyze => "vision.analyze",
        }
    }

    /// The segment in queue names, keys and metric labels.
    #[must_use]
    pub const fn segment(self) -> &'static str {
        match self {
            Self::OcrExtract => "ocr",
            Self::VisionAnalyze => "vision",
        }
    }

    /// The AMQP `type` property of its messages.
    #[must_use]
    pub const fn message_type(self) -> &'static str {
        match self {
            Self::OcrExtract => "cad.ocr.extract.v1",
            Self::VisionAnalyze => "cad.vision.analyze.v1",
        }
    }
}

/// Priority lane: a waiting high job is taken before a normal one, a normal before a low one.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Somebody is waiting at the screen.
    High,
    /// The default.
    #[default]
    Normal,
    /// Batch work that may wait.
    Low,
}

impl Lane {
    /// Every lane, most urgent first.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];

    /// The word on the wire and in queue names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

impl FromStr for Lane {
    type Err = UnknownLane;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|lane| lane.as_str() == text)
            .ok_or_else(|| UnknownLane(text.to_owned()))
    }
}

/// A lane that does not exist; the client can choose one of high, normal, low.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown lane `{0}`, choose high, normal or low")]
pub struct UnknownLane(String);

/// The BLAKE3 hash of a stored drawing, 64 lowercase hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
pub struct BlobHash(String);

impl BlobHash {
    /// Hashes a drawing.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        blake3::hash(bytes).into()
    }

    /// The hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<blake3::Hash> for BlobHash {
    fn from(hash: blake3::Hash) -> Self {
        Self(hash.to_hex().to_string())
    }
}

impl From<BlobHash> for String {
    fn from(hash: BlobHash) -> Self {
        hash.0
    }
}

impl TryFrom<String> for BlobHash {
    type Error = NotABlobHash;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() == 64 && is_hex { Ok(Self(text)) } else { Err(NotABlobHash) }
    }
}

/// Text that is no BLAKE3 hash; it never reaches a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a blob is named by 64 lowercase hexadecimal digits")]
pub struct NotABlobHash;

/// Where the drawing is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Source {
    /// Stored by the API under its hash.
    Blob(BlobHash),
    /// Inside the message, at most [`MAX_INLINE_BYTES`]; base64 text in JSON, raw in `MessagePack`.
    #[serde(with = "inline_bytes")]
    Inline(ByteBuf),
    /// To be fetched by the worker, by the address rules of `fetch.rs`.
    Url(String),
}

/// What the client may choose about the work; part of the cache key.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Options {
    /// Pages to read, 1-based, such as `1,3-5`; absent means all up to the page limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<String>,
    /// Resolution at which vector pages are drawn, in dots per inch, 36 to 1200; absent means 200.
    ///
    /// A page that would pass the pixel limit is drawn with less, which a warning says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpi: Option<u32>,
}

/// One job as it travels; the field list of DESIGN.md section 4.
///
/// The names of kind and provider are text here, because a message with an unknown one is dead-lettered
/// with the reason instead of failing to decode; [`JobMessage::parse`] turns it into a [`Job`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobMessage {
    /// Message version, [`MESSAGE_VERSION`].
    pub v: u8,
    /// Absent when the AMQP `message_id` carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// A [`Kind`] by its word.
    pub kind: String,
    /// A [`ProviderName`] by its word.
    pub provider: String,
    /// Choices about the work.
    #[serde(default)]
    pub options: Options,
    /// Where the drawing is.
    pub source: Source,
    /// The client's name for the drawing; shown, never used as a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// What the client claims the drawing is; the content decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The client's own word for the job, echoed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// When the client handed the job in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Timestamp>,
    /// After this the job is failed instead of run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// Where the outcome is posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// Whether a doubtful reading may be handed on to another provider.
    #[serde(default)]
    pub auto: bool,
}

/// A job whose every word has been understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Names the job.
    pub id: JobId,
    /// What to do.
    pub kind: Kind,
    /// Who does it.
    pub provider: ProviderName,
    /// Choices about the work.
    pub options: Options,
    /// Where the drawing is.
    pub source: Source,
    /// The client's name for the drawing.
    pub filename: Option<String>,
    /// What the client claims the drawing is.
    pub content_type: Option<String>,
    /// The client's own word for the job.
    pub tag: Option<String>,
    /// When the client handed the job in.
    pub submitted_at: Option<Timestamp>,
    /// After this the job is failed instead of run.
    pub deadline: Option<Timestamp>,
    /// Where the outcome is posted.
    pub callback_url: Option<String>,
    /// Whether the choice of provider was left to the fleet, so that a doubtful reading may be handed on.
    pub auto: bool,
}

/// Why a message is no job. Each is a dead-letter reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidJob {
    /// Publish with `v: 1`.
    #[error("message version {0} is not known here, this build reads version {MESSAGE_VERSION}")]
    UnknownVersion(u8),
    /// Set `job_id` or the AMQP `message_id` to a UUID.
    #[error("neither job_id nor message_id names the job")]
    MissingJobId,
    /// Set `job_id` to a UUID.
    #[error("job id is not a uuid")]
    InvalidJobId,
    /// Use `ocr.extract` or `vision.analyze`.
    #[error("unknown kind of job")]
    UnknownKind,
    /// Use a provider that the kind offers.
    #[error("unknown provider for this kind of job")]
    UnknownProvider,
    /// Send the drawing by blob or URL.
    #[error(
        "inline source is larger than {MAX_INLINE_BYTES} bytes, send it by url or through the api"
    )]
    InlineTooLarge,
}

impl InvalidJob {
    /// The dead-letter reason and metric label.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownVersion(_) => "unknown_version",
            Self::MissingJobId => "missing_job_id",
            Self::InvalidJobId => "invalid_job_id",
            Self::UnknownKind => "unknown_kind",
            Self::UnknownProvider => "unknown_provider",
            Self::InlineTooLarge => "inline_too_large",
        }
    }
}

impl JobMessage {
    /// Understands every word of the message.
    ///
    /// `message_id` is the AMQP property, which names the job when the body doesn't.
    ///
    /// # Errors
    /// The first thing that makes it no job.
    pub fn parse(self, message_id: Option<&str>) -> Result<Job, InvalidJob> {
        if self.v != MESSAGE_VERSION {
            return Err(InvalidJob::UnknownVersion(self.v));
        }
        let id_text = self.job_id.as_deref().or(message_id).ok_or(InvalidJob::MissingJobId)?;
        let id = id_text.parse().map_err(|_| InvalidJob::InvalidJobId)?;
        let kind = Kind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == self.kind)
            .ok_or(InvalidJob::UnknownKind)?;
        let provider = ProviderName::ALL
            .into_iter()
            .find(|name| name.as_str() == self.provider && name.kind() == kind)
            .ok_or(InvalidJob::UnknownProvider)?;
        if matches!(&self.source, Source::Inline(bytes) if bytes.len() > MAX_INLINE_BYTES) {
            return Err(InvalidJob::InlineTooLarge);
        }
        Ok(Job {
            id,
            kind,
            provider,
            options: self.options,
            source: self.source,
            filename: self.filename,
            content_type: self.content_type,
            tag: self.tag,
            submitted_at: self.submitted_at,
            deadline: self.deadline,
            callback_url: self.callback_url,
            auto: self.auto,
        })
    }
}

impl From<Job> for JobMessage {
    fn from(job: Job) -> Self {
        Self {
            v: MESSAGE_VERSION,
            job_id: Some(job.id.to_string()),
            kind: job.kind.as_str().to_owned(),
            provider: job.provider.as_str().to_owned(),
            options: job.options,
            source: job.source,
            filename: job.filename,
            content_type: job.content_type,
            tag: job.tag,
            submitted_at: job.submitted_at,
            deadline: job.deadline,
            callback_url: job.callback_url,
            auto: job.auto,
        }
    }
}

/// Bytes as base64 text where the format is text, raw where it is binary.
mod inline_bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
    use serde_bytes::ByteBuf;

    pub(super) fn serialize<S: Serializer>(bytes: &ByteBuf, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            return STANDARD.encode(bytes).serialize(to);
        }
        bytes.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ByteBuf, D::Error> {
        if !from.is_human_readable() {
            return ByteBuf::deserialize(from);
        }
        let text = String::deserialize(from)?;
        STANDARD.decode(text).map(ByteBuf::from).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
