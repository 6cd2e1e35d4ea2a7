//! Orders and shared circuits.

use std::collections::{BTreeMap, HashMap};

use redis::pipe;

use super::{RedisStore, json, millis};
use crate::provider::ProviderName;
use crate::store::StoreError;
use crate::store::orders::{CIRCUIT_RETENTION, ORDER_RETENTION, Order, Orders, SharedCircuit};

impl RedisStore {
    pub(in crate::store) async fn order(
        &self,
        provider: ProviderName,
        order: Order,
    ) -> Result<(), StoreError> {
        let key = self.keys.orders(provider);
        let mut pipeline = pipe();
        match order {
            Order::Pause => pipeline.hset(&key, "paused", 1),
            Order::Resume => pipeline.hdel(&key, "paused"),
            Order::Reset => pipeline.hincr(&key, "resets", 1),
        }
        .ignore();
        pipeline.cmd("PEXPIRE").arg(&key).arg(millis(ORDER_RETENTION)).ignore();
        self.link.run_all(&key, &pipeline).await
    }

    pub(in crate::store) async fn orders(
        &self,
    ) -> Result<BTreeMap<ProviderName, Orders>, StoreError> {
        let mut pipeline = pipe();
        for provider in ProviderName::ALL {
            pipeline.hgetall(self.keys.orders(provider));
        }
        let key = self.keys.orders(ProviderName::Paddle);
        let hashes: Vec<HashMap<String, u64>> = self.link.run_all(&key, &pipeline).await?;
        let orders = hashes.iter().map(|hash| Orders {
            is_paused: hash.contains_key("paused"),
            resets: hash.get("resets").copied().unwrap_or_default(),
        });
        Ok(ProviderName::ALL.into_iter().zip(orders).collect())
    }

    pub(in crate::store) async fn circuit(
        &self,
        provider: ProviderName,
    ) -> Result<(SharedCircuit, u64), StoreError> {
        let key = self.keys.circuit(provider);
        let mut pipeline = pipe();
        pipeline.get(&key).cmd("TIME");
        let (stored, (seconds, micros)): (Option<Vec<u8>>, (u64, u64)) =
            self.link.run_all(&key, &pipeline).await?;
        // What another build wrote is replaced by the next change.
        let circuit = stored.and_then(|text| serde_json::from_slice(&text).ok());
        Ok((circuit.unwrap_or_default(), seconds * 1000 + micros / 1000))
    }

    pub(in crate::store) async fn swap_circuit(
        &self,
        provider: ProviderName,
        next: &SharedCircuit,
    ) -> Result<bool, StoreError> {
        let key = self.keys.circuit(provider);
        let mut call = self.scripts.swap_circuit.key(&key);
        call.arg(next.version.saturating_sub(1)).arg(json(next)).arg(millis(CIRCUIT_RETENTION));
        self.link.invoke(&key, &call).await
    }
}
