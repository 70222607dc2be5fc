//! What others may ask of the inventory.

use contracts::inventory::{
    AdjustStock, AuditStock, GetLedger, GetStock, HoldPage, LedgerPage, ListHolds, ListStock,
    REASON_CHARS_MAX, ReceiveStock, ReleaseStock, SetMarks, StockAudit, StockPage, StockView,
};
use contracts::{HoldId, Sku};
use kit::{Ctx, Result, page};

use crate::stock::{Stock, StockError, check_delivery, check_marks};
use crate::{books, store};

/// Lines of holds on one page. A page of holds with many lines ends early, and what would not stand on
/// it is not read: holds have far more lines than they have rows of their own.
const HOLD_PAGE_LINES_MAX: usize = 2000;

/// Shows the stock of one product.
pub async fn get_stock(ctx: Ctx, asked: GetStock) -> Result<StockView> {
    ctx.look_up(move |sql| Ok(store::get_stock(sql, &asked.sku)?.into_view())).await
}

/// Lists stock by sku.
pub async fn list_stock(ctx: Ctx, asked: ListStock) -> Result<StockPage> {
    let limit = page::limit(asked.limit)?;
    let after: Option<Sku> = page::after(asked.after.as_deref())?;
    let found = ctx.read(move |sql| store::list_stock(sql, asked.low, after.as_ref(), limit + 1)).await?;
    let (items, next) = page::cut(found.into_iter().map(Stock::into_view), limit, |last| last.sku.clone());
    Ok(StockPage { items, next })
}

/// Shows the changes of one product's stock, the newest first.
pub async fn get_ledger(ctx: Ctx, asked: GetLedger) -> Result<LedgerPage> {
    let limit = page::limit(asked.limit)?;
    let before = page::after(asked.after.as_deref())?.unwrap_or(u64::MAX);
    let found = ctx
        .read(move |sql| {
            store::get_stock(sql, &asked.sku)?;
            store::list_entries(sql, &asked.sku, before, limit + 1)
        })
        .await?;
    let (items, next) = page::cut(found, limit, |last| last.entry);
    Ok(LedgerPage { items, next })
}

/// Adds up the ledger and the live holds of each product, by sku.
pub async fn audit_stock(ctx: Ctx, asked: AuditStock) -> Result<StockAudit> {
    let limit = page::limit(asked.limit)?;
    let after: Option<Sku> = page::after(asked.after.as_deref())?;
    let (items, more) = ctx.read(move |sql| store::list_sums(sql, after.as_ref(), limit)).await?;
    let next = items.last().filter(|_| more).map(|last| last.sku.to_string());
    Ok(StockAudit { items, next })
}

/// Lists what is held for orders, the oldest first; or shows the holds of some orders.
pub async fn list_holds(ctx: Ctx, asked: ListHolds) -> Result<HoldPage> {
    let limit = page::limit(asked.limit)?;
    let after: Option<HoldId> = page::after(asked.after.as_deref())?;
    contracts::basics::check_orders_asked(&asked.orders)?;
    ctx.read(move |sql| {
        let found = match asked.order {
            Some(order) => {
                store::find_hold(sql, order)?.into_iter().filter(|hold| after < Some(hold.id)).collect()
            }
            None if !asked.orders.is_empty() => store::list_holds_of(sql, &asked.orders, after, limit + 1)?,
            None => store::list_live_holds(sql, after, limit + 1)?,
        };
        let mut page = HoldPage { items: Vec::new(), next: None };
        let mut lines = 0;
        for hold in found {
            if page.items.len() == limit || lines >= HOLD_PAGE_LINES_MAX {
                page.next = page.items.last().map(|last| last.hold.to_string());
                break;
            }
            let items = store::list_items(sql, hold.id)?;
            lines += items.len();
            page.items.push(hold.into_view(items));
        }
        Ok(page)
    })
    .await
}

/// Puts received pieces into stock.
pub async fn receive_stock(ctx: Ctx, asked: ReceiveStock) -> Result<StockView> {
    check_delivery(asked.quantity)?;
    if !asked.reason.is_empty() {
        contracts::card::check_text("the reason", &asked.reason, REASON_CHARS_MAX, false)?;
    }
    ctx.write(move |tx| {
        let ReceiveStock { sku, quantity, reason } = asked;
        tx.about(&sku);
        let stock = match store::find_stock(tx, &sku)? {
            Some(stock) => stock,
            None => store::insert_stock(tx, &sku)?,
        };
        let stock = books::enter(tx, stock.clone(), &stock.receive(quantity, &reason)?)?;
        tracing::info!(%sku, "Received {quantity} of {sku}; {} are on hand", stock.on_hand);
        Ok(stock.into_view())
    })
    .await
}

/// Corrects the stock of a product, up or down.
pub async fn adjust_stock(ctx: Ctx, asked: AdjustStock) -> Result<StockView> {
    if asked.change == 0 {
        return Err(StockError::NothingToAdjust.into());
    }
    contracts::card::check_text("the reason", &asked.reason, REASON_CHARS_MAX, false)?;
    ctx.write(move |tx| {
        let AdjustStock { sku, change, reason } = asked;
        tx.about(&sku);
        if change < 0 {
            books::free_overdue(tx, &sku, change.unsigned_abs())?;
        }
        let stock = store::get_stock(tx, &sku)?;
        let stock = books::enter(tx, stock.clone(), &stock.adjust(change, &reason)?)?;
        tracing::info!(%sku, "The stock of {sku} was corrected by {change}; {} are on hand", stock.on_hand);
        Ok(stock.into_view())
    })
    .await
}

/// Lets stock that an alarm put aside be sold again.
pub async fn release_stock(ctx: Ctx, asked: ReleaseStock) -> Result<StockView> {
    contracts::card::check_text("the reason", &asked.reason, REASON_CHARS_MAX, false)?;
    ctx.write(move |tx| {
        let ReleaseStock { sku, reason } = asked;
        tx.about(&sku);
        let stock = store::get_stock(tx, &sku)?;
        if !stock.quarantined {
            return Err(StockError::NotQuarantined(sku).into());
        }
        store::end_quarantines(tx, &sku)?;
        let stock = books::quarantine(tx, stock, false, &reason)?;
        tracing::info!(%sku, "The stock of {sku} can be sold again; {} can be ordered", stock.available());
        Ok(stock.into_view())
    })
    .await
}

/// Sets when stock counts as low, and when as enough again.
pub async fn set_marks(ctx: Ctx, asked: SetMarks) -> Result<StockView> {
    check_marks(asked.low_mark, asked.high_mark)?;
    ctx.write(move |tx| {
        let SetMarks { sku, low_mark, high_mark } = asked;
        tx.about(&sku);
        let stock = store::update_marks(tx, &sku, low_mark, high_mark)?;
        Ok(books::watch(tx, stock)?.into_view())
    })
    .await
}
