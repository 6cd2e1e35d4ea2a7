//! The scripts that run inside Redis.

use redis::Script;

/// Each script, with its hash.
#[derive(Debug)]
pub(super) struct Scripts {
    /// Every change of a job.
    pub(super) job: Script,
    /// A page of the list of jobs.
    pub(super) page: Script,
    /// Takes a job off a drawing's users.
    pub(super) leave_blob: Script,
    /// Takes the lead in computing an answer.
    pub(super) lead: Script,
    /// Ends the lead.
    pub(super) land: Script,
    /// Claims an idempotency key.
    pub(super) claim_key: Script,
    /// Binds or frees an idempotency key.
    pub(super) settle_key: Script,
    /// Replaces a shared circuit.
    pub(super) swap_circuit: Script,
    /// Counts a request against a rate.
    pub(super) admit: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            job: Script::new(include_str!("job.lua")),
            page: Script::new(include_str!("page.lua")),
            leave_blob: Script::new(include_str!("leave_blob.lua")),
            lead: Script::new(include_str!("lead.lua")),
            land: Script::new(include_str!("land.lua")),
            claim_key: Script::new(include_str!("claim_key.lua")),
            settle_key: Script::new(include_str!("settle_key.lua")),
            swap_circuit: Script::new(include_str!("swap_circuit.lua")),
            admit: Script::new(include_str!("admit.lua")),
        }
    }
}
