//! The part of `shopctl` that tests of the whole shop use too.
//!
//! # Layout
//! - [`books`]: what must hold of stock, orders, payments and events. No I/O

pub mod books;
