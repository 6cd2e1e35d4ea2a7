//! Settles one delivery of the queue inside this process.

use std::sync::Arc;

use tokio::time::Instant;

use super::{LaneState, Message, Shared, State, Stored, keep};
use crate::provider::Address;
use crate::queue::{Envelope, QueueError, Wait};

/// The right to settle a delivery. Dropped unsettled, it hands the delivery back.
#[derive(Debug)]
pub(crate) struct EmbeddedReceipt {
    shared: Arc<Shared>,
    subscription: u64,
    address: Address,
    /// `None` once it is settled.
    stored: Option<Stored>,
}

impl EmbeddedReceipt {
    pub(super) const fn new(
        shared: Arc<Shared>,
        subscription: u64,
        address: Address,
        stored: Stored,
    ) -> Self {
        Self { shared, subscription, address, stored: Some(stored) }
    }

    pub(in crate::queue) fn ack(mut self) -> Result<(), QueueError> {
        self.settle(|_, _| ());
        Ok(())
    }

    pub(in crate::queue) fn hand_back(self) -> Result<(), QueueError> {
        drop(self);
        Ok(())
    }

    pub(in crate::queue) fn copy_after(
        mut self,
        to: Address,
        envelope: Envelope,
        body: Vec<u8>,
        wait: Wait,
    ) -> Result<(), QueueError> {
        let message = Arc::new(Message { envelope, body });
        let until = Instant::now() + wait.duration();
        self.settle(|state, _| {
            let lane = state.lanes.entry(to).or_default();
            lane.waiting.push((until, Stored { message, is_redelivered: false }));
        });
        Ok(())
    }

    pub(in crate::queue) fn dead_letter(
        mut self,
        to: Address,
        envelope: Envelope,
        body: Vec<u8>,
    ) -> Result<(), QueueError> {
        self.settle(|state, _| {
            let letter = (to.lane, Message { envelope, body });
            keep(state.dead.entry(to.provider).or_default(), letter);
        });
        Ok(())
    }

    /// Takes the delivery off the books, once, and does with it what the verb says.
    fn settle(&mut self, verb: impl FnOnce(&mut State, Stored)) {
        let Some(stored) = self.stored.take() else {
            return;
        };
        let mut state = self.shared.state();
        if let Some(lane) = state.lanes.get_mut(&self.address) {
            lane.running = lane.running.saturating_sub(1);
        }
        let holding = state.subscriptions.get_mut(&self.subscription);
        if let Some(held) = holding.and_then(|holding| holding.lanes.get_mut(&self.address.lane)) {
            *held = held.saturating_sub(1);
        }
        verb(&mut state, stored);
        drop(state);
        self.shared.changed.notify_waiters();
    }
}

impl Drop for EmbeddedReceipt {
    fn drop(&mut self) {
        let address = self.address;
        self.settle(|state, stored| {
            let lane: &mut LaneState = state.lanes.entry(address).or_default();
            lane.ready.push_front(Stored { is_redelivered: true, ..stored });
        });
    }
}
