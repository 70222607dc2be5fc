//! The payment methods that the built-in provider knows, each with what it does.
//!
//! Names that begin with `pm_card_` are Stripe's published test names, with the number of the test
//! card they stand for, and do what Stripe says they do to a charge while the buyer is away: nobody
//! is there to confirm anything. What happens after a charge (disputes, reviews) does not happen
//! here. Stripe reports a refund that fails as made first; here it fails at once.
//!
//! Names that begin with `pm_test_` are ours, for what Stripe has no name for: [`OURS`].

use contracts::payment::code;

use super::Decline;

/// A payment method and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestMethod {
    /// Its name.
    pub name: &'static str,
    /// The number of the test card it stands for; empty if there is none.
    pub number: &'static str,
    /// The code and decline code with which it is declined; both empty if it is not.
    pub declined: (&'static str, &'static str),
    /// How a charge of it is answered.
    pub on_charge: Manner,
    /// How a refund of it is answered.
    pub on_refund: Manner,
    /// What becomes of a refund.
    pub refund: Refunding,
}

/// How a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// At once.
    Prompt,
    /// After a while, within the time limit.
    Slow,
    /// The first time it is not carried out and there is no answer.
    SilentBefore,
    /// The first time it is carried out and there is no answer.
    SilentAfter,
    /// It is never carried out and there is never an answer.
    Silent,
    /// The first time it is turned away, as too many requests are.
    BusyOnce,
    /// It is always turned away.
    Busy,
}

/// What becomes of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refunding {
    /// It is made at once.
    Made,
    /// It is accepted, and made a little later.
    MadeLater,
    /// It fails.
    Fails,
}

/// Stripe's test payment methods (docs.stripe.com/testing).
pub const STRIPES: &[TestMethod] = &[
    approved("pm_card_visa", "4242424242424242"),
    approved("pm_card_visa_debit", "4000056655665556"),
    approved("pm_card_mastercard", "5555555555554444"),
    approved("pm_card_mastercard_debit", "5200828282828210"),
    approved("pm_card_mastercard_prepaid", "5105105105105100"),
    approved("pm_card_amex", "378282246310005"),
    approved("pm_card_discover", "6011111111111117"),
    approved("pm_card_diners", "3056930009020004"),
    approved("pm_card_jcb", "3566002020360505"),
    approved("pm_card_unionpay", "6200000000000005"),
    declined("pm_card_visa_chargeDeclined", "4000000000000002", "card_declined", "generic_decline"),
    declined(
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "4000000000009995",
        "card_declined",
        "insufficient_funds",
    ),
    declined("pm_card_visa_chargeDeclinedLostCard", "4000000000009987", "card_declined", "lost_card"),
    declined("pm_card_visa_chargeDeclinedStolenCard", "4000000000009979", "card_declined", "stolen_card"),
    declined(
        "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
        "4000000000006975",
        "card_declined",
        "card_velocity_exceeded",
    ),
    declined("pm_card_chargeDeclinedExpiredCard", "4000000000000069", "expired_card", ""),
    declined("pm_card_chargeDeclinedIncorrectCvc", "4000000000000127", "incorrect_cvc", ""),
    declined("pm_card_chargeDeclinedProcessingError", "4000000000000119", "processing_error", ""),
    declined("pm_card_chargeCustomerFail", "4000000000000341", "card_declined", "generic_decline"),
    declined("pm_card_radarBlock", "4100000000000019", "card_declined", "fraudulent"),
    unconfirmed("pm_card_authenticationRequiredOnSetup", "4000002500003155"),
    unconfirmed("pm_card_authenticationRequired", "4000002760003184"),
    unconfirmed("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "4000008260003178"),
    unconfirmed("pm_card_threeDSecure2Required", "4000000000003220"),
    unconfirmed("pm_card_threeDSecureRequiredChargeDeclined", "4000008400001629"),
    unconfirmed("pm_card_threeDSecureRequiredProcessingError", "4000008400001280"),
    approved("pm_card_authenticationRequiredSetupForOffSession", "4000003800000446"),
    approved("pm_card_threeDSecureOptional", "4000000000003055"),
    approved("pm_card_createDispute", "4000000000000259"),
    approved("pm_card_createDisputeProductNotReceived", "4000000000002685"),
    approved("pm_card_createDisputeInquiry", "4000000000001976"),
    approved("pm_card_createMultipleDisputes", "4000000404000079"),
    approved("pm_card_createIssuerFraudRecord", "4000000000005423"),
    approved("pm_card_riskLevelHighest", "4000000000004954"),
    approved("pm_card_riskLevelElevated", "4000000000009235"),
    approved("pm_card_cvcCheckFail", "4000000000000101"),
    approved("pm_card_avsZipFail", "4000000000000036"),
    approved("pm_card_bypassPending", "4000000000000077"),
    TestMethod { refund: Refunding::MadeLater, ..approved("pm_card_pendingRefund", "4000000000007726") },
    TestMethod { refund: Refunding::Fails, ..approved("pm_card_refundFail", "4000000000005126") },
];

/// Our own: a connection that fails in every way. All of them approve the charge, if it comes to it.
pub const OURS: &[TestMethod] = &[
    // Not charged, no answer in time; the next try under the same key goes through.
    TestMethod { on_charge: Manner::SilentBefore, ..approved("pm_test_timeoutBeforeCharge", "") },
    // Charged, but the answer is lost; the next try under the same key gets the answer kept.
    TestMethod { on_charge: Manner::SilentAfter, ..approved("pm_test_timeoutAfterCharge", "") },
    // Never charged and never an answer: the outcome stays unknown until a person asks.
    TestMethod { on_charge: Manner::Silent, ..approved("pm_test_timeoutAlways", "") },
    // Charged, answered after a second.
    TestMethod { on_charge: Manner::Slow, ..approved("pm_test_slow", "") },
    // Turned away once, then charged.
    TestMethod { on_charge: Manner::BusyOnce, ..approved("pm_test_errorThenSuccess", "") },
    // Always turned away: certainly not charged.
    TestMethod { on_charge: Manner::Busy, ..approved("pm_test_errorAlways", "") },
    // Charged; a refund is made, but its answer is lost once.
    TestMethod { on_refund: Manner::SilentAfter, ..approved("pm_test_refundTimeoutAfter", "") },
    // Charged; a refund is never made and never answered.
    TestMethod { on_refund: Manner::Silent, ..approved("pm_test_refundTimeoutAlways", "") },
    // Charged; a refund is turned away once, then made.
    TestMethod { on_refund: Manner::BusyOnce, ..approved("pm_test_refundErrorThenSuccess", "") },
    // Charged; a refund is always turned away: certainly not made.
    TestMethod { on_refund: Manner::Busy, ..approved("pm_test_refundErrorAlways", "") },
];

impl TestMethod {
    /// The method of a name; a name that nobody knows is declined.
    pub fn named(name: &str) -> Self {
        let known = STRIPES.iter().chain(OURS).find(|method| method.name == name);
        known.copied().unwrap_or(declined("", "", code::INVALID_PAYMENT_METHOD, ""))
    }

    /// Why a charge is declined, if it is.
    pub fn decline(&self) -> Option<Decline> {
        let (code, decline_code) = self.declined;
        (!code.is_empty()).then(|| Decline {
            code: code.into(),
            decline_code: decline_code.into(),
            message: message(code, decline_code).into(),
        })
    }
}

/// What to tell the buyer. That a card was reported lost or stolen, or looks like fraud, is not for
/// whoever holds it.
pub fn message(code: &str, decline_code: &str) -> &'static str {
    match (code, decline_code) {
        (_, "insufficient_funds") => "the card was declined: insufficient funds",
        (_, "card_velocity_exceeded") => {
            "the card was declined: it was used too often or its limit is exceeded"
        }
        ("expired_card", _) => "the card was declined: it has expired",
        ("incorrect_cvc", _) => "the card was declined: its security code is wrong",
        ("processing_error", _) => "the card was declined: its bank could not process the payment",
        (code::AUTHENTICATION_REQUIRED, _) => {
            "the card was declined: its bank wants the buyer to confirm the payment, which is not possible here"
        }
        (code::INVALID_PAYMENT_METHOD, _) => {
            "the card was not charged: the provider does not know this payment method"
        }
        _ => "the card was declined",
    }
}

