//! The queue between those who ask and those who work.
//!
//! The promise: [`Queue::publish`] returns `Ok` only when the broker has taken the message over for
//! good; a [`Delivery`] stays the queue's until it is settled, and comes back when its holder dies.
//! So a message is worked at least once, and never lost; that it has effect once is the store's part
//! (the claim in `store.rs`).

pub mod dead;
pub mod embedded;
pub mod rabbit;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::dead::{DeadLetter, Fate};
use crate::contract::job::{JobId, Kind, Lane};
use crate::provider::{Address, ProviderName};

/// The two queues there are: inside this process, or on a broker.
#[derive(Debug, Clone)]
pub enum Queue {
    /// For `cad up` and tests; lives as long as the process.
    Embedded(embedded::EmbeddedQueue),
    /// For the fleet.
    Rabbit(rabbit::RabbitQueue),
}

/// Everything that travels beside the body.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Envelope {
    /// Names the job when the body doesn't.
    pub message_id: Option<String>,
    /// Handed back with the reply.
    pub correlation_id: Option<String>,
    /// The queue that gets the result.
    pub reply_to: Option<String>,
    /// `application/msgpack` or `application/json`.
    pub content_type: Option<String>,
    /// Such as `cad.ocr.extract.v1`.
    pub message_type: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// The runbook's trace id, when the client chose one.
    pub trace_id: Option<String>,
    /// Attempts that were tried before, 0 for a new message.
    pub attempt: u32,
    /// Everything else that stood in the headers, as text; carried along unchanged.
    pub headers: BTreeMap<String, String>,
}

impl Envelope {
    /// The envelope of a new job message of this project.
    #[must_use]
    pub fn of_job(id: JobId, kind: Kind, content_type: &str) -> Self {
        Self {
            message_id: Some(id.to_string()),
            content_type: Some(content_type.to_owned()),
            message_type: Some(kind.message_type().to_owned()),
            ..Self::default()
        }
    }
}

/// How long a failed job waits before it is tried again: one wait queue each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wait {
    /// After the first failure.
    OneSecond,
    /// After the second.
    FiveSeconds,
    /// After every further one.
    ThirtySeconds,
}

impl Wait {
    /// Every delay there is a queue for.
    pub const ALL: [Self; 3] = [Self::OneSecond, Self::FiveSeconds, Self::ThirtySeconds];

    /// The delay before the attempt that follows `attempts` failed ones.
    #[must_use]
    pub const fn after(attempts: u32) -> Self {
        match attempts {
            0 | 1 => Self::OneSecond,
            2 => Self::FiveSeconds,
            _ => Self::ThirtySeconds,
        }
    }

    /// The shortest delay that is no shorter than what was asked for, or the longest there is.
    #[must_use]
    pub fn at_least(asked: Duration) -> Self {
        Self::ALL.into_iter().find(|wait| wait.duration() >= asked).unwrap_or(Self::ThirtySeconds)
    }

    /// How long it is.
    #[must_use]
    pub const fn duration(self) -> Duration {
        match self {
            Self::OneSecond => Duration::from_secs(1),
            Self::FiveSeconds => Duration::from_secs(5),
            Self::ThirtySeconds => Duration::from_secs(30),
        }
    }

    /// The last segment of its queue's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneSecond => "1s",
            Self::FiveSeconds => "5s",
            Self::ThirtySeconds => "30s",
        }
    }
}

