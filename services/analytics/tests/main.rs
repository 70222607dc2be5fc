//! The analytics service on a scratch database: what it hears, and what it tells.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

mod any_order;
mod bad_input;
mod funnel;
mod products;
mod rebuilding;
mod sales;
mod shop;
