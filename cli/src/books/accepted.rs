//! What somebody was told is so: an order that was accepted exists, once for each key, as it was asked for.

use std::collections::{BTreeMap, BTreeSet};

use contracts::order::{Item, OrderView};
use contracts::{OrderId, Sku};

use super::{Fault, Rule};

/// An order of which a buyer was told that it is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The idempotency key under which it was asked for.
    pub key: String,
    /// What was asked for; empty if it was a cart, of which only the answer is known.
    pub asked: Vec<Item>,
    /// What the buyer was told.
    pub told: OrderView,
}

/// What is wrong with what buyers were told, by the orders that exist.
pub fn faults<'a>(accepted: &[Accepted], orders: impl IntoIterator<Item = &'a OrderView>) -> Vec<Fault> {
    let known: BTreeMap<OrderId, &OrderView> = orders.into_iter().map(|order| (order.order, order)).collect();
    let mut by_key: BTreeMap<&str, BTreeSet<OrderId>> = BTreeMap::new();
    let mut faults = Vec::new();
    for Accepted { key, asked, told } in accepted {
        let mut wrong = |says: String| faults.push(Fault::of_order(Rule::Accepted, told.order, says));
        match known.get(&told.order) {
            None => wrong(format!("was accepted under the key {key}, and is not there")),
            Some(order) if order.lines != told.lines || order.total != told.total => {
                wrong(format!("is another than was accepted: {}, not {}", order.total, told.total));
            }
            Some(_) => {}
        }
        let wanted = pieces(asked.iter().map(|item| (&item.sku, item.quantity.get())));
        let got = pieces(told.lines.iter().map(|line| (&line.sku, line.quantity.get())));
        if !asked.is_empty() && wanted != got {
            wrong(format!("is not of what was asked for under the key {key}"));
        }
        by_key.entry(key).or_default().insert(told.order);
    }
    for (key, orders) in by_key.into_iter().filter(|(_, orders)| orders.len() > 1) {
        let many = orders.len();
        let says = format!("was accepted under the key {key}, under which {many} orders were");
        faults.extend(orders.into_iter().map(|order| Fault::of_order(Rule::Accepted, order, says.clone())));
    }
    faults
}

fn pieces<'a>(lines: impl Iterator<Item = (&'a Sku, u32)>) -> BTreeMap<&'a Sku, u64> {
    let mut sums = BTreeMap::new();
    for (sku, quantity) in lines {
        *sums.entry(sku).or_default() += u64::from(quantity);
    }
    sums
}

#[cfg(test)]
mod tests {
    use kit::id::Id;
    use proptest::prelude::*;

    use super::super::orders::tests::waiting;
    use super::*;

    fn order(number: u128) -> OrderView {
        OrderView { order: OrderId::from_bits(number), ..waiting().order }
    }

    fn accepted(number: u128) -> Accepted {
        let told = order(number);
        let asked = told.lines.iter().map(|line| Item { sku: line.sku.clone(), quantity: line.quantity });
        Accepted { key: format!("key-{number}"), asked: asked.collect(), told }
    }

    #[test]
    fn an_order_that_was_accepted_and_is_gone_is_named() {
        assert_eq!(faults(&[accepted(1)], [&order(1), &order(2)]), []);
        let found = faults(&[accepted(1)], [&order(2)]);
        assert_eq!(found[0].says, "was accepted under the key key-1, and is not there");
        assert_eq!(found[0].look, format!("shopctl trace {}", order(1).order));
    }

    #[test]
    fn two_orders_of_one_key_are_named() {
        let twice = Accepted { key: "key-1".into(), ..accepted(2) };
        assert_eq!(faults(&[accepted(1), twice], [&order(1), &order(2)]).len(), 2);
        assert_eq!(faults(&[accepted(1), accepted(1)], [&order(1)]), [], "the same answer twice is well");
    }

    proptest! {
        #[test]
        fn one_wrong_figure_is_always_found(many in 1..6u128, which in 0..6u128, how in 0..4usize) {
            let (which, orders) = (which % many, (0..many).map(order).collect::<Vec<_>>());
            let mut told: Vec<Accepted> = (0..many).map(accepted).collect();
            prop_assert_eq!(faults(&told, &orders), []);
            let broken = &mut told[usize::try_from(which).unwrap()];
            match how {
                0 => broken.told.order = OrderId::from_bits(77),
                1 => broken.told.total = kit_money(&broken.told, 1),
                2 => broken.told.lines.clear(),
                _ => broken.asked[0].quantity = 99.try_into().unwrap(),
            }
            prop_assert!(!faults(&told, &orders).is_empty());
        }
    }

    fn kit_money(order: &OrderView, more: i64) -> contracts::Money {
        contracts::Money::new(order.total.amount() + more, order.total.currency()).unwrap()
    }
}
