//! Who buys, cancels, and runs the shop; and what each was told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use cli::books::accepted::Accepted;
use contracts::cart::AddItem;
use contracts::catalog::PutProduct;
use contracts::inventory::{AdjustStock, ReceiveStock};
use contracts::order::reason::INVALID_PAYMENT_METHOD;
use contracts::order::{
    CancelOrder, GetOrder, Item, LineRequest, ListOrders, OrderView, PlaceOrder, RefundOrder, Stage,
};
use contracts::payment::{GetPayment, PaymentState, ReconcilePayment};
use contracts::{Currency, CustomerId, Money, OrderId, Quantity, Sku};
use kit::error::reason::INVALID_TEXT;
use kit::id::Id;
use kit::testing::{customer, guest, operator};
use kit::{Caller, Error, Request, Result};

use crate::bank::{EMPTY_CARD, GOOD_CARD, GOOD_CARD_NUMBER};
use crate::chance::{Dice, micros};
use crate::port::{Ask, Notes, lock};

/// How long somebody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often somebody who insists asks, at most.
const TIMES_MAX: u32 = 2000;
/// So many buyers of a thousand type the number of their card first, where it does not belong.
const TYPES_CARD: u32 = 100;
/// Products on sale.
const PRODUCTS: u64 = 3;

/// What people were told. They believe it, and the shop must stand by it.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Every answer that said an order was accepted.
    pub accepted: Vec<Accepted>,
    /// Answers that contradict each other.
    pub contradictions: Vec<String>,
    /// Pieces that were received and corrected, by product.
    pub delivered: BTreeMap<Sku, i64>,
}

/// Somebody.
#[derive(Clone)]
pub struct Person {
    name: String,
    caller: Caller,
    notes: Notes,
    ledger: Arc<Mutex<Ledger>>,
    dice: Arc<Mutex<Dice>>,
}

impl Person {
    /// Whoever runs the shop.
    pub fn keeper(notes: &Notes, ledger: &Arc<Mutex<Ledger>>, dice: &mut Dice) -> Self {
        Self::new("keeper", operator(), notes, ledger, dice)
    }

    /// A customer, with or without an account.
    pub fn buyer(number: u64, notes: &Notes, ledger: &Arc<Mutex<Ledger>>, dice: &mut Dice) -> Self {
        let name = format!("buyer{number}");
        let caller = if dice.happens(500) {
            customer(CustomerId::from_bits(u128::from(number) + 1))
        } else {
            guest(&name)
        };
        Self::new(&name, caller, notes, ledger, dice)
    }

    /// Somebody without an account who wants one.
    pub fn newcomer(notes: &Notes, ledger: &Arc<Mutex<Ledger>>, dice: &mut Dice) -> Self {
        Self::new("newcomer", Caller::Anonymous, notes, ledger, dice)
    }

    fn new(name: &str, caller: Caller, notes: &Notes, ledger: &Arc<Mutex<Ledger>>, dice: &mut Dice) -> Self {
        let dice = Arc::new(Mutex::new(dice.split()));
        Self { name: name.to_owned(), caller, notes: notes.clone(), ledger: Arc::clone(ledger), dice }
    }

    fn draw<T>(&self, from: impl FnOnce(&mut Dice) -> T) -> T {
        from(&mut lock(&self.dice))
    }

    /// Asks once.
    ///
    /// # Errors
    /// What the shop says, or that it says nothing.
    pub async fn ask<R: Request>(&self, request: &R, key: Option<&str>) -> Result<R::Reply> {
        let body =
            serde_json::to_vec(request).map_err(|error| Error::internal("no JSON").caused_by(error))?;
        let reply = self.ask_at(R::SUBJECT.to_owned(), body, key).await?;
        serde_json::from_slice(&reply).map_err(|error| Error::internal("not understood").caused_by(error))
    }

