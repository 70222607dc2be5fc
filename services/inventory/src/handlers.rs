//! What others may ask of the inventory.

use contracts::inventory::{
    AdjustStock, GetLedger, GetStock, HoldPage, LedgerPage, ListHolds, ListStock, REASON_CHARS_MAX,
    ReceiveStock, SetMarks, StockPage, StockView,
};
use contracts::{HoldId, Sku};
use kit::error::reason;
use kit::limits::{PAGE_DEFAULT, PAGE_MAX};
use kit::{Ctx, Error, Result};

use crate::stock::{StockError, check_delivery, check_marks};
use crate::{books, store};

/// Lines of holds on one page. A page of holds with many lines ends early, so that it fits a message.
const HOLD_PAGE_LINES_MAX: usize = 2000;

/// Shows the stock of one product.
pub async fn get_stock(ctx: Ctx, asked: GetStock) -> Result<StockView> {
    ctx.read(move |sql| match store::find_stock(sql, &asked.sku)? {
        Some(stock) => Ok(stock.into_view()),
        None => Err(StockError::UnknownSku(asked.sku).into()),
    })
    .await
}

/// Lists stock by sku.
pub async fn list_stock(ctx: Ctx, asked: ListStock) -> Result<StockPage> {
    let limit = page_limit(asked.limit)?;
    let after = asked
        .after
        .as_deref()
        .map(cursor::<Sku>)
        .transpose()?
        .map(String::from)
        .unwrap_or_default();
    ctx.read(move |sql| {
        let mut found = store::list_stock(sql, asked.low, &after, limit + 1)?;
        let next = cut(&mut found, limit, |stock| stock.sku.to_string());
        Ok(StockPage {
            items: found.into_iter().map(|stock| stock.into_view()).collect(),
            next,
        })
    })
    .await
}

/// Shows the changes of one product's stock, the newest first.
pub async fn get_ledger(ctx: Ctx, asked: GetLedger) -> Result<LedgerPage> {
    let limit = page_limit(asked.limit)?;
    let before = asked
        .after
        .as_deref()
        .map(cursor)
        .transpose()?
        .unwrap_or(u64::MAX);
    ctx.read(move |sql| {
        if store::find_stock(sql, &asked.sku)?.is_none() {
            return Err(StockError::UnknownSku(asked.sku).into());
        }
        let mut items = store::list_entries(sql, &asked.sku, before, limit + 1)?;
        let next = cut(&mut items, limit, |entry| entry.entry.to_string());
        Ok(LedgerPage { items, next })
    })
    .await
}

/// Lists what is held for orders, the oldest first; or shows the hold of one order.
pub async fn list_holds(ctx: Ctx, asked: ListHolds) -> Result<HoldPage> {
    let limit = page_limit(asked.limit)?;
    let after = asked.after.as_deref().map(cursor::<HoldId>).transpose()?;
    ctx.read(move |sql| {
        let found = match asked.order {
            Some(order) => store::find_hold(sql, order)?
                .into_iter()
                .filter(|hold| after < Some(hold.id))
                .collect(),
            None => {
                let after = after.map(|id| id.to_string()).unwrap_or_default();
                store::list_live_holds(sql, &after, limit + 1)?
            }
        };
        let mut page = HoldPage {
            items: Vec::new(),
            next: None,
        };
        let mut lines = 0;
        for hold in found {
            if page.items.len() == limit as usize || lines >= HOLD_PAGE_LINES_MAX {
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
        kit::text::check("the reason", &asked.reason, REASON_CHARS_MAX, false)?;
    }
    ctx.write(move |tx| {
        let ReceiveStock {
            sku,
            quantity,
            reason,
        } = asked;
        tx.about(&sku);
        let stock = match store::find_stock(tx, &sku)? {
            Some(stock) => stock,
            None => store::insert_stock(tx, &sku)?,
        };
        let stock = books::enter(tx, &stock.receive(quantity, &reason)?)?;
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
    kit::text::check("the reason", &asked.reason, REASON_CHARS_MAX, false)?;
    ctx.write(move |tx| {
        let AdjustStock { sku, change, reason } = asked;
        tx.about(&sku);
        if change < 0 {
            books::free_overdue(tx, &sku, change.unsigned_abs())?;
        }
        let Some(stock) = store::find_stock(tx, &sku)? else {
            return Err(StockError::UnknownSku(sku).into());
        };
        let stock = books::enter(tx, &stock.adjust(change, &reason)?)?;
        tracing::info!(%sku, "The stock of {sku} was corrected by {change}; {} are on hand", stock.on_hand);
        Ok(stock.into_view())
    })
    .await
}

/// Sets when stock counts as low, and when as enough again.
pub async fn set_marks(ctx: Ctx, asked: SetMarks) -> Result<StockView> {
    check_marks(asked.low_mark, asked.high_mark)?;
    ctx.write(move |tx| {
        let SetMarks {
            sku,
            low_mark,
            high_mark,
        } = asked;
        tx.about(&sku);
        let Some(stock) = store::update_marks(tx, &sku, low_mark, high_mark)? else {
            return Err(StockError::UnknownSku(sku).into());
        };
        Ok(books::watch(tx, stock)?.into_view())
    })
    .await
}

fn page_limit(asked: Option<u32>) -> Result<u32> {
    match asked {
        None => Ok(PAGE_DEFAULT),
        Some(limit @ 1..=PAGE_MAX) => Ok(limit),
        Some(_) => Err(Error::invalid(
            "invalid_limit",
            format!("a page has from 1 to {PAGE_MAX} rows"),
        )),
    }
}

fn cursor<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| {
        Error::invalid(
            reason::INVALID_CURSOR,
            "after is not what a page gave as its next",
        )
    })
}

/// Cuts what was read to the page. Answers where the next one begins, if there is more.
fn cut<T>(rows: &mut Vec<T>, limit: u32, key: impl Fn(&T) -> String) -> Option<String> {
    let limit = limit as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| more).map(key)
}
