//! What the tests of jobs and consumers share: a bench over the embedded queue and store, with fake providers.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use cad_common::config::Env;
use cad_common::contract::codec::to_messagepack;
use cad_common::contract::job::{Job, JobId, JobMessage, Kind, Lane, Options, Source};
use cad_common::contract::record::JobRecord;
use cad_common::fetch::Fetcher;
use cad_common::provider::{Address, ProviderName};
use cad_common::queue::embedded::EmbeddedQueue;
use cad_common::queue::{Depth, Envelope, Queue, Subscription};
use cad_common::store::embedded::EmbeddedStore;
use cad_common::store::{Lookup, Retention, Store};
use tokio_util::sync::CancellationToken;

use crate::bench::Bench;
use crate::breaker::Verdict;
use crate::config::WorkerConfig;
use crate::gate::StoreGate;
use crate::job;
use crate::pool::{Launch, Plan, Pool};
use crate::provider::fake::{Fake, drawing};

pub(crate) const PROVIDER: ProviderName = ProviderName::Paddle;

/// Nothing here takes longer, unless it hangs.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// One worker's provider, without its consumer.
pub(crate) struct Rig {
    pub(crate) queue: EmbeddedQueue,
    pub(crate) store: Store,
    pub(crate) bench: Arc<Bench>,
    pub(crate) pool: Pool,
    pub(crate) hand_back: CancellationToken,
    /// Absent where a consumer has its own.
    subscription: Option<Subscription>,
}

/// A rig with the settings that a test changes, and a subscription to take jobs from.
pub(crate) fn rig(settings: &[(&str, &str)]) -> Rig {
    let rig = rig_without_subscription(settings);
    Rig { subscription: Some(rig.bench.queue.subscribe(PROVIDER, 10)), ..rig }
}

/// A rig that takes no jobs.
pub(crate) fn rig_without_subscription(settings: &[(&str, &str)]) -> Rig {
    let env = Env::from_lookup(|name| {
        settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    });
    let config = WorkerConfig::from_env(&env).unwrap();
    let retention = Retention {
        pending: Duration::from_secs(600),
        result: Duration::from_secs(600),
        cache: Duration::from_secs(600),
    };
    let store = Store::Embedded(EmbeddedStore::new(retention));
    let embedded = EmbeddedQueue::new();
    let gate = StoreGate::new();
    gate.open();
    let pool = fakes(2);
    let bench = Arc::new(Bench {
        provider: PROVIDER,
        queue: Queue::Embedded(embedded.clone()),
        store: store.clone(),
        gate,
        fetcher: Fetcher::new(&config.limits).unwrap(),
        jobs: config.jobs,
        limits: config.limits,
        standing: pool.standing(),
        remote_limit: config.models.remote.timeout,
        fallback_wait: config.fallback_wait,
    });
    Rig {
        queue: embedded,
        store,
        bench,
        pool,
        hand_back: CancellationToken::new(),
        subscription: None,
    }
}

/// Slots with fake providers.
pub(crate) fn fakes(slots: usize) -> Pool {
    let has_failed = Arc::new(AtomicBool::new(false));
    let launch = Launch::Thread {
        make: Arc::new(move || Ok(Box::new(Fake::sharing(Arc::clone(&has_failed))))),
    };
    Pool::start(&Plan { provider: PROVIDER, slots, launch })
}

/// A message that orders something of the fake.
pub(crate) fn message(order: &str) -> JobMessage {
    Job {
        id: JobId::generate(),
        kind: Kind::OcrExtract,
        provider: PROVIDER,
        options: Options::default(),
        source: Source::Inline(drawing(order).into()),
        filename: Some("part.png".to_owned()),
        content_type: None,
        tag: Some("order 7".to_owned()),
        submitted_at: None,
        deadline: None,
        callback_url: None,
        auto: false,
    }
    .into()
}

/// The id in a message.
pub(crate) fn id_of(message: &JobMessage) -> JobId {
    message.job_id.as_deref().unwrap().parse().unwrap()
}

impl Rig {
    /// Publishes as a batch system does.
    pub(crate) async fn publish(&self, message: &JobMessage, envelope: Envelope) {
        self.publish_bytes(&to_messagepack(message).unwrap(), envelope).await;
    }

    pub(crate) async fn publish_bytes(&self, body: &[u8], envelope: Envelope) {
        let to = Address { provider: PROVIDER, lane: Lane::Normal };
        self.bench.queue.publish(to, &envelope, body).await.unwrap();
    }

    /// Works on the next message.
    pub(crate) async fn work(&mut self) -> Verdict {
        let working = async { self.started().await.await.unwrap() };
        tokio::time::timeout(SOON, working).await.expect("a message is there and its work ends")
    }

    /// Begins to work on the next message.
    pub(crate) async fn started(&mut self) -> tokio::task::JoinHandle<Verdict> {
        let seat = self.pool.seat().await.unwrap();
        let delivery = self.subscription.as_mut().unwrap().next().await.unwrap();
        tokio::spawn(job::work(Arc::clone(&self.bench), delivery, seat, self.hand_back.clone()))
    }

    /// Publishes a message and works on it.
    pub(crate) async fn do_job(&mut self, message: &JobMessage) -> Verdict {
        self.publish(message, Envelope::default()).await;
        self.work().await
    }

    pub(crate) async fn record(&self, message: &JobMessage) -> JobRecord {
        match self.store.lookup(id_of(message)).await.unwrap() {
            Lookup::Found(record) => *record,
            other => panic!("no record: {other:?}"),
        }
    }

    pub(crate) async fn result(&self, message: &JobMessage) -> Option<String> {
        let result = self.store.result(id_of(message)).await.unwrap();
        result.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    /// What is in the queue, whether waiting, in hand or dead.
    pub(crate) async fn depth(&self) -> Depth {
        self.bench.queue.depth(PROVIDER).await.unwrap()
    }
}

/// Waits for a condition.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}
