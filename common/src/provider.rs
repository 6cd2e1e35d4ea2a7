//! The providers that the fleet knows, and the queues they are served from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contract::job::{Kind, Lane};

/// A provider by name. The set is closed: queues, metric labels and circuits come from it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProviderName {
    /// PP-OCR models on ONNX Runtime, inside the worker.
    Paddle,
    /// A remote vision-language model that reads text.
    DeepseekHf,
    /// The project's own ONNX region detector, inside the worker.
    Onnx,
    /// A remote vision-language model that describes drawings.
    DeepseekVl,
}

impl ProviderName {
    /// Every provider, for topology and metrics.
    pub const ALL: [Self; 4] = [Self::Paddle, Self::DeepseekHf, Self::Onnx, Self::DeepseekVl];

    /// The word on the wire, in queue names and in metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paddle => "paddle",
            Self::DeepseekHf => "deepseek_hf",
            Self::Onnx => "onnx",
            Self::DeepseekVl => "deepseek_vl",
        }
    }

    /// The one kind of work it does.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Paddle | Self::DeepseekHf => Kind::OcrExtract,
            Self::Onnx | Self::DeepseekVl => Kind::VisionAnalyze,
        }
    }

    /// Whether it works over the network, so that its circuit is the whole fleet's.
    #[must_use]
    pub const fn is_remote(self) -> bool {
        matches!(self, Self::DeepseekHf | Self::DeepseekVl)
    }

    /// The providers of one kind.
    pub fn of(kind: Kind) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |name| name.kind() == kind)
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ProviderName {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|name| name.as_str() == text)
            .ok_or_else(|| UnknownProvider(text.to_owned()))
    }
}

/// A provider that does not exist; the client can choose one that `GET /ocr/providers` lists.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Provider '{0}' not available")]
pub struct UnknownProvider(pub String);

/// One queue of the fleet: a provider's lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address {
    /// Whose queue.
    pub provider: ProviderName,
    /// How urgent.
    pub lane: Lane,
}

impl Address {
    /// The lane of a provider for jobs that name none.
    #[must_use]
    pub const fn usual(provider: ProviderName) -> Self {
        Self { provider, lane: Lane::Normal }
    }

    /// The lane that a routing key means.
    #[must_use]
    pub fn of_routing_key(key: &str) -> Option<Self> {
        let lanes = |provider| Lane::ALL.map(|lane| Self { provider, lane });
        ProviderName::ALL.into_iter().flat_map(lanes).find(|address| address.routing_key() == key)
    }

    /// The routing key, `<kind>.<provider>.<lane>`; the queue is named the same after the namespace.
    #[must_use]
    pub fn routing_key(self) -> String {
        let kind = self.provider.kind().segment();
        format!("{kind}.{}.{}", self.provider.as_str(), self.lane.as_str())
    }
}
