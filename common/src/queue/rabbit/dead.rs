//! Goes through the dead letters on the broker, one by one.

use std::time::Duration;

use lapin::Channel;
use lapin::options::{BasicAckOptions, BasicGetOptions};
use lapin::types::{AMQPValue, FieldTable};

use super::line::close_channel;
use super::{RabbitQueue, count, properties, within};
use crate::provider::{Address, ProviderName};
use crate::queue::QueueError;
use crate::queue::dead::{DeadLetter, Fate};

/// Looks for letters that are on their way back.
const RETURN_LOOKS: u32 = 40;

/// Between two of them.
const RETURN_PAUSE: Duration = Duration::from_millis(50);

impl RabbitQueue {
    /// Shows `decide` the oldest letters, `most` at most, and does what it says; says how many left.
    ///
    /// Letters that stay return when the channel closes, in their old order.
    pub(in crate::queue) async fn sift_dead(
        &self,
        provider: ProviderName,
        most: usize,
        decide: &mut (dyn FnMut(&DeadLetter) -> Fate + Send),
    ) -> Result<usize, QueueError> {
        let (channel, _) = self.shared.publishing.channel().await?;
        let mut kept = 0;
        let outcome = self.sift_on(&channel, provider, (most, &mut kept), decide).await;
        close_channel(&channel).await;
        self.until_returned(provider, kept).await?;
        outcome
    }

    /// Letters return a moment after their channel has closed; until then another look would not see them.
    async fn until_returned(&self, provider: ProviderName, kept: u64) -> Result<(), QueueError> {
        let queue = self.shared.topology.dead_queue(provider);
        for _ in 0..RETURN_LOOKS {
            let (channel, _) = self.shared.publishing.channel().await?;
            if count(&channel, queue.clone()).await?.0 >= kept {
                return Ok(());
            }
            tokio::time::sleep(RETURN_PAUSE).await;
        }
        Ok(())
    }

    async fn sift_on(
        &self,
        channel: &Channel,
        provider: ProviderName,
        (most, kept): (usize, &mut u64),
        decide: &mut (dyn FnMut(&DeadLetter) -> Fate + Send),
    ) -> Result<usize, QueueError> {
        let queue = self.shared.topology.dead_queue(provider);
        // Letters that come meanwhile are for the next time: one that is requeued may die again.
        let (waiting, _) = count(channel, queue.clone()).await?;
        let mut left = 0;
        for _ in 0..usize::try_from(waiting).unwrap_or(usize::MAX).min(most) {
            let get = channel.basic_get(queue.clone(), BasicGetOptions::default());
            let Some(message) = within(get).await? else {
                break;
            };
            let letter = letter(provider, &message.delivery);
            match decide(&letter) {
                Fate::Keep => {
                    *kept += 1;
                    continue;
                }
                Fate::Requeue => {
                    self.publish(letter.address, &letter.revived(), &letter.body).await?;
                }
                Fate::Discard => {}
            }
            if !within(message.acker.ack(BasicAckOptions::default())).await? {
                return Err(QueueError::NotSettled);
            }
            left += 1;
        }
        Ok(left)
    }
}

fn letter(provider: ProviderName, delivery: &lapin::message::Delivery) -> DeadLetter {
    let address = Address::of_routing_key(delivery.routing_key.as_str())
        .filter(|address| address.provider == provider)
        .unwrap_or_else(|| Address::usual(provider));
    let headers = delivery.properties.headers().as_ref();
    let reason = headers.and_then(broker_reason);
    let envelope = properties::to_envelope(&delivery.properties);
    DeadLetter::new(address, reason, envelope, delivery.data.clone())
}

/// What the broker says of the newest death; the older ones are waits that expired as they should.
fn broker_reason(headers: &FieldTable) -> Option<String> {
    let AMQPValue::FieldArray(deaths) = headers.inner().get("x-death")? else {
        return None;
    };
    let AMQPValue::FieldTable(newest) = deaths.as_slice().first()? else {
        return None;
    };
    match newest.inner().get("reason")? {
        AMQPValue::LongString(reason) => Some(reason.to_string()),
        AMQPValue::ShortString(reason) => Some(reason.to_string()),
        _ => None,
    }
}
