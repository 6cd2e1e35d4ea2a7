//! API and workers as processes, the way they are deployed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::client::Client;
use crate::process::{self, Process};
use crate::scratch::in_repository;
use crate::services::{Addresses, Shared};
use crate::wait::{self, seconds};

/// Longest start of a process, with both cores at other work.
const START_LIMIT: Duration = seconds(20);

/// Longest start of the slots, which load their models.
const READY_LIMIT: Duration = seconds(60);

/// The environment of a process; nothing else of the tester's environment reaches it.
#[derive(Debug, Clone)]
pub struct Settings(BTreeMap<String, String>);

impl Settings {
    /// What every test wants: free ports, one slot, no rate limit, no cache.
    ///
    /// # Panics
    /// The path to the models is no text.
    #[must_use]
    pub fn new(addresses: &Addresses) -> Self {
        let models = in_repository("models");
        let fixed = [
            ("HOST", "127.0.0.1"),
            ("PORT", "0"),
            ("METRICS_PORT", "0"),
            ("WORKERS", "1"),
            ("RATE_LIMIT_QPS", "0"),
            ("OCR_CACHE_TTL", "0"),
            ("MODELS_DIR", models.to_str().unwrap()),
            ("RUST_BACKTRACE", "1"),
        ];
        let settings = Self(BTreeMap::new()).with_all(&fixed);
        let servers = addresses.settings();
        let servers: Vec<_> = servers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        settings.with_all(&servers)
    }

    /// The same with a variable set.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The same with variables set.
    #[must_use]
    pub fn with_all(mut self, variables: &[(&str, &str)]) -> Self {
        self.0.extend(
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        self
    }

    /// A command of a built program under these settings.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(process::built(program));
        command.env_clear().envs(&self.0);
        command
    }
}

/// A running `cad-api`.
#[derive(Debug)]
pub struct Api {
    /// The process.
    pub process: Process,
    /// Its client.
    pub client: Client,
}

impl Api {
    /// Starts one and waits until it listens.
    pub async fn start(settings: &Settings) -> Self {
        let mut process = Process::start("cad-api", settings.command("cad-api"));
        let address = address(&mut process, "api listening on ").await;
        Self { process, client: Client::new(&address) }
    }
}

/// A running `cad-worker`.
#[derive(Debug)]
pub struct Worker {
    /// The process.
    pub process: Process,
    /// A client of its admin port.
    pub admin: Client,
}

impl Worker {
    /// Starts one and waits until its admin port listens; its slots may still be loading.
    pub async fn start(settings: &Settings) -> Self {
        let mut process = Process::start("cad-worker", settings.command("cad-worker"));
        let address = address(&mut process, "worker admin listening on ").await;
        Self { process, admin: Client::new(&address) }
    }

    /// Starts one whose slots do what their drawings' bytes say, see [`crate::drawings::order`].
    pub async fn start_fake(settings: &Settings) -> Self {
        let mut command = settings.command("cad");
        command.args(["bench", "worker"]);
        let mut process = Process::start("fake-worker", command);
        let address = address(&mut process, "worker admin listening on ").await;
        Self { process, admin: Client::new(&address) }
    }

    /// Waits until it takes jobs.
    pub async fn ready(&self) {
        self.ready_within(READY_LIMIT).await;
    }

    /// Waits until it takes jobs.
    pub async fn ready_within(&self, limit: Duration) {
        let is_ready = async || (self.admin.get("/ready").await.status == 200).then_some(());
        wait::until("worker is ready", limit, is_ready).await;
    }

    /// The processes of its slots.
    #[must_use]
    pub fn slots(&self) -> Vec<u32> {
        process::children(self.process.pid(), " slot")
    }

    /// Jobs that it is working on.
    pub async fn in_flight(&self) -> f64 {
        self.admin.metrics().await.value("jobs_in_flight", &[("provider", "paddle")])
    }
}

/// An API and its workers.
#[derive(Debug)]
pub struct Fleet {
    /// The API.
    pub api: Api,
    /// The workers; a test may start more, and take some away.
    pub workers: Vec<Worker>,
    /// How they are set up.
    pub settings: Settings,
    /// Dropped last: processes that live would declare their queues again.
    shared: Option<Shared>,
}

impl Fleet {
    /// Starts a fleet on the shared servers and waits until every worker takes jobs.
    pub async fn start(workers: usize, variables: &[(&str, &str)]) -> Self {
        let shared = Shared::new();
        let settings = Settings::new(shared.addresses()).with_all(variables);
        let mut fleet = Self::starting(workers, settings).await;
        fleet.shared = Some(shared);
        for worker in &fleet.workers {
            worker.ready().await;
        }
        fleet
    }

    /// Starts a fleet whose workers do what drawings' bytes say.
    pub async fn start_fake(workers: usize, variables: &[(&str, &str)]) -> Self {
        let shared = Shared::new();
        let settings = Settings::new(shared.addresses()).with_all(variables);
        let mut fleet = Self::starting_fake(workers, settings).await;
        fleet.shared = Some(shared);
        for worker in &fleet.workers {
            worker.ready().await;
        }
        fleet
    }

    /// As [`Fleet::starting`], with workers that do what drawings' bytes say.
    pub async fn starting_fake(workers: usize, settings: Settings) -> Self {
        let mut fleet = Self::starting(0, settings).await;
        for _ in 0..workers {
            fleet.workers.push(Worker::start_fake(&fleet.settings).await);
        }
        fleet
    }

    /// Starts a fleet without waiting for anything but its ports.
    pub async fn starting(workers: usize, settings: Settings) -> Self {
        let api = Api::start(&settings).await;
        let mut fleet = Self { api, workers: Vec::new(), settings, shared: None };
        for _ in 0..workers {
            fleet.workers.push(Worker::start(&fleet.settings).await);
        }
        fleet
    }

    /// The client of its API.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.api.client
    }

    /// Its namespace on the servers.
    ///
    /// # Panics
    /// It runs on private ones.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        self.shared.as_ref().expect("the fleet runs on the shared servers").addresses()
    }

    /// The only worker.
    ///
    /// # Panics
    /// There is none.
    #[must_use]
    pub fn worker(&self) -> &Worker {
        self.workers.first().expect("a worker was started")
    }

    /// A sample summed over all workers.
    pub async fn worked(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let mut sum = 0.0;
        for worker in &self.workers {
            sum += worker.admin.metrics().await.value(name, labels);
        }
        sum
    }
}

async fn address(process: &mut Process, mark: &str) -> String {
    let rest = process.logged(mark, START_LIMIT).await;
    // What listens everywhere listens here too.
    rest.split_whitespace().next().unwrap_or_default().replace("0.0.0.0", "127.0.0.1")
}

/// Copies the models, so that a test may spoil one.
///
/// # Panics
/// `make models` was not run.
pub fn copy_models(into: &Path) {
    for entry in fs::read_dir(in_repository("models")).expect("`make models` was run").flatten() {
        fs::copy(entry.path(), into.join(entry.file_name())).unwrap();
    }
}
