//! The HTTP API: takes drawings in, says where their jobs stand, gives results out.
//!
//! It reads in this order: `router.rs` (every route and layer), `routes/ocr.rs` (a drawing comes in),
//! `submit.rs` (the one way a job is accepted), `routes/jobs.rs` (the poll).

mod admission;
mod auth;
mod body;
mod checks;
mod choices;
pub mod config;
mod context;
mod error;
mod etag;
mod fleet;
mod idempotency;
mod problem;
mod resource;
mod router;
mod routes;
mod server;
mod submit;
#[cfg(test)]
mod tests;
mod trace;
mod upload;
mod wait;

use std::io;
use std::sync::Arc;

use cad_common::metrics::Scrape;
use cad_common::queue::Queue;
use cad_common::shutdown::Shutdown;
use cad_common::store::Store;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::admission::Places;
use crate::body::BodyMemory;
use crate::config::ApiConfig;

/// Everything that the handlers share.
#[derive(Debug)]
pub struct App {
    config: ApiConfig,
    queue: Queue,
    store: Store,
    scrape: Option<Scrape>,
    shutdown: Shutdown,
    body_memory: BodyMemory,
    places: Places,
    waiting: Semaphore,
    /// The description of the API, as JSON text.
    openapi: Box<str>,
}

/// The handlers' way to what they share.
type SharedApp = Arc<App>;

impl App {
    /// Puts an API together; `scrape` is `None` where metrics are off.
    #[must_use]
    pub fn new(config: ApiConfig, queue: Queue, store: Store, scrape: Option<Scrape>) -> Self {
        Self {
            body_memory: BodyMemory::for_bodies_of(config.limits.max_file_bytes),
            places: Places::new(config.max_concurrent_requests),
            waiting: Semaphore::new(wait::MAX_WAITING),
            openapi: router::describe().into(),
            shutdown: Shutdown::new(),
            config,
            queue,
            store,
            scrape,
        }
    }
}

/// Serves the API until the process stops, then lets running requests finish.
///
/// # Errors
/// The listener has no address.
pub async fn serve(listener: TcpListener, app: App, shutdown: Shutdown) -> io::Result<()> {
    let app = Arc::new(App { shutdown, ..app });
    server::serve(listener, &app).await
}
