//! From the queue to the result: takes jobs, runs them in slots, stores and settles what comes of them.
//!
//! [`run`] is the whole worker. Below it, each provider has a `consumer` that takes its jobs, a `circuit` that
//! says when not to, a `pool` of slots, and for each message a `job` that reads from top to bottom what happens
//! to it. A slot in a process of its own runs `slot`; what happens in a slot is a `provider`.

mod admin;
mod bench;
mod breaker;
mod chance;
mod circuit;
pub mod config;
mod consumer;
mod gate;
mod heartbeat;
mod job;
pub mod memory;
mod orders;
mod pool;
pub mod provider;
pub mod slot;
mod station;
mod sweeper;
#[cfg(test)]
mod testing;
mod witness;
mod worker;

pub use worker::{Ended, WorkerError, run};
