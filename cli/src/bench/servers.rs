//! Processes that a benchmark starts and may kill: RabbitMQ, Redis, and parts of the fleet.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// Where packages put the start script; the one on `PATH` of Debian insists on a user of its own.
const RABBITMQ: [&str; 3] = [
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/opt/rabbitmq/sbin/rabbitmq-server",
    "/usr/local/sbin/rabbitmq-server",
];

/// A broker starts within seconds, unless the machine is busy with the benchmark itself.
const START_LIMIT: Duration = Duration::from_secs(90);

/// A process in a group of its own, which is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Process(Child);

impl Process {
    /// Starts a command; what it prints is appended to the log.
    pub(super) fn start(mut command: Command, log: &Path) -> anyhow::Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
        let name = command.get_program().display().to_string();
        Ok(Self(command.spawn().with_context(|| format!("{name} can't be started"))?))
    }

    /// Its id.
    pub(super) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// The processes that it has started.
    pub(super) fn children(&self) -> Vec<u32> {
        let path = format!("/proc/{0}/task/{0}/children", self.pid());
        let listed = fs::read_to_string(path).unwrap_or_default();
        listed.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
    }

    /// Asks it to stop, and says with which code it did.
    pub(super) async fn stop(mut self, limit: Duration) -> anyhow::Result<Option<i32>> {
        self.signal(Signal::TERM);
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status.code());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("process {} did not stop within {limit:?}", self.pid())
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.pid()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.0.wait();
    }
}

/// Kills a single process; one that is gone already is no failure.
pub(super) fn kill(pid: Option<u32>) {
    let pid = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// A server with its data in a directory of the benchmark.
#[derive(Debug)]
pub(super) struct Server {
    kind: Kind,
    port: u16,
    directory: PathBuf,
    process: Option<Process>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Rabbit { distribution_port: u16 },
    Redis,
}

impl Server {
    /// A RabbitMQ that answers.
    pub(super) async fn rabbit(directory: &Path) -> anyhow::Result<Self> {
        let kind = Kind::Rabbit { distribution_port: free_port()? };
        Self::of(kind, directory.join("rabbitmq")).await
    }

    /// A Redis with an append-only file that answers.
    pub(super) async fn redis(directory: &Path) -> anyhow::Result<Self> {
        Self::of(Kind::Redis, directory.join("redis")).await
    }

    async fn of(kind: Kind, directory: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir_all(&directory)?;
        let mut server = Self { kind, port: free_port()?, directory, process: None };
        server.start().await?;
        Ok(server)
    }

    /// Where it listens.
    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// Starts it with what it had stored.
    pub(super) async fn start(&mut self) -> anyhow::Result<()> {
        let command = match self.kind {
            Kind::Rabbit { distribution_port } => self.rabbit_command(distribution_port)?,
            Kind::Redis => self.redis_command(),
        };
        self.process = Some(Process::start(command, &self.directory.join("log"))?);
        let deadline = Instant::now() + START_LIMIT;
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            if Instant::now() > deadline {
                bail!("no server answers, see {}", self.directory.join("log").display());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Kills it without a last word.
    pub(super) fn kill(&mut self) {
        self.process = None;
    }

    fn rabbit_command(&self, distribution_port: u16) -> anyhow::Result<Command> {
        let script = RABBITMQ.iter().map(Path::new).find(|path| path.exists());
        let mut command = Command::new(script.unwrap_or_else(|| Path::new("rabbitmq-server")));
        let directory = &self.directory;
        let settings = format!("listeners.tcp.1 = 127.0.0.1:{}\n", self.port);
        fs::write(directory.join("rabbitmq.conf"), settings)?;
        command
            .env("HOME", directory)
            .env("RABBITMQ_NODENAME", format!("bench-{}@localhost", self.port))
            .env("RABBITMQ_DIST_PORT", distribution_port.to_string())
            .env("RABBITMQ_CONFIG_FILE", directory.join("rabbitmq"))
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("RABBITMQ_MNESIA_BASE", directory.join("mnesia"))
            .env("RABBITMQ_LOG_BASE", directory)
            .env("RABBITMQ_LOGS", "-")
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", directory.join("plugins"))
            .env("ERL_EPMD_ADDRESS", "127.0.0.1");
        Ok(command)
    }

    fn redis_command(&self) -> Command {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--dir"]);
        command.arg(&self.directory);
        command.args(["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"]);
        command
    }
}

/// A port that nobody listens on at this moment.
pub(super) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
