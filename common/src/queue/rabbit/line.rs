//! The consumer of one lane, on a channel of its own.
//!
//! `lapin` remembers a consumer until its cancel or the end of its channel, also when the future
//! that was to return it is dropped; so lines are opened to the end and closed by name.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Consumer};
use tokio::time::timeout;
use uuid::Uuid;

use super::link::Link;
use super::{TIME_LIMIT, receipt, within};
use crate::provider::Address;
use crate::queue::QueueError;

/// An open consumer.
pub(super) struct Line {
    origin: Origin,
    consumer: Consumer,
    /// Nothing comes after the end, not even a second end.
    has_ended: bool,
}

/// Where a delivery came from.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) address: Address,
    /// Shared with the deliveries that are out: the last one to be settled closes it.
    pub(super) channel: Arc<Channel>,
}

impl Line {
    /// Begins to consume `queue`, with `prefetch` unsettled deliveries at most.
    ///
    /// Not cancel safe.
    pub(super) async fn open(
        link: &Link,
        address: Address,
        queue: ShortString,
        prefetch: u16,
    ) -> Result<Self, QueueError> {
        let (channel, _) = link.channel().await?;
        match consume(&channel, queue, prefetch).await {
            Ok(consumer) => {
                let origin = Origin { address, channel: Arc::new(channel) };
                Ok(Self { origin, consumer, has_ended: false })
            }
            Err(error) => {
                close_channel(&channel).await;
                Err(error)
            }
        }
    }

    /// Ends the consumer and hands back what nobody has taken from it; deliveries that are out hold
    /// the channel open until the last of them is settled.
    pub(super) async fn close(mut self) {
        let channel = Arc::clone(&self.origin.channel);
        if self.has_ended || !channel.status().connected() {
            return;
        }
        if self.cancel().await.is_err() {
            // What is stuck in the consumer goes back with everything else on the channel.
            close_channel(&channel).await;
        }
    }

    async fn cancel(&mut self) -> Result<(), QueueError> {
        let options = BasicCancelOptions::default();
        within(self.origin.channel.basic_cancel(self.consumer.tag(), options)).await?;
        loop {
            let item = timeout(TIME_LIMIT, self.consumer.next()).await;
            match item.map_err(|_| QueueError::Timeout(TIME_LIMIT))? {
                Some(Ok(delivery)) => receipt::hand_back(&delivery.acker),
                Some(Err(error)) => return Err(QueueError::Unreachable(Box::new(error))),
                None => return Ok(()),
            }
        }
    }
}

async fn consume(
    channel: &Channel,
    queue: ShortString,
    prefetch: u16,
) -> Result<Consumer, QueueError> {
    within(channel.basic_qos(prefetch, BasicQosOptions::default())).await?;
    let tag = Uuid::new_v4().to_string().into();
    let options = BasicConsumeOptions::default();
    within(channel.basic_consume(queue, tag, options, FieldTable::default())).await
}

/// Does what is still possible; a channel that can't be closed ends with its connection.
pub(super) async fn close_channel(channel: &Channel) {
    if channel.status().connected() {
        let _ = within(channel.close(200, "OK".into())).await;
    }
}

/// The next delivery of any line and where it came from, or why there is none: without an error
/// when a queue was deleted.
///
/// Cancel safe.
pub(super) async fn next_delivery(
    lines: &mut [Line],
) -> Result<(Delivery, Origin), Option<lapin::Error>> {
    let (item, origin) = poll_fn(|context| {
        for line in lines.iter_mut() {
            if let Poll::Ready(item) = line.consumer.poll_next_unpin(context) {
                line.has_ended = !matches!(item, Some(Ok(_)));
                return Poll::Ready((item, line.origin.clone()));
            }
        }
        Poll::Pending
    })
    .await;
    match item {
        Some(Ok(delivery)) => Ok((delivery, origin)),
        Some(Err(error)) => Err(Some(error)),
        None => Err(None),
    }
}
