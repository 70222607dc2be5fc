//! Whatever happens to an order, in whatever order: in the end nobody keeps money without a sale,
//! nothing is sold without money, and no stock stays held.
//!
//! A model of the inventory, the payment service and the people around one order acts at random,
//! from a seed. It drives the rules alone, thousands of times, and the whole service some dozens of
//! times. A seed that fails is named and replays.

use std::collections::VecDeque;

use contracts::order::{
    OrderCancelled, OrderConfirmed, OrderNeedsAttention, OrderRefunded, OrderView, PaymentDue, RefundDue,
    RefundState, RefundView,
};
use contracts::payment::{PaymentRefundFailed, PaymentRefunded};
use contracts::{Money, OrderId, PaymentId, RefundId};
use kit::id::Id;
use kit::{Event, Example, Timestamp};
use order::checkout::{Move, Signal, Standing, Tell, step};
use order::order::{Order, Outcome, Why};

use crate::shop::{Shop, eur};

/// What an order hears.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Said {
    Reserved,
    Short,
    HoldExpired,
    Captured,
    Declined,
    Unknown { given_up: bool },
    Refunded(RefundId, Money),
    RefundFailed(RefundId, Money),
    Cancel,
    Refund(Option<Money>),
    Late,
}

/// What an order tells.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Told {
    PaymentDue,
    Confirmed,
    Cancelled,
    RefundDue(RefundId, Money),
    Refunded,
    NeedsAttention,
}

/// An order that hears, and tells.
trait Orders {
    async fn hears(&mut self, said: Said) -> Vec<Told>;
    async fn standing(&self) -> Standing;
    async fn refunded(&self) -> Money;
}

#[tokio::test]
async fn any_schedule_ends_well_by_the_rules() {
    for seed in 0..20_000 {
        World::new(seed, Ledger::new()).ends_well().await;
    }
}

#[tokio::test]
async fn any_schedule_ends_well_in_the_service() {
    for seed in 0..40 {
        World::new(seed, Service::new().await).ends_well().await;
    }
}

