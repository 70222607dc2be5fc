//! The notification service on a scratch database, with a letterbox that the tests look into.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

mod accounts;
mod alarms;
mod letterbox;
mod listing;
mod mail_server;
mod sending;
mod settings;
mod through_files;
mod through_smtp;
mod writing;
