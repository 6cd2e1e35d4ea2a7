//! Accepts connections and serves them.
//!
//! `axum::serve` (0.8) builds its connections without a timer, so that a client that never ends its
//! headers would hold one forever. Here each connection has one.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use cad_common::shutdown::Shutdown;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::router::router;
use crate::{SharedApp, admission};

/// Time for a request's headers; also how long a connection may idle between requests.
const HEADER_DEADLINE: Duration = Duration::from_secs(30);

/// Headers and whatever else of a request is not its body.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Connections at once; each costs a file descriptor, and 65536 of those is a common limit.
const MAX_CONNECTIONS: usize = 4096;

/// Pause after an accept that failed, which happens when file descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until the process stops, then gives running requests the grace to finish.
pub(crate) async fn serve(listener: TcpListener, app: &SharedApp) -> io::Result<()> {
    let address = listener.local_addr()?;
    let router = router(app);
    let shutdown = &app.shutdown;
    let free = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    admission::warn_if_open(app, address);
    tracing::info!("api listening on {address}");
    while let Some((stream, peer)) = accept(&listener, shutdown).await {
        let Ok(permit) = Arc::clone(&free).try_acquire_owned() else {
            tracing::warn!(%peer, "connection refused, {MAX_CONNECTIONS} are open");
            continue;
        };
        let serving = serve_connection(stream, peer, router.clone(), shutdown.clone());
        shutdown.spawn(async move {
            serving.await;
            drop(permit);
        });
    }
    drop(listener);
    if !shutdown.drain(app.config.jobs.shutdown_grace).await {
        tracing::warn!("api stopped before every request was answered");
    }
    Ok(())
}

/// The next connection; `None` once the process stops.
async fn accept(listener: &TcpListener, shutdown: &Shutdown) -> Option<(TcpStream, SocketAddr)> {
    loop {
        // Cancel safe: a connection that is not returned stays in the listener's queue.
        let accepted = tokio::select! {
            () = shutdown.stopping() => return None,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "connection ended before it began");
                    continue;
                }
                return Some((stream, peer));
            }
            Err(error) => {
                tracing::warn!(%error, "connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve_connection<S>(stream: S, peer: SocketAddr, router: Router, shutdown: Shutdown)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = shutdown.stopping() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                outcome = connection => outcome,
                () = shutdown.forced() => return,
            }
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%peer, %error, "connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::time::Instant;

    use super::*;

    fn peer() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 40_000))
    }

    #[tokio::test(start_paused = true)]
    async fn client_that_never_ends_its_headers_is_cut_off() {
        let (mut client, server) = tokio::io::duplex(1024);
        let start = Instant::now();
        let serving =
            tokio::spawn(serve_connection(server, peer(), Router::new(), Shutdown::new()));

        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.unwrap();
        serving.await.unwrap();

        assert_eq!(start.elapsed().as_secs(), HEADER_DEADLINE.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn running_request_is_answered_after_the_stop() {
        let slow = get(|| async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            "done"
        });
        let (mut client, server) = tokio::io::duplex(1024);
        let shutdown = Shutdown::new();
        let router = Router::new().route("/", slow);
        let serving = tokio::spawn(serve_connection(server, peer(), router, shutdown.clone()));

        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        shutdown.stop();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();

        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.ends_with("done"), "{answer}");
        serving.await.unwrap();
    }
}