    /// Asks something that every service answers.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub async fn ask_at(&self, subject: String, body: Vec<u8>, key: Option<&str>) -> Result<Bytes> {
        self.notes
            .ask(|answer| Ask {
                from: None,
                subject,
                body: body.into(),
                trace: None,
                caller: self.caller.clone(),
                behalf: None,
                key: key.map(str::to_owned),
                patience_us: micros(PATIENCE),
                answer,
            })
            .await
    }

    /// Asks until there is an answer, each time under the same key.
    pub(crate) async fn insists<R: Request>(&self, request: &R, key: Option<&str>) -> Result<R::Reply> {
        for _ in 1..TIMES_MAX {
            match self.ask(request, key).await {
                Err(error) if error.kind.is_retryable() => self.rests(100, 3000).await,
                answer => return answer,
            }
        }
        self.ask(request, key).await
    }

    pub(crate) async fn rests(&self, least_ms: u64, most_ms: u64) {
        let (least, most) = (Duration::from_millis(least_ms), Duration::from_millis(most_ms));
        let time = self.draw(|dice| dice.time(least, most));
        self.notes.sleep(time).await;
    }

    /// Opens the shop: products, and stock of each.
    pub async fn opens(&self) {
        for number in 0..PRODUCTS {
            let price = self.draw(|dice| dice.between(100, 3000));
            let (sku, cents) = (sku(number), i64::try_from(price).unwrap_or(100));
            let put = PutProduct {
                sku: sku.clone(),
                name: format!("Product {number}"),
                description: String::new(),
                category: "All".into(),
                price: euros(cents),
                expected_version: None,
            };
            let _ = self.insists(&put, Some(&format!("put-{number}"))).await;
            let pieces = self.draw(|dice| dice.between(1, 12));
            self.receives(sku, pieces, &format!("first-{number}")).await;
        }
    }

    async fn receives(&self, sku: Sku, quantity: u64, key: &str) {
        let asked = ReceiveStock { sku: sku.clone(), quantity, reason: "a delivery".into() };
        if self.insists(&asked, Some(key)).await.is_ok() {
            let pieces = i64::try_from(quantity).unwrap_or(0);
            *lock(&self.ledger).delivered.entry(sku).or_default() += pieces;
        }
    }

    /// Looks after the shop for a while: deliveries, corrections, refunds.
    pub async fn keeps_shop(&self, rounds: u64) {
        for round in 0..rounds {
            self.rests(500, 15_000).await;
            let (number, what) = self.draw(|dice| (dice.below(PRODUCTS), dice.below(4)));
            match what {
                0 => self.receives(sku(number), 1 + round % 3, &format!("more-{round}")).await,
                1 => {
                    let sku = sku(number);
                    let adjust = AdjustStock { sku: sku.clone(), change: -1, reason: "broken".into() };
                    if self.insists(&adjust, Some(&format!("less-{round}"))).await.is_ok() {
                        *lock(&self.ledger).delivered.entry(sku).or_default() -= 1;
                    }
                }
                _ => self.gives_back(round).await,
            }
        }
    }

    /// Gives money of some order back, all or a part.
    async fn gives_back(&self, round: u64) {
        let known: Vec<OrderView> =
            lock(&self.ledger).accepted.iter().map(|accepted| accepted.told.clone()).collect();
        if known.is_empty() {
            return;
        }
        let (order, part) = self.draw(|dice| (dice.pick(&known).clone(), dice.happens(500)));
        let amount = part.then(|| euros((order.total.amount() / 3).max(1)));
        let refund = RefundOrder { order: order.order, amount, reason: "sent back".into() };
        let _ = self.insists(&refund, Some(&format!("refund-{round}"))).await;
    }

    /// Buys a few times.
    pub async fn buys(&self, times: u64) {
        for time in 0..times {
            self.rests(10, 8000).await;
            let key = format!("{}-{time}", self.name);
            let Some(request) = self.wants(&key).await else { continue };
            self.places(&request, &key).await;
        }
    }

    /// What somebody wants: some lines, or a cart filled before.
    async fn wants(&self, key: &str) -> Option<PlaceOrder> {
        let lines = self.draw(|dice| {
            let many = dice.between(1, 2);
            let line = |dice: &mut Dice| (sku(dice.below(PRODUCTS)), quantity(dice.between(1, 3)));
            (0..many).map(|_| line(dice)).collect::<Vec<_>>()
        });
        let (by_cart, poor) = self.draw(|dice| (dice.happens(300), dice.happens(150)));
        let mut cart = None;
        if by_cart {
            for (number, (sku, quantity)) in lines.iter().enumerate() {
                let add = AddItem { cart, sku: sku.clone(), quantity: *quantity, expected_version: None };
                cart =
                    self.insists(&add, Some(&format!("{key}-add-{number}"))).await.ok().map(|view| view.cart);
                cart?;
            }
        }
        let lines = lines.into_iter().map(|(sku, quantity)| LineRequest { sku, quantity, unit_price: None });
        Some(PlaceOrder {
            cart,
            cart_version: None,
            lines: if by_cart { Vec::new() } else { lines.collect() },
            accept_prices: by_cart,
            customer: None,
            email: Some(address()),
            payment_method: if poor { EMPTY_CARD } else { GOOD_CARD }.to_owned(),
        })
    }

    /// Places an order, perhaps by two clicks at once, and perhaps changes their mind.
    async fn places(&self, request: &PlaceOrder, key: &str) {
        let (twice, regrets) = self.draw(|dice| (dice.happens(250), dice.happens(300)));
        let types_card = self.draw(|dice| dice.happens(TYPES_CARD));
        if types_card {
            let typed = PlaceOrder { payment_method: GOOD_CARD_NUMBER.to_owned(), ..request.clone() };
            self.types_card(&typed, &format!("{key}-card"), INVALID_PAYMENT_METHOD).await;
        }
        let placed = self.insists(request, Some(key)).await;
        self.believes(request, key, &placed);
        if twice {
            let again = self.insists(request, Some(key)).await;
            self.believes(request, key, &again);
            self.compares(key, &placed, &again);
        }
        let Ok(order) = placed else { return };
        if regrets {
            self.rests(1, 6000).await;
            if types_card {
                let typed = CancelOrder { order: order.order, reason: format!("card {GOOD_CARD_NUMBER}") };
                self.types_card(&typed, &format!("{key}-cancel-card"), INVALID_TEXT).await;
            }
            let cancel = CancelOrder { order: order.order, reason: String::new() };
            let _ = self.insists(&cancel, Some(&format!("{key}-cancel"))).await;
        }
        let _ = self.insists(&GetOrder { order: order.order }, None).await;
    }

    /// Notes an order that was accepted, if it was.
    fn believes(&self, request: &PlaceOrder, key: &str, answer: &Result<OrderView>) {
        let Ok(told) = answer.clone() else { return };
        let item = |line: &LineRequest| Item { sku: line.sku.clone(), quantity: line.quantity };
        let asked = request.lines.iter().map(item).collect();
        lock(&self.ledger).accepted.push(Accepted { key: key.to_owned(), asked, told });
    }

    /// Types the number of a card where it does not belong, which must be refused.
    async fn types_card<R: Request>(&self, typed: &R, key: &str, refusal: &str) {
        match self.insists(typed, Some(key)).await {
            Ok(_) => {
                let took = format!("{key}: {} took the number of a card", R::SUBJECT);
                lock(&self.ledger).contradictions.push(took);
            }
            Err(error) => self.wonders(&[refusal], R::SUBJECT, &error),
        }
    }

    /// An answer that nobody understands is a contradiction, unless it is one of these.
    pub(crate) fn wonders(&self, expected: &[&str], what: &str, error: &Error) {
        if !expected.contains(&&*error.reason) {
            let said = format!("{}: {what} was answered {}", self.name, error.chain());
            lock(&self.ledger).contradictions.push(said);
        }
    }

    fn compares(&self, key: &str, first: &Result<OrderView>, second: &Result<OrderView>) {
        let said = |answer: &Result<OrderView>| match answer {
            Ok(order) => order.order.to_string(),
            Err(error) => error.reason.to_string(),
        };
        // What was not remembered may be answered otherwise the next time.
        let kept =
            |answer: &Result<OrderView>| answer.as_ref().err().is_none_or(|error| error.kind.is_remembered());
        let (first_said, second_said) = (said(first), said(second));
        if kept(first) && first_said != second_said {
            let mut ledger = lock(&self.ledger);
            ledger.contradictions.push(format!("{key}: first {first_said}, then {second_said}"));
        }
    }

    /// Looks after every order that needs a person, as far as that can be done.
    pub async fn helps(&self) {
        let asked =
            ListOrders { stages: vec![Stage::NeedsAttention], limit: Some(200), ..ListOrders::default() };
        let Ok(page) = self.insists(&asked, None).await else { return };
        for order in page.items {
            self.helps_with(order.order, order.version).await;
        }
    }

    async fn helps_with(&self, order: OrderId, version: u64) {
        let get = GetPayment { order: Some(order), payment: None };
        let Ok(payment) = self.insists(&get, None).await else { return };
        let key = format!("help-{order}-{version}-{}", self.draw(|dice| dice.below(1_000_000)));
        let reconcile = ReconcilePayment { payment: payment.payment };
        if self.insists(&reconcile, Some(&format!("{key}-ask"))).await.is_err()
            && payment.state == PaymentState::Captured
        {
            let refund = RefundOrder { order, amount: None, reason: "a person decided".into() };
            let _ = self.insists(&refund, Some(&key)).await;
        }
    }
}

/// The number of a product.
pub fn sku(number: u64) -> Sku {
    format!("product-{number}").parse().unwrap_or_else(|_| unreachable!("a plain name"))
}

fn quantity(pieces: u64) -> Quantity {
    let pieces = i64::try_from(pieces).unwrap_or(1);
    Quantity::try_from(pieces).unwrap_or_else(|_| unreachable!("a small number"))
}

fn address() -> contracts::Email {
    "ann@example.org".parse().unwrap_or_else(|_| unreachable!("an address"))
}

fn euros(cents: i64) -> Money {
    Money::new(cents, Currency::EUR).unwrap_or_else(|_| unreachable!("an amount"))
}
