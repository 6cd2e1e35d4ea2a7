//! Ends a worker in order before its memory ends it: the process begins anew, no job is lost.
//!
//! Slots have a mark of their own; this one is for what the worker itself might gather in weeks.

use std::fs;
use std::time::Duration;

use cad_common::shutdown::Shutdown;

/// Memory grows over hours; a look costs microseconds.
const INTERVAL: Duration = Duration::from_secs(5);

/// Stops the worker when it is larger than `max_bytes`; returns whether it did.
pub(crate) async fn watch(max_bytes: u64, shutdown: &Shutdown) -> bool {
    loop {
        let resident = resident_bytes(Some(std::process::id()));
        if resident.is_some_and(|bytes| bytes > max_bytes) {
            tracing::warn!(
                resident_mib = resident.unwrap_or_default() / (1024 * 1024),
                limit_mib = max_bytes / (1024 * 1024),
                "worker is over WORKER_MAX_RSS_MB, it finishes what runs and begins anew"
            );
            shutdown.stop();
            return true;
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = shutdown.stopping() => return false,
        }
    }
}

/// The resident memory of a process, `None` when it is gone. The kernel answers from memory, so this does not block.
#[must_use]
pub fn resident_bytes(pid: Option<u32>) -> Option<u64> {
    resident_in(&fs::read_to_string(format!("/proc/{}/status", pid?)).ok()?)
}

fn resident_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_size_is_read_from_the_kernels_page() {
        let status = "Name:\tcad-worker\nVmPeak:\t 900000 kB\nVmRSS:\t  262144 kB\nThreads:\t3\n";

        assert_eq!(resident_in(status), Some(256 * 1024 * 1024));
        assert_eq!(resident_in("Name:\tzombie\n"), None);
        assert!(resident_bytes(Some(std::process::id())).is_some_and(|bytes| bytes > 1024 * 1024));
        assert_eq!(resident_bytes(None), None);
    }

    #[tokio::test]
    async fn a_worker_over_its_mark_begins_to_stop() {
        let shutdown = Shutdown::new();

        assert!(watch(1, &shutdown).await);

        assert!(shutdown.is_stopping());
    }

    #[tokio::test]
    async fn a_worker_that_stops_is_not_watched_any_more() {
        let shutdown = Shutdown::new();
        shutdown.stop();

        assert!(!watch(u64::MAX, &shutdown).await);
    }
}
