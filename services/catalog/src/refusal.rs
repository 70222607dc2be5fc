//! What the catalog refuses, and why.

use contracts::Sku;
use contracts::catalog::{CATEGORIES_MAX, IMPORT_LINES_MAX, QUOTE_SKUS_MAX, reason};
use kit::Error;
use serde_json::json;

/// A rule of the catalog that says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum Refusal {
    #[error("there is no product {0}")]
    UnknownSku(Sku),
    #[error("{sku} is at version {current}, not {expected}: it was changed since it was read")]
    Changed { sku: Sku, expected: u64, current: u64 },
    #[error("{sku} exists already, at version {current}")]
    Exists { sku: Sku, current: u64 },
    #[error("{sku} was expected at version {expected}, but there is no such product")]
    Missing { sku: Sku, expected: u64 },
    #[error("{0} would be one category too many, at most {CATEGORIES_MAX} are kept")]
    TooManyCategories(String),
    #[error("prices of {0} products were asked for, at most {QUOTE_SKUS_MAX} are told at once")]
    TooManySkus(usize),
    #[error("{0} lines were sent, at most {IMPORT_LINES_MAX} are read at once")]
    TooManyLines(usize),
    #[error("{sku} stands in line {line} already")]
    RepeatedSku { sku: Sku, line: u64 },
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        let conflict = |expected: u64, current: u64, message| {
            Self::conflict(reason::VERSION_CONFLICT, message)
                .with_details(json!({ "expected_version": expected, "version": current }))
        };
        match refusal {
            Refusal::UnknownSku(_) => Self::not_found(reason::UNKNOWN_SKU, message),
            Refusal::Changed { expected, current, .. } => conflict(expected, current, message),
            Refusal::Exists { current, .. } => conflict(0, current, message),
            Refusal::Missing { expected, .. } => conflict(expected, 0, message),
            Refusal::TooManyCategories(_) => Self::refused(reason::TOO_MANY_CATEGORIES, message),
            Refusal::TooManySkus(_) => Self::invalid(reason::TOO_MANY_SKUS, message),
            Refusal::TooManyLines(_) => Self::invalid(reason::TOO_MANY_LINES, message),
            Refusal::RepeatedSku { .. } => Self::refused(reason::REPEATED_SKU, message),
        }
    }
}
