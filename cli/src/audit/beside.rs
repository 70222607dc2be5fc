//! What stands beside orders: the provider's own ledger, and messages to people.

use std::collections::BTreeSet;

use cli::books::{notices, provider};
use contracts::PaymentId;
use contracts::order::OrderView;
use jiff::Timestamp;
use kit::id::Id;

use super::again::Suspect;
use super::{Audit, NOTICES_MAX, ORDERS_MAX, SUSPECTS_MAX};

/// Bits of a number behind its milliseconds.
const BITS_BEHIND_TIME: u32 = 80;

impl Audit {
    /// Every payment beside what the provider has of it. Each answer is of one moment, so nothing has to be
    /// looked at twice.
    pub(super) async fn look_at_provider(&mut self) {
        let mut after = self.since.and_then(first_since).map(|payment| payment.to_string());
        loop {
            let page = match self.asking.provided(after).await {
                Ok(page) => page,
                Err(error) => return self.unanswered("payment", &error),
            };
            self.report.looked_at.provided += page.items.len();
            self.found(page.items.iter().flat_map(provider::of_payment));
            after = page.next;
            if after.is_none() {
                return;
            }
            if self.report.looked_at.provided >= ORDERS_MAX {
                self.report.cut = true;
                return;
            }
        }
    }

    /// Notes an order of which the buyer must have been told.
    pub(super) fn note_sale(&mut self, order: &OrderView) {
        if notices::must_be_told(order) {
            self.sales.push((order.placed_at, order.order));
        }
    }

    /// Messages to people, and sales without one. The orders were looked at before.
    pub(super) async fn look_at_notices(&mut self, suspects: &mut Vec<Suspect>) {
        let oldest_sale = self.sales.iter().map(|(placed, _)| *placed).min();
        let (mut told, mut oldest, mut after) = (BTreeSet::new(), Timestamp::MAX, None);
        loop {
            let page = match self.asking.notices(after).await {
                Ok(page) => page,
                Err(error) => return self.unanswered("notification", &error),
            };
            self.report.looked_at.notices += page.items.len();
            for notice in page.items {
                oldest = oldest.min(notice.created_at);
                if notice.happening == notices::SALE {
                    told.insert(notice.about);
                }
            }
            after = page.next;
            if after.is_none() {
                oldest = Timestamp::MIN;
            }
            let seen_all = oldest_sale.is_none_or(|sale| oldest < sale);
            if seen_all || self.report.looked_at.notices >= NOTICES_MAX {
                break;
            }
        }
        let untold = self.sales.drain(..).filter(|(placed, order)| {
            // The message about a sale is younger than the order.
            *placed > oldest && !told.contains(&order.to_string())
        });
        for (_, order) in untold {
            if suspects.len() <= SUSPECTS_MAX {
                suspects.push(Suspect::Unwritten(order));
            }
        }
    }
}

/// A number before every number that was given since a time.
fn first_since(since: Timestamp) -> Option<PaymentId> {
    let millisecond = u128::try_from(since.as_millisecond()).ok()?;
    Some(PaymentId::from_bits(millisecond << BITS_BEHIND_TIME))
}
