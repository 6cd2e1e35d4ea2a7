//! Deliveries that have arrived and that nobody has started.
//!
//! The broker sends no more than the prefetch of each lane, which is the bound of the shelf.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::contract::job::Lane;
use crate::queue::{Delivery, Receipt};

/// Between the task that receives and the one that works.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    content: Mutex<Content>,
    changed: Notify,
    is_connected: AtomicBool,
}

#[derive(Debug, Default)]
struct Content {
    /// Sorted by urgency, as lanes are.
    lanes: BTreeMap<Lane, VecDeque<Delivery>>,
    is_closed: bool,
}

impl Shelf {
    pub(super) fn put(&self, delivery: Delivery) {
        self.content().lanes.entry(delivery.address.lane).or_default().push_back(delivery);
        self.changed.notify_one();
    }

    /// The most urgent delivery, as soon as there is one; `None` once the shelf is closed.
    ///
    /// Cancel safe: nothing is taken before it is returned.
    pub(super) async fn next(&self) -> Option<Delivery> {
        loop {
            if let Some(delivery) = self.take() {
                return Some(delivery);
            }
            if self.content().is_closed {
                return None;
            }
            // A change since the look above has left a permit here.
            self.changed.notified().await;
        }
    }

    /// Hands back what is there: a delivery that is dropped returns to its queue.
    pub(super) fn clear(&self) {
        let unstarted = std::mem::take(&mut self.content().lanes);
        drop(unstarted);
    }

    /// Ends the waiting for good.
    pub(super) fn close(&self) {
        self.content().is_closed = true;
        self.clear();
        self.changed.notify_one();
    }

    pub(super) fn is_connected(&self) -> bool {
        self.is_connected.load(Ordering::Relaxed)
    }

    pub(super) fn set_connected(&self, is_connected: bool) {
        self.is_connected.store(is_connected, Ordering::Relaxed);
    }

    /// Skips what a channel delivered that has died since: that comes again.
    fn take(&self) -> Option<Delivery> {
        let mut content = self.content();
        for lane in content.lanes.values_mut() {
            while let Some(delivery) = lane.pop_front() {
                if matches!(&delivery.receipt, Receipt::Rabbit(receipt) if receipt.is_usable()) {
                    return Some(delivery);
                }
            }
        }
        None
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        // Nothing that panics runs under the lock.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
