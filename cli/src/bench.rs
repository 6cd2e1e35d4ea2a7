//! `cad bench`: measures the fleet on servers and processes of its own.

mod proxy;
mod servers;
mod soak;
mod worker;

use std::process::ExitCode;

use cad_common::config::Env;

/// What `cad bench` is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, clap::Subcommand)]
enum Bench {
    /// Kills workers, slots, RabbitMQ and Redis and cuts connections under load, and accounts for every job.
    Soak(soak::Args),
    /// A worker whose jobs do what their drawings' bytes say.
    #[command(hide = true)]
    Worker,
}

/// What a slot of such a worker is told by it.
#[derive(Debug, clap::Args)]
pub(crate) struct SlotArgs {
    /// Whom it stands in for.
    #[arg(long)]
    provider: String,
}

/// Serves a slot of a benchmark's worker.
pub(crate) fn slot(_args: &SlotArgs, env: &Env<'_>) -> anyhow::Result<ExitCode> {
    worker::slot(env)
}

/// Runs a benchmark.
pub(crate) fn run(args: &Args, env: &Env<'_>) -> anyhow::Result<ExitCode> {
    match &args.bench {
        Bench::Soak(args) => soak::run(args),
        Bench::Worker => worker::run(env),
    }
}
