//! A RabbitMQ of a test's own, which may be stopped and killed.
//!
//! RabbitMQ 3.10 can't restart a quorum queue that was declared less than a tenth of a second before a
//! kill, so [`PrivateRabbit::kill`] waits for two seconds first.

use std::path::{Path, PathBuf};
use std::process::Command;

use lapin::{Connection, ConnectionProperties};

use crate::process::Process;
use crate::scratch::Scratch;
use crate::services::free_port;
use crate::wait::{self, seconds};

/// Where packages put the start script; the one on `PATH` of Debian insists on a user and a home.
const SCRIPTS: [&str; 3] = [
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/opt/rabbitmq/sbin/rabbitmq-server",
    "/usr/local/sbin/rabbitmq-server",
];

/// A broker with a node name, ports and files of its own, without plugins.
#[derive(Debug)]
pub struct PrivateRabbit {
    port: u16,
    distribution_port: u16,
    directory: Scratch,
    process: Option<Process>,
}

impl PrivateRabbit {
    /// Takes ports; nothing answers there yet.
    ///
    /// # Panics
    /// The temporary directory can't be written to.
    #[must_use]
    pub fn absent() -> Self {
        let directory = Scratch::new("rabbitmq");
        let port = free_port();
        let listener = format!("listeners.tcp.1 = 127.0.0.1:{port}\n");
        let _ = directory.write("rabbitmq.conf", listener.as_bytes());
        Self { port, distribution_port: free_port(), directory, process: None }
    }

    /// Starts one and waits until it answers.
    pub async fn running() -> Self {
        let mut broker = Self::absent();
        broker.start().await;
        broker
    }

    /// Its URL, also while it is down.
    #[must_use]
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port)
    }

    /// Starts it, with what it had stored, and waits until it answers.
    ///
    /// # Panics
    /// It does not answer within a minute.
    pub async fn start(&mut self) {
        let mut command = Command::new(script());
        let directory = self.directory.path();
        self.on_its_node(&mut command)
            .env("RABBITMQ_DIST_PORT", self.distribution_port.to_string())
            .env("RABBITMQ_CONFIG_FILE", directory.join("rabbitmq"))
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", directory.join("advanced"))
            .env("RABBITMQ_MNESIA_BASE", directory.join("mnesia"))
            .env("RABBITMQ_LOG_BASE", directory)
            .env("RABBITMQ_LOGS", "-")
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", directory.join("plugins"))
            .env("ERL_EPMD_ADDRESS", "127.0.0.1");
        self.process = Some(Process::start("rabbitmq-server", command));
        let url = self.url();
        let answers =
            async || Connection::connect(&url, ConnectionProperties::default()).await.ok();
        let connection = wait::until("rabbitmq answers", seconds(60), answers).await;
        let _ = connection.close(200, "".into()).await;
    }

    /// Takes ports and a configuration beyond them; nothing answers there yet.
    ///
    /// # Panics
    /// The temporary directory can't be written to.
    #[must_use]
    pub fn configured(settings: &str, advanced: &str) -> Self {
        let broker = Self::absent();
        let own = std::fs::read_to_string(broker.directory.path().join("rabbitmq.conf")).unwrap();
        let _ = broker.directory.write("rabbitmq.conf", format!("{own}{settings}\n").as_bytes());
        let _ = broker.directory.write("advanced.config", advanced.as_bytes());
        broker
    }

    /// Asks `rabbitmqctl` for something.
    ///
    /// # Panics
    /// It fails.
    pub fn control(&self, arguments: &[&str]) -> String {
        let script = script().with_file_name("rabbitmqctl");
        let mut command = Command::new(script);
        let output = self.on_its_node(&mut command).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "rabbitmqctl {arguments:?}: {output:?}");
        said
    }

    /// Stops it in order.
    ///
    /// # Panics
    /// It is not running, or does not end within a minute.
    pub async fn stop(&mut self) {
        let mut process = self.process.take().expect("rabbitmq is running");
        process.terminate();
        process.ended(seconds(60)).await;
    }

    /// Says which node a script is about, and with which cookie.
    fn on_its_node<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("HOME", self.directory.path())
            .env("RABBITMQ_NODENAME", format!("it-{}@localhost", self.port))
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
    }

    /// Kills it without a last word, queues of two seconds' age at least.
    ///
    /// # Panics
    /// It is not running.
    pub async fn kill(&mut self) {
        tokio::time::sleep(seconds(2)).await;
        // Dropping kills the script and the machine that it started.
        drop(self.process.take().expect("rabbitmq is running"));
    }
}

fn script() -> PathBuf {
    let found = SCRIPTS.iter().map(Path::new).find(|path| path.exists());
    found.unwrap_or_else(|| Path::new("rabbitmq-server")).to_owned()
}
