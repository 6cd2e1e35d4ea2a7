//! Publishes a message and waits for the broker's confirm.
//!
//! `lapin` pairs returned messages with confirms by their order, so each channel carries one publish
//! at a time; several at once take several channels.

use deadpool::managed::{self, Metrics, PoolError, RecycleError, RecycleResult};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation, ConnectionStatus, ErrorKind};

use super::link::Link;
use super::{TIME_LIMIT, properties, within};
use crate::queue::{Envelope, QueueError};

/// Publishes in flight at once. Sixteen keep one broker busy, and a flood of requests waits here.
const CHANNELS: usize = 16;

/// Where a message goes.
#[derive(Debug, Clone)]
pub(super) struct Route {
    /// The exchange; empty for the default one, where the key names a queue.
    pub(super) exchange: ShortString,
    /// The routing key.
    pub(super) key: ShortString,
    /// Whether it is an error when no queue takes the message.
    pub(super) must_arrive: bool,
}

/// Publishes over a pool of channels on one connection.
#[derive(Debug, Clone)]
pub(super) struct Publisher {
    link: Link,
    channels: managed::Pool<ConfirmChannels>,
}

impl Publisher {
    /// Connects when it is first used.
    pub(super) fn new(link: Link) -> Self {
        let builder = managed::Pool::builder(ConfirmChannels { link: link.clone() });
        #[expect(clippy::expect_used, reason = "fails for pool timeouts only")]
        let channels = builder.max_size(CHANNELS).build().expect("a pool without timeouts");
        Self { link, channels }
    }

    /// Publishes a message; `Ok` means that the broker has taken it over for good.
    pub(super) async fn publish(
        &self,
        route: Route,
        envelope: &Envelope,
        body: &[u8],
    ) -> Result<(), QueueError> {
        let properties = properties::of_envelope(envelope)?;
        let key = route.key.to_string();
        let confirmation = tokio::time::timeout(TIME_LIMIT, self.send(route, properties, body));
        match confirmation.await.map_err(|_| QueueError::Timeout(TIME_LIMIT))?? {
            // A returned message is acked too: nobody else is going to take it.
            Confirmation::Ack(Some(_)) => Err(QueueError::Unroutable(key)),
            Confirmation::Ack(None) => Ok(()),
            Confirmation::Nack(_) => Err(QueueError::Full(key)),
            Confirmation::NotRequested => Err(QueueError::Unconfirmed),
        }
    }

    /// Ends the connection once the publishes in flight are done.
    pub(super) fn close(&self) {
        self.channels.close();
        self.link.close();
    }

    async fn send(
        &self,
        route: Route,
        properties: BasicProperties,
        body: &[u8],
    ) -> Result<Confirmation, QueueError> {
        let mut channel = self.channels.get().await.map_err(|error| match error {
            PoolError::Backend(error) => error,
            // The others come from timeouts and hooks, which this pool has none of.
            _ => QueueError::Closed,
        })?;
        channel.publish(route, properties, body).await
    }
}

/// Makes the channels of the pool.
#[derive(Debug)]
struct ConfirmChannels {
    link: Link,
}

impl managed::Manager for ConfirmChannels {
    type Type = ConfirmChannel;
    type Error = QueueError;

    async fn create(&self) -> Result<ConfirmChannel, QueueError> {
        let (channel, connection) = self.link.channel().await?;
        within(channel.confirm_select(ConfirmSelectOptions::default())).await?;
        Ok(ConfirmChannel { channel, connection, is_in_flight: false })
    }

    async fn recycle(
        &self,
        channel: &mut ConfirmChannel,
        _: &Metrics,
    ) -> RecycleResult<QueueError> {
        if channel.is_in_flight || !channel.channel.status().connected() {
            return Err(RecycleError::message("channel is closed, or waits for a late confirm"));
        }
        Ok(())
    }
}

/// A channel on which the broker confirms what it takes.
#[derive(Debug)]
struct ConfirmChannel {
    channel: Channel,
    connection: ConnectionStatus,
    /// Stays true when the wait for a confirm is given up: the confirm would be taken for that of
    /// the next message.
    is_in_flight: bool,
}

impl ConfirmChannel {
    async fn publish(
        &mut self,
        route: Route,
        properties: BasicProperties,
        body: &[u8],
    ) -> Result<Confirmation, QueueError> {
        if self.connection.blocked() {
            return Err(QueueError::Blocked);
        }
        let key = route.key.to_string();
        let options = BasicPublishOptions { mandatory: route.must_arrive, ..Default::default() };
        self.is_in_flight = true;
        let sent = self.channel.basic_publish(route.exchange, route.key, options, body, properties);
        let confirmation = match sent.await {
            Ok(confirm) => confirm.await,
            Err(error) => Err(error),
        };
        self.is_in_flight = false;
        confirmation.map_err(|error| match is_exchange_missing(&error) {
            true => QueueError::Unroutable(key),
            false => QueueError::Unreachable(Box::new(error)),
        })
    }
}

fn is_exchange_missing(error: &lapin::Error) -> bool {
    let ErrorKind::ProtocolError(error) = error.kind() else {
        return false;
    };
    matches!(error.kind(), AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND))
}