/// What went wrong between this process and the queue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The broker can't be reached or does not answer; try again later.
    #[error("queue is not reachable")]
    Unreachable(#[source] Box<lapin::Error>),
    /// No connection could be made; try again later.
    #[error("queue is not reachable")]
    NoConnection(#[source] Box<deadpool_lapin::PoolError>),
    /// The broker is short of memory or disk and takes nothing; try again later.
    #[error("queue takes no messages, the broker has raised an alarm")]
    Blocked,
    /// The broker did not confirm in time: it may have the message or not.
    #[error("queue did not answer within {0:?}")]
    Timeout(Duration),
    /// The queue is at its length limit; try again later.
    #[error("queue {0} is full")]
    Full(String),
    /// No queue is bound to the address; the topology is broken.
    #[error("no queue takes {0}")]
    Unroutable(String),
    /// The broker was not asked to confirm; a defect of this program.
    #[error("queue was not asked to confirm")]
    Unconfirmed,
    /// A property is longer than the 255 bytes that AMQP carries; correct it.
    #[error("{0} is longer than 255 bytes")]
    TooLong(&'static str),
    /// The channel died, so the message was not settled and comes back.
    #[error("delivery could not be settled, it will come back")]
    NotSettled,
    /// The queue is shutting down.
    #[error("queue is closed")]
    Closed,
}

/// How many messages stand where, for one provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// Waiting in the high lane.
    pub high: u64,
    /// Waiting in the normal lane.
    pub normal: u64,
    /// Waiting in the low lane.
    pub low: u64,
    /// Subscriptions on its lanes.
    pub consumers: u64,
    /// Kept in the dead letters.
    pub dead: u64,
}

impl Depth {
    fn of_lane(&mut self, lane: Lane) -> &mut u64 {
        match lane {
            Lane::High => &mut self.high,
            Lane::Normal => &mut self.normal,
            Lane::Low => &mut self.low,
        }
    }
}

impl Queue {
    /// Publishes a message and waits until the queue has taken it over.
    ///
    /// # Errors
    /// Anything but a confirmed, routed message. After [`QueueError::Timeout`] the message may be there.
    pub async fn publish(
        &self,
        to: Address,
        envelope: &Envelope,
        body: &[u8],
    ) -> Result<(), QueueError> {
        match self {
            Self::Embedded(queue) => queue.publish(to, envelope, body),
            Self::Rabbit(queue) => queue.publish(to, envelope, body).await,
        }
    }

    /// Sends a result to the queue that a batch publisher named, and waits for the confirm.
    ///
    /// # Errors
    /// [`QueueError::Unroutable`] when that queue is gone, else as [`Queue::publish`].
    pub async fn reply(
        &self,
        to: &str,
        envelope: &Envelope,
        body: &[u8],
    ) -> Result<(), QueueError> {
        match self {
            Self::Embedded(queue) => queue.reply(to, envelope, body),
            Self::Rabbit(queue) => queue.reply(to, envelope, body).await,
        }
    }

    /// Starts to take a provider's jobs, `prefetch` unsettled ones at most per lane.
    ///
    /// It connects, and connects again after a loss, by itself.
    #[must_use]
    pub fn subscribe(&self, provider: ProviderName, prefetch: u16) -> Subscription {
        match self {
            Self::Embedded(queue) => Subscription::Embedded(queue.subscribe(provider, prefetch)),
            Self::Rabbit(queue) => Subscription::Rabbit(queue.subscribe(provider, prefetch)),
        }
    }

    /// Counts what waits for a provider.
    ///
    /// # Errors
    /// The broker can't be asked.
    pub async fn depth(&self, provider: ProviderName) -> Result<Depth, QueueError> {
        match self {
            Self::Embedded(queue) => Ok(queue.depth(provider)),
            Self::Rabbit(queue) => queue.depth(provider).await,
        }
    }

    /// Counts the messages of all providers that wait to be tried again.
    ///
    /// # Errors
    /// The broker can't be asked.
    pub async fn waiting(&self) -> Result<u64, QueueError> {
        match self {
            Self::Embedded(queue) => Ok(queue.waiting()),
            Self::Rabbit(queue) => queue.waiting().await,
        }
    }

    /// Shows `decide` the dead letters of a provider, oldest first and `most` at most, and does what it says.
    ///
    /// Returns how many have left. A look counts as a return on the broker, so it is for operators and
    /// for changes, not for a clock.
    ///
    /// # Errors
    /// The broker can't be asked, or takes no message back; letters decided on so far have left.
    pub async fn sift_dead(
        &self,
        provider: ProviderName,
        most: usize,
        decide: &mut (dyn FnMut(&DeadLetter) -> Fate + Send),
    ) -> Result<usize, QueueError> {
        match self {
            Self::Embedded(queue) => queue.sift_dead(provider, most, decide),
            Self::Rabbit(queue) => queue.sift_dead(provider, most, decide).await,
        }
    }

    /// Checks that a message could be published now.
    ///
    /// # Errors
    /// Why not.
    pub async fn check(&self) -> Result<(), QueueError> {
        match self {
            Self::Embedded(_) => Ok(()),
            Self::Rabbit(queue) => queue.check().await,
        }
    }

    /// Ends every connection.
    pub async fn close(&self) {
        match self {
            Self::Embedded(queue) => queue.close(),
            Self::Rabbit(queue) => queue.close().await,
        }
    }
}

/// A running subscription on the lanes of one provider.
#[derive(Debug)]
pub enum Subscription {
    /// On the queue inside this process.
    Embedded(embedded::subscription::EmbeddedSubscription),
    /// On the broker.
    Rabbit(rabbit::subscription::RabbitSubscription),
}

impl Subscription {
    /// Waits for the next job, the most urgent lane first; `None` once the queue is closed.
    ///
    /// Cancel safe: a delivery that is not returned stays in the subscription.
    pub async fn next(&mut self) -> Option<Delivery> {
        match self {
            Self::Embedded(subscription) => subscription.next().await,
            Self::Rabbit(subscription) => subscription.next().await,
        }
    }

    /// Whether jobs can arrive now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        match self {
            Self::Embedded(_) => true,
            Self::Rabbit(subscription) => subscription.is_connected(),
        }
    }

    /// Stops taking jobs and hands back those that nobody has started.
    ///
    /// Deliveries that are out can still be settled.
    pub async fn stop(self) {
        match self {
            Self::Embedded(subscription) => subscription.stop(),
            Self::Rabbit(subscription) => subscription.stop().await,
        }
    }
}

