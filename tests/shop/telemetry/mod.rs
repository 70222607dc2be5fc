//! Readings, from devices at a real broker to what they come to, in processes that are killed.

mod crash_points;
mod disk_lost;
mod flood;
mod house;
mod killed;
mod speaker;
