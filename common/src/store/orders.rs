//! What operators ask of every worker at once, and the circuits that the fleet shares.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{CircuitState, Store, StoreError};
use crate::provider::ProviderName;

/// An order is forgotten when nobody has repeated it for a month.
pub(super) const ORDER_RETENTION: Duration = Duration::from_secs(30 * 24 * 3600);

/// A circuit that nobody has used for a day is as good as closed.
pub(super) const CIRCUIT_RETENTION: Duration = Duration::from_secs(24 * 3600);

/// What an operator can ask of all workers of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Take no jobs until told otherwise; they wait in the queue.
    Pause,
    /// Take jobs again.
    Resume,
    /// Close the circuit.
    Reset,
}

/// The orders in force for one provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Orders {
    /// Whether its jobs are to wait.
    pub is_paused: bool,
    /// How often its circuit was reset; a worker that sees a new number resets its own.
    pub resets: u64,
}

/// A circuit that the fleet shares, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SharedCircuit {
    /// Grows with every write; a write names the version that it was made from.
    pub version: u64,
    /// Counts the changes of state.
    pub era: u64,
    /// The state.
    pub state: CircuitState,
    /// Faults in a row, while closed.
    pub faults: u32,
    /// While open, when to try a job; while half-open, when the one who tries counts as gone. By the store's clock.
    pub until_ms: u64,
}

impl Store {
    /// Gives an order to every worker of a provider; they follow within a second.
    ///
    /// # Errors
    /// The store is away.
    pub async fn order(&self, provider: ProviderName, order: Order) -> Result<(), StoreError> {
        match self {
            Self::Embedded(store) => {
                store.order(provider, order);
                Ok(())
            }
            Self::Redis(store) => store.order(provider, order).await,
        }
    }

    /// The orders in force.
    ///
    /// # Errors
    /// The store is away.
    pub async fn orders(&self) -> Result<BTreeMap<ProviderName, Orders>, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.orders()),
            Self::Redis(store) => store.orders().await,
        }
    }

    /// The circuit that the fleet shares for a provider, and the time by the store's clock in milliseconds.
    ///
    /// # Errors
    /// The store is away.
    pub async fn circuit(
        &self,
        provider: ProviderName,
    ) -> Result<(SharedCircuit, u64), StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.circuit(provider)),
            Self::Redis(store) => store.circuit(provider).await,
        }
    }

    /// Replaces a shared circuit if it still has the version before `next`; says whether it had.
    ///
    /// # Errors
    /// The store is away.
    pub async fn swap_circuit(
        &self,
        provider: ProviderName,
        next: &SharedCircuit,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.swap_circuit(provider, next)),
            Self::Redis(store) => store.swap_circuit(provider, next).await,
        }
    }
}
