//! Answers that are kept under an idempotency key: each agrees with what exists.

use std::collections::BTreeMap;

use contracts::OrderId;
use contracts::order::OrderView;

use super::{Fault, Rule};

/// An answer that is kept, and that names an order: the same will be said whenever the key comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The service that keeps it.
    pub service: String,
    /// The idempotency key.
    pub key: String,
    /// What it says.
    pub said: OrderView,
}

/// What is wrong with what is kept, by the orders that exist.
pub fn faults<'a>(kept: &[Kept], orders: impl IntoIterator<Item = &'a OrderView>) -> Vec<Fault> {
    let known: BTreeMap<OrderId, &OrderView> = orders.into_iter().map(|order| (order.order, order)).collect();
    let wrong = kept.iter().filter_map(|Kept { service, key, said }| {
        let key = kit::text::printable(key);
        let says = match known.get(&said.order) {
            None => format!("is named by the answer that {service} keeps under {key}, and is not there"),
            Some(order) if order.total != said.total || order.lines != said.lines => {
                format!("is another than the answer says that {service} keeps under {key}")
            }
            Some(order) if order.version < said.version => format!(
                "has changed {} times, but the answer that {service} keeps under {key} is of its change {}",
                order.version, said.version
            ),
            Some(_) => return None,
        };
        Some(Fault::of_order(Rule::Replies, said.order, says))
    });
    wrong.collect()
}

#[cfg(test)]
mod tests {
    use kit::id::Id;
    use proptest::prelude::*;

    use super::super::orders::tests::waiting;
    use super::*;

    proptest! {
        #[test]
        fn an_answer_that_does_not_agree_is_always_found(many in 1..6usize, which in 0..6usize, how in 0..3usize) {
            let order = |n: usize| OrderView { order: OrderId::from_bits(n as u128), version: 5, ..waiting().order };
            let orders: Vec<OrderView> = (0..many).map(order).collect();
            let of = |n: usize| Kept { service: "order".into(), key: n.to_string(), said: OrderView { version: 1, ..order(n) } };
            let mut kept: Vec<Kept> = (0..many).map(of).collect();
            prop_assert_eq!(faults(&kept, &orders), []);
            let said = &mut kept[which % many].said;
            match how {
                0 => said.order = OrderId::from_bits(99),
                1 => said.lines.clear(),
                _ => said.version = 6,
            }
            prop_assert_eq!(faults(&kept, &orders).len(), 1);
        }
    }
}
