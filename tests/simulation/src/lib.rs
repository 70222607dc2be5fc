//! All services in one thread, in a world made from a seed.
//!
//! The services are the real ones: their handlers, their reactions, their SQL, their engines. What is
//! around them is a model: the network, the broker, the bank, the clock, the people. Everything that
//! happens follows from one number, so that a world that ends badly can be seen again, step by step.
//!
//! # Layout
//! - [`life`]: from the opening to the audit; [`world`]: what happens next; `run`, `network`, `telling`, `hearing`: the parts of it
//! - [`node`]: a service with its database and what it has in memory
//! - [`storm`]: which faults a world has; `faults`: how they happen; [`deadlines`]: what must not wait meanwhile
//! - [`broker`], [`bank`], [`letters`]: models of what is outside; [`shop`]: the services; [`people`], `accounts`: who buys
//! - [`audit`]: what must be true in the end; [`books`], [`cards`]: what it looks at; [`report`]: what is told of a world; [`broken`]: shops in which it is not
//! - [`chance`], [`clock`], [`tasks`], [`port`]: the machinery

mod accounts;
pub mod audit;
pub mod bank;
pub mod books;
pub mod broken;
pub mod broker;
pub mod cards;
pub mod chance;
pub mod clock;
pub mod deadlines;
mod faults;
mod hearing;
pub mod letters;
pub mod life;
mod network;
pub mod node;
pub mod people;
pub mod port;
pub mod report;
mod run;
pub mod shop;
pub mod storm;
pub mod tasks;
mod telling;
pub mod world;
