//! The two stores, for tests that use one without a fleet.

use std::collections::BTreeMap;

use cad_common::config::Env;
use cad_common::config::shared::{NAMESPACE, REDIS_URL, StoreConfig};
use cad_common::store::embedded::EmbeddedStore;
use cad_common::store::redis::RedisStore;
use cad_common::store::{Retention, Store};
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;

use crate::services::{Shared, redis as keys};

/// A prefix of keys on the shared Redis; they are removed when it is dropped.
#[derive(Debug, Default)]
pub struct Namespace(Shared);

impl Namespace {
    /// One that nobody else has.
    #[must_use]
    pub fn random() -> Self {
        Self(Shared::new())
    }

    /// Checks that nothing stays in the store for ever.
    ///
    /// # Panics
    /// A key has no time to live, or there is none at all.
    pub async fn assert_all_keys_expire(&self) {
        let mut connection = self.connection().await;
        for key in keys::keys_of(&mut connection, &self.0.addresses().namespace).await.unwrap() {
            let ttl_ms: i64 = connection.pttl(&key).await.unwrap();
            // -2: it has expired since it was listed.
            assert!(ttl_ms > 0 || ttl_ms == -2, "{key} never expires");
        }
    }

    /// Sets a key, named without the prefix, to a text.
    ///
    /// # Panics
    /// Redis is away.
    pub async fn set_text(&self, key: &str, text: &str) {
        let key = format!("{}:{key}", self.0.addresses().namespace);
        let () = self.connection().await.set(key, text).await.unwrap();
    }

    async fn connection(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.0.addresses().redis.as_str()).unwrap();
        client.get_multiplexed_async_connection().await.expect("redis at REDIS_URL answers")
    }
}

/// The store inside this process.
#[must_use]
pub fn embedded_store(retention: Retention) -> Store {
    Store::Embedded(EmbeddedStore::new(retention))
}

/// The store on the shared Redis.
#[must_use]
pub fn redis_store(namespace: &Namespace, retention: Retention) -> Store {
    let addresses = namespace.0.addresses();
    redis_store_at(&addresses.redis, &addresses.namespace, retention)
}

/// The store on a Redis somewhere.
///
/// # Panics
/// The URL can't be read.
#[must_use]
pub fn redis_store_at(url: &str, namespace: &str, retention: Retention) -> Store {
    let settings = BTreeMap::from([(REDIS_URL.name, url), (NAMESPACE.name, namespace)]);
    let env = Env::from_lookup(|name| settings.get(name).map(|value| (*value).to_owned()));
    let config = StoreConfig { retention, ..StoreConfig::from_env(&env).unwrap() };
    Store::Redis(RedisStore::connect(&config).unwrap())
}
