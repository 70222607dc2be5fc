//! Customers: they buy, hesitate, cancel, want money back, ask twice, and type what they should not.

use std::time::Duration;

use contracts::auth::{LogIn, Secret};
use contracts::cart::AddItem;
use contracts::catalog::SearchProducts;
use contracts::inventory::ReceiveStock;
use contracts::order::{CancelOrder, GetOrder, OrderView, PlaceOrder, RefundOrder, Stage};
use contracts::{Money, OrderId, Quantity};
use futures_util::future::join_all;
use kit::{Kind, Voice};

use super::asking::Asking;
use super::dice::Dice;
use crate::customer::order_of;
use crate::people::{PASSWORD, secret_of};
use crate::sku_of;

/// What is sold, with the price in cents.
pub const GOODS: [(&str, i64); 6] = [
    ("chaos-mug", 1290),
    ("chaos-tee", 2500),
    ("chaos-lamp", 9900),
    ("chaos-pen", 150),
    ("chaos-bag", 4495),
    ("chaos-cup", 777),
];

/// Pieces of each that come before every storm.
pub const PIECES: u64 = 80;

/// Pieces of what only the quickest get, and how many want one.
const LAST: (u64, u64) = (3, 12);

/// How long a customer thinks between two things, at least and at most, in milliseconds.
const THINKS_MS: (u64, u64) = (150, 900);

/// Who has an account from the beginning.
pub const ACCOUNT: &str = "chaos-account@example.org";

/// How an order is paid, with how often in a hundred.
const CARDS: [(&str, u64); 9] = [
    ("pm_card_visa", 58),
    ("pm_card_visa_chargeDeclinedInsufficientFunds", 12),
    ("pm_card_chargeDeclinedExpiredCard", 3),
    ("pm_test_slow", 8),
    ("pm_test_timeoutBeforeCharge", 4),
    ("pm_test_timeoutAfterCharge", 6),
    ("pm_test_errorThenSuccess", 4),
    ("pm_test_refundTimeoutAfter", 3),
    ("pm_test_refundErrorThenSuccess", 2),
];

/// One customer, who is a guest.
pub struct Buyer {
    /// Everything they do has a key that begins so.
    name: String,
    own: Asking,
    staff: Asking,
    dice: Dice,
    orders: Vec<OrderId>,
    done: u64,
}

impl Buyer {
    /// A customer of a round. `staff` is asked for what only the shop's people may do.
    pub fn new(seed: u64, round: u64, number: u64, staff: &Asking) -> Self {
        let name = format!("chaos-{seed}-{round}-{number}");
        let own = staff.speaking(Voice::Guest(secret_of(&name)));
        let dice = Dice::of(seed, "buyer", (round << 16) | number);
        Self { name, own, staff: staff.clone(), dice, orders: Vec::new(), done: 0 }
    }

    /// Comes and goes until the storm is over.
    pub async fn shops(mut self) {
        while self.own.is_storm() {
            match self.dice.between(0, 100) {
                0..=54 => self.buys(1).await,
                55..=62 => self.buys(3).await,
                63..=64 => self.signs_in_and_buys().await,
                65..=69 => self.buys_twice_at_once().await,
                70..=74 => self.buys_a_cart().await,
                75..=84 => self.changes_their_mind().await,
                85..=92 => self.wants_money_back().await,
                93..=94 => self.blunders().await,
                95..=97 => self.a_delivery_comes().await,
                _ => self.rushes_for_the_last().await,
            }
            let thinks = self.dice.between(THINKS_MS.0, THINKS_MS.1);
            tokio::time::sleep(Duration::from_millis(thinks)).await;
        }
    }

    fn key(&mut self) -> String {
        self.done += 1;
        format!("{}-{}", self.name, self.done)
    }

