//! For whom an order is placed, to whom it belongs, and whose orders are shown. No I/O.

use contracts::CustomerId;
use kit::{Asker, Owner};

use crate::refusal::Refusal;

/// For whom an order is placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buyer {
    /// The customer; none for a guest, and if the shop orders for nobody in particular.
    pub customer: Option<CustomerId>,
    /// Who may see the order and cancel it, beside staff.
    pub owner: Owner,
}

impl Buyer {
    /// Staff orders for any customer or for none; everybody else for themselves.
    ///
    /// # Errors
    /// [`Refusal::NotForOthers`] if somebody else is named.
    pub fn of(asker: &Asker, named: Option<CustomerId>) -> Result<Self, Refusal> {
        match (asker.limited_to(), named) {
            (None, customer) => Ok(Self { customer, owner: customer.map(Owner::user).unwrap_or_default() }),
            (Some(owner), None) => {
                let customer = asker.principal().user().and_then(|number| number.parse().ok());
                Ok(Self { customer, owner })
            }
            (Some(owner), Some(customer)) if owner == Owner::user(customer) => {
                Ok(Self { customer: Some(customer), owner })
            }
            (Some(_), Some(customer)) => Err(Refusal::NotForOthers(customer)),
        }
    }
}

/// Whose orders are listed; none: everybody's. Staff sees those of any customer, everybody else
/// their own.
///
/// # Errors
/// [`Refusal::NotOfOthers`] if the orders of somebody else are asked for.
pub fn listed(asker: &Asker, named: Option<CustomerId>) -> Result<Option<Owner>, Refusal> {
    match (asker.limited_to(), named) {
        (None, customer) => Ok(customer.map(Owner::user)),
        (Some(own), Some(customer)) if own != Owner::user(customer) => Err(Refusal::NotOfOthers(customer)),
        (own, _) => Ok(own),
    }
}
