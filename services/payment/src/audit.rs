//! Whether our books agree with those of the built-in provider.
//!
//! Over SQL the same figures stand in the view `provider_ledger`, a row a payment.

use contracts::OrderId;
use contracts::payment::{PaymentSums, PaymentView};
use kit::{Result, Sql};

use crate::store::{self, ledger};

/// As many rows as a statement can be asked for.
const ALL: usize = i64::MAX as usize;

/// What the provider has really taken and given back for an order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many charges took money: at most one.
    pub charges: u32,
    /// How much, in minor units.
    pub charged: i64,
    /// How many refunds gave money, or are about to.
    pub refunds: u32,
    /// How much, in minor units.
    pub refunded: i64,
}

/// A payment of which the provider has other figures than we do, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The payment, as the key under which the provider has it.
    pub payment: String,
    /// How much we have as captured.
    pub captured: i64,
    /// How much we have as given back.
    pub refunded: i64,
    /// How many charges the provider has.
    pub theirs_charges: u32,
    /// How much the provider has taken.
    pub theirs_charged: i64,
    /// How much the provider has given back.
    pub theirs_refunded: i64,
}

/// What the provider has taken and given back for an order.
///
/// # Errors
/// If the tables cannot be read.
pub fn provider_figures(sql: &Sql<'_>, order: OrderId) -> Result<Figures> {
    ledger::provider_figures(sql, order)
}

/// Payments of which the provider has other figures than we do, at most so many. A payment whose
/// outcome we do not know yet is no difference.
///
/// # Errors
/// If the tables cannot be read.
pub fn differences(sql: &Sql<'_>, rows_max: usize) -> Result<Vec<Difference>> {
    ledger::list_differences(sql, rows_max)
}

/// Every payment beside what the provider has of it.
///
/// # Errors
/// If the tables cannot be read.
pub fn sums(sql: &Sql<'_>) -> Result<Vec<PaymentSums>> {
    ledger::list_sums(sql, "", ALL)
}

/// Every payment, the newest first.
///
/// # Errors
/// If the tables cannot be read.
pub fn payments(sql: &Sql<'_>) -> Result<Vec<PaymentView>> {
    let found = store::list_payments(sql, &[], None, ALL)?;
    found.iter().map(|payment| store::view(sql, payment)).collect()
}
