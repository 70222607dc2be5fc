//! Backups of the shop on this machine: making one cut over all services, checking one, putting one back.
//!
//! # Layout
//! - [`barrier`]: every writer stands still at the same moment; [`create`]: what follows until the backup is whole
//! - [`locks`]: the databases of a shop that is down, so that nobody starts it meanwhile

pub(crate) mod barrier;
pub(crate) mod create;
pub(crate) mod locks;
