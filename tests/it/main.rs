//! The integration tests, one behaviour each.
//!
//! Read `cad_tests` (src/lib.rs) before you write one. Tests that start processes are heavy: which run
//! at the same time is set in `.config/nextest.toml`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that can't go on says so and fails, in its helpers too"
)]

mod bad_images;
mod bad_input;
mod bad_messages;
mod cli;
mod crash;
mod direct_publish;
mod faults;
mod jobs;
mod metrics;
mod models;
mod operators;
mod outage;
mod queue_contract;
mod remote;
mod settings;
mod ssrf;
mod store_contract;
mod submit_poll;
