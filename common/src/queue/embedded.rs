//! The queue inside this process, with the promises of the broker, for as long as the process lives.
//!
//! Messages wait in their lanes until a subscription takes them; nothing is handed out before
//! somebody asks, so a subscription that stops has nothing to hand back.

pub(super) mod receipt;
pub mod subscription;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use self::subscription::EmbeddedSubscription;
use super::dead::{DeadLetter, Fate};
use super::{Delivery, Depth, Envelope, QueueError, Receipt};
use crate::contract::job::Lane;
use crate::provider::{Address, ProviderName};

/// Messages of one lane, running and waiting ones included: a full batch and as much again. Bodies
/// carry references to drawings, so that this is some megabytes.
const LANE_CAPACITY: usize = 10_000;

/// Dead letters of one provider, and answers in one reply queue; the oldest make room.
const KEPT: usize = 1_000;

/// The queue inside this process.
#[derive(Debug, Clone, Default)]
pub struct EmbeddedQueue {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Tells every subscription to look again.
    changed: Notify,
}

impl fmt::Debug for Shared {
    /// Without the messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// A message as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What travelled beside the body.
    pub envelope: Envelope,
    /// The body.
    pub body: Vec<u8>,
}

#[derive(Default)]
struct State {
    lanes: HashMap<Address, LaneState>,
    /// With the lane that each came from.
    dead: HashMap<ProviderName, VecDeque<(Lane, Message)>>,
    replies: HashMap<String, VecDeque<Message>>,
    /// By number; a subscription that has stopped is gone from here.
    subscriptions: HashMap<u64, Holding>,
    last_subscription: u64,
    is_closed: bool,
}

/// What one subscription has taken and not settled, per lane.
struct Holding {
    provider: ProviderName,
    lanes: BTreeMap<Lane, usize>,
}

#[derive(Default)]
struct LaneState {
    ready: VecDeque<Stored>,
    /// Until when each waits, in no order.
    waiting: Vec<(Instant, Stored)>,
    /// Handed out and not settled.
    running: usize,
}

/// A message in its lane.
#[derive(Debug, Clone)]
struct Stored {
    message: Arc<Message>,
    is_redelivered: bool,
}

impl LaneState {
    fn is_full(&self) -> bool {
        self.ready.len() + self.waiting.len() + self.running >= LANE_CAPACITY
    }

    /// Moves to the end of the lane what has waited long enough.
    fn wake(&mut self, now: Instant) {
        let due = self.waiting.extract_if(.., |(until, _)| *until <= now);
        self.ready.extend(due.map(|(_, stored)| stored));
    }

    fn next_wake(&self) -> Option<Instant> {
        self.waiting.iter().map(|(until, _)| *until).min()
    }
}

impl EmbeddedQueue {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn publish(
        &self,
        to: Address,
        envelope: &Envelope,
        body: &[u8],
    ) -> Result<(), QueueError> {
        let mut state = self.shared.state();
        if state.is_closed {
            return Err(QueueError::Closed);
        }
        let lane = state.lanes.entry(to).or_default();
        if lane.is_full() {
            return Err(QueueError::Full(to.routing_key()));
        }
        let message = Arc::new(Message { envelope: envelope.clone(), body: body.to_vec() });
        lane.ready.push_back(Stored { message, is_redelivered: false });
        drop(state);
        self.shared.changed.notify_waiters();
        Ok(())
    }

    pub(super) fn reply(
        &self,
        to: &str,
        envelope: &Envelope,
        body: &[u8],
    ) -> Result<(), QueueError> {
        let mut state = self.shared.state();
        if state.is_closed {
            return Err(QueueError::Closed);
        }
        let Some(queue) = state.replies.get_mut(to) else {
            return Err(QueueError::Unroutable(to.to_owned()));
        };
        keep(queue, Message { envelope: envelope.clone(), body: body.to_vec() });
        Ok(())
    }

    pub(super) fn subscribe(&self, provider: ProviderName, prefetch: u16) -> EmbeddedSubscription {
        EmbeddedSubscription::start(Arc::clone(&self.shared), provider, prefetch)
    }

    pub(super) fn depth(&self, provider: ProviderName) -> Depth {
        let state = &mut *self.shared.state();
        let mut depth = Depth {
            consumers: count(
                state.subscriptions.values().filter(|held| held.provider == provider).count(),
            ),
            dead: count(state.dead.get(&provider).map_or(0, VecDeque::len)),
            ..Depth::default()
        };
        for lane in Lane::ALL {
            if let Some(content) = state.lanes.get_mut(&Address { provider, lane }) {
                content.wake(Instant::now());
                *depth.of_lane(lane) = count(content.ready.len());
            }
        }
        depth
    }

