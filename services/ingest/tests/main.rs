//! The ingest service on a scratch database: what devices say, and what it makes of it.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

mod asking;
mod chunks;
mod forms;
mod house;
mod once;
mod pruning;
mod refusing;
mod telling;
