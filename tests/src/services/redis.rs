//! A Redis of a test's own, which may be stopped, killed and frozen.

use std::process::Command;

use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;

use crate::process::Process;
use crate::scratch::Scratch;
use crate::services::free_port;
use crate::wait::{self, seconds};

/// A Redis server on a port of its own, with the append-only file that the fleet asks for.
#[derive(Debug)]
pub struct PrivateRedis {
    port: u16,
    directory: Scratch,
    process: Option<Process>,
}

impl PrivateRedis {
    /// Takes a port; nothing answers there yet.
    #[must_use]
    pub fn absent() -> Self {
        Self { port: free_port(), directory: Scratch::new("redis"), process: None }
    }

    /// Starts one and waits until it answers.
    pub async fn running() -> Self {
        let mut server = Self::absent();
        server.start().await;
        server
    }

    /// Its URL, also while it is down.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts it, with what it had stored, and waits until it answers.
    ///
    /// # Panics
    /// It does not answer within 10 seconds.
    pub async fn start(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--dir"]);
        command.arg(self.directory.path());
        command.args(["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"]);
        self.process = Some(Process::start("redis-server", command));
        let url = self.url();
        wait::until("redis answers", seconds(10), async || is_answering(&url).await.then_some(()))
            .await;
    }

    /// Sends it a command.
    ///
    /// # Panics
    /// It refuses.
    pub async fn command(&self, words: &[&str]) {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let (name, arguments) = words.split_first().expect("a command has a name");
        let _: redis::Value =
            redis::cmd(name).arg(arguments).query_async(&mut connection).await.unwrap();
    }

    /// Kills it without a last word.
    ///
    /// # Panics
    /// It is not running.
    pub fn kill(&mut self) {
        self.process.take().expect("redis is running").kill();
    }

    /// Freezes it: connections stay, nothing is answered.
    ///
    /// # Panics
    /// It is not running.
    pub fn freeze(&self) {
        self.process.as_ref().expect("redis is running").freeze();
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// It is not running.
    pub fn thaw(&self) {
        self.process.as_ref().expect("redis is running").thaw();
    }
}

async fn is_answering(url: &str) -> bool {
    let Ok(client) = redis::Client::open(url) else {
        return false;
    };
    let Ok(mut connection) = client.get_multiplexed_async_connection().await else {
        return false;
    };
    redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok()
}

/// Removes every key of a namespace.
pub(super) async fn remove_keys(url: &str, namespace: &str) -> redis::RedisResult<()> {
    let client = redis::Client::open(url)?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let keys = keys_of(&mut connection, namespace).await?;
    if keys.is_empty() {
        return Ok(());
    }
    connection.del(keys).await
}

/// The keys of a namespace.
pub(super) async fn keys_of(
    connection: &mut MultiplexedConnection,
    namespace: &str,
) -> redis::RedisResult<Vec<String>> {
    let mut scan = connection.scan_match::<_, String>(format!("{namespace}:*")).await?;
    let mut keys = Vec::new();
    while let Some(key) = scan.next_item().await {
        keys.push(key?);
    }
    Ok(keys)
}