    fn card(&mut self) -> &'static str {
        let mut thrown = self.dice.between(0, CARDS.iter().map(|(_, often)| often).sum());
        for (card, often) in CARDS {
            if thrown < often {
                return card;
            }
            thrown -= often;
        }
        CARDS[0].0
    }

    fn order(&mut self, lines: usize) -> PlaceOrder {
        let mut goods = GOODS;
        self.dice.shuffle(&mut goods);
        let items: Vec<(&str, i64)> =
            goods.iter().take(lines).map(|(sku, _)| (*sku, self.dice.between(1, 4) as i64)).collect();
        let email = format!("{}@example.org", self.name).parse().expect("an address");
        PlaceOrder { payment_method: self.card().into(), email: Some(email), ..order_of(&items) }
    }

    async fn buys(&mut self, lines: usize) {
        let (order, key) = (self.order(lines), self.key());
        place(&self.own, &order, &key, &mut self.orders).await;
        if self.dice.percent(10) {
            // A program that lost the answer asks again.
            place(&self.own, &order, &key, &mut self.orders).await;
        }
    }

    /// The account is the same for all, the order belongs to it, and only its holder could cancel it.
    async fn signs_in_and_buys(&mut self) {
        let log_in = LogIn {
            email: ACCOUNT.parse().expect("an address"),
            password: Secret::new(PASSWORD),
            device: self.name.clone(),
            source: String::new(),
        };
        let key = self.key();
        match self.own.insist(&log_in, &key).await {
            Some(Ok(pair)) => {
                let holder = self.own.speaking(Voice::Token(pair.access_token.expose().to_owned()));
                let (order, key) = (self.order(1), self.key());
                place(&holder, &order, &key, &mut Vec::new()).await;
            }
            Some(Err(error)) => self.own.ledger.strange(format!("no sign-in, {key}: {}", error.chain())),
            None => {}
        }
    }

    async fn buys_twice_at_once(&mut self) {
        let (order, key) = (self.order(1), self.key());
        let (mut one, mut two) = (Vec::new(), Vec::new());
        tokio::join!(place(&self.own, &order, &key, &mut one), place(&self.own, &order, &key, &mut two));
        self.orders.extend(one);
    }

    async fn buys_a_cart(&mut self) {
        let mut cart = None;
        for _ in 0..self.dice.between(1, 3) {
            let (sku, _) = *self.dice.one_of(&GOODS);
            let quantity = Quantity::try_from(1).expect("a quantity");
            let add = AddItem { cart, sku: sku_of(sku), quantity, expected_version: None };
            let key = self.key();
            match self.own.insist(&add, &key).await {
                Some(Ok(view)) => cart = Some(view.cart),
                Some(Err(error)) => return self.own.ledger.strange(format!("{key}: {}", error.chain())),
                None => return,
            }
        }
        let (key, order) = (self.key(), PlaceOrder { cart, lines: Vec::new(), ..self.order(1) });
        place(&self.own, &order, &key, &mut self.orders).await;
    }

    async fn changes_their_mind(&mut self) {
        let late = self.dice.percent(50);
        if !late {
            self.buys(1).await;
        }
        let Some(order) = self.orders.last().copied() else { return };
        let (key, cancel) = (self.key(), CancelOrder { order, reason: "changed my mind".into() });
        if let Some(Ok(_)) = self.own.insist(&cancel, &key).await {
            self.own.ledger.cancelled(order);
        }
    }

    async fn wants_money_back(&mut self) {
        if self.orders.is_empty() {
            return;
        }
        let order = *self.dice.one_of(&self.orders);
        let key = self.key();
        let Some(Ok(view)) = self.own.insist(&GetOrder { order }, &key).await else { return };
        if view.stage != Stage::Confirmed {
            return;
        }
        let part = (view.total.amount() / 3).max(1);
        let rest =
            view.total.amount() - view.refunds.iter().map(|refund| refund.amount.amount()).sum::<i64>();
        let wanted = if self.dice.percent(60) { Some(part) } else { None };
        let amount = wanted.and_then(|cents| Money::new(cents, view.total.currency()).ok());
        let refund = RefundOrder { order, amount, reason: "it broke".into() };
        let refund_key = self.key();
        if let Some(Ok(after)) = self.staff.insist(&refund, &refund_key).await {
            let given = after.refunds.last().map_or(view.total, |refund| refund.amount);
            // Only this customer asks for their money, so what was left is known.
            if given.amount() != wanted.unwrap_or(rest) {
                let says = format!("{order} gives {given} back under {refund_key}, not what was asked for");
                self.own.ledger.strange(says);
            }
            self.own.ledger.refunded(order, given);
        }
    }

    /// Types the number of a card where none belongs.
    async fn blunders(&mut self) {
        let card = card_number(&mut self.dice);
        self.own.ledger.typed(&card);
        let shown = format!("{} {} {} {}", &card[..4], &card[4..8], &card[8..12], &card[12..]);
        let key = self.key();
        let refused = match self.dice.between(0, 3) {
            0 => {
                let order = PlaceOrder { payment_method: card, ..self.order(1) };
                self.own.insist(&order, &key).await.map(|answer| answer.map(drop))
            }
            1 => {
                let Some(order) = self.orders.last().copied() else { return };
                let cancel = CancelOrder { order, reason: format!("my card is {shown}") };
                self.own.insist(&cancel, &key).await.map(|answer| answer.map(drop))
            }
            _ => {
                let search = SearchProducts { text: shown, category: None, after: None, limit: None };
                let _ = self.own.insist(&search, &key).await;
                return;
            }
        };
        match refused {
            Some(Err(error)) if error.kind == Kind::Invalid => {}
            Some(answer) => {
                let says = format!("{key}: the number of a card was answered {answer:?}");
                self.own.ledger.strange(says);
            }
            None => {}
        }
    }

    async fn a_delivery_comes(&mut self) {
        let (sku, _) = *self.dice.one_of(&GOODS);
        let (key, pieces) = (self.key(), self.dice.between(1, 30));
        receive(&self.staff, sku, pieces, &key).await;
    }

    async fn rushes_for_the_last(&mut self) {
        let key = self.key();
        let sku = format!("last-{}", key.trim_start_matches("chaos-"));
        let put = contracts::catalog::PutProduct {
            sku: sku_of(&sku),
            name: "The last ones".into(),
            description: String::new(),
            category: "Tests".into(),
            price: crate::euros(1000),
            expected_version: None,
        };
        let Some(Ok(_)) = self.staff.insist(&put, &key).await else { return };
        receive(&self.staff, &sku, LAST.0, &format!("{key}-stock")).await;
        let order = PlaceOrder { email: None, ..order_of(&[(&sku, 1)]) };
        let all = (0..LAST.1).map(|number| {
            let (own, order, key) = (self.own.clone(), order.clone(), format!("{key}-{number}"));
            async move { place(&own, &order, &key, &mut Vec::new()).await }
        });
        join_all(all).await;
    }
}

