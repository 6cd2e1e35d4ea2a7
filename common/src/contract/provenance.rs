//! Who read something, and whether the fleet's own reading of the same drawing bears it out.
//!
//! A remote model may invent what is not there. So nothing that only such a model has read stands in a result
//! without this mark, and what is marked `unverified` has no high confidence.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::metrics::labels::FallbackReason;
use crate::provider::ProviderName;

/// The most confidence that a text may have which nobody but a remote model has read.
///
/// A model's own word for its certainty is no measurement; one half says "may be so, may be not". It lies under the
/// default of `OCR_CONFIDENCE_FALLBACK` and under every mark from which on a value is taken without a person.
pub const UNVERIFIED_CONFIDENCE: f32 = 0.5;

/// Where something in a result comes from, when not from the result's own provider on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Provenance {
    /// Who read it.
    pub provider: ProviderName,
    /// Whether the fleet's own reading says so too.
    pub verification: Verification,
}

impl Provenance {
    /// Read by a provider alone.
    #[must_use]
    pub const fn unverified(provider: ProviderName) -> Self {
        Self { provider, verification: Verification::Unverified }
    }

    /// Read by a provider, and there by the fleet's own reading too.
    #[must_use]
    pub const fn verified(provider: ProviderName) -> Self {
        Self { provider, verification: Verification::Verified }
    }

    /// Whether nothing of the fleet's own bears it out.
    #[must_use]
    pub fn is_unverified(self) -> bool {
        self.verification == Verification::Unverified
    }
}

/// Whether the fleet's own reading of a drawing bears a remote model out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verification {
    /// The same text was recognised here, or stands in the file.
    Verified,
    /// Nothing here says so.
    Unverified,
}

/// What came of asking a second provider about a doubtful reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SecondReading {
    /// Who was asked.
    pub provider: ProviderName,
    /// Why.
    pub reason: FallbackReason,
    /// How its reply was understood, as `fallback_level` says it; null when it gave none that could be.
    pub level: Option<String>,
    /// Items of it that were added to the result.
    pub added: u32,
    /// What it read beyond that and nothing here bears out, for a person to look at; not part of the result.
    pub unverified: Vec<UnverifiedItem>,
}

/// Something that only a remote model has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnverifiedItem {
    /// `dimension`, `symbol`, or the name of a field of the title block.
    pub field: String,
    /// As it was read.
    pub text: String,
}
