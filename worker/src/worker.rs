//! The whole worker: starts what each provider needs, and ends it in an order that loses nothing.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use cad_common::fetch::{FetchError, Fetcher};
use cad_common::metrics::{self, Scrape};
use cad_common::provider::ProviderName;
use cad_common::queue::Queue;
use cad_common::shutdown::Shutdown;
use cad_common::store::Store;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::admin::{self, Admin};
use crate::bench::Bench;
use crate::config::{SlotKind, WorkerConfig};
use crate::consumer::Consumer;
use crate::gate::StoreGate;
use crate::heartbeat::Heartbeat;
use crate::pool::{Launch, Plan, Pool};
use crate::provider::remote::KILL_MARGIN;
use crate::station::{Pulse, Station};
use crate::sweeper::Sweeper;
use crate::{memory, orders, provider};

/// Why a worker could not start.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// Stop what uses the port, or choose another.
    #[error("can't listen on {address}, choose another port with METRICS_PORT")]
    AdminPort {
        /// The address that is taken.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The machine's TLS roots or settings don't allow a client for URL sources.
    #[error("no client for url sources can be made")]
    Fetcher(#[source] FetchError),
}

/// Why a worker has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was told to.
    Stopped,
    /// It has grown over its memory mark: the process is to begin anew.
    Worn,
}

/// Runs a worker until the shutdown, and hands back what it could not finish.
///
/// Broker and store may come and go, also before the start; a worker waits for them.
///
/// # Errors
/// Something that only an operator can repair.
pub async fn run(
    config: WorkerConfig,
    queue: Queue,
    store: Store,
    scrape: Option<Scrape>,
    shutdown: Shutdown,
) -> Result<Ended, WorkerError> {
    let fetcher = Fetcher::new(&config.limits).map_err(WorkerError::Fetcher)?;
    let listener = listen(config.admin).await?;
    metrics::confidence_fallback_threshold(config.jobs.confidence_fallback);

    let gate = StoreGate::new();
    let mut consumers = JoinSet::new();
    let mut stations = Vec::new();
    for provider in config.providers.iter().copied() {
        metrics::provider_served(provider);
        let slots = slots(provider, &config);
        let pool = Pool::start(&Plan { provider, slots, launch: launch(provider, &config) });
        let station = Arc::new(Station::new(provider, slots, pool.standing()));
        let bench = Arc::new(Bench {
            provider,
            queue: queue.clone(),
            store: store.clone(),
            gate: gate.clone(),
            fetcher: fetcher.clone(),
            jobs: config.jobs.clone(),
            limits: config.limits.clone(),
            standing: pool.standing(),
            remote_limit: config.models.remote.timeout + KILL_MARGIN,
            fallback_wait: config.fallback_wait,
        });
        stations.push(Arc::clone(&station));
        consumers.spawn(Consumer::new(bench, pool, station, shutdown.clone()).run());
    }

    let pulse = Arc::new(Pulse::new());
    let done = CancellationToken::new();
    let heartbeat = Heartbeat {
        store: store.clone(),
        gate,
        stations: stations.clone(),
        pulse: Arc::clone(&pulse),
        done: done.clone(),
    };
    let memory = watch_memory(&config, &shutdown);
    let is_asked = shutdown.clone();
    let admin = Admin { stations, pulse, queue, store, scrape, shown: config.shown, shutdown };
    let sweeper = Sweeper {
        queue: admin.queue.clone(),
        store: admin.store.clone(),
        done: done.clone(),
        silence: config.sweep_after,
        max_starts: config.jobs.max_attempts,
        seen_dead: BTreeMap::new(),
    };
    let mut attendants = attend(heartbeat, listener, admin, &done);
    attendants.spawn(sweeper.run());
    while let Some(ended) = consumers.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a consumer panicked");
        }
    }
    done.cancel();
    attendants.join_all().await;
    tracing::info!("worker has stopped");
    // An operator who asks for the end in the meantime means it.
    let is_worn = matches!(memory.await, Ok(true)) && !is_asked.is_asked();
    Ok(if is_worn { Ended::Worn } else { Ended::Stopped })
}

/// Says whether the worker was stopped because of its memory; threads of a larger program are not its own to end.
fn watch_memory(config: &WorkerConfig, shutdown: &Shutdown) -> AbortOnDropHandle<bool> {
    let is_own_process = matches!(config.slots, SlotKind::Process { .. });
    let mark = config.max_bytes.filter(|_| is_own_process).unwrap_or(u64::MAX);
    let shutdown = shutdown.clone();
    AbortOnDropHandle::new(tokio::spawn(async move { memory::watch(mark, &shutdown).await }))
}

/// Starts what outlives the consumers: a draining worker still reports and answers probes.
fn attend(
    heartbeat: Heartbeat,
    listener: Option<TcpListener>,
    admin: Admin,
    done: &CancellationToken,
) -> JoinSet<()> {
    let mut attendants = JoinSet::new();
    attendants.spawn(orders::follow(admin.store.clone(), admin.stations.clone(), done.clone()));
    attendants.spawn(heartbeat.run());
    if let Some(scrape) = admin.scrape.clone() {
        attendants.spawn(scrape.upkeep_loop(admin.shutdown.clone()));
    }
    if let Some(listener) = listener {
        attendants.spawn(admin::serve(listener, admin, done.clone()));
    }
    attendants
}

async fn listen(address: Option<SocketAddr>) -> Result<Option<TcpListener>, WorkerError> {
    let Some(address) = address else {
        return Ok(None);
    };
    let admin_port = |source| WorkerError::AdminPort { address, source };
    let listener = TcpListener::bind(address).await.map_err(admin_port)?;
    let address = listener.local_addr().map_err(admin_port)?;
    tracing::info!("worker admin listening on {address}");
    Ok(Some(listener))
}

/// Remote work is waiting: its slots are not the processor's.
fn slots(provider: ProviderName, config: &WorkerConfig) -> usize {
    if provider.is_remote() { config.models.remote.concurrency } else { config.concurrency }
}

fn launch(provider: ProviderName, config: &WorkerConfig) -> Launch {
    match &config.slots {
        SlotKind::Process { program } => {
            Launch::Process { program: program.clone(), max_bytes: config.max_slot_bytes }
        }
        SlotKind::Thread => {
            let (models, limits) = (config.models.clone(), config.limits.clone());
            Launch::Thread { make: Arc::new(move || provider::build(provider, &models, &limits)) }
        }
    }
}
