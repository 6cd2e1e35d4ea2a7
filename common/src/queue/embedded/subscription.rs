//! Takes messages of one provider out of the queue inside this process.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::receipt::EmbeddedReceipt;
use super::{Holding, Shared, State};
use crate::contract::job::Lane;
use crate::provider::{Address, ProviderName};
use crate::queue::{Delivery, Receipt};

/// A subscription on the queue inside this process.
#[derive(Debug)]
pub struct EmbeddedSubscription {
    shared: Arc<Shared>,
    number: u64,
    provider: ProviderName,
    /// Unsettled deliveries of one lane at most.
    prefetch: usize,
}

impl EmbeddedSubscription {
    pub(super) fn start(shared: Arc<Shared>, provider: ProviderName, prefetch: u16) -> Self {
        let mut state = shared.state();
        state.last_subscription += 1;
        let number = state.last_subscription;
        state.subscriptions.insert(number, Holding { provider, lanes: BTreeMap::new() });
        drop(state);
        Self { shared, number, provider, prefetch: usize::from(prefetch.max(1)) }
    }

    pub(in crate::queue) async fn next(&mut self) -> Option<Delivery> {
        loop {
            let mut changed = pin!(self.shared.changed.notified());
            // From here on no change is missed, also one between the look and the wait.
            changed.as_mut().enable();
            if self.shared.state().is_closed {
                return None;
            }
            if let Some(delivery) = self.take() {
                return Some(delivery);
            }
            match self.next_wake() {
                Some(until) => {
                    let _ = timeout_at(until, changed).await;
                }
                None => changed.await,
            }
        }
    }

    /// Nothing is held here that nobody has started.
    pub(in crate::queue) fn stop(self) {
        drop(self);
    }

    fn take(&self) -> Option<Delivery> {
        let state = &mut *self.shared.state();
        Lane::ALL.into_iter().find_map(|lane| self.take_from(state, lane))
    }

    fn take_from(&self, state: &mut State, lane: Lane) -> Option<Delivery> {
        let address = Address { provider: self.provider, lane };
        let held = state.subscriptions.get_mut(&self.number)?.lanes.entry(lane).or_default();
        let content = state.lanes.get_mut(&address)?;
        content.wake(Instant::now());
        if *held >= self.prefetch {
            return None;
        }
        let stored = content.ready.pop_front()?;
        *held += 1;
        content.running += 1;
        Some(Delivery {
            address,
            envelope: stored.message.envelope.clone(),
            body: stored.message.body.clone(),
            is_redelivered: stored.is_redelivered,
            receipt: Receipt::Embedded(EmbeddedReceipt::new(
                Arc::clone(&self.shared),
                self.number,
                address,
                stored,
            )),
        })
    }

    /// When the next waiting message becomes ready, if any waits.
    fn next_wake(&self) -> Option<Instant> {
        let state = self.shared.state();
        let lanes = Lane::ALL.map(|lane| Address { provider: self.provider, lane });
        lanes.iter().filter_map(|address| state.lanes.get(address)?.next_wake()).min()
    }
}

impl Drop for EmbeddedSubscription {
    fn drop(&mut self) {
        self.shared.state().subscriptions.remove(&self.number);
    }
}
