//! The cart service on a scratch database, beside a catalog whose shelf the tests fill.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

mod changing;
mod expiring;
mod ordering;
mod owners;
mod rules;
mod shelf;
