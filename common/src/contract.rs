//! Everything that crosses a process boundary: messages, records and results.
//!
//! Rule of change: fields are only added, each with a serde default; unknown fields are ignored;
//! a change that an old reader would misunderstand raises [`job::MESSAGE_VERSION`].

pub mod codec;
pub mod description;
pub mod dimension;
pub mod drawing;
pub mod job;
pub mod provenance;
pub mod reading;
pub mod record;
pub mod symbol;
