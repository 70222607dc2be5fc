//! Everything that a shop has written down, and everything that is wrong with it.
//!
//! For whoever can read the databases themselves: a simulator, and tests that break processes. `shopctl audit`
//! asks the services instead, and uses the same rules one by one.

use std::collections::BTreeSet;

use contracts::OrderId;
use contracts::inventory::{HoldView, StockSums};
use contracts::order::OrderView;
use contracts::payment::{PaymentSums, PaymentView};
use kit::Timestamp;

use super::accepted::{self, Accepted};
use super::heard::{self, Hearer, Teller};
use super::mirror::{self, Mirror};
use super::notices::{self, Notice};
use super::orders::{stray_hold, stray_payment};
use super::provider::{self, Provided};
use super::replies::{self, Kept};
use super::{Fault, OrderFile, ended, late, stock};

/// Everything, as far as whoever gathered it could see. What is left empty is not judged, but for orders,
/// payments and holds, which belong together.
#[derive(Debug, Clone, Default)]
pub struct Everything {
    /// When it was looked at.
    pub now: Timestamp,
    /// Whether nothing is on its way any more: then every order has ended, and everything told was heard.
    pub quiet: bool,
    /// Every order.
    pub orders: Vec<OrderView>,
    /// Every payment.
    pub payments: Vec<PaymentView>,
    /// Every hold, whatever became of it.
    pub holds: Vec<HoldView>,
    /// The stock of every product, with its sums.
    pub stock: Vec<StockSums>,
    /// Payments beside the figures of the built-in provider.
    pub sums: Vec<PaymentSums>,
    /// By order, what the provider took and gave back; none if nobody knows. See [`Everything::by_sums`].
    pub provided: Option<Vec<Provided>>,
    /// Every message to a person.
    pub notices: Vec<Notice>,
    /// Whether `notices` is all of them, so that a sale without one is a fault.
    pub all_notices: bool,
    /// Answers that are kept and name an order.
    pub kept: Vec<Kept>,
    /// What buyers were told.
    pub accepted: Vec<Accepted>,
    /// What each service told.
    pub tellers: Vec<Teller>,
    /// What each service heard.
    pub hearers: Vec<Hearer>,
    /// What the broker's streams hold; none if that was not looked at.
    pub mirrors: Option<Vec<Mirror>>,
}

impl Everything {
    /// What the provider has by order, from the sums of the payment service.
    pub fn by_sums(&mut self) {
        let mut by_order: std::collections::BTreeMap<OrderId, Provided> = std::collections::BTreeMap::new();
        for sums in &self.sums {
            let none = Provided { order: sums.order, charges: 0, charged: 0, refunds: 0, refunded: 0 };
            let all = by_order.entry(sums.order).or_insert(none);
            all.charges += sums.charges;
            all.charged += sums.charged;
            all.refunds += sums.refunds;
            all.refunded += sums.given_back;
        }
        self.provided = Some(by_order.into_values().collect());
    }

    fn files(&self) -> impl Iterator<Item = OrderFile> {
        self.orders.iter().map(|order| OrderFile {
            order: order.clone(),
            payments: self.payments.iter().filter(|one| one.order == order.order).cloned().collect(),
            hold: self.holds.iter().find(|one| one.order == order.order).cloned(),
        })
    }
}

