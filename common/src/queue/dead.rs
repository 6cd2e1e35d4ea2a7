//! The dead letters of a provider: messages that no worker takes, kept until an operator acts.

use crate::contract::codec::decode_job;
use crate::contract::job::JobId;
use crate::provider::Address;
use crate::queue::{DEAD_REASON_HEADER, Envelope};

/// The reason of a letter that nobody has given one.
const UNKNOWN_REASON: &str = "unknown";

/// One dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The lane it came from, and goes back to.
    pub address: Address,
    /// Why it is here: a worker's word, or the broker's, such as `delivery_limit`.
    pub reason: String,
    /// What travelled beside the body.
    pub envelope: Envelope,
    /// The message as published.
    pub body: Vec<u8>,
}

/// What becomes of a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stays.
    Keep,
    /// It goes back to its lane as a new message, with the headers that it came with.
    Requeue,
    /// It is removed for good.
    Discard,
}

impl DeadLetter {
    /// A letter; the worker's reason in the headers goes before the broker's.
    pub(super) fn new(
        address: Address,
        broker_reason: Option<String>,
        mut envelope: Envelope,
        body: Vec<u8>,
    ) -> Self {
        let reason = envelope.headers.remove(DEAD_REASON_HEADER).or(broker_reason);
        Self {
            address,
            reason: reason.unwrap_or_else(|| UNKNOWN_REASON.to_owned()),
            envelope,
            body,
        }
    }

    /// Names the letter, also one that names no job; the same at every look.
    #[must_use]
    pub fn id(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.envelope.message_id.as_deref().unwrap_or_default().as_bytes());
        hasher.update(b"\n").update(&self.body);
        hasher.finalize().to_hex().chars().take(16).collect()
    }

    /// The job that it asks for, when it names one.
    #[must_use]
    pub fn job_id(&self) -> Option<JobId> {
        let message = decode_job(&self.body, self.envelope.content_type.as_deref()).ok();
        let named = message.and_then(|message| message.job_id);
        named.or_else(|| self.envelope.message_id.clone())?.parse().ok()
    }

    /// The message that goes back to the lane: as it came first, its attempts not yet made.
    pub(super) fn revived(&self) -> Envelope {
        Envelope { attempt: 0, ..self.envelope.clone() }
    }
}
