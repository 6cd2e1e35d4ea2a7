//! The dead letters of a provider: messages that no worker takes, kept until an operator acts.

use crate::contract::codec::decode_job;
use crate::contract::job::JobId;
use crate::provider::Address;
use crate::queue::{DEAD_REASON_HEADER, Envelope};

/// The reason of a letter that nobody has given one.
const UNKNOWN_REASON: &str = "unknown";

/// The header that counts how often a message came back from the dead letters.
const REVIVALS_HEADER: &str = "x-revivals";

/// One dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The lane it came from, and goes back to.
    pub address: Address,
    /// Why it is here: a worker's word, or the broker's, such as `delivery_limit`.
    pub reason: String,
    /// Whether the broker moved it here by itself, so that no worker has said anything of its job.
    pub is_from_broker: bool,
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
        let from_worker = envelope.headers.remove(DEAD_REASON_HEADER);
        let is_from_broker = from_worker.is_none();
        let reason = from_worker.or(broker_reason).unwrap_or_else(|| UNKNOWN_REASON.to_owned());
        Self { address, reason, is_from_broker, envelope, body }
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

    /// How often it has been among the dead letters before.
    #[must_use]
    pub fn revivals(&self) -> u32 {
        let times = self.envelope.headers.get(REVIVALS_HEADER);
        times.and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    /// The message that goes back to the lane: as it came first, its attempts not yet made.
    pub(super) fn revived(&self) -> Envelope {
        let mut envelope = Envelope { attempt: 0, ..self.envelope.clone() };
        envelope.headers.insert(REVIVALS_HEADER.to_owned(), (self.revivals() + 1).to_string());
        envelope
    }
}
