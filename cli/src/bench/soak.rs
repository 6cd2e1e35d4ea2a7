//! `cad bench soak`: a fleet under load and under fire, and an account of every job.
//!
//! Everything is real: RabbitMQ, Redis, the API, workers and their slots are processes of the benchmark's own, with
//! proxies on the way. Only the reading is not, unless drawings are given: a slot does what a job's bytes say. The
//! account has the form that RabbitMQ's own Jepsen runs print.

mod account;
mod clients;
mod fleet;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use tokio::time::Instant;

use self::account::Account;
use self::clients::{Corpus, Load};
use self::fleet::Fleet;
use crate::terminal;

/// What the soak is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Chooses what is killed when; the same seed, the same order.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Jobs to be accepted.
    #[arg(long, default_value_t = 10_000)]
    jobs: usize,
    /// Worker processes.
    #[arg(long, default_value_t = 4)]
    workers: usize,
    /// Slots of each worker.
    #[arg(long, default_value_t = 2)]
    slots: usize,
    /// Workers that are killed with -9.
    #[arg(long, default_value_t = 200)]
    worker_kills: usize,
    /// Slots that are killed with -9.
    #[arg(long, default_value_t = 20)]
    slot_kills: usize,
    /// Times that RabbitMQ is killed with -9.
    #[arg(long, default_value_t = 5)]
    broker_kills: usize,
    /// Times that Redis is killed with -9.
    #[arg(long, default_value_t = 5)]
    store_kills: usize,
    /// Times that every connection is cut.
    #[arg(long, default_value_t = 20)]
    cuts: usize,
    /// Milliseconds between two of these, on average.
    #[arg(long, default_value_t = 600)]
    pause_ms: u64,
    /// Reads the drawings of this directory for real, instead of jobs that do what their bytes say.
    #[arg(long, value_name = "DIR")]
    drawings: Option<PathBuf>,
    /// Directory for logs and the servers' data; kept when something is wrong.
    #[arg(long, default_value = "reports/soak")]
    into: PathBuf,
}

/// When calm has come and no job has ended for so long, those that are left are lost.
const CALM_LIMIT: Duration = Duration::from_secs(60);

/// What happens to the fleet.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Worker,
    Slot,
    Broker,
    Store,
    Cut,
}

impl Args {
    /// What happens how often.
    const fn faults(&self) -> [(Fault, usize); 5] {
        [
            (Fault::Worker, self.worker_kills),
            (Fault::Slot, self.slot_kills),
            (Fault::Broker, self.broker_kills),
            (Fault::Store, self.store_kills),
            (Fault::Cut, self.cuts),
        ]
    }
}

/// Runs the soak; fails when a job is lost or done twice.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    let account = runtime.block_on(soak(args))?;
    terminal::print(&account.to_string())?;
    Ok(if account.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn soak(args: &Args) -> anyhow::Result<Account> {
    let mut rng = fastrand::Rng::with_seed(args.seed);
    let begin = Instant::now();
    let corpus = Corpus::load(args.drawings.as_deref())?;
    let directory = args.into.join(format!("seed-{}", args.seed));
    let mut fleet = Fleet::start(args, &directory).await?;
    terminal::note(&format!("fleet is up, logs are in {}", directory.display()));

    let is_calm = args.faults().iter().all(|(_, times)| *times == 0);
    let load = Load::start(fleet.addresses(), &corpus, (args.jobs, is_calm), rng.fork());
    let cut_off = torment(args, &mut fleet, &load, &mut rng).await?;
    fleet.whole().await?;
    let growth = if is_calm { growth(&fleet, &load, args.jobs).await } else { None };
    let submitted = load.finished().await?;
    terminal::note(&format!("{} jobs accepted, calm begins", submitted.accepted.len()));

    let mut account = Account::of(&fleet, submitted, cut_off, CALM_LIMIT).await?;
    account.exits = fleet.stop().await?;
    account.elapsed = begin.elapsed();
    account.growth = growth;
    if account.is_clean() {
        std::fs::remove_dir_all(&directory)?;
    }
    Ok(account)
}

/// How many bytes the workers grow by with each job once a fifth of the jobs are done: least squares over the rest.
async fn growth(fleet: &Fleet, load: &Load, jobs: usize) -> Option<f64> {
    let mut samples: Vec<(f64, f64)> = Vec::new();
    while load.accepted() < jobs {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let accepted = load.accepted();
        if accepted >= jobs / 5 {
            #[expect(clippy::cast_precision_loss, reason = "far below 2 to the 52")]
            samples.push((accepted as f64, fleet.resident_bytes() as f64));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a few hundred samples")]
    let count = samples.len() as f64;
    let mean = |pick: fn(&(f64, f64)) -> f64| samples.iter().map(pick).sum::<f64>() / count;
    let (jobs, bytes) = (mean(|sample| sample.0), mean(|sample| sample.1));
    let spread: f64 = samples.iter().map(|sample| (sample.0 - jobs).powi(2)).sum();
    let slope: f64 = samples.iter().map(|sample| (sample.0 - jobs) * (sample.1 - bytes)).sum();
    (spread > 0.0).then(|| slope / spread)
}

/// Lets one fault after the other happen while jobs come in; says how many runs were cut off at most.
async fn torment(
    args: &Args,
    fleet: &mut Fleet,
    load: &Load,
    rng: &mut fastrand::Rng,
) -> anyhow::Result<usize> {
    let mut faults: Vec<Fault> = args
        .faults()
        .iter()
        .flat_map(|(fault, times)| std::iter::repeat_n(*fault, *times))
        .collect();
    rng.shuffle(&mut faults);
    let total = faults.len();
    for (number, fault) in faults.into_iter().enumerate() {
        tokio::time::sleep(Duration::from_millis(rng.u64(0..=args.pause_ms * 2))).await;
        fleet.hit(fault, rng).await?;
        // The load goes on as long as the faults do.
        load.allow(args.jobs * (number + 1) / total);
        if number % 20 == 0 {
            terminal::note(&format!(
                "fault {number} of {total}, {} jobs accepted",
                load.accepted()
            ));
        }
    }
    load.allow(args.jobs);
    Ok(args.worker_kills * args.slots + args.slot_kills)
}
