//! What may be asked of the analytics: figures of some time, and to make them anew.

use contracts::analytics::{
    AnalyticsState, BUCKETS_MAX, CartFunnel, CurrencySales, Funnel, GetAnalytics, GetFunnel, GetSales,
    GetTopProducts, Loss, OrderFunnel, PRODUCTS_DEFAULT, PRODUCTS_MAX, Rebuild, RebuildAnalytics, Sales,
    SalesBucket, SalesFigures, TopProducts, reason,
};
use kit::error::reason::INVALID_LIMIT;
use kit::{Ctx, Error, Result};

use crate::figures::Step;
use crate::span::Span;
use crate::{rebuild, store};

/// Tells sales by hour or day.
pub async fn get_sales(ctx: Ctx, asked: GetSales) -> Result<Sales> {
    let GetSales { from, to, by, currency } = asked;
    let span = Span::of(from, to, by)?;
    let rows = ctx.read(move |sql| store::list_sales(sql, span, by, currency, BUCKETS_MAX + 1)).await?;
    if rows.len() > BUCKETS_MAX {
        return Err(Error::invalid(
            reason::SPAN_TOO_LONG,
            format!(
                "no figures were told: there are more than {BUCKETS_MAX} lines of them; ask for less time, or for one currency"
            ),
        ));
    }
    let mut currencies: Vec<CurrencySales> = Vec::new();
    for (currency, at, figures) in rows {
        if currencies.last().is_none_or(|last| last.currency != currency) {
            currencies.push(CurrencySales { currency, total: SalesFigures::default(), buckets: Vec::new() });
        }
        if let Some(last) = currencies.last_mut() {
            last.total = sum(last.total, figures);
            last.buckets.push(SalesBucket { at, figures: figures.worked_out() });
        }
    }
    for one in &mut currencies {
        one.total = one.total.worked_out();
    }
    Ok(Sales { from: span.from, to: span.to, by, currencies })
}

/// Tells which products brought most, in each currency.
pub async fn get_top_products(ctx: Ctx, asked: GetTopProducts) -> Result<TopProducts> {
    let span = Span::of_hours(asked.from, asked.to)?;
    let limit = asked.limit.unwrap_or(PRODUCTS_DEFAULT);
    if !(1..=PRODUCTS_MAX).contains(&limit) {
        let message = format!("no figures were told: 1 to {PRODUCTS_MAX} products are, not {limit}");
        return Err(Error::invalid(INVALID_LIMIT, message));
    }
    let items = ctx.read(move |sql| store::top_products(sql, span, asked.currency, limit)).await?;
    Ok(TopProducts { from: span.from, to: span.to, items })
}

/// Tells how far carts and orders came.
pub async fn get_funnel(ctx: Ctx, asked: GetFunnel) -> Result<Funnel> {
    let span = Span::of_hours(asked.from, asked.to)?;
    let rows = ctx.read(move |sql| store::list_funnel(sql, span)).await?;
    let (mut carts, mut orders) = (CartFunnel::default(), OrderFunnel::default());
    for (step, reason, number) in rows {
        match step {
            Step::Cart => carts.filled += number,
            Step::CartOrdered => carts.ordered += number,
            Step::CartExpired => carts.expired += number,
            Step::Placed => orders.placed += number,
            Step::PaymentDue => orders.payment_due += number,
            Step::Confirmed => orders.confirmed += number,
            Step::LostPlaced | Step::LostPaymentDue => {
                let had_come = if step == Step::LostPlaced { Step::Placed } else { Step::PaymentDue };
                orders.lost += number;
                orders.reasons.push(Loss { step: had_come.word().to_owned(), reason, orders: number });
            }
        }
    }
    carts.open = carts.filled.saturating_sub(carts.ordered + carts.expired);
    orders.open = orders.placed.saturating_sub(orders.confirmed + orders.lost);
    Ok(Funnel { from: span.from, to: span.to, carts, orders })
}

/// Tells what the figures are made of.
pub async fn get_state(ctx: Ctx, _: GetAnalytics) -> Result<AnalyticsState> {
    ctx.read(store::show_state).await
}

/// Makes all figures anew, beside those that are shown.
pub async fn rebuild(ctx: Ctx, _: RebuildAnalytics) -> Result<Rebuild> {
    ctx.write(rebuild::begin).await
}

fn sum(a: SalesFigures, b: SalesFigures) -> SalesFigures {
    SalesFigures {
        placed: a.placed + b.placed,
        orders: a.orders + b.orders,
        ordered: a.ordered + b.ordered,
        captured: a.captured + b.captured,
        refunded: a.refunded + b.refunded,
        ..SalesFigures::default()
    }
}
