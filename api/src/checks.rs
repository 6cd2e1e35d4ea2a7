//! Asks the dependencies how they are, each within its time.

use std::time::Duration;

use cad_common::queue::Queue;
use cad_common::store::{Store, WorkerReport};
use serde::Serialize;
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;

use crate::App;

/// Time that one check may take; a probe waits for a second.
const CHECK_DEADLINE: Duration = Duration::from_millis(500);

/// What a check of a dependency found.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Check {
    /// `ready` or `not_ready`.
    pub(crate) status: &'static str,
    /// What is wrong, or what could be.
    pub(crate) detail: Option<String>,
    /// How long the check took.
    pub(crate) duration_ms: u64,
    /// Whether it was given up.
    pub(crate) timed_out: bool,
    /// Whether it works, but not as it should.
    pub(crate) degraded: bool,
}

impl Check {
    /// Whether work can be accepted as far as this dependency goes.
    pub(crate) fn is_ready(&self) -> bool {
        self.status == "ready"
    }
}

/// Checks that a job could be published.
pub(crate) async fn queue(app: &App) -> Check {
    run(async {
        let problem = app.queue.check().await.err().map(|error| error.to_string());
        let detail =
            matches!(app.queue, Queue::Embedded(_)).then(|| "inside this process".to_owned());
        Finding { problem, detail, risks: Vec::new() }
    })
    .await
}

/// Checks that the store answers and keeps what it is given.
pub(crate) async fn store(app: &App) -> Check {
    run(async {
        let detail =
            matches!(app.store, Store::Embedded(_)).then(|| "inside this process".to_owned());
        match app.store.check().await {
            Ok(health) => Finding { problem: None, detail, risks: health.risks },
            Err(error) => Finding { problem: Some(error.to_string()), detail, risks: Vec::new() },
        }
    })
    .await
}

/// The workers that are alive, or why they are not known.
pub(crate) async fn workers(app: &App) -> Result<Vec<WorkerReport>, String> {
    match timeout(CHECK_DEADLINE, app.store.workers()).await {
        Ok(workers) => workers.map_err(|error| error.to_string()),
        Err(_) => Err("store did not answer in time".to_owned()),
    }
}

struct Finding {
    problem: Option<String>,
    detail: Option<String>,
    risks: Vec<String>,
}

async fn run(check: impl Future<Output = Finding>) -> Check {
    let start = Instant::now();
    let found = timeout(CHECK_DEADLINE, check).await;
    let duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let Ok(Finding { problem, detail, risks }) = found else {
        let detail = Some("no answer in time".to_owned());
        return Check {
            status: "not_ready",
            detail,
            duration_ms,
            timed_out: true,
            degraded: false,
        };
    };
    let degraded = !risks.is_empty();
    let risks = degraded.then(|| risks.join("; "));
    let status = if problem.is_none() { "ready" } else { "not_ready" };
    Check { status, detail: problem.or(risks).or(detail), duration_ms, timed_out: false, degraded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn dependency_that_hangs_is_not_ready_after_half_a_second() {
        let check = run(std::future::pending()).await;

        assert!(!check.is_ready());
        assert!(check.timed_out);
        assert_eq!(check.duration_ms, 500);
    }

    #[tokio::test]
    async fn store_that_could_lose_results_is_ready_but_degraded() {
        let risks = vec!["appendonly is off, set it to yes".to_owned()];

        let check = run(async { Finding { problem: None, detail: None, risks } }).await;

        assert!(check.is_ready());
        assert!(check.degraded);
        assert_eq!(check.detail.as_deref(), Some("appendonly is off, set it to yes"));
    }
}
