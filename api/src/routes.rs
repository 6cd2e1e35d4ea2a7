//! The handlers, by what they are about.

pub(crate) mod dead;
pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod jobs;
pub(crate) mod metrics;
pub(crate) mod ocr;
pub(crate) mod providers;
pub(crate) mod queues;
pub(crate) mod results;
