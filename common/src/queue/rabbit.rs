//! The queue on a broker, which is `RabbitMQ`.
//!
//! One connection publishes and another consumes: an alarm of the broker blocks those who publish,
//! and acknowledgements must still get through.

mod dead;
mod line;
mod link;
mod properties;
mod publisher;
pub(super) mod receipt;
mod shelf;
pub mod subscription;
mod topology;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use lapin::options::QueueDeclareOptions;
use lapin::types::{FieldTable, ShortString};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::link::Link;
use self::publisher::{Publisher, Route};
use self::subscription::RabbitSubscription;
use self::topology::Topology;
use super::{Depth, Envelope, QueueError, Wait};
use crate::config::shared::BrokerConfig;
use crate::contract::job::Lane;
use crate::provider::{Address, ProviderName};

/// How long any answer of the broker is waited for.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// A readiness probe has about this long.
const CHECK_LIMIT: Duration = Duration::from_secs(1);

/// The queues of AMQP's direct reply: no real queues, so the broker returns a mandatory message to
/// them although it has delivered it.
const DIRECT_REPLY: &str = "amq.rabbitmq.reply-to";

/// The queue on a broker.
#[derive(Clone)]
pub struct RabbitQueue {
    shared: Arc<Shared>,
}

struct Shared {
    topology: Topology,
    publisher: Publisher,
    publishing: Link,
    consuming: Link,
    stop: CancellationToken,
    subscriptions: TaskTracker,
}

impl fmt::Debug for RabbitQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitQueue")
            .field("topology", &self.shared.topology)
            .field("publishing", &self.shared.publishing)
            .field("consuming", &self.shared.consuming)
            .finish_non_exhaustive()
    }
}

impl RabbitQueue {
    /// Returns at once; connects when it is first used, and again after a loss.
    ///
    /// Operators see the connections as `<name> publish` and `<name> consume`.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn connect(config: &BrokerConfig, name: &str) -> Self {
        let topology = Topology::new(&config.namespace);
        let publishing = Link::new(config.url.clone(), format!("{name} publish"), topology.whole());
        let consuming = Link::new(config.url.clone(), format!("{name} consume"), Vec::new());
        let shared = Shared {
            topology,
            publisher: Publisher::new(publishing.clone()),
            publishing,
            consuming,
            stop: CancellationToken::new(),
            subscriptions: TaskTracker::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    pub(super) async fn publish(
        &self,
        to: Address,
        envelope: &Envelope,
        body: &[u8],
    ) -> Result<(), QueueError> {
        self.publish_to(self.shared.topology.jobs_exchange(), to, envelope, body).await
    }

    pub(super) async fn reply(
        &self,
        to: &str,
        envelope: &Envelope,
        body: &[u8],
    ) -> Result<(), QueueError> {
        let route = Route {
            exchange: ShortString::default(),
            key: properties::short("reply_to", to)?,
            must_arrive: !to.starts_with(DIRECT_REPLY),
        };
        self.shared.publisher.publish(route, envelope, body).await
    }

    pub(super) fn subscribe(&self, provider: ProviderName, prefetch: u16) -> RabbitSubscription {
        RabbitSubscription::start(self.clone(), provider, prefetch)
    }

    pub(super) async fn depth(&self, provider: ProviderName) -> Result<Depth, QueueError> {
        let topology = &self.shared.topology;
        // Thrown away afterwards: asking for a queue that is missing closes the channel.
        let (channel, _) = self.shared.publishing.channel().await?;
        let mut depth = Depth::default();
        for lane in Lane::ALL {
            let queue = topology.lane_queue(Address { provider, lane });
            let (messages, consumers) = count(&channel, queue).await?;
            *depth.of_lane(lane) = messages;
            // Each subscription has one consumer on each lane.
            depth.consumers = depth.consumers.max(consumers);
        }
        (depth.dead, _) = count(&channel, topology.dead_queue(provider)).await?;
        Ok(depth)
    }

    pub(super) async fn waiting(&self) -> Result<u64, QueueError> {
        let (channel, _) = self.shared.publishing.channel().await?;
        let mut waiting = 0;
        for wait in Wait::ALL {
            waiting += count(&channel, self.shared.topology.wait(wait)).await?.0;
        }
        Ok(waiting)
    }

    /// Whether a lane of a provider has no consumer at all, not even the one that asks; `false` when nobody can tell.
    async fn is_deserted(&self, provider: ProviderName) -> bool {
        let Ok((channel, _)) = self.shared.publishing.channel().await else {
            return false;
        };
        for lane in Lane::ALL {
            let queue = self.shared.topology.lane_queue(Address { provider, lane });
            match count(&channel, queue).await {
                Ok((_, 0)) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
        false
    }

    pub(super) async fn check(&self) -> Result<(), QueueError> {
        let channel = tokio::time::timeout(CHECK_LIMIT, self.shared.publishing.channel()).await;
        channel.map_err(|_| QueueError::Timeout(CHECK_LIMIT))?.map(drop)
    }

    pub(super) async fn close(&self) {
        self.shared.stop.cancel();
        self.shared.subscriptions.close();
        if tokio::time::timeout(TIME_LIMIT, self.shared.subscriptions.wait()).await.is_err() {
            tracing::warn!("subscriptions have not ended within {TIME_LIMIT:?}");
        }
        self.shared.publisher.close();
        self.shared.consuming.close();
    }

    /// Publishes a copy that comes back to its lane after the wait.
    async fn publish_later(
        &self,
        wait: Wait,
        to: Address,
        envelope: &Envelope,
        body: &[u8],
    ) -> Result<(), QueueError> {
        self.publish_to(self.shared.topology.wait(wait), to, envelope, body).await
    }

    /// Publishes a copy to the dead letters.
    async fn publish_dead(
        &self,
        to: Address,
        envelope: &Envelope,
        body: &[u8],
    ) -> Result<(), QueueError> {
        self.publish_to(self.shared.topology.dead_exchange(), to, envelope, body).await
    }

    async fn publish_to(
        &self,
        exchange: ShortString,
        to: Address,
        envelope: &Envelope,
        body: &[u8],
    ) -> Result<(), QueueError> {
        let route = Route { exchange, key: to.routing_key().into(), must_arrive: true };
        let outcome = self.shared.publisher.publish(route, envelope, body).await;
        if let Err(QueueError::Unroutable(key)) = &outcome {
            tracing::error!(routing_key = %key, "part of the topology is gone, declaring it again");
            // The caller hears of the first failure; what it is good for shows at the next attempt.
            if let Err(error) = self.shared.publishing.declare_topology().await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "topology can't be declared"
                );
            }
        }
        outcome
    }
}

/// Waits for an answer of the broker within the time limit.
async fn within<T>(answer: impl Future<Output = lapin::Result<T>>) -> Result<T, QueueError> {
    match tokio::time::timeout(TIME_LIMIT, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(QueueError::Unreachable(Box::new(error))),
        Err(_) => Err(QueueError::Timeout(TIME_LIMIT)),
    }
}

/// The messages that wait in a queue, and its consumers.
async fn count(channel: &lapin::Channel, queue: ShortString) -> Result<(u64, u64), QueueError> {
    let passively = QueueDeclareOptions::durable().passive();
    let queue = within(channel.queue_declare(queue, passively, FieldTable::default())).await?;
    Ok((queue.message_count().into(), queue.consumer_count().into()))
}
