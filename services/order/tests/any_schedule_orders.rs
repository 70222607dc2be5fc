//! The orders that live in a world where anything happens in any order: the rules alone, and the
//! whole service.

use std::collections::BTreeSet;

use contracts::order::{
    OrderCancelled, OrderConfirmed, OrderNeedsAttention, OrderRefunded, OrderView, PaymentDue, RefundDue,
    RefundState, RefundView,
};
use contracts::payment::{PaymentRefundFailed, PaymentRefunded};
use contracts::{Money, OrderId, PaymentId, RefundId};
use kit::id::Id;
use kit::{Event, Example, Timestamp};
use order::checkout::{Move, Signal, Standing, Tell, step};
use order::order::{Order, Outcome, Refund, Why};

use crate::any_schedule::{Orders, Said, TOTAL, Told};
use crate::shop::{Shop, eur};

/// The rules alone: the table, the order and its money, without a database.
pub(crate) struct Ledger {
    order: Order,
    refunds: Vec<Refund>,
    pub(crate) visited: BTreeSet<(Standing, Signal)>,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        let order = Order {
            owner: kit::Owner::nobody(),
            id: OrderId::example(),
            version: 1,
            standing: Standing::Placed,
            deadline: None,
            customer: None,
            email: None,
            cart: None,
            payment_method: "pm_card_visa".into(),
            total: eur(TOTAL),
            payment: None,
            outcome: Outcome::Open,
            pending: eur(0),
            unknown: eur(0),
            refunded: eur(0),
            ended: Why::default(),
            attention: Why::default(),
            trace: String::new(),
            placed_at: Timestamp::UNIX_EPOCH,
            changed_at: Timestamp::UNIX_EPOCH,
        };
        Self { order, refunds: vec![], visited: BTreeSet::new() }
    }

    /// What is heard becomes a signal, as in the reactions.
    fn signal(&mut self, order: &mut Order, said: Said) -> Option<(Signal, Option<Money>)> {
        let payment = PaymentId::example();
        let signal = match said {
            Said::Reserved => Signal::StockReserved,
            Said::Short => Signal::StockRefused,
            Said::HoldExpired => Signal::HoldExpired,
            Said::Late => Signal::TooLate,
            Said::Captured => order.captured(payment, eur(TOTAL)).unwrap()?,
            Said::Declined => order.declined(payment).unwrap()?,
            Said::Unknown { given_up } => order.outcome_unknown(payment, given_up)?,
            Said::Cancel => Signal::AskedToCancel,
            Said::Refund(asked) => {
                let (signal, amount) = order.refund_of(asked, self.refunds.len()).ok()?;
                return Some((signal, Some(amount)));
            }
            Said::Refunded(id, amount) => {
                let refund = self.refunds.iter_mut().find(|refund| refund.view.refund == id).unwrap();
                let signal = order.refund_done(refund, amount).unwrap()?;
                (refund.view.state, refund.unknown) = (RefundState::Done, false);
                signal
            }
            Said::RefundFailed(id, amount) => {
                let refund = self.refunds.iter_mut().find(|refund| refund.view.refund == id).unwrap();
                let signal = order.refund_failed(refund, amount).unwrap()?;
                (refund.view.state, refund.unknown) = (RefundState::Failed, false);
                signal
            }
            Said::RefundUnknown(id, amount) => {
                let refund = self.refunds.iter_mut().find(|refund| refund.view.refund == id).unwrap();
                let signal = order.refund_unknown(refund, amount).unwrap()?;
                refund.unknown = true;
                signal
            }
        };
        Some((signal, None))
    }
}

