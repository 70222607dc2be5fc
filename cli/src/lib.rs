//! The part of `shopctl` that tests of the whole shop use too.
//!
//! # Layout
//! - [`books`]: what must hold of stock, orders, payments and events. No I/O
//! - [`trace`]: what became of something, joined from journals and drawn; [`show`], [`tone`],
//!   [`harmless`]: how it looks

pub mod books;
pub mod harmless;
pub mod show;
pub mod tone;
pub mod trace;
