//! What people were written: once for each happening, and of every sale.

use std::collections::{BTreeMap, BTreeSet};

use contracts::OrderId;
use contracts::order::{OrderView, Stage};

use super::{Fault, Rule};

/// The happening of a sale, as notification calls it.
pub const SALE: &str = "order_confirmed";

/// One message to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about: an order, a sku, a ticket.
    pub about: String,
    /// What happened.
    pub happening: String,
    /// To whom, in full.
    pub recipient: String,
    /// How often it was to be sent: 1, and one more for each time somebody asked for it again.
    pub asked: u32,
    /// How often it was handed over to its channel, as far as that knows.
    pub handed_over: u32,
    /// How many tries of it ended so that nobody knows whether it was handed over.
    pub unknown: u32,
}

/// Messages that there are twice, and messages that went out more often than they were asked for. A try
/// whose end nobody knows may have been one of them.
pub fn faults(notices: &[Notice]) -> Vec<Fault> {
    let mut seen: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for notice in notices {
        *seen.entry((&notice.about, &notice.happening, &notice.recipient)).or_default() += 1;
        if notice.handed_over > notice.asked.saturating_add(notice.unknown) {
            let says = format!(
                "was written of {} {} times, asked for {}",
                notice.happening, notice.handed_over, notice.asked
            );
            faults.push(fault(&notice.about, says));
        }
    }
    // The recipient is nobody's business but theirs.
    let twice = seen.into_iter().filter(|(_, many)| *many > 1);
    faults.extend(twice.map(|((about, happening, _), many)| {
        fault(about, format!("has {many} messages of {happening} to the same person"))
    }));
    faults
}

/// Whether the buyer of an order must have been written to: it was sold, and there is an address.
pub fn must_be_told(order: &OrderView) -> bool {
    matches!(order.stage, Stage::Confirmed | Stage::Refunded) && order.email.is_some()
}

/// Sales of which the buyer was not written to.
pub fn untold<'a>(orders: impl IntoIterator<Item = &'a OrderView>, told: &BTreeSet<String>) -> Vec<Fault> {
    let untold =
        orders.into_iter().filter(|order| must_be_told(order) && !told.contains(&order.order.to_string()));
    untold.map(|order| of_sale(order.order)).collect()
}

/// A sale of which the buyer was not written to.
pub fn of_sale(order: OrderId) -> Fault {
    Fault::of_order(Rule::Notices, order, "is sold, but nobody wrote to the buyer".to_owned())
}

fn fault(about: &str, says: String) -> Fault {
    let about = kit::text::printable(about).into_owned();
    let look = match about.parse::<OrderId>() {
        Ok(order) => format!("shopctl notification ls --order {order}"),
        Err(_) => "shopctl notification ls".to_owned(),
    };
    Fault { rule: Rule::Notices, about, says, look }
}

#[cfg(test)]
mod tests {
    use kit::Example;
    use proptest::prelude::*;

    use super::super::orders::tests::waiting;
    use super::*;

    fn notice(about: &str, recipient: &str) -> Notice {
        let (about, recipient) = (about.to_owned(), recipient.to_owned());
        Notice { about, happening: SALE.into(), recipient, asked: 1, handed_over: 1, unknown: 0 }
    }

    #[test]
    fn a_message_is_one_for_each_happening_and_person() {
        assert_eq!(faults(&[notice("a", "ann"), notice("a", "bob"), notice("b", "ann")]), []);
        let twice = faults(&[notice("a", "ann"), notice("a", "ann")]);
        assert_eq!(twice[0].says, "has 2 messages of order_confirmed to the same person");
        let look = faults(&vec![notice(&OrderId::example().to_string(), "ann"); 2])[0].look.clone();
        assert_eq!(look, format!("shopctl notification ls --order {}", OrderId::example()));
    }

    #[test]
    fn a_message_goes_out_again_only_if_nobody_knew_or_somebody_asked() {
        let again = |asked, handed_over, unknown| {
            faults(&[Notice { asked, handed_over, unknown, ..notice("a", "ann") }]).len()
        };
        assert_eq!([again(1, 1, 0), again(1, 2, 1), again(2, 2, 0), again(1, 0, 0)], [0; 4]);
        assert_eq!([again(1, 2, 0), again(1, 3, 1), again(2, 3, 0)], [1; 3]);
    }

    #[test]
    fn every_sale_is_told_to_whoever_has_an_address() {
        let mut order = waiting().order;
        order.email = Some(Example::example());
        assert_eq!(untold([&order], &BTreeSet::new()), []);
        order.stage = Stage::Confirmed;
        assert_eq!(untold([&order], &BTreeSet::new()), [of_sale(order.order)]);
        assert_eq!(untold([&order], &BTreeSet::from([order.order.to_string()])), []);
        order.email = None;
        assert_eq!(untold([&order], &BTreeSet::new()), []);
    }

    proptest! {
        #[test]
        fn one_message_too_many_is_always_found(many in 1..20usize, which in 0..20usize, how in 0..2usize) {
            let mut all: Vec<Notice> = (0..many).map(|n| notice(&format!("about-{n}"), "ann")).collect();
            prop_assert_eq!(faults(&all), []);
            let which = which % many;
            match how {
                0 => all.push(all[which].clone()),
                _ => all[which].handed_over += 1,
            }
            prop_assert_eq!(faults(&all).len(), 1);
        }
    }
}
