//! Backups: one consistent cut over the databases of all services, and putting them back.
//!
//! Hearers keep how far they have heard each source, so a file that is older than the others would make them
//! believe that they know numbers which are given anew. So a backup holds every file as it was at one moment, and
//! all of them are put back together.
//!
//! # Layout
//! - [`hold`]: the writer stands still for a moment; [`snapshot`]: what a service copies meanwhile and after
//! - [`manifest`]: what a backup says of itself, and the rule of the cut
//! - [`inspect`]: reading the file of a database, and what is wrong with it
//! - [`stats`]: how large everything in a database is
//! - [`verify`](mod@verify): whether a backup is what was written; [`restore`]: putting one back

pub mod hold;
pub mod inspect;
pub mod manifest;
pub mod restore;
pub mod snapshot;
pub mod stats;
#[cfg(test)]
mod tests;
pub mod verify;

pub use inspect::Inspected;
pub use manifest::{Entry, Manifest};
pub use verify::{Finding, verify};