impl Orders for Ledger {
    async fn hears(&mut self, said: Said) -> Vec<Told> {
        let mut order = self.order.clone();
        let Some((signal, mut amount)) = self.signal(&mut order, said) else { return vec![] };
        self.visited.insert((order.standing, signal));
        let (to, tell) = match step(order.standing, signal) {
            Move::Go(to, tell) => (to, tell),
            Move::Stay(tell) => (order.standing, tell),
            Move::Note => (order.standing, Tell::Nothing),
            Move::Echo | Move::Refuse => return vec![],
            Move::Impossible => panic!("{signal} at {}", order.standing),
        };
        if matches!(tell, Tell::RefundDue | Tell::SoldOut) {
            amount = amount.or(Some(order.remaining()).filter(|remaining| !remaining.is_zero()));
        }
        let why = Why::new(signal.word(), signal.word());
        self.order = order.moved(to, tell, &why, amount, Timestamp::UNIX_EPOCH).unwrap();
        let Order { pending, unknown, refunded, total, standing, outcome, .. } = &self.order;
        assert!(pending.amount() + refunded.amount() <= total.amount());
        assert!(unknown.amount() <= pending.amount());
        assert!(unknown.is_zero() || standing.needs_attention());
        assert!(!unknown.is_zero() || *standing != Standing::RefundLost);
        if *standing == Standing::Cancelled && *outcome == Outcome::Captured {
            assert_eq!(pending.amount() + refunded.amount(), total.amount());
        }
        let mut told = match tell {
            Tell::Nothing | Tell::RefundDue => vec![],
            Tell::PaymentDue => vec![Told::PaymentDue],
            Tell::Confirmed => vec![Told::Confirmed],
            Tell::Cancelled => vec![Told::Cancelled],
            Tell::Refunded => vec![Told::Refunded],
            Tell::NeedsAttention | Tell::RefundUnknown | Tell::SoldOut => vec![Told::NeedsAttention],
        };
        if let (Tell::RefundDue | Tell::SoldOut, Some(amount)) = (tell, amount) {
            let refund = RefundId::from_bits(self.refunds.len() as u128);
            let view = RefundView { refund, amount, state: RefundState::Pending, reason: String::new() };
            self.refunds.push(Refund { view, unknown: false });
            told.push(Told::RefundDue(refund, amount));
        }
        told
    }

    async fn standing(&self) -> Standing {
        self.order.standing
    }

    async fn refunded(&self) -> Money {
        self.order.refunded
    }
}

/// The service itself, with its database and its timers.
pub(crate) struct Service {
    shop: Shop,
    order: OrderView,
    told: usize,
}

impl Service {
    pub(crate) async fn new() -> Self {
        let shop = Shop::open();
        let order = shop.places_two_mugs().await;
        Self { told: shop.service.told().len(), shop, order }
    }

    /// What was told since somebody looked.
    fn news(&mut self) -> Vec<Told> {
        let all = self.shop.service.told();
        let mut due = self.shop.refunds_due().into_iter().rev();
        let mut news: Vec<Told> = all[self.told..]
            .iter()
            .rev()
            .map(|subject| match subject.as_str() {
                PaymentDue::SUBJECT => Told::PaymentDue,
                OrderConfirmed::SUBJECT => Told::Confirmed,
                OrderCancelled::SUBJECT => Told::Cancelled,
                OrderRefunded::SUBJECT => Told::Refunded,
                OrderNeedsAttention::SUBJECT => Told::NeedsAttention,
                RefundDue::SUBJECT => due.next().map(|due| Told::RefundDue(due.refund, due.amount)).unwrap(),
                other => panic!("{other}"),
            })
            .collect();
        news.reverse();
        self.told = all.len();
        news
    }
}

impl Orders for Service {
    async fn hears(&mut self, said: Said) -> Vec<Told> {
        let (shop, order) = (&self.shop, &self.order);
        let (id, payment) = (order.order, PaymentId::example());
        match said {
            Said::Reserved => shop.reserves(order),
            Said::Short => shop.refuses(order, &[("mug-blue", 2, 0)]),
            Said::HoldExpired => shop.hold_expires(order),
            Said::Captured => shop.captures(order),
            Said::Declined => shop.declines(order),
            Said::Unknown { given_up: false } => shop.outcome_is_unknown(order),
            Said::Unknown { given_up: true } => shop.outcome_is_given_up(order),
            Said::Refunded(refund, amount) => {
                shop.hears(&PaymentRefunded { order: id, payment, refund, amount });
            }
            Said::RefundFailed(refund, amount) | Said::RefundUnknown(refund, amount) => {
                let message = "the account is closed".into();
                let maybe_done = matches!(said, Said::RefundUnknown(..));
                shop.hears(&PaymentRefundFailed { order: id, payment, refund, amount, message, maybe_done });
            }
            // Refused where the order does not allow it, and that is all that may happen.
            Said::Cancel => drop(shop.cancels(order).await),
            Said::Refund(amount) => drop(shop.refunds(order, amount.map(|amount| amount.amount())).await),
            Said::Late => {
                let limit = self.standing().await.limit().unwrap();
                shop.waits(limit).await;
            }
        }
        shop.nothing_is_dead();
        self.news()
    }

    async fn standing(&self) -> Standing {
        let word = self
            .shop
            .service
            .sql(|sql| sql.get("SELECT standing FROM orders", [], |row| row.get::<_, String>(0)));
        word.unwrap().parse().unwrap()
    }

    async fn refunded(&self) -> Money {
        self.shop.order(&self.order).await.refunded
    }
}