const fn approved(name: &'static str, number: &'static str) -> TestMethod {
    declined(name, number, "", "")
}

const fn declined(
    name: &'static str,
    number: &'static str,
    code: &'static str,
    decline_code: &'static str,
) -> TestMethod {
    TestMethod {
        name,
        number,
        declined: (code, decline_code),
        on_charge: Manner::Prompt,
        on_refund: Manner::Prompt,
        refund: Refunding::Made,
    }
}

/// Declined because nobody is there to confirm the payment.
const fn unconfirmed(name: &'static str, number: &'static str) -> TestMethod {
    declined(name, number, code::AUTHENTICATION_REQUIRED, code::AUTHENTICATION_REQUIRED)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use contracts::payment::{InvalidMethod, check_method};

    use super::*;

    #[test]
    fn every_number_of_the_table_is_a_card_number() {
        for method in STRIPES {
            // Letters around it leave only the check by Luhn.
            let found = check_method(&format!("x{}x", method.number));
            assert!(matches!(found, Err(InvalidMethod::CardNumber { .. })), "{}", method.name);
        }
    }

    #[test]
    fn every_name_is_a_token_and_says_whose_it_is() {
        let names: BTreeSet<_> = STRIPES.iter().chain(OURS).map(|method| method.name).collect();
        assert_eq!(names.len(), STRIPES.len() + OURS.len());
        assert!(names.iter().all(|name| check_method(name).is_ok()));
        assert!(STRIPES.iter().all(|method| method.name.starts_with("pm_card_")));
        assert!(OURS.iter().all(|method| method.name.starts_with("pm_test_")));
    }

    #[test]
    fn the_buyer_is_not_told_that_a_card_was_reported() {
        for decline_code in ["lost_card", "stolen_card", "fraudulent", "generic_decline"] {
            assert_eq!(message("card_declined", decline_code), "the card was declined");
        }
    }
}
