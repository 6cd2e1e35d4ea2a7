//! The label values that no other type carries: closed sets, so that no client can add a series.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contract::codec::DecodeError;
use crate::contract::job::InvalidJob;

/// How far a request has come; the label `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// A provider has begun.
    Start,
    /// A provider has answered.
    Success,
    /// The answer was there already.
    CacheHit,
    /// It failed, and not by the client's fault.
    Error,
    /// It failed by the client's fault.
    InputError,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 5] =
        [Self::Start, Self::Success, Self::CacheHit, Self::Error, Self::InputError];

    /// The label value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Success => "success",
            Self::CacheHit => "cache_hit",
            Self::Error => "error",
            Self::InputError => "input_error",
        }
    }
}

/// What an item of a reading is; the label `item_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemType {
    /// A dimension.
    Dimension,
    /// A symbol.
    Symbol,
}

impl ItemType {
    /// The label value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dimension => "dimension",
            Self::Symbol => "symbol",
        }
    }
}

/// Why a second provider was asked; the label `reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FallbackReason {
    /// The text hints at readings that are missing.
    MissingFields,
    /// The confidence is under the threshold.
    LowConfidence,
}

impl FallbackReason {
    /// Every reason.
    pub const ALL: [Self; 2] = [Self::MissingFields, Self::LowConfidence];

    /// The original's word for it, in the field `fallback_level` of results.
    #[must_use]
    pub const fn level(self) -> &'static str {
        match self {
            Self::MissingFields => "missing_fields",
            Self::LowConfidence => "confidence_fallback",
        }
    }

    /// The label value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingFields => "missing_fields",
            Self::LowConfidence => "low_confidence",
        }
    }
}

/// Why a message is among the dead letters; the label `reason` and the header `x-dead-reason`.
///
/// It can only be made from the errors that name the words, so the set is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadReason(&'static str);

impl DeadReason {
    /// The job was started more often than allowed: it kills its workers.
    pub const CRASHED_WORKER: Self = Self("crashed_worker");

    /// The broker itself moved it here, after more returns than its policy allows.
    pub const GIVEN_UP_BY_QUEUE: Self = Self("delivery_limit");

    /// The body names another provider than the queue serves.
    pub const WRONG_QUEUE: Self = Self("wrong_queue");

    /// Every reason, so that each has a series before its first letter.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![
            Self::CRASHED_WORKER,
            Self::GIVEN_UP_BY_QUEUE,
            Self::WRONG_QUEUE,
            (&DecodeError::UnknownContentType).into(),
            (&DecodeError::TooLarge(0)).into(),
            (&DecodeError::NotAMap).into(),
            (&InvalidJob::UnknownVersion(0)).into(),
            (&InvalidJob::MissingJobId).into(),
            (&InvalidJob::InvalidJobId).into(),
            (&InvalidJob::UnknownKind).into(),
            (&InvalidJob::UnknownProvider).into(),
            (&InvalidJob::InlineTooLarge).into(),
        ]
    }

    /// The label value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl From<&DecodeError> for DeadReason {
    fn from(error: &DecodeError) -> Self {
        Self(error.reason())
    }
}

impl From<&InvalidJob> for DeadReason {
    fn from(error: &InvalidJob) -> Self {
        Self(error.reason())
    }
}

/// What came of an attempt to post an outcome; the label `result`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookResult {
    /// The receiver took it.
    Delivered,
    /// It failed and will be tried again.
    Retried,
    /// It failed for good.
    Failed,
}

impl WebhookResult {
    /// The label value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retried => "retried",
            Self::Failed => "failed",
        }
    }
}

/// A health endpoint; the label `endpoint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthEndpoint {
    /// `/health`.
    Health,
    /// `/ready`.
    Ready,
    /// `/livez`.
    Livez,
}

impl HealthEndpoint {
    /// The label value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Ready => "ready",
            Self::Livez => "livez",
        }
    }
}
