//! A way to a server that can be cut.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Files may be short for a moment.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Passes connections on; ends when it is dropped.
#[derive(Debug)]
pub(super) struct Proxy {
    address: SocketAddr,
    cuts: watch::Sender<u64>,
    _running: DropGuard,
}

impl Proxy {
    /// Listens on a free port for a server on another port of this machine.
    pub(super) async fn to(port: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let cuts = watch::Sender::new(0);
        let running = CancellationToken::new();
        let serving = serve(listener, port, cuts.subscribe());
        tokio::spawn(running.clone().run_until_cancelled_owned(serving));
        Ok(Self { address, cuts, _running: running.drop_guard() })
    }

    /// The port to connect to.
    pub(super) const fn port(&self) -> u16 {
        self.address.port()
    }

    /// Cuts every connection that there is; new ones pass.
    pub(super) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

async fn serve(listener: TcpListener, port: u16, mut cuts: watch::Receiver<u64>) {
    loop {
        let Ok((mut client, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        cuts.borrow_and_update();
        let mut cut = cuts.clone();
        tokio::spawn(async move {
            let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else {
                return;
            };
            tokio::select! {
                _ = copy_bidirectional(&mut client, &mut server) => {}
                _ = cut.changed() => {}
            }
            // A reset, as when a host is gone, and no orderly end.
            let _ = client.set_zero_linger();
            let _ = server.set_zero_linger();
        });
    }
}
