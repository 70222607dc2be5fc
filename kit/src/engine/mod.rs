//! The engine of a service: jobs and a database in; answers, rows and timers out.
//!
//! It does no input or output of its own beside the database, knows no broker and no clock but the
//! one it is given. The runtime drives it from one writer thread; a simulator can drive it directly.
//!
//! # Layout
//! - [`job`]: what can be asked of it
//! - [`commit`]: a group of jobs, one transaction, one answer each; `gate`: what is refused at the moment
//! - `together`: many events heard at once; [`drain`]: many raw messages at once
//! - [`desk`]: how a request is answered, around the handler
//! - `told`: what was told so far, in memory
//! - `hearing`, `timers`, `effects`, `replies`, `outbox`, `journal`: the tables, each with its rules
//! - `log`: the write-ahead log is kept short; [`check`]: whether a file can be trusted at a start
//! - [`lookup`]: finding something by the end of its identifier
//! - [`mirror`]: an outbox compared with its stream
//! - [`places`]: how much work on the outside world is under way at once
//! - `perform`: what each kind of job does, and what is left of one that fails
//! - [`worker`]: what becomes due: firing timers, trying effects
//! - [`standing`]: where a hearer stands, and whether something is missing before what comes
//! - [`steady`]: whether a clock can be believed that says how old something is
//! - [`schema`]: opening, creating, upgrading
//! - [`written`]: all that a service has written down, for whoever audits

#[cfg(feature = "testing")]
mod again;
pub mod check;
pub mod commit;
pub mod desk;
pub mod drain;
pub mod effects;
mod gate;
pub mod hearing;
pub mod job;
pub mod journal;
pub(crate) mod log;
pub mod lookup;
pub mod mirror;
pub mod outbox;
pub(crate) mod perform;
pub mod places;
pub mod port;
pub mod prune;
pub mod replies;
pub mod schema;
pub mod standing;
pub mod steady;
#[cfg(test)]
mod tests;
pub mod timers;
mod together;
pub(crate) mod told;
pub mod worker;
pub mod written;

pub use commit::{Engine, Group};
pub use desk::{Desk, Incoming};
pub use job::{Job, Work};
