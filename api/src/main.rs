//! The API process: reads its settings, connects, serves, and exits.

use std::process::ExitCode;

use anyhow::Context as _;
use cad_api::App;
use cad_api::config::ApiConfig;
use cad_common::config::{EXIT_BAD_CONFIG, Env};
use cad_common::metrics;
use cad_common::queue::Queue;
use cad_common::queue::rabbit::RabbitQueue;
use cad_common::shutdown::Shutdown;
use cad_common::store::Store;
use cad_common::store::redis::RedisStore;
use cad_common::telemetry;
use tokio::net::TcpListener;

/// How this process names itself to the broker.
const CONNECTION_NAME: &str = "cad-api";

#[tokio::main]
async fn main() -> ExitCode {
    let config = match ApiConfig::from_env(&Env::of_process()) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("cad-api: {error}");
            return ExitCode::from(EXIT_BAD_CONFIG);
        }
    };
    let _logs = match telemetry::init(&config.telemetry) {
        Ok(guard) => guard,
        Err(error) => {
            eprintln!("cad-api: {error}");
            return ExitCode::from(EXIT_BAD_CONFIG);
        }
    };
    match run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("api failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: ApiConfig) -> anyhow::Result<()> {
    let shutdown = Shutdown::on_signals().context("signals can't be listened to")?;
    let scrape = metrics::install(&config.telemetry);
    if let Some(scrape) = &scrape {
        shutdown.spawn(scrape.clone().upkeep_loop(shutdown.clone()));
    }
    let queue = Queue::Rabbit(RabbitQueue::connect(&config.broker, CONNECTION_NAME));
    let store = Store::Redis(RedisStore::connect(&config.store).context("store can't be set up")?);
    let address = (config.host, config.port);
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("{}:{} can't be listened on", config.host, config.port))?;
    let app = App::new(config, queue.clone(), store, scrape);
    cad_api::serve(listener, app, shutdown).await.context("api can't be served")?;
    queue.close().await;
    Ok(())
}