    /// Moves a message to the dead letters without a reason, as a broker does by itself.
    pub fn bury(&self, delivery: Delivery) {
        let Delivery { address, envelope, body, receipt, .. } = delivery;
        if let Receipt::Embedded(receipt) = receipt {
            // It can't fail inside a process.
            let _ = receipt.dead_letter(address, envelope, body);
        }
    }

    pub(super) fn waiting(&self) -> u64 {
        let state = self.shared.state();
        count(state.lanes.values().map(|lane| lane.waiting.len()).sum())
    }

    pub(super) fn close(&self) {
        self.shared.state().is_closed = true;
        self.shared.changed.notify_waiters();
    }

    /// Opens a queue that replies can be sent to.
    pub fn open_replies(&self, name: &str) {
        self.shared.state().replies.entry(name.to_owned()).or_default();
    }

    /// Takes the oldest reply out of an open queue.
    #[must_use]
    pub fn take_reply(&self, name: &str) -> Option<Message> {
        self.shared.state().replies.get_mut(name)?.pop_front()
    }

    /// The dead letters of a provider, oldest first.
    #[must_use]
    pub fn dead_letters(&self, provider: ProviderName) -> Vec<Message> {
        let state = self.shared.state();
        let letters = state.dead.get(&provider).into_iter().flatten();
        letters.map(|(_, message)| message.clone()).collect()
    }

    pub(super) fn sift_dead(
        &self,
        provider: ProviderName,
        most: usize,
        decide: &mut (dyn FnMut(&DeadLetter) -> Fate + Send),
    ) -> Result<usize, QueueError> {
        let letters = self.shared.state().dead.remove(&provider).unwrap_or_default();
        let seen = letters.len().min(most);
        let mut kept = VecDeque::new();
        let mut outcome = Ok(0);
        for (number, (lane, message)) in letters.into_iter().enumerate() {
            let Message { envelope, body } = message.clone();
            let letter = DeadLetter::new(Address { provider, lane }, None, envelope, body);
            let fate = match outcome {
                Ok(_) if number < seen => decide(&letter),
                _ => Fate::Keep,
            };
            let settled = match fate {
                Fate::Keep => {
                    kept.push_back((lane, message));
                    continue;
                }
                Fate::Discard => Ok(()),
                Fate::Requeue => self.publish(letter.address, &letter.revived(), &letter.body),
            };
            match settled {
                Ok(()) => outcome = outcome.map(|left| left + 1),
                Err(error) => {
                    kept.push_back((lane, message));
                    outcome = Err(error);
                }
            }
        }
        let mut state = self.shared.state();
        let newer = state.dead.entry(provider).or_default();
        kept.append(newer);
        *newer = kept;
        outcome
    }
}

/// Keeps a message where nobody may ever fetch it.
fn keep<T>(queue: &mut VecDeque<T>, message: T) {
    if queue.len() >= KEPT {
        queue.pop_front();
    }
    queue.push_back(message);
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that panics runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::queue::{Queue, Wait};

    const TO: Address = Address { provider: ProviderName::Onnx, lane: Lane::Low };

    #[tokio::test]
    async fn a_full_lane_refuses_and_running_jobs_count() {
        let queue = EmbeddedQueue::new();
        for _ in 0..LANE_CAPACITY {
            queue.publish(TO, &Envelope::default(), b"x").unwrap();
        }

        let running = queue.subscribe(TO.provider, 1).next().await.unwrap();
        let refused = queue.publish(TO, &Envelope::default(), b"x");
        running.ack().await.unwrap();

        assert!(matches!(refused, Err(QueueError::Full(key)) if key == "vision.onnx.low"));
        queue.publish(TO, &Envelope::default(), b"x").unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiting_message_counts_only_once_it_is_ready() {
        let embedded = EmbeddedQueue::new();
        let queue = Queue::Embedded(embedded.clone());
        queue.publish(TO, &Envelope::default(), b"x").await.unwrap();
        let mut subscription = queue.subscribe(TO.provider, 1);

        subscription.next().await.unwrap().retry(Wait::ThirtySeconds).await.unwrap();
        tokio::time::advance(Duration::from_millis(29_900)).await;
        assert_eq!(embedded.depth(TO.provider).low, 0);
        tokio::time::advance(Duration::from_millis(200)).await;

        assert_eq!(embedded.depth(TO.provider).low, 1);
    }

    #[test]
    fn the_oldest_dead_letters_make_room() {
        let mut queue = VecDeque::new();
        for n in 0..=KEPT {
            let body = n.to_string().into_bytes();
            keep(&mut queue, Message { envelope: Envelope::default(), body });
        }

        assert_eq!(queue.len(), KEPT);
        assert_eq!(queue[0].body, b"1");
    }
}
