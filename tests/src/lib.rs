//! What the integration tests stand on: real processes, a real broker, a real store.
//!
//! When writing tests keep in mind:
//! - A test has its own namespace ([`services::Shared`]) or its own servers ([`services::redis`],
//!   [`services::rabbit`]). It never flushes, never stops what it did not start, and leaves nothing.
//! - Processes are the built ones ([`fleet`]): `make test` builds them, `cargo nextest run` alone does not.
//!   Their logs are printed when the test fails.
//! - Wait for a condition ([`wait::until`]), never for a time.
//! - Ports are 0; the processes say which they got.
//! - Pictures come from `tests/drawings` or are made in code ([`drawings`]); a test that passes only on
//!   one machine's folders is none.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and says where"
)]

pub mod broken;
pub mod chaos;
pub mod chat;
pub mod client;
pub mod drawings;
pub mod fleet;
pub mod process;
pub mod publisher;
pub mod scrape;
pub mod scratch;
pub mod services;
pub mod wait;
pub mod web;
