//! The processes of a soak, and what happens to them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use cad_common::config::Env;
use cad_common::config::shared::{BrokerConfig, StoreConfig};
use cad_common::queue::Queue;
use cad_common::queue::rabbit::RabbitQueue;
use cad_common::store::Store;
use cad_common::store::redis::RedisStore;
use tokio::time::Instant;

use super::{Args, Fault};
use crate::bench::proxy::Proxy;
use crate::bench::servers::{self, Process, Server, free_port};

/// RabbitMQ 3.10 loses a quorum queue that is killed within a tenth of a second of its declaration.
const SETTLING: Duration = Duration::from_secs(3);

/// A process that is asked to stop has no more work than one job.
const STOP_LIMIT: Duration = Duration::from_secs(40);

/// Debug builds on a busy machine.
const READY_LIMIT: Duration = Duration::from_secs(120);

/// A killed worker is replaced at once; more hits than this on one job would fail it as a killer.
const MAX_ATTEMPTS: &str = "20";

/// Servers, the ways to them, and the fleet.
#[derive(Debug)]
pub(super) struct Fleet {
    rabbit: Server,
    redis: Server,
    to_rabbit: Proxy,
    to_redis: Proxy,
    api: Process,
    workers: Vec<Process>,
    settings: Vec<(String, String)>,
    directory: PathBuf,
    is_real: bool,
    addresses: Addresses,
}

/// Where things are.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    /// The API.
    pub(super) api: String,
    /// The broker, through the proxy.
    pub(super) amqp: String,
    /// The store, without the proxy: the account itself needs no faults.
    pub(super) redis: String,
}

impl Addresses {
    fn env(&self) -> impl Fn(&str) -> Option<String> {
        let addresses = self.clone();
        move |name| match name {
            "AMQP_URL" => Some(addresses.amqp.clone()),
            "REDIS_URL" => Some(addresses.redis.clone()),
            _ => None,
        }
    }

    /// The broker, as a batch publisher uses it.
    pub(super) fn queue(&self) -> anyhow::Result<Queue> {
        let config = BrokerConfig::from_env(&Env::from_lookup(self.env()))?;
        Ok(Queue::Rabbit(RabbitQueue::connect(&config, "cad-bench")))
    }

    /// The store.
    pub(super) fn store(&self) -> anyhow::Result<Store> {
        let config = StoreConfig::from_env(&Env::from_lookup(self.env()))?;
        Ok(Store::Redis(RedisStore::connect(&config)?))
    }
}

impl Fleet {
    /// Starts everything in an empty directory, and waits until it works.
    pub(super) async fn start(args: &Args, directory: &Path) -> anyhow::Result<Self> {
        let _ = fs::remove_dir_all(directory);
        fs::create_dir_all(directory)?;
        let directory = directory.canonicalize()?;
        let rabbit = Server::rabbit(&directory).await?;
        let redis = Server::redis(&directory).await?;
        let (to_rabbit, to_redis) =
            (Proxy::to(rabbit.port()).await?, Proxy::to(redis.port()).await?);
        let port = free_port()?;
        let addresses = Addresses {
            api: format!("http://127.0.0.1:{port}"),
            amqp: format!("amqp://guest:guest@127.0.0.1:{}/%2f", to_rabbit.port()),
            redis: format!("redis://127.0.0.1:{}", redis.port()),
        };
        let settings = settings(args, &addresses, port, to_redis.port());
        let api = start(&settings, &directory, "api", &["cad-api"])?;
        let mut fleet = Self {
            rabbit,
            redis,
            to_rabbit,
            to_redis,
            api,
            workers: Vec::new(),
            settings,
            directory,
            is_real: args.drawings.is_some(),
            addresses,
        };
        for _ in 0..args.workers {
            let worker = fleet.worker(fleet.workers.len())?;
            fleet.workers.push(worker);
        }
        fleet.ready().await?;
        tokio::time::sleep(SETTLING).await;
        Ok(fleet)
    }

