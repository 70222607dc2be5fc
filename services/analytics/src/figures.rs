//! The rules: which figures follow from which facts. No I/O.
//!
//! Facts of different services are heard in any order, and a stream that was made anew tells some again.
//! So nothing here looks at the order in which facts came: of facts that say the same the earliest counts,
//! and what an order or a cart counts as follows from all that is known of it.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::str::FromStr;

use contracts::Currency;
use contracts::analytics::By;
use kit::Timestamp;

use crate::fact::{Fact, Kind};

/// The reason of an order that was refused its stock, as the order service gives it.
const OUT_OF_STOCK: &str = "out_of_stock";

/// Figures, or a change of figures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// By hour and currency.
    pub sales: BTreeMap<(Hour, Currency), SalesCount>,
    /// By hour, product and currency.
    pub products: BTreeMap<(Hour, String, Currency), ProductCount>,
    /// By hour, step and reason of loss: how many.
    pub funnel: BTreeMap<(Hour, Step, String), i64>,
}

/// The beginning of an hour of UTC, in milliseconds since 1970.
pub type Hour = i64;

/// What was sold in an hour in one currency. Amounts are minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SalesCount {
    /// Orders that were placed.
    pub placed: i64,
    /// Orders that were confirmed.
    pub orders: i64,
    /// What these cost.
    pub ordered: i64,
    /// What was charged.
    pub captured: i64,
    /// What was given back.
    pub refunded: i64,
}

/// What was sold of a product in an hour in one currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProductCount {
    /// In how many orders.
    pub orders: i64,
    /// How many pieces.
    pub pieces: i64,
    /// For how much, in minor units.
    pub amount: i64,
}

/// How far a cart or an order came, or where it was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Something was put into a cart.
    Cart,
    /// An order was made of it.
    CartOrdered,
    /// It expired.
    CartExpired,
    /// An order was placed.
    Placed,
    /// Its payment became due.
    PaymentDue,
    /// It was confirmed.
    Confirmed,
    /// It was lost before its payment became due.
    LostPlaced,
    /// It was lost later.
    LostPaymentDue,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 8] = [
        Self::Cart,
        Self::CartOrdered,
        Self::CartExpired,
        Self::Placed,
        Self::PaymentDue,
        Self::Confirmed,
        Self::LostPlaced,
        Self::LostPaymentDue,
    ];

    /// The word in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cart => "cart",
            Self::CartOrdered => "cart_ordered",
            Self::CartExpired => "cart_expired",
            Self::Placed => "placed",
            Self::PaymentDue => "payment_due",
            Self::Confirmed => "confirmed",
            Self::LostPlaced => "lost_placed",
            Self::LostPaymentDue => "lost_payment_due",
        }
    }
}

/// Not the word of a step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the word of a step")]
pub struct UnknownStep;

impl FromStr for Step {
    type Err = UnknownStep;

    fn from_str(text: &str) -> Result<Self, UnknownStep> {
        Self::ALL.into_iter().find(|step| step.word() == text).ok_or(UnknownStep)
    }
}

impl Figures {
    /// The figures of any facts.
    pub fn of<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Self {
        let mut groups: BTreeMap<_, Vec<&Fact>> = BTreeMap::new();
        for fact in facts {
            groups.entry(fact.group()).or_default().push(fact);
        }
        let mut figures = Self::default();
        for group in groups.values() {
            figures.count(group);
        }
        figures.tidied()
    }

