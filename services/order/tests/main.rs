//! What the order service promises, in the words of the shop.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod any_schedule;
mod any_schedule_orders;
mod bad_input;
mod clock;
mod lists;
mod owners;
mod owners_lists;
mod placing;
mod refunds;
mod saga;
mod saga_table;
mod shop;
mod unknown_outcomes;
mod unknown_refunds;
