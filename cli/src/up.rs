//! `cad up`: the fleet in one process, with the queue and the store inside it.
//!
//! The same API and worker code as the fleet runs; what is stored is gone when the process ends.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context;
use cad_api::config::ApiConfig;
use cad_common::config::Env;
use cad_common::config::shared::{TelemetryConfig, retention};
use cad_common::queue::Queue;
use cad_common::queue::embedded::EmbeddedQueue;
use cad_common::shutdown::Shutdown;
use cad_common::store::Store;
use cad_common::store::embedded::EmbeddedStore;
use cad_common::{metrics, telemetry};
use cad_worker::config::{SlotKind, WorkerConfig};
use tokio::net::TcpListener;

/// What `cad up` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Port of the API; 0 takes a free one. Overrides `PORT`.
    #[arg(long)]
    port: Option<u16>,
}

/// Runs until SIGTERM or Ctrl-C.
pub(crate) fn run(args: &Args, env: &Env<'_>) -> anyhow::Result<ExitCode> {
    let telemetry_config = TelemetryConfig::from_env(env)?;
    let mut api_config = ApiConfig::from_env(env)?;
    let mut worker_config = WorkerConfig::from_env(env)?;
    worker_config.slots = SlotKind::Thread;
    worker_config.admin = None;
    api_config.port = args.port.unwrap_or(api_config.port);
    let retention = retention(env)?;

    let _guard = telemetry::init(&telemetry_config)?;
    let scrape = metrics::install(&telemetry_config);
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let queue = Queue::Embedded(EmbeddedQueue::new());
        let store = Store::Embedded(EmbeddedStore::new(retention));
        let shutdown = Shutdown::on_signals()?;
        let address = SocketAddr::new(api_config.host, api_config.port);
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("can't listen on {address}, choose another port with --port")
        })?;

        let app = cad_api::App::new(api_config, queue.clone(), store.clone(), scrape.clone());
        let worker = cad_worker::run(worker_config, queue.clone(), store, scrape, shutdown.clone());
        let api = cad_api::serve(listener, app, shutdown.clone());
        let (api, worker) = tokio::join!(api, worker);
        queue.close().await;
        api?;
        worker?;
        anyhow::Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}
