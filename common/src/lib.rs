//! What the API and the workers agree on.
//!
//! One job reads in eleven files, in this order:
//!
//! 1. `api/src/routes/ocr.rs` takes the drawing in and names the job
//! 2. `common/src/queue.rs` says what a queue promises
//! 3. `common/src/queue/rabbit.rs` publishes the job and waits for the broker's confirm
//! 4. `worker/src/consumer.rs` takes a delivery when a slot is free
//! 5. `worker/src/job.rs` claims, loads, runs, stores and settles it
//! 6. `worker/src/pool.rs` hands it to a slot and enforces the deadline
//! 7. `worker/src/provider/paddle.rs` reads the pages
//! 8. `engine/src/ocr.rs` turns pixels into text lines
//! 9. `engine/src/drawing.rs` turns text lines into engineering facts
//! 10. `common/src/store.rs` keeps the record and the result
//! 11. `api/src/routes/jobs.rs` answers the poll

pub mod config;
pub mod contract;
pub mod dead_letters;
pub mod error_code;
pub mod fetch;
pub mod inspect;
pub mod metrics;
pub mod overlay;
pub mod provider;
pub mod queue;
pub mod retry;
pub mod shutdown;
pub mod store;
pub mod telemetry;