const TOTAL: i64 = 2580;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stock {
    Unasked,
    Held,
    Free,
    Sold,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Charge {
    Unasked,
    Trying,
    Unknown,
    GivenUp,
    Captured,
    Declined,
    TakenBack,
}

/// Everything around one order.
struct World<O> {
    seed: u64,
    chance: u64,
    orders: O,
    stock: Stock,
    charge: Charge,
    given_back: Money,
    /// What is given back or may still be.
    promised: Money,
    asked_in_part: bool,
    told: Vec<Told>,
    /// What the order has told, and each neighbour has not heard yet.
    to_inventory: VecDeque<Told>,
    to_payment: VecDeque<Told>,
    /// What each neighbour has told, and the order has not heard yet.
    from_inventory: VecDeque<Said>,
    from_payment: VecDeque<Said>,
    /// Refunds the provider works on.
    refunds: Vec<(RefundId, Money)>,
    /// What was heard before, and may come again under another number.
    heard: Vec<Said>,
}

impl<O: Orders> World<O> {
    fn new(seed: u64, orders: O) -> Self {
        Self {
            seed,
            chance: seed,
            orders,
            stock: Stock::Unasked,
            charge: Charge::Unasked,
            given_back: eur(0),
            promised: eur(0),
            asked_in_part: false,
            told: Vec::new(),
            to_inventory: VecDeque::new(),
            to_payment: VecDeque::new(),
            from_inventory: VecDeque::new(),
            from_payment: VecDeque::new(),
            refunds: Vec::new(),
            heard: Vec::new(),
        }
    }

    async fn ends_well(mut self) {
        for _ in 0..40 {
            self.something_happens().await;
        }
        self.settles().await;

        let (seed, standing) = (self.seed, self.orders.standing().await);
        let captured = if self.charge == Charge::Captured { eur(TOTAL) } else { eur(0) };
        let kept = captured
            .minus(self.given_back)
            .unwrap_or_else(|_| panic!("seed {seed}: more went back than was paid"));
        let sold = standing == Standing::Confirmed;
        assert!(
            sold || matches!(standing, Standing::Refunded | Standing::Cancelled),
            "seed {seed}: {standing}"
        );
        assert_eq!(kept.is_zero(), !sold, "seed {seed}: {kept} kept of an order that is {standing}");
        if !self.asked_in_part {
            assert_eq!(kept, if sold { eur(TOTAL) } else { eur(0) }, "seed {seed}");
        }
        assert_eq!(self.orders.refunded().await, self.given_back, "seed {seed}");
        assert_ne!(self.stock, Stock::Held, "seed {seed}: stock stays held");
        assert!(!sold || self.stock == Stock::Sold, "seed {seed}: paid, and the stock is {:?}", self.stock);
        assert!(
            standing != Standing::Cancelled || self.stock != Stock::Sold,
            "seed {seed}: sold without a sale"
        );
        let times = |told| self.told.iter().filter(|other| **other == told).count();
        assert!(times(Told::Confirmed) + times(Told::Cancelled) == 1, "seed {seed}: {:?}", self.told);
    }

    /// One thing, anywhere.
    async fn something_happens(&mut self) {
        match self.roll(100) {
            0..25 => self.inventory_hears(),
            25..50 => self.payment_hears(),
            50..65 => self.order_hears_inventory().await,
            65..80 => self.order_hears_payment().await,
            80..88 => self.provider_answers(),
            88..90 => self.hold_runs_out(),
            90..92 => self.order_hears(Said::Cancel).await,
            92..94 => {
                let part = Some(eur(1 + i64::try_from(self.roll(900)).unwrap()));
                let amount = part.filter(|_| self.roll(2) == 0);
                self.asked_in_part |= amount.is_some();
                self.order_hears(Said::Refund(amount)).await;
            }
            94..97 => self.deadline_passes().await,
            _ => {
                // The same thing again, under another number.
                if let Some(said) = self.heard.get(self.roll(self.heard.len().max(1))).copied() {
                    self.order_hears(said).await;
                }
            }
        }
    }

    /// Everybody does what is left to do, also the person who looks after what needs attention.
    async fn settles(&mut self) {
        for _ in 0..500 {
            self.inventory_hears();
            self.payment_hears();
            self.order_hears_inventory().await;
            self.order_hears_payment().await;
            self.provider_answers();
            let quiet = self.to_inventory.is_empty()
                && self.to_payment.is_empty()
                && self.from_inventory.is_empty()
                && self.from_payment.is_empty()
                && self.refunds.is_empty();
            let standing = self.orders.standing().await;
            if quiet
                && standing.limit().is_some()
                && matches!(self.charge, Charge::Unasked | Charge::TakenBack)
            {
                self.deadline_passes().await;
            } else if quiet && standing.needs_attention() && self.charge == Charge::Captured {
                self.order_hears(Said::Refund(None)).await;
            } else if quiet && !matches!(self.charge, Charge::Trying | Charge::Unknown | Charge::GivenUp) {
                return;
            }
        }
        panic!("seed {}: no end, {} and {:?}", self.seed, self.orders.standing().await, self.charge);
    }

    /// Some lines are short, now and then, and now and then nobody answers at all.
    fn inventory_hears(&mut self) {
        if self.stock == Stock::Unasked {
            match self.roll(10) {
                0 => (self.stock, _) = (Stock::Free, self.from_inventory.push_back(Said::Short)),
                1 => self.stock = Stock::Free,
                _ => (self.stock, _) = (Stock::Held, self.from_inventory.push_back(Said::Reserved)),
            }
            return;
        }
        match (self.to_inventory.pop_front(), self.stock) {
            (Some(Told::Confirmed), Stock::Held) => self.stock = Stock::Sold,
            (Some(Told::Confirmed), Stock::Free) if self.roll(2) == 0 => self.stock = Stock::Sold,
            (Some(Told::Confirmed), Stock::Free) => self.from_inventory.push_back(Said::Short),
            (Some(Told::Cancelled), Stock::Held) => self.stock = Stock::Free,
            _ => {}
        }
    }

    fn payment_hears(&mut self) {
        match (self.to_payment.pop_front(), self.charge) {
            (Some(Told::PaymentDue), Charge::Unasked) => self.charge = Charge::Trying,
            (Some(Told::Cancelled), Charge::Trying) if self.roll(2) == 0 => self.charge = Charge::TakenBack,
            (Some(Told::RefundDue(refund, amount)), Charge::Captured) => {
                if self.promised.amount() + amount.amount() > TOTAL {
                    self.from_payment.push_back(Said::RefundFailed(refund, amount));
                } else {
                    self.promised = self.promised.plus(amount).unwrap();
                    self.refunds.push((refund, amount));
                }
            }
            (Some(Told::RefundDue(..)), charge) => {
                panic!("seed {}: a refund of what is {charge:?}", self.seed)
            }
            _ => {}
        }
    }

    fn provider_answers(&mut self) {
        let which = self.roll(self.refunds.len().max(1));
        if let Some((refund, amount)) = self.refunds.get(which).copied() {
            let told = self.from_payment.len();
            match self.roll(8) {
                0 => {
                    self.promised = self.promised.minus(amount).unwrap();
                    self.from_payment.push_back(Said::RefundFailed(refund, amount));
                }
                // Nobody knows whether it was made, and it comes about later.
                1 => return self.from_payment.push_back(Said::RefundFailed(refund, amount)),
                2 => return,
                _ => {
                    self.given_back = self.given_back.plus(amount).unwrap();
                    self.from_payment.push_back(Said::Refunded(refund, amount));
                }
            }
            assert_eq!(self.from_payment.len(), told + 1);
            self.refunds.swap_remove(which);
            return;
        }
        let said = match (self.charge, self.roll(8)) {
            (Charge::Trying, 0..2) => (Charge::Unknown, Said::Unknown { given_up: false }),
            (Charge::Unknown, 0..2) => (Charge::GivenUp, Said::Unknown { given_up: true }),
            (Charge::Trying | Charge::Unknown | Charge::GivenUp, 2..6) => (Charge::Captured, Said::Captured),
            (Charge::Trying | Charge::Unknown | Charge::GivenUp, 6) => (Charge::Declined, Said::Declined),
            _ => return,
        };
        self.charge = said.0;
        self.from_payment.push_back(said.1);
    }

    fn hold_runs_out(&mut self) {
        if self.stock == Stock::Held {
            self.stock = Stock::Free;
            self.from_inventory.push_back(Said::HoldExpired);
        }
    }

    async fn deadline_passes(&mut self) {
        if self.orders.standing().await.limit().is_some() {
            self.order_hears(Said::Late).await;
        }
    }

    async fn order_hears_inventory(&mut self) {
        if let Some(said) = self.from_inventory.pop_front() {
            self.heard.push(said);
            self.order_hears(said).await;
        }
    }

    async fn order_hears_payment(&mut self) {
        if let Some(said) = self.from_payment.pop_front() {
            self.heard.push(said);
            self.order_hears(said).await;
        }
    }

    async fn order_hears(&mut self, said: Said) {
        for told in self.orders.hears(said).await {
            self.told.push(told);
            self.to_inventory.push_back(told);
            self.to_payment.push_back(told);
        }
    }

    /// A number below the bound (SplitMix64).
    fn roll(&mut self, below: usize) -> usize {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.chance;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((bits ^ (bits >> 31)) % below as u64).unwrap()
    }
}

/// The rules alone: the table, the order and its money, without a database.
struct Ledger {
    order: Order,
    refunds: Vec<RefundView>,
}

impl Ledger {
    fn new() -> Self {
        let order = Order {
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
            refunded: eur(0),
            ended: Why::default(),
            attention: Why::default(),
            trace: String::new(),
            placed_at: Timestamp::UNIX_EPOCH,
            changed_at: Timestamp::UNIX_EPOCH,
        };
        Self { order, refunds: vec![] }
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
                let amount = order.refund_of(asked, self.refunds.len()).ok()?;
                return Some((Signal::AskedToRefund, Some(amount)));
            }
            Said::Refunded(id, amount) => {
                let failed = |other: &&RefundView| other.refund != id && other.state == RefundState::Failed;
                let others_failed = self.refunds.iter().filter(failed).count();
                let refund = self.refunds.iter_mut().find(|refund| refund.refund == id).unwrap();
                let signal = order.refund_done(refund, amount, others_failed).unwrap()?;
                refund.state = RefundState::Done;
                signal
            }
            Said::RefundFailed(id, amount) => {
                let refund = self.refunds.iter_mut().find(|refund| refund.refund == id).unwrap();
                if refund.state == RefundState::Done {
                    return None;
                }
                let signal = order.refund_failed(refund, amount).unwrap()?;
                refund.state = RefundState::Failed;
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
        let (to, tell) = match step(order.standing, signal) {
            Move::Go(to, tell) => (to, tell),
            Move::Stay(tell) => (order.standing, tell),
            Move::Note => (order.standing, Tell::Nothing),
            Move::Echo | Move::Refuse => return vec![],
            Move::Impossible => panic!("{signal} at {}", order.standing),
        };
        if tell == Tell::RefundDue {
            amount = amount.or(Some(order.remaining()).filter(|remaining| !remaining.is_zero()));
        }
        let why = Why::new(signal.word(), signal.word());
        self.order = order.moved(to, tell, &why, amount, Timestamp::UNIX_EPOCH).unwrap();
        let Order { pending, refunded, total, standing, outcome, .. } = &self.order;
        assert!(refunded.amount() <= total.amount());
        if *standing == Standing::Cancelled && *outcome == Outcome::Captured {
            assert!(pending.amount() + refunded.amount() >= total.amount());
        }
        match (tell, amount) {
            (Tell::Nothing, _) | (Tell::RefundDue, None) => vec![],
            (Tell::PaymentDue, _) => vec![Told::PaymentDue],
            (Tell::Confirmed, _) => vec![Told::Confirmed],
            (Tell::Cancelled, _) => vec![Told::Cancelled],
            (Tell::Refunded, _) => vec![Told::Refunded],
            (Tell::NeedsAttention, _) => vec![Told::NeedsAttention],
            (Tell::RefundDue, Some(amount)) => {
                let refund = RefundId::from_bits(self.refunds.len() as u128);
                self.refunds.push(RefundView {
                    refund,
                    amount,
                    state: RefundState::Pending,
                    reason: String::new(),
                });
                vec![Told::RefundDue(refund, amount)]
            }
        }
    }

    async fn standing(&self) -> Standing {
        self.order.standing
    }

    async fn refunded(&self) -> Money {
        self.order.refunded
    }
}

/// The service itself, with its database and its timers.
struct Service {
    shop: Shop,
    order: OrderView,
    told: usize,
}

impl Service {
    async fn new() -> Self {
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
                shop.hears(&PaymentRefunded { order: id, payment, refund, amount })
            }
            // What is repeated after it came about is not believed; the provider does not say so.
            Said::RefundFailed(refund, _) if self.is_done(refund).await => {}
            Said::RefundFailed(refund, amount) => {
                let message = "the account is closed".into();
                shop.hears(&PaymentRefundFailed { order: id, payment, refund, amount, message });
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

impl Service {
    async fn is_done(&self, refund: RefundId) -> bool {
        let refunds = self.shop.order(&self.order).await.refunds;
        refunds.iter().any(|view| view.refund == refund && view.state == RefundState::Done)
    }
}
