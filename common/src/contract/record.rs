//! A job's record: what the store keeps of it and what a poll shows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::job::{JobId, Kind, Lane};
use super::reading::Warning;
use crate::error_code::{ErrorCode, Stage};
use crate::provider::ProviderName;

/// Where a job stands. A terminal state never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobState {
    /// Accepted, waiting for a worker.
    Pending,
    /// A worker has claimed it.
    InProgress,
    /// Done; the result is there.
    Completed,
    /// Given up; the error says why.
    Failed,
    /// Stopped by the client.
    Canceled,
}

impl JobState {
    /// Every state, for filters and metrics.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::InProgress, Self::Completed, Self::Failed, Self::Canceled];

    /// The word on the wire, in keys and in metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// Whether it never changes again.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Canceled)
    }
}

/// Everything known of a job but its result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Names the job.
    pub id: JobId,
    /// What was asked.
    pub kind: Kind,
    /// Who does it.
    pub provider: ProviderName,
    /// How urgent.
    #[serde(default)]
    pub lane: Lane,
    /// The client's own word for the job.
    #[serde(default)]
    pub tag: Option<String>,
    /// The client's name for the drawing.
    #[serde(default)]
    pub filename: Option<String>,
    /// Name of the API key that submitted it; another owner's poll answers 404.
    #[serde(default)]
    pub owner: Option<String>,
    /// Carried through queue, logs and webhook.
    #[serde(default)]
    pub trace_id: Option<String>,
    /// Where it stands.
    pub state: JobState,
    /// Which attempt is running or ran last, from 1; 0 before the first.
    #[serde(default)]
    pub attempt: u32,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When a worker first claimed it.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
    /// When it became terminal.
    #[serde(default)]
    pub finished_at: Option<Timestamp>,
    /// When record and result are forgotten.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// How far the running attempt is.
    #[serde(default)]
    pub progress: Option<Progress>,
    /// What kept it from being done in full.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<JobError>,
}

/// How far a running job is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// The stage it is in.
    pub stage: Stage,
    /// The page being read, from 1.
    pub page: u32,
    /// Pages there are.
    pub pages: u32,
    /// Steps done in this page.
    pub done: u32,
    /// Steps there are in this page.
    pub total: u32,
    /// Share of the whole job done, 0 to 1.
    pub ratio: f32,
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobError {
    /// The stable word.
    pub code: ErrorCode,
    /// What happened and what to do, for people.
    pub detail: String,
    /// A finer machine word, such as `crashed_worker` or `image_too_large`.
    #[serde(default)]
    pub reason: Option<String>,
    /// Where in the work.
    #[serde(default)]
    pub stage: Option<Stage>,
    /// Whether sending the same again may help.
    #[serde(default)]
    pub retryable: bool,
    /// Seconds after which a busy remote service may be asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

impl JobError {
    /// An error of a code, retryable as the code says.
    #[must_use]
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        let retryable = code.is_retryable();
        Self {
            code,
            detail: detail.into(),
            reason: None,
            stage: None,
            retryable,
            retry_after_s: None,
        }
    }

    /// The same with a finer machine word.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// The same with the stage it happened in.
    #[must_use]
    pub const fn at(mut self, stage: Stage) -> Self {
        self.stage = Some(stage);
        self
    }
}