    /// Where things are.
    pub(super) const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Lets a fault happen, and replaces what it took.
    pub(super) async fn hit(
        &mut self,
        fault: Fault,
        rng: &mut fastrand::Rng,
    ) -> anyhow::Result<()> {
        match fault {
            Fault::Worker => {
                let number = rng.usize(0..self.workers.len());
                let fresh = self.worker(number)?;
                if let Some(worker) = self.workers.get_mut(number) {
                    // The old one is killed as it is dropped.
                    *worker = fresh;
                }
            }
            Fault::Slot => {
                let number = rng.usize(0..self.workers.len());
                let slots = self.workers.get(number).map(Process::children).unwrap_or_default();
                if !slots.is_empty() {
                    servers::kill(slots.get(rng.usize(0..slots.len())).copied());
                }
            }
            Fault::Broker => {
                self.rabbit.kill();
                tokio::time::sleep(Duration::from_millis(rng.u64(0..2000))).await;
                self.rabbit.start().await?;
            }
            Fault::Store => {
                self.redis.kill();
                tokio::time::sleep(Duration::from_millis(rng.u64(0..2000))).await;
                self.redis.start().await?;
            }
            Fault::Cut if rng.bool() => self.to_rabbit.cut(),
            Fault::Cut => self.to_redis.cut(),
        }
        Ok(())
    }

    /// The memory of all worker processes in bytes, their slots not counted.
    pub(super) fn resident_bytes(&self) -> u64 {
        let pids = self.workers.iter().map(Process::pid);
        pids.filter_map(|pid| cad_worker::memory::resident_bytes(Some(pid))).sum()
    }

    /// Waits until the fleet is whole again.
    pub(super) async fn whole(&self) -> anyhow::Result<()> {
        self.ready().await
    }

    /// Stops the fleet in order, and says with which codes its processes ended.
    pub(super) async fn stop(self) -> anyhow::Result<Vec<Option<i32>>> {
        let mut exits = Vec::new();
        for process in self.workers.into_iter().chain([self.api]) {
            exits.push(process.stop(STOP_LIMIT).await?);
        }
        Ok(exits)
    }

    async fn ready(&self) -> anyhow::Result<()> {
        let url = format!("{}/ready", self.addresses.api);
        let deadline = Instant::now() + READY_LIMIT;
        cad_common::fetch::install_crypto();
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
        loop {
            let answer = client.get(&url).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("the fleet is not ready, see the logs in {}", self.directory.display());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    fn worker(&self, number: usize) -> anyhow::Result<Process> {
        let command: &[&str] =
            if self.is_real { &["cad-worker"] } else { &["cad", "bench", "worker"] };
        start(&self.settings, &self.directory, &format!("worker-{number}"), command)
    }
}

fn settings(
    args: &Args,
    addresses: &Addresses,
    port: u16,
    redis_port: u16,
) -> Vec<(String, String)> {
    let own = [
        ("HOST", "127.0.0.1".to_owned()),
        ("PORT", port.to_string()),
        ("METRICS_PORT", "0".to_owned()),
        ("AMQP_URL", addresses.amqp.clone()),
        ("REDIS_URL", format!("redis://127.0.0.1:{redis_port}")),
        ("WORKERS", args.slots.to_string()),
        ("JOB_MAX_ATTEMPTS", MAX_ATTEMPTS.to_owned()),
        ("RATE_LIMIT_QPS", "0".to_owned()),
        ("OCR_CACHE_TTL", "0".to_owned()),
        ("OCR_TIMEOUT_MS", "300000".to_owned()),
    ];
    own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Starts a program that lies beside this one.
fn start(
    settings: &[(String, String)],
    directory: &Path,
    name: &str,
    command: &[&str],
) -> anyhow::Result<Process> {
    let [program, arguments @ ..] = command else {
        bail!("no program is named");
    };
    let here = std::env::current_exe().context("the path of this program is not known")?;
    let path = here.with_file_name(program);
    let mut started = Command::new(path);
    started.args(arguments).envs(settings.iter().cloned());
    Process::start(started, &directory.join(format!("{name}.log")))
}
