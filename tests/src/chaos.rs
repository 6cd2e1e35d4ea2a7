//! A TCP proxy that fails on demand, to stand between a process and its broker or store.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How much is copied at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// A proxy in front of one address; it ends when it is dropped.
#[derive(Debug)]
pub struct ChaosProxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    _running: DropGuard,
}

/// What happens to the traffic.
#[derive(Debug, Clone, Copy, Default)]
struct Weather {
    mode: Mode,
    /// How much longer each piece takes.
    delay: Duration,
    /// Connections made before the last cut end.
    cuts: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mode {
    #[default]
    Pass,
    /// Nothing moves, and nobody is told.
    Stall,
    /// Who connects is thrown out.
    Refuse,
}

impl ChaosProxy {
    /// Listens on a free port and passes everything on to `target`, such as `127.0.0.1:5672`.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(target: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let weather = watch::Sender::new(Weather::default());
        let running = CancellationToken::new();
        let serving = serve(listener, target.to_owned(), weather.subscribe(), running.clone());
        tokio::spawn(running.clone().run_until_cancelled_owned(serving));
        Ok(Self { address, weather, _running: running.drop_guard() })
    }

    /// Where to connect to instead of the target.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resets every connection that there is; new ones pass.
    pub fn cut(&self) {
        self.weather.send_modify(|weather| weather.cuts += 1);
    }

    /// Holds all traffic back without closing anything, as a dead network does.
    pub fn stall(&self) {
        self.weather.send_modify(|weather| weather.mode = Mode::Stall);
    }

    /// Resets every connection, old and new, as a broker that is down does.
    pub fn refuse(&self) {
        self.weather.send_modify(|weather| {
            weather.mode = Mode::Refuse;
            weather.cuts += 1;
        });
    }

    /// Lets every piece of traffic take so much longer.
    pub fn delay(&self, by: Duration) {
        self.weather.send_modify(|weather| weather.delay = by);
    }

    /// Lets traffic pass again.
    pub fn pass(&self) {
        self.weather.send_modify(|weather| weather.mode = Mode::Pass);
    }
}

async fn serve(
    listener: TcpListener,
    target: String,
    weather: watch::Receiver<Weather>,
    running: CancellationToken,
) {
    while let Ok((client, _)) = listener.accept().await {
        let now = *weather.borrow();
        if now.mode == Mode::Refuse {
            reset(&client);
            continue;
        }
        let carrying = carry(client, target.clone(), weather.clone(), now.cuts);
        tokio::spawn(running.clone().run_until_cancelled_owned(carrying));
    }
}

/// Passes both ways until one side ends or the connection is cut.
async fn carry(
    client: TcpStream,
    target: String,
    mut weather: watch::Receiver<Weather>,
    cuts: u64,
) {
    let Ok(server) = TcpStream::connect(&target).await else {
        return reset(&client);
    };
    let (upward, downward) = (weather.clone(), weather.clone());
    let (mut client, mut server) = (client, server);
    let (client_reads, client_writes) = client.split();
    let (server_reads, server_writes) = server.split();
    tokio::select! {
        _ = copy(client_reads, server_writes, upward) => return,
        _ = copy(server_reads, client_writes, downward) => return,
        _ = weather.wait_for(|weather| weather.cuts != cuts) => {}
    }
    reset(&client);
    reset(&server);
}

async fn copy(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut weather: watch::Receiver<Weather>,
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = from.read(&mut chunk).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        if weather.wait_for(|weather| weather.mode != Mode::Stall).await.is_err() {
            return Ok(());
        }
        let delay = weather.borrow().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        to.write_all(chunk.get(..length).unwrap_or_default()).await?;
    }
}

/// Closes with a reset instead of an orderly end, once the stream is dropped.
fn reset(stream: &TcpStream) {
    // A stream that can't be told is closed all the same.
    let _ = stream.set_zero_linger();
}
