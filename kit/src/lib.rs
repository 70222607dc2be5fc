//! The machinery of a service: it knows NATS and SQLite, and no word of any shop.
//!
//! # Layout
//! - [`service`]: the table of contents of a service, which is where to start reading
//! - [`context`]: what a request handler is given; [`transaction`]: what a closure may record
//! - [`message`]: requests, events, and the [`subjects!`] table of a contract
//! - [`access`]: who may do what, and how it is proved; [`caller`]: who asks
//! - [`bus`]: what each holder of a key may do at the broker
//! - [`drain`]: raw messages of outsiders, many in one transaction
//! - [`effect`]: work on the outside world
//! - [`listen`]: what is said outside the words of the shop; [`callout`]: who may connect as a device
//! - [`error`]: who has to act, a stable reason, and a line for people
//! - [`engine`]: jobs and a database in; answers, rows and timers out; no broker
//! - [`runtime`]: the engine on NATS: requests, relay, hearing, timers, effects, start and stop
//! - [`client`]: asking services from outside, for a command line and for tests
//! - [`backup`]: one cut over all databases, and putting it back
//! - [`streams`]: the one service that may make and delete streams and consumers
//! - [`crash`]: named places where a test can end, fail or hold up a process
//! - [`limits`]: every limit by name; [`room`]: when a disk counts as full

pub mod access;
pub mod admin;
pub mod backup;
pub mod bus;
pub mod caller;
pub mod callout;
pub mod client;
pub mod clock;
pub mod context;
pub mod crash;
pub mod drain;
pub mod effect;
pub mod engine;
pub mod error;
pub mod id;
pub mod limits;
pub mod listen;
pub mod message;
pub mod page;
pub mod room;
pub mod runtime;
pub mod service;
pub mod sql;
pub mod streams;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
pub mod trace;
pub mod transaction;
pub mod vitals;
pub mod wire;

pub use access::{Access, Asker, Owner};
pub use caller::{Caller, Role};
pub use client::{Call, Client, Link, Told, Voice};
pub use context::{Ctx, EffectCtx};
pub use effect::{Attempt, Effect, Policy, Trouble};
pub use error::{Error, Kind, Result};
pub use jiff::Timestamp;
pub use message::{Event, Example, Request};
pub use runtime::main;
pub use service::Service;
pub use sql::Sql;
pub use trace::Trace;
pub use transaction::Tx;
