//! The telemetry service on a scratch database: what it hears, and what readings come to.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

mod asking;
mod house;
mod pruning;
mod real;
mod rebuilding;
mod rolling;
