//! The sign-in service on a scratch database, with the clock in the test's hand.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

mod bad_input;
mod door;
mod keys;
mod locking;
mod parallel;
mod passwords;
mod registering;
mod secrecy;
mod sessions;
mod signing_in;
mod staff;
