//! The shop on this machine: the broker and the services, as processes of one data folder.
//!
//! # Layout
//! - [`folder`]: what stands where in the data folder
//! - [`process`]: starting, finding and stopping one process
//! - [`nats_server`]: finding a broker that is new enough; [`broker`]: running it
//! - [`listen`]: where it listens; [`mqtt`]: where it speaks MQTT; [`reload`]: making it read its users again
//! - [`services`]: running the services, and waiting until they answer; [`ending`]: ending them
//! - [`log_line`], [`log_file`]: what they wrote

pub(crate) mod broker;
pub(crate) mod ending;
pub(crate) mod folder;
pub(crate) mod listen;
mod log_back;
pub(crate) mod log_file;
pub(crate) mod log_line;
pub(crate) mod mqtt;
pub(crate) mod nats_server;
pub(crate) mod process;
pub(crate) mod reload;
pub(crate) mod services;

pub(crate) use folder::Folder;

/// The part that is the broker.
pub(crate) const BROKER: &str = "broker";

/// The part that holds every service in one process.
pub(crate) const ALL_IN_ONE: &str = "shopd";
