//! The part of `shopctl` that tests of the whole shop use too. No I/O.
//!
//! # Layout
//! - [`books`]: what must hold of stock, orders, payments and events
//! - [`trace`]: what became of something, from every service's journal, joined and drawn
//! - [`show`]: how times and bodies are written; [`tone`]: colours; [`harmless`]: text that cannot drive a terminal

pub mod books;
pub mod harmless;
pub mod show;
pub mod tone;
pub mod trace;
