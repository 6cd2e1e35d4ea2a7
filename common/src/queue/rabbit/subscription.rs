//! A supervised subscription on the broker: it holds until it is stopped, through every loss.
//!
//! Each lane has a channel of its own. Whatever ends one of them (an error, a lost connection, a
//! deleted queue) ends all three, and they are opened anew with new consumer tags: a tag that is
//! used again on its channel makes `RabbitMQ` 3.10.8 drop the connection.

use std::sync::Arc;
use std::time::Duration;

use lapin::ErrorKind;
use lapin::protocol::{AMQPErrorKind, AMQPHardError};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::line::{Line, Origin, next_delivery};
use super::link::Link;
use super::receipt::RabbitReceipt;
use super::shelf::Shelf;
use super::{RabbitQueue, properties};
use crate::contract::job::Lane;
use crate::provider::{Address, ProviderName};
use crate::queue::{Delivery, QueueError, Receipt};
use crate::retry::Delays;

/// A blink of the broker costs no more than this.
const FIRST_DELAY: Duration = Duration::from_millis(100);

/// After this long without a delivery a subscription makes sure that the broker still knows it.
const SILENCE: Duration = Duration::from_secs(5);

/// After an outage, work goes on this long after the broker's return at the latest; and a queue that
/// is broken for good costs the broker one attempt in this time.
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// A subscription on the broker.
#[derive(Debug)]
pub struct RabbitSubscription {
    shelf: Arc<Shelf>,
    supervisor: JoinHandle<()>,
    /// Stops the supervisor when the subscription is dropped.
    running: DropGuard,
}

impl RabbitSubscription {
    pub(super) fn start(queue: RabbitQueue, provider: ProviderName, prefetch: u16) -> Self {
        let stop = queue.shared.stop.child_token();
        let shelf = Arc::new(Shelf::default());
        let tasks = queue.shared.subscriptions.clone();
        let supervisor = Supervisor {
            link: queue.shared.consuming.clone(),
            queue,
            provider,
            // The broker takes 0 for no limit at all.
            prefetch: prefetch.max(1),
            shelf: Arc::clone(&shelf),
            stop: stop.clone(),
        };
        Self { shelf, supervisor: tasks.spawn(supervisor.run()), running: stop.drop_guard() }
    }

    pub(in crate::queue) async fn next(&mut self) -> Option<Delivery> {
        self.shelf.next().await
    }

    pub(in crate::queue) fn is_connected(&self) -> bool {
        self.shelf.is_connected()
    }

    pub(in crate::queue) async fn stop(self) {
        drop(self.running);
        if let Err(error) = self.supervisor.await {
            tracing::error!(error = &error as &dyn std::error::Error, "subscription ended badly");
        }
    }
}

/// Keeps the consumers of one provider's lanes open and puts what they receive on the shelf.
struct Supervisor {
    queue: RabbitQueue,
    link: Link,
    provider: ProviderName,
    prefetch: u16,
    shelf: Arc<Shelf>,
    stop: CancellationToken,
}

impl Supervisor {
    async fn run(mut self) {
        let stop = self.stop.clone();
        let mut delays = Delays::new(FIRST_DELAY, LONGEST_DELAY);
        let mut was_reported = false;
        while !stop.is_cancelled() {
            // Not interrupted by a stop: every step of it has a time limit, and ends what it began.
            let opened = self.open().await;
            let since = Instant::now();
            let loss = match opened {
                Ok(lines) => {
                    tracing::info!(provider = %self.provider, "consuming from the queue");
                    was_reported = false;
                    self.consume(lines).await
                }
                Err(error) => {
                    if is_broken_queue(&error) {
                        // It takes its connection down, so it gets one that nobody else needs.
                        self.link = self.queue.shared.consuming.apart(self.provider.as_str());
                    }
                    Some(error)
                }
            };
            if stop.is_cancelled() {
                break;
            }
            if !was_reported {
                was_reported = true;
                self.report(loss.as_ref());
            }
            // Consumers that are lost as soon as they are opened must not be opened in a hot loop.
            if since.elapsed() > LONGEST_DELAY {
                delays.reset();
            }
            let _ = timeout(delays.next_delay(), stop.cancelled()).await;
        }
        self.shelf.close();
    }

    fn report(&self, loss: Option<&QueueError>) {
        let provider = self.provider;
        match loss {
            Some(error) => tracing::warn!(
                %provider,
                error = error as &dyn std::error::Error,
                "queue can't be consumed, trying until it can",
            ),
            None => tracing::warn!(%provider, "queue was deleted, declaring it again"),
        }
    }

    /// Opens the consumers of all lanes, or none.
    async fn open(&self) -> Result<Vec<Line>, QueueError> {
        let topology = &self.queue.shared.topology;
        self.link.declare(&topology.of_provider(self.provider)).await?;
        let mut lines = Vec::new();
        for lane in Lane::ALL {
            let address = Address { provider: self.provider, lane };
            let queue = topology.lane_queue(address);
            match Line::open(&self.link, address, queue, self.prefetch).await {
                Ok(line) => lines.push(line),
                Err(error) => {
                    close_all(lines).await;
                    return Err(error);
                }
            }
        }
        Ok(lines)
    }

    /// Receives until the lines are lost or the subscription is stopped; says why they were lost.
    async fn consume(&self, mut lines: Vec<Line>) -> Option<QueueError> {
        self.shelf.set_connected(true);
        let loss = tokio::select! {
            loss = self.receive(&mut lines) => loss,
            () = self.stop.cancelled() => None,
        };
        self.shelf.set_connected(false);
        close_all(lines).await;
        self.shelf.clear();
        loss
    }

    /// Cancel safe: what is received is on the shelf before the next wait.
    async fn receive(&self, lines: &mut [Line]) -> Option<QueueError> {
        loop {
            match timeout(SILENCE, next_delivery(lines)).await {
                Ok(Ok((delivery, origin))) => self.shelf.put(self.delivery(delivery, origin)),
                Ok(Err(loss)) => {
                    return loss.map(|error| QueueError::Unreachable(Box::new(error)));
                }
                // A queue that is deleted and declared again at once may lose its consumers without telling them.
                Err(_) if self.queue.is_deserted(self.provider).await => return None,
                Err(_) => {}
            }
        }
    }

    fn delivery(&self, delivery: lapin::message::Delivery, origin: Origin) -> Delivery {
        let Origin { address, channel } = origin;
        Delivery {
            address,
            envelope: properties::to_envelope(&delivery.properties),
            body: delivery.data,
            is_redelivered: delivery.redelivered,
            receipt: Receipt::Rabbit(RabbitReceipt::new(
                delivery.acker,
                channel,
                self.queue.clone(),
            )),
        }
    }
}

/// Whether the broker dropped the connection because of the queue that was asked for: the state of
/// a quorum queue whose node was killed right after its declaration.
fn is_broken_queue(error: &QueueError) -> bool {
    let QueueError::Unreachable(error) = error else {
        return false;
    };
    let ErrorKind::ProtocolError(error) = error.kind() else {
        return false;
    };
    matches!(error.kind(), AMQPErrorKind::Hard(AMQPHardError::INTERNALERROR))
}

async fn close_all(lines: Vec<Line>) {
    for line in lines {
        line.close().await;
    }
}
