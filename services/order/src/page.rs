//! The pages of the list of orders: which orders stand on them, the newest first.

use contracts::OrderId;
use contracts::order::{ListOrders, OrderPage, OrderView};
use kit::id::Id;
use kit::{Result, Timestamp};

use crate::checkout::Standing;

/// Orders that are read together for a page. The longest of them fill several pages.
pub(crate) const READ_AT_ONCE: usize = 26;

/// Orders from one identifier to before another. An identifier begins with the time of placing, so
/// this is a range of times, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) from: OrderId,
    pub(crate) before: OrderId,
}

/// Which orders a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Where they stand.
    pub(crate) standings: Vec<Standing>,
    /// Between which.
    pub(crate) range: Range,
    /// How many.
    pub(crate) limit: usize,
}

impl Shown {
    /// Reads what is asked for.
    ///
    /// # Errors
    /// `invalid_limit` or `invalid_cursor`.
    pub(crate) fn of(asked: &ListOrders) -> Result<Self> {
        let limit = kit::page::limit(asked.limit)?;
        let cursor: Option<OrderId> = kit::page::after(asked.after.as_deref())?;
        let newest = asked.placed_before.map_or(OrderId::from_bits(u128::MAX), first_at);
        let range = Range {
            from: asked.placed_from.map_or(OrderId::from_bits(0), first_at),
            before: cursor.map_or(newest, |cursor| cursor.min(newest)),
        };
        let wanted =
            |standing: &Standing| asked.stages.is_empty() || asked.stages.contains(&standing.stage());
        Ok(Self { standings: Standing::ALL.into_iter().filter(wanted).collect(), range, limit })
    }

    /// Whether orders are shown wherever they stand.
    pub(crate) fn anywhere(&self) -> bool {
        self.standings.len() == Standing::ALL.len()
    }
}

/// The newest of several lists, each of which has the newest first.
pub(crate) fn newest(lists: Vec<Vec<OrderId>>, rows_max: usize) -> Vec<OrderId> {
    let mut ids = lists.concat();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.truncate(rows_max);
    ids
}

/// Makes the page of what was found: one more than its limit, if there is more. Orders are read
/// [`READ_AT_ONCE`] at a time, and no more of them than it takes to fill it.
pub(crate) fn of(
    ids: &[OrderId],
    limit: usize,
    show: impl Fn(&[OrderId]) -> Result<Vec<OrderView>>,
) -> Result<OrderPage> {
    let mut read = Ok(());
    let views = ids
        .chunks(READ_AT_ONCE)
        .map_while(|some| show(some).map_err(|error| read = Err(error)).ok())
        .flatten();
    let (items, next) = kit::page::cut(views, limit, |last| last.order);
    read.map(|()| OrderPage { items, next })
}

/// The first identifier that can be given at a time or after it.
fn first_at(time: Timestamp) -> OrderId {
    let millisecond = time.as_millisecond();
    // What was placed within the millisecond is kept as its beginning, which is before the time.
    let after = Timestamp::from_millisecond(millisecond).is_ok_and(|begin| begin < time);
    let first = u128::try_from(millisecond + i64::from(after)).unwrap_or(0);
    OrderId::from_bits(first.min(u128::from(u64::MAX >> 16)) << 80)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use kit::Example;
    use kit::limits::PAGE_BYTES_MAX;

    use super::*;

    #[test]
    fn a_range_of_times_is_a_range_of_identifiers() {
        let mut chance = kit::clock::SystemChance;
        let at = |millisecond| Timestamp::from_millisecond(millisecond).unwrap();
        let mut id = |millisecond| OrderId::from_bits(kit::id::uuid_v7(at(millisecond), &mut chance));
        for _ in 0..100 {
            assert!(first_at(at(5000)) <= id(5000));
            assert!(first_at(at(5001)) > id(5000));
            assert!(first_at("1970-01-01T00:00:05.0001Z".parse().unwrap()) > id(5000));
        }
        assert_eq!(first_at(Timestamp::MIN), OrderId::from_bits(0));
        assert!(first_at(Timestamp::MAX) > id(4_102_444_800_000));
    }

    #[test]
    fn a_page_has_a_next_one_only_if_more_was_found() {
        let ids: Vec<OrderId> = (1..=4).rev().map(OrderId::from_bits).collect();
        let show = |some: &[OrderId]| {
            Ok(some.iter().map(|order| OrderView { order: *order, ..OrderView::example() }).collect())
        };
        assert_eq!(of(&[], 3, show).unwrap(), OrderPage { items: vec![], next: None });
        assert_eq!(of(&ids[..3], 3, show).unwrap().next, None);
        let page = of(&ids, 3, show).unwrap();
        assert_eq!((page.items.len(), page.next), (3, Some(ids[2].to_string())));
    }

    #[test]
    fn a_page_of_long_orders_ends_early() {
        let ids: Vec<OrderId> = (1..=200).rev().map(OrderId::from_bits).collect();
        let read = Cell::new(0);
        let view = |order: &OrderId| {
            read.set(read.get() + 1);
            OrderView { order: *order, message: "x".repeat(10_000), ..OrderView::example() }
        };
        let page = of(&ids, 200, |some| Ok(some.iter().map(view).collect())).unwrap();
        assert!(read.get() <= page.items.len() + READ_AT_ONCE, "{} were read", read.get());
        assert!(serde_json::to_vec(&page).unwrap().len() <= PAGE_BYTES_MAX + 1000);
        assert_eq!(page.next, page.items.last().map(|last| last.order.to_string()));
    }
}