    /// How the figures change if to the facts of a group this one comes.
    pub fn change<'a>(before: impl IntoIterator<Item = &'a Fact> + Clone, fact: &'a Fact) -> Self {
        let mut change = Self::of(before.clone().into_iter().chain([fact]));
        change.add(&Self::of(before), -1);
        change.tidied()
    }

    /// Adds other figures so many times, such as -1 to take them away.
    pub fn add(&mut self, other: &Self, times: i64) {
        for (key, count) in &other.sales {
            *self.sales.entry(*key).or_default() += count.times(times);
        }
        for (key, count) in &other.products {
            *self.products.entry(key.clone()).or_default() += count.times(times);
        }
        for (key, number) in &other.funnel {
            *self.funnel.entry(key.clone()).or_default() += number * times;
        }
    }

    /// The same without what is nothing.
    #[must_use]
    pub fn tidied(mut self) -> Self {
        self.sales.retain(|_, count| *count != SalesCount::default());
        self.products.retain(|_, count| *count != ProductCount::default());
        self.funnel.retain(|_, number| *number != 0);
        self
    }

    /// Counts facts that are looked at together.
    fn count(&mut self, group: &[&Fact]) {
        let first = |kind: Kind| group.iter().filter(|fact| fact.kind == kind).min().copied();
        for kind in [Kind::Captured, Kind::GivenBack, Kind::Sold] {
            if let Some(fact) = first(kind) {
                self.count_alone(fact);
            }
        }
        self.count_cart(first(Kind::Filled), first(Kind::Ordered), first(Kind::Expired));
        let of_order = [Kind::Placed, Kind::Due, Kind::Confirmed, Kind::Cancelled, Kind::Refused];
        let facts = of_order.map(first);
        if let Some(began) = facts[0].or_else(|| facts.iter().flatten().min().copied()) {
            self.count_order(hour(began.at), facts);
        }
    }

    fn count_alone(&mut self, fact: &Fact) {
        let Some(currency) = fact.currency else { return };
        let hour = hour(fact.at);
        let sales = SalesCount::default();
        match fact.kind {
            Kind::Captured => self.sell(hour, currency, SalesCount { captured: fact.amount, ..sales }),
            Kind::GivenBack => self.sell(hour, currency, SalesCount { refunded: fact.amount, ..sales }),
            _ => {
                let count = ProductCount { orders: 1, pieces: i64::from(fact.pieces), amount: fact.amount };
                *self.products.entry((hour, fact.item.clone(), currency)).or_default() += count;
            }
        }
    }

    /// A cart counts where it began. Of one that only expired nobody knows when that was: its beginning is
    /// older than what is kept.
    fn count_cart(&mut self, filled: Option<&Fact>, ordered: Option<&Fact>, expired: Option<&Fact>) {
        let Some(began) = [filled, ordered].into_iter().flatten().map(|fact| fact.at).min() else { return };
        let hour = hour(began);
        self.pass(hour, Step::Cart, "");
        match (ordered, expired) {
            (Some(_), _) => self.pass(hour, Step::CartOrdered, ""),
            (None, Some(_)) => self.pass(hour, Step::CartExpired, ""),
            (None, None) => {}
        }
    }

    /// An order counts where it began, and what it sold where it was confirmed.
    fn count_order(&mut self, began: Hour, facts: [Option<&Fact>; 5]) {
        let [placed, due, confirmed, cancelled, refused] = facts;
        if let Some((at, currency)) = placed.and_then(|fact| Some((fact.at, fact.currency?))) {
            self.sell(hour(at), currency, SalesCount { placed: 1, ..SalesCount::default() });
        }
        if let Some((fact, currency)) = confirmed.and_then(|fact| Some((fact, fact.currency?))) {
            let count = SalesCount { orders: 1, ordered: fact.amount, ..SalesCount::default() };
            self.sell(hour(fact.at), currency, count);
        }
        self.pass(began, Step::Placed, "");
        let was_due = due.is_some() || confirmed.is_some();
        if was_due {
            self.pass(began, Step::PaymentDue, "");
        }
        let lost = if was_due { Step::LostPaymentDue } else { Step::LostPlaced };
        match (confirmed, cancelled, refused) {
            (Some(_), _, _) => self.pass(began, Step::Confirmed, ""),
            (None, Some(fact), _) => self.pass(began, lost, &fact.item),
            (None, None, Some(_)) => self.pass(began, lost, OUT_OF_STOCK),
            (None, None, None) => {}
        }
    }

    fn sell(&mut self, hour: Hour, currency: Currency, count: SalesCount) {
        *self.sales.entry((hour, currency)).or_default() += count;
    }

    fn pass(&mut self, hour: Hour, step: Step, reason: &str) {
        *self.funnel.entry((hour, step, reason.to_owned())).or_default() += 1;
    }
}

/// The hour in which something happened.
pub fn hour(at: Timestamp) -> Hour {
    let long = By::Hour.millis();
    at.as_millisecond().div_euclid(long) * long
}

impl SalesCount {
    /// Whether, as a change, it makes something less.
    pub fn takes_away(&self) -> bool {
        [self.placed, self.orders, self.ordered, self.captured, self.refunded]
            .into_iter()
            .any(|part| part < 0)
    }

    fn times(self, times: i64) -> Self {
        Self {
            placed: self.placed * times,
            orders: self.orders * times,
            ordered: self.ordered * times,
            captured: self.captured * times,
            refunded: self.refunded * times,
        }
    }
}

impl AddAssign for SalesCount {
    fn add_assign(&mut self, other: Self) {
        self.placed += other.placed;
        self.orders += other.orders;
        self.ordered += other.ordered;
        self.captured += other.captured;
        self.refunded += other.refunded;
    }
}

impl ProductCount {
    /// Whether, as a change, it makes something less.
    pub fn takes_away(&self) -> bool {
        [self.orders, self.pieces, self.amount].into_iter().any(|part| part < 0)
    }

    fn times(self, times: i64) -> Self {
        Self { orders: self.orders * times, pieces: self.pieces * times, amount: self.amount * times }
    }
}

impl AddAssign for ProductCount {
    fn add_assign(&mut self, other: Self) {
        self.orders += other.orders;
        self.pieces += other.pieces;
        self.amount += other.amount;
    }
}
