//! What the order service promises, in the words of the shop.

mod any_schedule;
mod bad_input;
mod lists;
mod placing;
mod refunds;
mod saga;
mod saga_table;
mod shop;
