//! Whoever moves the money. Real providers and the built-in one stand behind the same trait.
//!
//! # Layout
//! - [`methods`]: the payment methods of the built-in provider, in one table
//! - [`builtin`]: how it answers
//! - `store`: its world, in tables of its own

pub mod builtin;
pub mod methods;
mod store;

pub use builtin::TestProvider;

use std::time::Duration;

use contracts::payment::{InvalidMethod, code};
use contracts::{Money, OrderId};
use kit::engine::port::Waiting;
use kit::{EffectCtx, Timestamp, Trouble};
use serde::{Deserialize, Serialize};

/// A payment provider.
///
/// Under one key it does a thing once, and says the same again whenever it is asked again. A
/// refusal is an answer; [`Trouble`] is for when there is none.
pub trait Provider: Send + Sync + 'static {
    /// Authorizes and captures in one step.
    fn charge<'a>(
        &'a self,
        ctx: &'a EffectCtx,
        charge: &'a Charge,
    ) -> Waiting<'a, Result<ChargeAnswer, Trouble>>;

    /// Gives money of a charge back.
    fn refund<'a>(
        &'a self,
        ctx: &'a EffectCtx,
        refund: &'a GiveBack,
    ) -> Waiting<'a, Result<RefundAnswer, Trouble>>;

    /// What became of the charge under a key, however long ago that was; none if there was none.
    fn look_up_charge<'a>(
        &'a self,
        ctx: &'a EffectCtx,
        key: &'a str,
    ) -> Waiting<'a, Result<Option<ChargeAnswer>, Trouble>>;

    /// What has become of the refund under a key by now; none if there was none.
    fn look_up_refund<'a>(
        &'a self,
        ctx: &'a EffectCtx,
        key: &'a str,
    ) -> Waiting<'a, Result<Option<RefundAnswer>, Trouble>>;

    /// How long a key is safe to use again. After that one may only look up.
    fn key_life(&self) -> Duration;
}

/// By how much a clock may go back without anybody noticing, as one that is kept right does.
const CLOCK_BACK_MAX: Duration = Duration::from_secs(60);

/// What may be done with a key that may have been used before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAge {
    /// It is safe to use.
    Young,
    /// The provider may have forgotten it, and would do the work a second time under it.
    Old,
    /// The clock was set back after it was used: nobody knows how old it is.
    Unknown,
}

impl KeyAge {
    /// How old a key is that was first asked for at a time.
    pub fn of(asked_at: Timestamp, life: Duration, ctx: &EffectCtx) -> Self {
        let now = ctx.now();
        match now {
            now if now > asked_at + life => Self::Old,
            now if ctx.maybe_tried && now + CLOCK_BACK_MAX < asked_at => Self::Unknown,
            _ => Self::Young,
        }
    }
}

/// Why nothing is concluded from a provider that knows nothing of a key, while its age is not known.
pub fn clock_went_back() -> Trouble {
    Trouble::Unknown(
        "the clock was set back, so nobody knows whether the provider has forgotten the key; it is looked up again"
            .into(),
    )
}

/// A charge to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// The idempotency key: the number of the payment.
    pub key: String,
    /// For the provider's own records, so that a charge can be found by its order.
    pub order: OrderId,
    /// How much.
    pub amount: Money,
    /// The token of the payment method.
    pub method: String,
}

/// A refund to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GiveBack {
    /// The idempotency key: the number of the refund.
    pub key: String,
    /// The number of the charge at the provider.
    pub charge: String,
    /// How much.
    pub amount: Money,
}

/// What became of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeAnswer {
    /// The money was taken.
    Approved {
        /// The number of the charge at the provider.
        charge: String,
    },
    /// It was not.
    Declined(Decline),
}

/// Why a card was not charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decline {
    /// For programs: `card_declined`.
    pub code: String,
    /// What the bank said beyond that, for staff: `lost_card`.
    pub decline_code: String,
    /// One line for the buyer.
    pub message: String,
}

impl Decline {
    /// The payment method is no token, so nobody was asked.
    pub fn of_method(invalid: &InvalidMethod) -> Self {
        Self {
            code: code::INVALID_PAYMENT_METHOD.into(),
            decline_code: String::new(),
            message: invalid.to_string(),
        }
    }

    /// The provider could not be asked, and has certainly done nothing.
    pub fn unavailable(why: &str) -> Self {
        Self {
            code: code::PROVIDER_UNAVAILABLE.into(),
            decline_code: String::new(),
            message: format!("the card was not charged: {why}"),
        }
    }

    /// The provider has no charge under a key that is too old to be used.
    pub fn not_charged() -> Self {
        Self::unavailable("the provider knows nothing of this payment")
    }
}

/// What became of a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundAnswer {
    /// The money was given back.
    Done {
        /// The number of the refund at the provider.
        refund: String,
    },
    /// It was accepted and will be made, or fail.
    Pending,
    /// It was not given back.
    Failed {
        /// Why, for people.
        message: String,
    },
}
