//! What a store promises, asked of both: the one inside the process and Redis.

mod admission;
mod answers;
mod claims;
mod faults;
mod fleet;
mod lifecycle;
mod listing;
mod orders;
mod scene;
mod sweep;