/// A message in hand. It must be settled by one of its five verbs; dropped, it comes back to the queue.
#[derive(Debug)]
pub struct Delivery {
    /// The queue it came from.
    pub address: Address,
    /// What travelled beside the body.
    pub envelope: Envelope,
    /// The message as published.
    pub body: Vec<u8>,
    /// Whether the queue has handed it out before.
    pub is_redelivered: bool,
    /// The way to settle it.
    pub(crate) receipt: Receipt,
}

/// The two ways to settle.
#[derive(Debug)]
pub(crate) enum Receipt {
    /// On the queue inside this process.
    Embedded(embedded::receipt::EmbeddedReceipt),
    /// On the broker.
    Rabbit(rabbit::receipt::RabbitReceipt),
}

impl Delivery {
    /// Tells the queue that the job is done.
    ///
    /// # Errors
    /// [`QueueError::NotSettled`] when the message will come back.
    pub async fn ack(self) -> Result<(), QueueError> {
        match self.receipt {
            Receipt::Embedded(receipt) => receipt.ack(),
            Receipt::Rabbit(receipt) => receipt.ack().await,
        }
    }

    /// Sends a copy with `attempt` one higher through a wait queue, then settles this one.
    ///
    /// # Errors
    /// The copy was not confirmed (this delivery comes back) or this one was not settled (both do).
    pub async fn retry(self, wait: Wait) -> Result<(), QueueError> {
        let mut delivery = self;
        delivery.envelope.attempt += 1;
        delivery.postpone(wait).await
    }

    /// Puts the message aside for a while: a copy goes through a wait queue, no attempt is counted.
    ///
    /// # Errors
    /// As [`Delivery::retry`].
    pub async fn postpone(self, wait: Wait) -> Result<(), QueueError> {
        let Self { address, envelope, body, receipt, .. } = self;
        match receipt {
            Receipt::Embedded(receipt) => receipt.copy_after(address, envelope, body, wait),
            Receipt::Rabbit(receipt) => receipt.copy_after(address, &envelope, &body, wait).await,
        }
    }

    /// Moves the message to the dead letters of its provider with the reason, until an operator acts.
    ///
    /// # Errors
    /// As [`Delivery::retry`].
    pub async fn dead_letter(self, reason: &str) -> Result<(), QueueError> {
        let Self { address, mut envelope, body, receipt, .. } = self;
        envelope.headers.insert(DEAD_REASON_HEADER.to_owned(), reason.to_owned());
        match receipt {
            Receipt::Embedded(receipt) => receipt.dead_letter(address, envelope, body),
            Receipt::Rabbit(receipt) => receipt.dead_letter(address, &envelope, &body).await,
        }
    }

    /// Gives the message back unstarted, for any worker to take.
    ///
    /// # Errors
    /// The channel is gone, so it comes back anyway.
    pub async fn hand_back(self) -> Result<(), QueueError> {
        match self.receipt {
            Receipt::Embedded(receipt) => receipt.hand_back(),
            Receipt::Rabbit(receipt) => receipt.hand_back().await,
        }
    }
}

/// The header that says why a message is among the dead letters.
pub const DEAD_REASON_HEADER: &str = "x-dead-reason";

/// The header that counts the attempts before this one.
pub const ATTEMPT_HEADER: &str = "x-attempt";
