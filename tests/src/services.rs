//! The broker and the store of a test: shared ones with a namespace of its own, or private ones.
//!
//! Shared servers are at `AMQP_URL` and `REDIS_URL`, which `scripts/with_services.sh` sets. A test that
//! stops a server starts its own.

pub mod rabbit;
pub mod redis;
pub mod stores;

use std::net::TcpListener;

use cad_common::config::Env;
use cad_common::config::shared::{AMQP_URL, REDIS_URL};
use cad_common::contract::job::Lane;
use cad_common::provider::{Address, ProviderName};
use cad_common::queue::Wait;
use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use lapin::{Connection, ConnectionProperties};

/// Where a fleet finds its servers, and under which prefix it works there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// `AMQP_URL`.
    pub amqp: String,
    /// `REDIS_URL`.
    pub redis: String,
    /// `NAMESPACE`.
    pub namespace: String,
}

impl Addresses {
    /// The settings for a process.
    #[must_use]
    pub fn settings(&self) -> [(&'static str, String); 3] {
        [
            ("AMQP_URL", self.amqp.clone()),
            ("REDIS_URL", self.redis.clone()),
            ("NAMESPACE", self.namespace.clone()),
        ]
    }
}

/// A namespace on the shared servers; what is declared and stored under it is removed when dropped.
#[derive(Debug)]
pub struct Shared(Addresses);

impl Shared {
    /// Makes a namespace; nothing is declared in it yet.
    #[must_use]
    pub fn new() -> Self {
        let env = Env::of_process();
        let name = uuid::Uuid::new_v4().simple().to_string();
        Self(Addresses {
            amqp: env.text(&AMQP_URL).unwrap_or_default(),
            redis: env.text(&REDIS_URL).unwrap_or_default(),
            namespace: format!("it-{name}"),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.0
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let addresses = self.0.clone();
        // A test's own runtime can't be entered again from here.
        let cleaning = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(async {
                // What can't be removed is no reason to fail: the servers may be gone with the test.
                let _ = remove_queues(&addresses).await;
                let _ = redis::remove_keys(&addresses.redis, &addresses.namespace).await;
            });
            Some(())
        });
        let _ = cleaning.join();
    }
}

/// The names of the fleet's queues in a namespace, dead letters and waits included.
#[must_use]
pub fn queue_names(namespace: &str) -> Vec<String> {
    let waits = Wait::ALL.into_iter().map(|wait| format!("{namespace}.wait.{}", wait.as_str()));
    let mut names: Vec<String> = waits.collect();
    for provider in ProviderName::ALL {
        for lane in Lane::ALL {
            names.push(format!("{namespace}.{}", Address { provider, lane }.routing_key()));
        }
        names.push(format!("{namespace}.{}.{provider}.dead", provider.kind().segment()));
    }
    names
}

async fn remove_queues(addresses: &Addresses) -> lapin::Result<()> {
    let connection = Connection::connect(&addresses.amqp, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    for name in queue_names(&addresses.namespace) {
        channel.queue_delete(name.into(), QueueDeleteOptions::default()).await?;
    }
    let waits = Wait::ALL.into_iter().map(|wait| format!("wait.{}", wait.as_str()));
    for name in waits.chain(["jobs".to_owned(), "dead".to_owned()]) {
        let name = format!("{}.{name}", addresses.namespace);
        channel.exchange_delete(name.into(), ExchangeDeleteOptions::default()).await?;
    }
    connection.close(200, "".into()).await
}

/// A port that nobody listens on at this moment.
///
/// # Panics
/// This machine has none left.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().unwrap().port()
}
