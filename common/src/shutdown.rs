//! How a process ends: stop taking work, finish what runs, and on the second signal give up at once.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

/// The wish to stop, shared by every task of a process.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Cancelled by the first signal: take no more work.
    stop: CancellationToken,
    /// Cancelled by the second signal: hand back what runs.
    force: CancellationToken,
    /// Cancelled by the first signal alone, not by a process that stops of its own accord.
    asked: CancellationToken,
    tracker: TaskTracker,
    /// Listens to signals as long as anybody holds this.
    _listener: Option<Arc<AbortOnDropHandle<()>>>,
}

impl Shutdown {
    /// A shutdown that only [`Shutdown::stop`] and [`Shutdown::force`] begin.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A shutdown that SIGTERM and SIGINT begin; the second of them forces it.
    ///
    /// # Errors
    /// The signals can't be listened to.
    pub fn on_signals() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        let mut shutdown = Self::new();
        let listener = listen(terminate, interrupt, shutdown.clone());
        shutdown._listener = Some(Arc::new(AbortOnDropHandle::new(tokio::spawn(listener))));
        Ok(shutdown)
    }

    /// Begins to stop; a second call changes nothing.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Whether a signal has asked for the end.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked.is_cancelled()
    }

    /// Ends the patience with what still runs.
    pub fn force(&self) {
        self.stop.cancel();
        self.force.cancel();
    }

    /// Waits until no more work may be taken. Cancel safe.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// Whether no more work may be taken.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits until even running work must be handed back. Cancel safe.
    pub async fn forced(&self) {
        self.force.cancelled().await;
    }

    /// Whether even running work must be handed back.
    #[must_use]
    pub fn is_forced(&self) -> bool {
        self.force.is_cancelled()
    }

    /// Runs a task that [`Shutdown::drain`] waits for.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tracker.spawn(task)
    }

    /// Stops, waits for the tasks, and says whether all ended within `grace` and without force.
    pub async fn drain(&self, grace: Duration) -> bool {
        self.stop();
        self.tracker.close();
        tokio::select! {
            biased;
            () = self.tracker.wait() => true,
            () = self.forced() => false,
            () = tokio::time::sleep(grace) => false,
        }
    }
}

async fn listen(mut terminate: Signal, mut interrupt: Signal, shutdown: Shutdown) {
    loop {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        if shutdown.is_asked() {
            tracing::warn!(signal = name, "handing back what runs");
            shutdown.force();
            return;
        }
        shutdown.asked.cancel();
        tracing::info!(signal = name, "stopping, finishing what runs");
        shutdown.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn drain_waits_for_tasks_that_heed_the_stop() {
        let shutdown = Shutdown::new();
        let watched = shutdown.clone();
        shutdown.spawn(async move {
            watched.stopping().await;
            tokio::time::sleep(Duration::from_secs(2)).await;
        });

        assert!(shutdown.drain(Duration::from_secs(30)).await);
        assert!(shutdown.is_stopping());
    }

    #[tokio::test(start_paused = true)]
    async fn drain_gives_up_after_the_grace() {
        let shutdown = Shutdown::new();
        shutdown.spawn(std::future::pending::<()>());
        let start = tokio::time::Instant::now();

        assert!(!shutdown.drain(Duration::from_secs(5)).await);
        assert_eq!(start.elapsed(), Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn force_ends_the_drain_at_once() {
        let shutdown = Shutdown::new();
        shutdown.spawn(std::future::pending::<()>());
        let second = shutdown.clone();
        let operator = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            second.force();
        });

        assert!(!shutdown.drain(Duration::from_secs(600)).await);
        assert!(shutdown.is_forced());
        operator.await.unwrap();
    }

    #[tokio::test]
    async fn first_signal_stops_and_the_second_forces() {
        let shutdown = Shutdown::on_signals().unwrap();
        let term = || {
            let id = std::process::id().to_string();
            std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap()
        };

        term();
        shutdown.stopping().await;
        assert!(!shutdown.is_forced());

        term();
        shutdown.forced().await;
    }
}
