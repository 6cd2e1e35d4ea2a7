//! Settles one delivery of the broker.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use lapin::options::{BasicAckOptions, BasicNackOptions};
use lapin::{Acker, Channel};
use tokio::time::timeout;

use super::{RabbitQueue, TIME_LIMIT};
use crate::provider::Address;
use crate::queue::{Envelope, QueueError, Wait};
use crate::retry::{Failure, Policy, retry};

/// How long a copy is tried for before its original goes back: the broker would deliver that again
/// at once, and round and round for as long as it takes no copy.
const COPY_POLICY: Policy = Policy {
    first_delay: Duration::from_millis(200),
    longest_delay: Duration::from_secs(5),
    give_up_after: Duration::from_secs(20),
};

const REQUEUE: BasicNackOptions = BasicNackOptions { multiple: false, requeue: true };

/// The right to settle a delivery. Dropped unsettled, it hands the delivery back.
pub(crate) struct RabbitReceipt {
    acker: Acker,
    /// Open for as long as somebody may settle a delivery of it.
    channel: Arc<Channel>,
    queue: RabbitQueue,
}

impl fmt::Debug for RabbitReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitReceipt").field("channel", &self.channel.id()).finish_non_exhaustive()
    }
}

impl RabbitReceipt {
    pub(super) const fn new(acker: Acker, channel: Arc<Channel>, queue: RabbitQueue) -> Self {
        Self { acker, channel, queue }
    }

    /// Whether the delivery can still be settled; if not, it comes again.
    pub(super) fn is_usable(&self) -> bool {
        self.acker.usable()
    }

    pub(in crate::queue) async fn ack(self) -> Result<(), QueueError> {
        settled(self.acker.ack(BasicAckOptions::default())).await
    }

    pub(in crate::queue) async fn hand_back(self) -> Result<(), QueueError> {
        settled(self.acker.nack(REQUEUE)).await
    }

    pub(in crate::queue) async fn copy_after(
        self,
        to: Address,
        envelope: &Envelope,
        body: &[u8],
        wait: Wait,
    ) -> Result<(), QueueError> {
        self.copy(|| self.queue.publish_later(wait, to, envelope, body)).await?;
        self.ack().await
    }

    pub(in crate::queue) async fn dead_letter(
        self,
        to: Address,
        envelope: &Envelope,
        body: &[u8],
    ) -> Result<(), QueueError> {
        self.copy(|| self.queue.publish_dead(to, envelope, body)).await?;
        self.ack().await
    }

    /// Publishes a copy, unless the original comes again anyway.
    async fn copy<F, Fut>(&self, publish: F) -> Result<(), QueueError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<(), QueueError>>,
    {
        let attempt = || async {
            if !self.is_usable() {
                return Err(Failure::Permanent(QueueError::NotSettled));
            }
            publish().await.map_err(|error| match error {
                QueueError::Closed | QueueError::TooLong(_) => Failure::Permanent(error),
                error => Failure::Transient(error),
            })
        };
        retry(COPY_POLICY, attempt).await
    }
}

impl Drop for RabbitReceipt {
    fn drop(&mut self) {
        hand_back(&self.acker);
    }
}

/// Hands a delivery back without waiting for it; does nothing when it has been settled.
///
/// The first poll puts the frame into the outgoing queue of `lapin`; what is left then is to hear
/// that it was written.
pub(super) fn hand_back(acker: &Acker) {
    let _ = acker.nack(REQUEUE).now_or_never();
}

/// `lapin` tells three ways of not having settled: an error, `false` and silence.
async fn settled(answer: impl Future<Output = lapin::Result<bool>>) -> Result<(), QueueError> {
    match timeout(TIME_LIMIT, answer).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) | Err(_) => Err(QueueError::NotSettled),
        Ok(Err(error)) => {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "delivery could not be settled"
            );
            Err(QueueError::NotSettled)
        }
    }
}
