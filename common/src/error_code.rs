//! The error codes a client can see, with everything that follows from a code in one place each.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Stable machine words for failures; the table of DESIGN.md section 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum ErrorCode {
    /// The drawing or the request can't be used.
    InputError,
    /// A field of the request is wrong.
    ValidationFailed,
    /// The content is of a kind that is not read here.
    UnsupportedFormat,
    /// The key is missing or wrong.
    AuthFailed,
    /// Too many requests from this client.
    RateLimit,
    /// A quota is used up.
    QuotaExceeded,
    /// The provider's circuit is open.
    CircuitOpen,
    /// The provider is not configured or no part of the way to it works.
    ProviderDown,
    /// The provider did not end in its time.
    ProviderTimeout,
    /// The job as a whole did not end in its time.
    Timeout,
    /// A connection failed.
    NetworkError,
    /// A remote service answered with an error.
    ExternalServiceError,
    /// A model file is missing, changed or can't be loaded.
    ModelLoadError,
    /// Memory, disk or process limits were hit.
    ResourceExhausted,
    /// A provider's answer could not be understood.
    ParseFailed,
    /// A defect of ours.
    InternalError,
}

/// How soon somebody has to look, in the runbook's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Severity {
    /// Immediately.
    P0,
    /// Within 15 minutes.
    P1,
    /// Within an hour.
    P2,
    /// The next day.
    P3,
    /// Nobody: the client's own fault.
    None,
}

/// How often a job is tried again after a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryRule {
    /// The same input fails the same way.
    Never,
    /// Another worker may have what this one lacked.
    Once,
    /// Up to `JOB_MAX_ATTEMPTS`.
    UpToLimit,
}

impl ErrorCode {
    /// Every code, for tables and tests.
    pub const ALL: [Self; 16] = [
        Self::InputError,
        Self::ValidationFailed,
        Self::UnsupportedFormat,
        Self::AuthFailed,
        Self::RateLimit,
        Self::QuotaExceeded,
        Self::CircuitOpen,
        Self::ProviderDown,
        Self::ProviderTimeout,
        Self::Timeout,
        Self::NetworkError,
        Self::ExternalServiceError,
        Self::ModelLoadError,
        Self::ResourceExhausted,
        Self::ParseFailed,
        Self::InternalError,
    ];

    /// The word on the wire and in metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InputError => "INPUT_ERROR",
            Self::ValidationFailed => "VALIDATION_FAILED",
            Self::UnsupportedFormat => "UNSUPPORTED_FORMAT",
            Self::AuthFailed => "AUTH_FAILED",
            Self::RateLimit => "RATE_LIMIT",
            Self::QuotaExceeded => "QUOTA_EXCEEDED",
            Self::CircuitOpen => "CIRCUIT_OPEN",
            Self::ProviderDown => "PROVIDER_DOWN",
            Self::ProviderTimeout => "PROVIDER_TIMEOUT",
            Self::Timeout => "TIMEOUT",
            Self::NetworkError => "NETWORK_ERROR",
            Self::ExternalServiceError => "EXTERNAL_SERVICE_ERROR",
            Self::ModelLoadError => "MODEL_LOAD_ERROR",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::ParseFailed => "PARSE_FAILED",
            Self::InternalError => "INTERNAL_ERROR",
        }
    }

    /// The HTTP status, where the code alone decides it.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::InputError | Self::ParseFailed => 400,
            Self::ValidationFailed => 422,
            Self::UnsupportedFormat => 415,
            Self::AuthFailed => 401,
            Self::RateLimit | Self::QuotaExceeded => 429,
            Self::CircuitOpen
            | Self::ProviderDown
            | Self::ModelLoadError
            | Self::ResourceExhausted
            | Self::NetworkError
            | Self::ExternalServiceError => 503,
            Self::ProviderTimeout | Self::Timeout => 504,
            Self::InternalError => 500,
        }
    }

    /// Whether the worker tries the job again.
    #[must_use]
    pub const fn retry_rule(self) -> RetryRule {
        match self {
            Self::InputError
            | Self::ValidationFailed
            | Self::UnsupportedFormat
            | Self::AuthFailed
            | Self::RateLimit
            | Self::QuotaExceeded
            | Self::ParseFailed => RetryRule::Never,
            Self::ResourceExhausted => RetryRule::Once,
            Self::CircuitOpen
            | Self::ProviderDown
            | Self::ProviderTimeout
            | Self::Timeout
            | Self::NetworkError
            | Self::ExternalServiceError
            | Self::ModelLoadError
            | Self::InternalError => RetryRule::UpToLimit,
        }
    }

    /// Whether a client may send the same request again with hope.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        match self.retry_rule() {
            RetryRule::Never => matches!(self, Self::RateLimit | Self::QuotaExceeded),
            RetryRule::Once | RetryRule::UpToLimit => true,
        }
    }

    /// Whether the drawing or the request is at fault.
    #[must_use]
    pub const fn is_of_input(self) -> bool {
        matches!(self, Self::InputError | Self::ValidationFailed | Self::UnsupportedFormat)
    }

    /// Whether the provider is at fault, so that its circuit counts it.
    #[must_use]
    pub const fn opens_circuit(self) -> bool {
        match self {
            Self::InputError
            | Self::ValidationFailed
            | Self::UnsupportedFormat
            | Self::AuthFailed
            | Self::RateLimit
            | Self::QuotaExceeded
            | Self::CircuitOpen
            | Self::ParseFailed => false,
            Self::ProviderDown
            | Self::ProviderTimeout
            | Self::Timeout
            | Self::NetworkError
            | Self::ExternalServiceError
            | Self::ModelLoadError
            | Self::ResourceExhausted
            | Self::InternalError => true,
        }
    }

    /// How soon somebody has to look.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::InputError
            | Self::ValidationFailed
            | Self::UnsupportedFormat
            | Self::AuthFailed => Severity::None,
            Self::RateLimit | Self::QuotaExceeded => Severity::P2,
            Self::ResourceExhausted => Severity::P0,
            Self::ParseFailed => Severity::P3,
            Self::CircuitOpen
            | Self::ProviderDown
            | Self::ProviderTimeout
            | Self::Timeout
            | Self::NetworkError
            | Self::ExternalServiceError
            | Self::ModelLoadError
            | Self::InternalError => Severity::P1,
        }
    }
}

/// The step of the work in which something failed or was timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Stage {
    /// Making the provider.
    Init,
    /// Loading models, or the drawing.
    Load,
    /// Decoding and scaling pages.
    Preprocess,
    /// Running models.
    Infer,
    /// Turning text into engineering facts.
    Parse,
    /// Joining readings of several providers.
    Align,
    /// Storing and reporting.
    Postprocess,
}

impl Stage {
    /// Every stage, for metrics.
    pub const ALL: [Self; 7] = [
        Self::Init,
        Self::Load,
        Self::Preprocess,
        Self::Infer,
        Self::Parse,
        Self::Align,
        Self::Postprocess,
    ];

    /// The word on the wire and in metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Load => "load",
            Self::Preprocess => "preprocess",
            Self::Infer => "infer",
            Self::Parse => "parse",
            Self::Align => "align",
            Self::Postprocess => "postprocess",
        }
    }
}

#[cfg(test)]
mod tests;
