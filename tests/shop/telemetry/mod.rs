//! Readings, from devices at a real broker to what they come to, in processes that are killed.

mod flood;
mod house;
