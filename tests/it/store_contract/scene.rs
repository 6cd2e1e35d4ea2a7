//! Runs one test over both stores, in Redis in a namespace of its own that is gone afterwards.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::Duration;

use cad_common::config::Env;
use cad_common::config::shared::{REDIS_URL, StoreConfig};
use cad_common::contract::job::{JobId, Kind, Lane};
use cad_common::contract::record::{JobRecord, JobState};
use cad_common::provider::ProviderName;
use cad_common::store::embedded::EmbeddedStore;
use cad_common::store::redis::RedisStore;
use cad_common::store::{Claim, ClaimTerms, Ending, Grant, Lookup, Retention, Store};
use futures_util::FutureExt as _;
use jiff::Timestamp;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, Client};

/// Longer than any test runs.
pub(crate) const LONG: Retention = Retention {
    pending: Duration::from_secs(60),
    result: Duration::from_secs(30),
    cache: Duration::from_secs(60),
};

/// How often a job of these tests may be started.
pub(crate) const MAX_STARTS: u32 = 3;

/// Runs a test over the embedded store, then over Redis, where every key it leaves must expire.
pub(crate) async fn over_both(retention: Retention, test: impl AsyncFn(&Store)) {
    println!("over the embedded store");
    test(&Store::Embedded(EmbeddedStore::new(retention))).await;

    println!("over redis");
    over_redis(retention, async |redis| test(&redis.store).await).await;
}

/// A store in Redis, and a way past it.
pub(crate) struct Redis {
    pub(crate) store: Store,
    pub(crate) namespace: String,
    pub(crate) connection: MultiplexedConnection,
}

impl Redis {
    /// The full name of one of a job's keys.
    pub(crate) fn key(&self, id: JobId, part: &str) -> String {
        format!("{}:{{{id}}}:{part}", self.namespace)
    }

    pub(crate) async fn keys(&self) -> Vec<String> {
        let mut connection = self.connection.clone();
        let pattern = format!("{}:*", self.namespace);
        let mut scan = connection.scan_match::<_, String>(pattern).await.unwrap();
        let mut keys = Vec::new();
        while let Some(key) = scan.next_item().await {
            keys.push(key.unwrap());
        }
        keys
    }

    async fn assert_every_key_expires(&self) {
        for key in self.keys().await {
            // -2: it has expired since.
            let ttl: i64 = self.connection.clone().ttl(&key).await.unwrap();
            assert_ne!(ttl, -1, "{key} never expires");
        }
    }
}

/// Runs a test over Redis.
pub(crate) async fn over_redis(retention: Retention, test: impl AsyncFn(&Redis)) {
    let url = Env::of_process().text(&REDIS_URL).unwrap();
    let namespace = format!("test-{}", uuid::Uuid::new_v4().simple());
    let client = Client::open(url.as_str()).unwrap();
    let redis = Redis {
        store: store_at(&url, &namespace, retention),
        namespace,
        connection: client.get_multiplexed_async_connection().await.unwrap(),
    };

    let outcome = AssertUnwindSafe(async {
        test(&redis).await;
        redis.assert_every_key_expires().await;
    })
    .catch_unwind()
    .await;

    let keys = redis.keys().await;
    if !keys.is_empty() {
        let () = redis.connection.clone().del(keys).await.unwrap();
    }
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// A store in the Redis of a URL.
pub(crate) fn store_at(url: &str, namespace: &str, retention: Retention) -> Store {
    let config = StoreConfig {
        url: url.to_owned().into(),
        namespace: namespace.to_owned(),
        max_connections: 8,
        retention,
    };
    Store::Redis(RedisStore::connect(&config).unwrap())
}

/// A job as a client hands it in.
pub(crate) fn new_job() -> JobRecord {
    JobRecord {
        id: JobId::generate(),
        kind: Kind::OcrExtract,
        provider: ProviderName::Paddle,
        lane: Lane::High,
        tag: Some("order 7".to_owned()),
        filename: Some("Müller & Söhne.png".to_owned()),
        owner: Some("plant".to_owned()),
        trace_id: Some("trace-1".to_owned()),
        state: JobState::Pending,
        attempt: 0,
        created_at: Timestamp::now(),
        started_at: None,
        finished_at: None,
        expires_at: None,
        progress: None,
        warnings: Vec::new(),
        error: None,
    }
}

/// A new job that the store knows.
pub(crate) async fn created(store: &Store) -> JobRecord {
    let job = new_job();
    store.create(&job, None).await.unwrap();
    job
}

/// A new claimant that waits for nobody: every other holder counts as dead.
pub(crate) fn terms(max_starts: u32) -> ClaimTerms {
    ClaimTerms { claimant: uuid::Uuid::new_v4(), max_starts, lease: Duration::ZERO }
}

/// Claims a job that must be free.
pub(crate) async fn granted(store: &Store, job: &JobRecord) -> Grant {
    match store.claim(job, &terms(MAX_STARTS)).await.unwrap() {
        Claim::Granted(grant) => grant,
        other => panic!("not granted: {other:?}"),
    }
}

/// Reads a record that must be there.
pub(crate) async fn found(store: &Store, id: JobId) -> JobRecord {
    match store.lookup(id).await.unwrap() {
        Lookup::Found(record) => *record,
        other => panic!("not found: {other:?}"),
    }
}

pub(crate) fn completed(result: &str) -> Ending {
    Ending::Completed { result: result.as_bytes().to_vec(), warnings: Vec::new() }
}
