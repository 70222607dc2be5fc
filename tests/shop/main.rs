//! Everything that proves the whole shop: it running, and the repository being what it says.

#![expect(clippy::unwrap_used, reason = "a test that finds nothing to unwrap has failed")]

mod devices;
mod repo;
mod system;
mod telemetry;