/// Places an order and writes down that it was accepted, before anything else is done.
async fn place(asking: &Asking, order: &PlaceOrder, key: &str, orders: &mut Vec<OrderId>) {
    let answer: Option<Result<OrderView, kit::Error>> = asking.insist(order, key).await;
    match answer {
        Some(Ok(view)) => {
            asking.ledger.accepted(&view, key, order);
            orders.push(view.order);
        }
        Some(Err(error)) => asking.ledger.strange(format!("an order was refused, {key}: {}", error.chain())),
        None => {}
    }
}

async fn receive(staff: &Asking, sku: &str, pieces: u64, key: &str) {
    let receive = ReceiveStock { sku: sku_of(sku), quantity: pieces, reason: "a delivery".into() };
    match staff.insist(&receive, key).await {
        Some(Ok(_)) => staff.ledger.received(&receive.sku, pieces),
        Some(Err(error)) => staff.ledger.strange(format!("a delivery was refused, {key}: {}", error.chain())),
        None => {}
    }
}

/// A number that looks like a card's and is no one's: it passes the check that such numbers have.
fn card_number(dice: &mut Dice) -> String {
    let mut digits: Vec<u32> = vec![4];
    digits.extend((0..14).map(|_| dice.between(0, 10) as u32));
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let doubled = if place % 2 == 0 { digit * 2 } else { *digit };
            if doubled > 9 { doubled - 9 } else { doubled }
        })
        .sum();
    digits.push((10 - sum % 10) % 10);
    digits.into_iter().filter_map(|digit| char::from_digit(digit, 10)).collect()
}
