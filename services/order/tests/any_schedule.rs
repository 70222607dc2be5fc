//! Whatever happens to an order, in whatever order: in the end nobody keeps money without a sale,
//! nothing is sold without money, and no stock stays held.
//!
//! A model of the inventory, the payment service and the people around one order acts at random,
//! from a seed. It drives the rules alone, thousands of times, and the whole service some dozens of
//! times. A seed that fails is named and replays.

use std::collections::{BTreeSet, VecDeque};

use contracts::{Money, RefundId};
use order::checkout::{Move, Signal, Standing, step};

use crate::any_schedule_orders::{Ledger, Service};
use crate::shop::eur;

/// What an order hears.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Said {
    Reserved,
    Short,
    HoldExpired,
    Captured,
    Declined,
    Unknown { given_up: bool },
    Refunded(RefundId, Money),
    RefundFailed(RefundId, Money),
    RefundUnknown(RefundId, Money),
    Cancel,
    Refund(Option<Money>),
    Late,
}

/// What an order tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Told {
    PaymentDue,
    Confirmed,
    Cancelled,
    RefundDue(RefundId, Money),
    Refunded,
    NeedsAttention,
}

/// An order that hears, and tells.
pub(crate) trait Orders {
    async fn hears(&mut self, said: Said) -> Vec<Told>;
    async fn standing(&self) -> Standing;
    async fn refunded(&self) -> Money;
}

#[tokio::test]
async fn any_schedule_ends_well_by_the_rules() {
    let mut visited = BTreeSet::new();
    for seed in 0..20_000 {
        let replay = Replay { seed };
        visited.extend(World::new(seed, Ledger::new()).ends_well().await.visited);
        drop(replay);
    }
    // Every move of the table was made on the way, but for these: a hold does not expire before it is
    // heard of, what goes back of a cancelled order is asked for as a whole first, and what could not
    // be given back remains until somebody asks again.
    let never = [
        (Standing::Placed, Signal::HoldExpired),
        (Standing::Cancelled, Signal::PartRefunded),
        (Standing::ConfirmedOpen, Signal::AllRefunded),
    ];
    for standing in Standing::ALL {
        for signal in Signal::ALL {
            let moves = matches!(step(standing, signal), Move::Go(..) | Move::Stay(_) | Move::Note);
            let expected = moves && !never.contains(&(standing, signal));
            assert!(visited.contains(&(standing, signal)) || !expected, "{standing} {signal}");
        }
    }
}

#[tokio::test]
async fn any_schedule_ends_well_in_the_service() {
    for seed in 0..40 {
        let replay = Replay { seed };
        World::new(seed, Service::new().await).ends_well().await;
        drop(replay);
    }
}

/// Names the seed if its world ends badly, wherever that is noticed.
struct Replay {
    seed: u64,
}

impl Drop for Replay {
    #[expect(clippy::print_stderr, reason = "a test that fails says how to see it again")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("It was seed {}.", self.seed);
        }
    }
}

pub(crate) const TOTAL: i64 = 2580;

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
    /// Refunds of which nobody knows whether they were made, until somebody asks the provider again.
    lost: Vec<(RefundId, Money)>,
    /// What was heard before, and may come again under another number.
    heard: Vec<Said>,
}

impl<O: Orders> World<O> {
    fn new(seed: u64, orders: O) -> Self {
        Self {
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
            lost: Vec::new(),
            heard: Vec::new(),
        }
    }

    async fn ends_well(mut self) -> O {
        for _ in 0..60 {
            self.something_happens().await;
        }
        self.settles().await;

        let standing = self.orders.standing().await;
        let captured = if self.charge == Charge::Captured { eur(TOTAL) } else { eur(0) };
        let kept = captured.minus(self.given_back).unwrap_or_else(|_| panic!("more went back than was paid"));
        let sold = standing == Standing::Confirmed;
        assert!(sold || matches!(standing, Standing::Refunded | Standing::Cancelled), "{standing}");
        assert_eq!(kept.is_zero(), !sold, "{kept} kept of an order that is {standing}");
        if !self.asked_in_part {
            assert_eq!(kept, if sold { eur(TOTAL) } else { eur(0) });
        }
        assert_eq!(self.orders.refunded().await, self.given_back);
        assert_ne!(self.stock, Stock::Held, "stock stays held");
        assert!(!sold || self.stock == Stock::Sold, "paid, and the stock is {:?}", self.stock);
        assert!(standing != Standing::Cancelled || self.stock != Stock::Sold, "sold without a sale");
        let times = |told| self.told.iter().filter(|other| **other == told).count();
        assert!(times(Told::Confirmed) + times(Told::Cancelled) == 1, "{:?}", self.told);
        self.orders
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
            92..95 => {
                let part = Some(eur(1 + i64::try_from(self.roll(900)).unwrap()));
                let amount = part.filter(|_| self.roll(2) == 0);
                self.asked_in_part |= amount.is_some();
                self.order_hears(Said::Refund(amount)).await;
            }
            95..97 => self.deadline_passes().await,
            97 => self.payment_is_reconciled(),
            _ => {
                // The same thing again, under another number.
                let which = self.roll(self.heard.len().max(1));
                if let Some(said) = self.heard.get(which).copied() {
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
            if quiet && !self.lost.is_empty() {
                assert!(standing.needs_attention(), "{standing}, and nobody looks for {:?}", self.lost);
            }
            if quiet
                && standing.limit().is_some()
                && matches!(self.charge, Charge::Unasked | Charge::TakenBack)
            {
                self.deadline_passes().await;
            } else if quiet && !self.lost.is_empty() && self.roll(2) == 0 {
                self.payment_is_reconciled();
            } else if quiet && standing.needs_attention() && self.charge == Charge::Captured {
                self.order_hears(Said::Refund(None)).await;
            } else if quiet && !matches!(self.charge, Charge::Trying | Charge::Unknown | Charge::GivenUp) {
                return;
            }
        }
        panic!("no end, {} and {:?}", self.orders.standing().await, self.charge);
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
                self.promised = self.promised.plus(amount).unwrap();
                assert!(self.promised.amount() <= TOTAL, "{} go back, or may have", self.promised);
                self.refunds.push((refund, amount));
            }
            (Some(Told::RefundDue(..)), charge) => {
                panic!("a refund of what is {charge:?}")
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
                1 => {
                    self.lost.push((refund, amount));
                    self.from_payment.push_back(Said::RefundUnknown(refund, amount));
                }
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
            (Charge::Trying, 0) => (Charge::Unknown, Said::Unknown { given_up: false }),
            (Charge::Trying, 1) | (Charge::Unknown, 0..2) => {
                (Charge::GivenUp, Said::Unknown { given_up: true })
            }
            (Charge::Trying | Charge::Unknown | Charge::GivenUp, 2..6) => (Charge::Captured, Said::Captured),
            (Charge::Trying | Charge::Unknown | Charge::GivenUp, 6) => (Charge::Declined, Said::Declined),
            _ => return,
        };
        self.charge = said.0;
        self.from_payment.push_back(said.1);
    }

    /// The provider is asked again; it may be silent again.
    fn payment_is_reconciled(&mut self) {
        self.refunds.append(&mut self.lost);
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