/// Everything that is wrong, each rule in turn, nothing twice.
pub fn faults(all: &Everything) -> Vec<Fault> {
    let known: BTreeSet<OrderId> = all.orders.iter().map(|order| order.order).collect();
    let mut faults: BTreeSet<Fault> = BTreeSet::new();
    for file in all.files() {
        // While the shop goes on, three services need not agree yet.
        if all.quiet {
            faults.extend(file.faults());
            faults.extend(ended::of_quiet(&file, all.now));
        }
        faults.extend(ended::waits_for_ever(&file.order));
        faults.extend(late::of_order(&file, all.now));
        if let Some(provided) = &all.provided
            && all.quiet
        {
            let of = provided.iter().find(|one| one.order == file.order.order);
            faults.extend(provider::of_order(&file.order, of));
        }
    }
    let is_stray = |order: &OrderId| !known.contains(order);
    faults.extend(all.payments.iter().filter(|one| is_stray(&one.order)).map(stray_payment));
    faults.extend(all.holds.iter().filter(|one| is_stray(&one.order)).map(stray_hold));
    faults.extend(all.holds.iter().filter_map(|hold| late::of_hold(hold, all.now)));
    faults.extend(all.provided.iter().flat_map(|provided| provider::strays(provided, &known)));
    faults.extend(all.sums.iter().flat_map(provider::of_payment));
    faults.extend(all.stock.iter().flat_map(stock::faults));
    faults.extend(accepted::faults(&all.accepted, &all.orders));
    faults.extend(replies::faults(&all.kept, &all.orders));
    faults.extend(notices::faults(&all.notices));
    if all.all_notices && all.quiet {
        let sales = all.notices.iter().filter(|notice| notice.happening == notices::SALE);
        faults.extend(notices::untold(&all.orders, &sales.map(|notice| notice.about.clone()).collect()));
    }
    faults.extend(all.hearers.iter().flat_map(|hearer| heard::faults(hearer, &all.tellers, all.quiet)));
    for teller in &all.tellers {
        if let Some(mirrors) = &all.mirrors {
            let mirror = mirrors.iter().find(|mirror| mirror.stream == teller.stream);
            faults.extend(mirror::faults(teller, mirror, all.quiet));
        }
    }
    faults.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use contracts::payment::PaymentState;
    use proptest::prelude::*;

    use super::super::Rule;
    use super::super::orders::tests::sold;
    use super::*;

    /// A quiet shop that sold one thing.
    fn sound() -> Everything {
        let OrderFile { order, payments, hold } = sold();
        let paid = &payments[0];
        let sums = PaymentSums {
            payment: paid.payment.to_string(),
            order: order.order,
            state: Some(PaymentState::Captured),
            amount: paid.amount.amount(),
            captured: paid.captured.amount(),
            refunded: 0,
            refunding: 0,
            charges: 1,
            charged: paid.captured.amount(),
            refunds: 0,
            given_back: 0,
        };
        let notice = Notice {
            about: order.order.to_string(),
            happening: notices::SALE.into(),
            recipient: "ann@example.com".into(),
            asked: 1,
            handed_over: 1,
            unknown: 0,
        };
        let mut all = Everything {
            quiet: true,
            accepted: vec![Accepted { key: "k".into(), asked: vec![], told: order.clone() }],
            kept: vec![Kept { service: "order".into(), key: "k".into(), said: order.clone() }],
            orders: vec![order],
            payments,
            holds: hold.into_iter().collect(),
            sums: vec![sums],
            notices: vec![notice],
            all_notices: true,
            ..Everything::default()
        };
        all.by_sums();
        all
    }

    #[test]
    fn a_shop_that_sold_one_thing_is_sound() {
        assert_eq!(faults(&sound()), []);
    }

    proptest! {
        #[test]
        fn one_thing_that_is_gone_or_there_twice_is_named_by_its_rule(which in 0..6usize) {
            let mut all = sound();
            let rule = match which {
                0 => { all.orders.clear(); Rule::Accepted }
                1 => { all.payments.clear(); Rule::Money }
                2 => { all.holds.clear(); Rule::Holds }
                3 => { all.provided = Some(vec![]); Rule::Provider }
                4 => { all.notices.push(all.notices[0].clone()); Rule::Notices }
                _ => { all.notices.clear(); Rule::Notices }
            };
            prop_assert!(faults(&all).iter().any(|fault| fault.rule == rule), "{:?}", faults(&all));
        }
    }
}
