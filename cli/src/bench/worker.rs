//! The fleet's worker with the fake provider in its slots: everything but the reading itself is real.

use std::process::ExitCode;

use anyhow::Context;
use cad_common::config::Env;
use cad_common::config::shared::{BrokerConfig, LimitsConfig, StoreConfig, TelemetryConfig};
use cad_common::queue::Queue;
use cad_common::queue::rabbit::RabbitQueue;
use cad_common::shutdown::Shutdown;
use cad_common::store::Store;
use cad_common::store::redis::RedisStore;
use cad_common::{metrics, telemetry};
use cad_worker::config::{SlotKind, WorkerConfig};
use cad_worker::provider::fake::Fake;

/// Runs until SIGTERM, as `cad-worker` does.
pub(super) fn run(env: &Env<'_>) -> anyhow::Result<ExitCode> {
    let telemetry_config = TelemetryConfig::from_env(env)?;
    let broker = BrokerConfig::from_env(env)?;
    let store_config = StoreConfig::from_env(env)?;
    let mut config = WorkerConfig::from_env(env)?;
    let program = std::env::current_exe().context("the path of this program is not known")?;
    config.slots = SlotKind::Process { program };

    let _guard = telemetry::init(&telemetry_config)?;
    let scrape = metrics::install(&telemetry_config);
    tokio::runtime::Runtime::new()?.block_on(async {
        let shutdown = Shutdown::on_signals()?;
        let queue = Queue::Rabbit(RabbitQueue::connect(&broker, "cad-bench-worker"));
        let store = Store::Redis(RedisStore::connect(&store_config)?);
        let outcome = cad_worker::run(config, queue.clone(), store, scrape, shutdown).await;
        queue.close().await;
        anyhow::Ok(outcome?)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Serves one slot over stdin and stdout.
pub(super) fn slot(env: &Env<'_>) -> anyhow::Result<ExitCode> {
    let limits = LimitsConfig::from_env(env)?;
    let make = || Ok(Box::<Fake>::default() as Box<dyn cad_worker::provider::Provider>);
    cad_worker::slot::run_with(limits.max_file_bytes, make).context("slot ended")?;
    Ok(ExitCode::SUCCESS)
}
