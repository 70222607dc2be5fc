//! A believable value of every word, for the reference page and for tests.

mod alert;
mod analytics;
mod auth;
mod cart;
mod catalog;
mod device;
mod device_requests;
mod ingest;
mod inventory;
mod notification;
mod order;
mod payment;
mod telemetry;
