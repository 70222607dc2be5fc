//! The engine of a service on NATS, as a process.
//!
//! # Layout
//! - [`main`]: what every binary calls: options, logs, start, stop, exit code
//! - [`start`]: one service from the lock on its database to the end of its drain
//! - `connect`: its first connection to the broker
//! - `writer`, `readers`: the threads around the database; `pace`: how long a group waits for more; `rest`: what they give back when there is nothing to do
//! - `checkpoint`: the log is written into the database beside the writer
//! - `nats_port`: what handlers ask through
//! - `listen`: messages from outside the words of the shop
//! - `serve`: requests in, answers out; `latency`: how long answers take
//! - `relay`: the outbox to its stream, compared with it first; `tell`: row after row; `stored`: why the broker has not
//!   stored something
//! - `recover`: a database older than its stream takes up its own events
//! - `keeping`: how a service gets its stream and consumers; `permits`: whether the broker lets it work
//! - `hear`: the streams of others to the database; `drain`: raw messages to the database, `gathered`: in
//!   which batches
//! - `due`: timers and effects; `prune`: forgetting what is old
//! - `tasks`: what is waited for at a drain
//! - [`lock`]: one owner a database; `guard`: its files are still there; `room`: so is room on the disk
//! - `open`: a database that can be trusted, or why not; `logs`: what is said, and how

mod acks;
mod checkpoint;
mod connect;
mod drain;
mod due;
mod gathered;
mod guard;
mod hear;
mod keeping;
mod latency;
mod listen;
pub mod lock;
mod logs;
pub mod main;
mod manners;
mod nats_port;
mod open;
mod pace;
mod permits;
mod prune;
mod readers;
mod recover;
mod relay;
mod rest;
mod room;
mod scrub;
mod serve;
pub mod start;
mod stored;
mod tasks;
mod tell;
#[cfg(test)]
mod tests;
mod untold;
mod writer;

pub use main::{Options, main, main_with};
pub use start::{Ended, Running, run};
