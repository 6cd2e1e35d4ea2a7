//! `cad-worker`: runs a worker, or with `slot` one of its children.

use std::os::unix::process::CommandExt as _;
use std::process::{self, ExitCode};

use anyhow::Context;
use cad_common::config::shared::{BrokerConfig, LimitsConfig, StoreConfig, TelemetryConfig};
use cad_common::config::{ConfigError, EXIT_BAD_CONFIG, Env};
use cad_common::queue::Queue;
use cad_common::queue::rabbit::RabbitQueue;
use cad_common::shutdown::Shutdown;
use cad_common::store::Store;
use cad_common::store::redis::RedisStore;
use cad_common::{metrics, telemetry};
use cad_worker::config::{ModelSettings, SlotKind, WorkerConfig, runnable};
use cad_worker::{Ended, slot};
use clap::{Parser, Subcommand};

/// Takes drawings from the queue and reads them; see README.md for its settings.
#[derive(Debug, Parser)]
#[command(name = "cad-worker", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves one slot of a worker over stdin and stdout; the worker starts it.
    Slot {
        /// The provider that the slot runs.
        #[arg(long)]
        provider: String,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        None => run_worker(),
        Some(Command::Slot { provider }) => run_slot(&provider),
    };
    let Err(error) = outcome else {
        return ExitCode::SUCCESS;
    };
    complain(&error);
    if error.is::<ConfigError>() { ExitCode::from(EXIT_BAD_CONFIG) } else { ExitCode::FAILURE }
}

fn run_worker() -> anyhow::Result<()> {
    let env = Env::of_process();
    let telemetry_config = TelemetryConfig::from_env(&env)?;
    let broker = BrokerConfig::from_env(&env)?;
    let store_config = StoreConfig::from_env(&env)?;
    let mut config = WorkerConfig::from_env(&env)?;
    let program = std::env::current_exe().context("the path of this program is not known")?;
    config.slots = SlotKind::Process { program };

    let _guard = telemetry::init(&telemetry_config)?;
    let scrape = metrics::install(&telemetry_config);
    let ended = tokio::runtime::Runtime::new()?.block_on(async {
        let shutdown = Shutdown::on_signals()?;
        let queue = Queue::Rabbit(RabbitQueue::connect(&broker, "cad-worker"));
        let store = Store::Redis(RedisStore::connect(&store_config)?);
        let outcome = cad_worker::run(config, queue.clone(), store, scrape, shutdown).await;
        queue.close().await;
        anyhow::Ok(outcome?)
    })?;
    match ended {
        Ended::Stopped => Ok(()),
        Ended::Worn => begin_anew(),
    }
}

/// Replaces this process by a fresh one under the same id, so that no supervisor has to know.
fn begin_anew() -> anyhow::Result<()> {
    let program = std::env::current_exe().context("the path of this program is not known")?;
    let error = process::Command::new(program).args(std::env::args_os().skip(1)).exec();
    Err(error).context("the worker could not begin anew")
}

fn run_slot(provider: &str) -> anyhow::Result<()> {
    let env = Env::of_process();
    let provider = runnable(provider)?;
    let limits = LimitsConfig::from_env(&env)?;
    let models = ModelSettings::from_env(&env)?;
    // The worker writes the log file; two writers would rotate it twice.
    let telemetry_config = TelemetryConfig { directory: None, ..TelemetryConfig::from_env(&env)? };
    let _guard = telemetry::init_on_stderr(&telemetry_config)?;
    slot::run(provider, &models, &limits).context("slot ended")
}

/// Says on stderr what went wrong, causes included, also when no log line can be written yet.
#[expect(clippy::print_stderr, reason = "the last word of a program that can't start")]
fn complain(error: &anyhow::Error) {
    eprintln!("cad-worker: {error:#}");
}
