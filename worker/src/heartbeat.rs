//! Tells the fleet every few seconds that this worker is alive and how it is doing.
//!
//! The report is also the probe that finds out when a store that was away takes writes again.

use std::sync::Arc;
use std::time::Duration;

use cad_common::store::{Store, WorkerReport};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::gate::StoreGate;
use crate::station::{Pulse, Station};

/// How often a worker reports while all is well.
const INTERVAL: Duration = Duration::from_secs(5);
/// Two reports may get lost before the worker counts as gone.
const TTL: Duration = Duration::from_secs(15);
/// How often it tries while the store is away.
const PROBE_INTERVAL: Duration = Duration::from_millis(500);
/// The way out does not wait for a store that is away.
const RETIRE_LIMIT: Duration = Duration::from_secs(1);

/// Reports until `done`.
pub(crate) struct Heartbeat {
    pub(crate) store: Store,
    pub(crate) gate: StoreGate,
    pub(crate) stations: Vec<Arc<Station>>,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) done: CancellationToken,
}

impl Heartbeat {
    /// Runs the loop, and takes the worker off the list at its end.
    pub(crate) async fn run(self) {
        let id = format!("{}-{}-{}", host(), std::process::id(), uuid::Uuid::new_v4().simple());
        let mut gate = self.gate.watch();
        while !self.done.is_cancelled() {
            self.pulse.beat();
            match self.store.announce(&self.report(&id), TTL).await {
                Ok(()) => self.gate.open(),
                Err(error) => self.gate.shut(&error),
            }
            let is_open = *gate.borrow_and_update();
            tokio::select! {
                () = tokio::time::sleep(if is_open { INTERVAL } else { PROBE_INTERVAL }) => {}
                // Shut by a job: look at once whether the store is away or has only stumbled.
                Ok(()) = gate.changed(), if is_open => tokio::time::sleep(PROBE_INTERVAL).await,
                () = self.done.cancelled() => {}
            }
        }
        if !matches!(tokio::time::timeout(RETIRE_LIMIT, self.store.retire(&id)).await, Ok(Ok(()))) {
            tracing::debug!("worker stays listed until its last report expires");
        }
    }

    fn report(&self, id: &str) -> WorkerReport {
        WorkerReport {
            id: id.to_owned(),
            host: host(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            providers: self.stations.iter().map(|station| station.report()).collect(),
            reported_at: Timestamp::now(),
        }
    }
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
