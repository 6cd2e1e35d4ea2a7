//! Orders and shared circuits, as in `redis/orders.rs`.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::EmbeddedStore;
use crate::provider::ProviderName;
use crate::store::orders::{CIRCUIT_RETENTION, ORDER_RETENTION, Order, Orders, SharedCircuit};

impl EmbeddedStore {
    pub(in crate::store) fn order(&self, provider: ProviderName, order: Order) {
        let mut state = self.lock();
        let mut orders = state.orders.get(&provider).copied().unwrap_or_default();
        match order {
            Order::Pause => orders.is_paused = true,
            Order::Resume => orders.is_paused = false,
            Order::Reset => orders.resets += 1,
        }
        state.orders.put(provider, orders, ORDER_RETENTION);
    }

    pub(in crate::store) fn orders(&self) -> BTreeMap<ProviderName, Orders> {
        let state = self.lock();
        let of = |provider| (provider, state.orders.get(&provider).copied().unwrap_or_default());
        ProviderName::ALL.into_iter().map(of).collect()
    }

    pub(in crate::store) fn circuit(&self, provider: ProviderName) -> (SharedCircuit, u64) {
        let circuit = self.lock().circuits.get(&provider).copied().unwrap_or_default();
        (circuit, u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default())
    }

    pub(in crate::store) fn swap_circuit(
        &self,
        provider: ProviderName,
        next: &SharedCircuit,
    ) -> bool {
        let mut state = self.lock();
        let stored = state.circuits.get(&provider).copied().unwrap_or_default();
        let is_newest = stored.version + 1 == next.version;
        if is_newest {
            state.circuits.put(provider, *next, CIRCUIT_RETENTION);
        }
        is_newest
    }
}
