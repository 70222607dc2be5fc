//! Reading files of products and of deliveries: line by line, each refused for itself.
//!
//! # Layout
//! - [`file`]: finding out how a file is written, and reading it
//! - [`csv_rows`], [`json_rows`]: from bytes to rows with the number of their line
//! - [`products`], [`deliveries`]: what the rows mean

pub(crate) mod csv_rows;
pub(crate) mod deliveries;
pub(crate) mod file;
pub(crate) mod json_rows;
pub(crate) mod products;

use contracts::catalog::RefusedLine;

/// A line that cannot be read, with why.
pub(crate) fn refused(line: u64, sku: &str, reason: &str, message: impl Into<String>) -> RefusedLine {
    RefusedLine { line, sku: sku.to_owned(), reason: reason.to_owned(), message: message.into() }
}
