//! What others may ask of us.

use std::collections::BTreeMap;

use contracts::Money;
use contracts::cart::GetCart;
use contracts::catalog::QuotePrices;
use contracts::order::{
    CancelOrder, CountOrders, GetHistory, GetOrder, ListOrders, OrderCounts, OrderHistory, OrderPage,
    OrderView, PlaceOrder, REASON_CHARS_MAX, RefundOrder, Stage,
};
use kit::{Ctx, Owner, Result, Tx};

use crate::advance::{Cause, advance, place};
use crate::buyer::{self, Buyer};
use crate::checkout::{Signal, Standing};
use crate::order::{Order, Outcome, Why};
use crate::page::{self, Shown};
use crate::placing::{self, Basket, Source};
use crate::refusal::Refusal;
use crate::store::{self, lists, pages};

/// Turns a cart or some lines into an order, at the prices the catalog gives now.
pub(crate) async fn place_order(ctx: Ctx, asked: PlaceOrder) -> Result<OrderView> {
    let Buyer { customer, owner } = Buyer::of(&ctx.asker(), asked.customer)?;
    let (basket, cart) = match placing::source(&asked)? {
        Source::Cart(cart) => {
            let cart = ctx.call(&GetCart { cart }).await?;
            let version = (cart.cart, cart.version);
            (placing::from_cart(cart, asked.cart_version, asked.accept_prices)?, Some(version))
        }
        Source::Lines(wanted) => {
            let quotes = ctx.call(&QuotePrices { skus: wanted.skus() }).await?;
            (wanted.priced(quotes)?, None)
        }
    };
    ctx.write(move |tx| {
        if let Some((cart, version)) = cart
            && let Some(order) = store::find_order_of_cart(tx, cart, version)?
        {
            return Err(Refusal::CartOrdered { cart, order }.into());
        }
        let Basket { lines, total } = basket;
        let order =
            Order { cart, owner, customer, email: asked.email, ..new_order(tx, asked.payment_method, total) };
        place(tx, &order, &lines)?;
        Ok(order.view(lines, vec![]))
    })
    .await
}

/// Shows one order.
pub(crate) async fn get_order(ctx: Ctx, asked: GetOrder) -> Result<OrderView> {
    let asker = ctx.asker();
    ctx.look_up(move |sql| store::view(sql, store::get_order_for(sql, asked.order, &asker)?)).await
}

/// Lists orders, the newest first.
pub(crate) async fn list_orders(ctx: Ctx, asked: ListOrders) -> Result<OrderPage> {
    let owner = buyer::listed(&ctx.asker(), asked.customer)?;
    let shown = Shown::of(&asked)?;
    ctx.read(move |sql| {
        let (range, rows_max) = (shown.range, shown.limit + 1);
        let ids = match owner {
            Some(owner) => lists::list_ids_of(sql, &owner, &shown.standings, range, rows_max)?,
            None if shown.anywhere() => lists::list_ids(sql, range, rows_max)?,
            // One walk along the index for each, and the newest of all: few orders are read, also
            // where few of very many are wanted.
            None => {
                let walks = shown.standings.iter();
                let lists = walks.map(|standing| lists::list_ids_standing(sql, *standing, range, rows_max));
                page::newest(lists.collect::<Result<_>>()?, rows_max)
            }
        };
        page::of(&ids, shown.limit, |some| pages::views(sql, some))
    })
    .await
}

/// Counts the orders by stage.
pub(crate) async fn count_orders(ctx: Ctx, _: CountOrders) -> Result<OrderCounts> {
    let now = ctx.now();
    ctx.read(move |sql| {
        let mut stages: BTreeMap<Stage, u64> = Stage::ALL.into_iter().map(|stage| (stage, 0)).collect();
        for (standing, orders) in lists::count_by_standing(sql)? {
            *stages.entry(standing.stage()).or_default() += orders;
        }
        Ok(OrderCounts { stages, overdue: lists::count_overdue(sql, now)? })
    })
    .await
}

/// Shows every move of an order. The notes are staff's: a neighbour's words stand in them, and how
/// much of a product is left. Others read no more of them than the order itself shows.
pub(crate) async fn get_history(ctx: Ctx, asked: GetHistory) -> Result<OrderHistory> {
    let asker = ctx.asker();
    ctx.read(move |sql| {
        let order = store::get_order_for(sql, asked.order, &asker)?;
        let mut moves = store::list_moves(sql, order.id)?;
        if asker.limited_to().is_some() {
            let shown = order.why().message;
            moves.iter_mut().filter(|entry| entry.note != shown).for_each(|entry| entry.note.clear());
        }
        Ok(OrderHistory { order: order.id, moves })
    })
    .await
}

/// Cancels an order that has not been paid. Whether it has is decided here and now: a capture that
/// is heard later is given back.
pub(crate) async fn cancel_order(ctx: Ctx, asked: CancelOrder) -> Result<OrderView> {
    check_reason(&asked.reason)?;
    let asker = ctx.asker();
    ctx.write(move |tx| {
        let order = store::get_order_for(tx, asked.order, &asker)?;
        let message =
            if asked.reason.is_empty() { "somebody asked to cancel it".into() } else { asked.reason };
        let cause = Cause::of(Signal::AskedToCancel, Why::new("asked_to_cancel", message));
        let order = advance(tx, order, cause)?;
        store::view(tx, order)
    })
    .await
}

/// Gives back money of an order, all that remains or a part of it.
pub(crate) async fn refund_order(ctx: Ctx, asked: RefundOrder) -> Result<OrderView> {
    check_reason(&asked.reason)?;
    ctx.write(move |tx| {
        let order = store::get_order(tx, asked.order)?;
        let (signal, amount) = order.refund_of(asked.amount, store::count_refunds(tx, order.id)?)?;
        let why = Why::new("asked_to_refund", asked.reason);
        let cause = Cause { amount: Some(amount), ..Cause::of(signal, why) };
        let order = advance(tx, order, cause)?;
        store::view(tx, order)
    })
    .await
}

fn new_order(tx: &mut Tx<'_>, payment_method: String, total: Money) -> Order {
    let (now, standing, nothing) = (tx.now(), Standing::Placed, Money::zero(total.currency()));
    Order {
        id: tx.new_id(),
        owner: Owner::nobody(),
        version: 1,
        standing,
        deadline: standing.limit().map(|limit| now + limit),
        customer: None,
        email: None,
        cart: None,
        payment_method,
        total,
        payment: None,
        outcome: Outcome::Open,
        pending: nothing,
        unknown: nothing,
        refunded: nothing,
        ended: Why::default(),
        attention: Why::default(),
        trace: format!("{:032x}", tx.trace().id),
        placed_at: now,
        changed_at: now,
    }
}

fn check_reason(reason: &str) -> Result<()> {
    if reason.is_empty() {
        Ok(())
    } else {
        contracts::card::check_text("the reason", reason, REASON_CHARS_MAX, false)
    }
}
