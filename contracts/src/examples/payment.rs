//! Examples of what payment says.

use jiff::Timestamp;
use kit::Example;

use crate::payment::{
    AuditPayments, GetPayment, ListPayments, PaymentAudit, PaymentCaptured, PaymentDeclined,
    PaymentOutcomeUnknown, PaymentPage, PaymentRefundFailed, PaymentRefunded, PaymentState, PaymentSums,
    PaymentView, ReconcilePayment,
};
use crate::{Money, OrderId, PaymentId, RefundId};

impl Example for GetPayment {
    fn example() -> Self {
        Self { payment: None, order: Some(OrderId::example()) }
    }
}

impl Example for ListPayments {
    fn example() -> Self {
        Self { states: vec![PaymentState::Unknown], ..Self::default() }
    }
}

impl Example for PaymentPage {
    fn example() -> Self {
        Self { items: vec![PaymentView::example()], next: None }
    }
}

impl Example for AuditPayments {
    fn example() -> Self {
        Self { limit: Some(50), ..Self::default() }
    }
}

impl Example for PaymentAudit {
    fn example() -> Self {
        let amount = Money::example().amount();
        let sums = PaymentSums {
            payment: PaymentId::example().to_string(),
            order: OrderId::example(),
            state: Some(PaymentState::Captured),
            amount,
            captured: amount,
            refunded: 0,
            refunding: 0,
            charges: 1,
            charged: amount,
            refunds: 0,
            given_back: 0,
        };
        Self { items: vec![sums], next: None }
    }
}

impl Example for ReconcilePayment {
    fn example() -> Self {
        Self { payment: PaymentId::example() }
    }
}

impl Example for PaymentView {
    fn example() -> Self {
        let amount = Money::example();
        Self {
            payment: PaymentId::example(),
            order: OrderId::example(),
            amount,
            captured: amount,
            refunded: Money::zero(amount.currency()),
            state: PaymentState::Captured,
            code: String::new(),
            decline_code: String::new(),
            message: String::new(),
            payment_method: "pm_card_visa".into(),
            attempts: 1,
            refunds: vec![],
            created_at: Timestamp::UNIX_EPOCH,
            changed_at: Timestamp::UNIX_EPOCH,
        }
    }
}

impl Example for PaymentCaptured {
    fn example() -> Self {
        Self { order: OrderId::example(), payment: PaymentId::example(), amount: Money::example() }
    }
}

impl Example for PaymentDeclined {
    fn example() -> Self {
        Self {
            order: OrderId::example(),
            payment: PaymentId::example(),
            code: "card_declined".into(),
            message: "the card was declined: insufficient funds".into(),
        }
    }
}

impl Example for PaymentOutcomeUnknown {
    fn example() -> Self {
        Self {
            order: OrderId::example(),
            payment: PaymentId::example(),
            given_up: false,
            message: "no answer from the provider within 10 s".into(),
        }
    }
}

impl Example for PaymentRefunded {
    fn example() -> Self {
        Self {
            order: OrderId::example(),
            payment: PaymentId::example(),
            refund: RefundId::example(),
            amount: Money::example(),
        }
    }
}

impl Example for PaymentRefundFailed {
    fn example() -> Self {
        Self {
            order: OrderId::example(),
            payment: PaymentId::example(),
            refund: RefundId::example(),
            amount: Money::example(),
            message: "the provider refuses".into(),
            maybe_done: false,
        }
    }
}
