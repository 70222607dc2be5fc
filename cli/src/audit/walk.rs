//! Looking at everything once: what is wrong already, and what has to be looked at again.

use std::collections::{BTreeMap, HashSet};

use cli::books::{Fault, OrderFile, Rule, Told, late, stock};
use contracts::OrderId;
use contracts::order::{ListOrders, OrderView, Stage};
use kit::limits::PAGE_MAX;

use super::again::Suspect;
use super::{Audit, EVENTS_COMPARED_MAX, ORDERS_MAX, SUSPECTS_MAX};
use crate::progress::Progress;
use crate::stream::said::findings;
use crate::stream::verify::Verdict;

/// Orders of which something is known to exist, by number.
type Seen = HashSet<OrderId>;

impl Audit {
    /// The ledger of every product. Each answer is of one moment, so nothing has to be looked at twice.
    pub(super) async fn look_at_stock(&mut self) {
        let mut after = None;
        loop {
            let page = match self.asking.sums(after).await {
                Ok(page) => page,
                Err(error) => return self.unanswered("inventory", &error),
            };
            self.report.looked_at.products += page.items.len();
            self.found(page.items.iter().flat_map(stock::faults));
            after = page.next;
            if after.is_none() {
                return;
            }
        }
    }

    /// Every order with its payment and its hold, then what belongs to no order, then what was told.
    pub(super) async fn look_at_orders(&mut self, progress: &Progress) -> Vec<Suspect> {
        let (mut suspects, mut seen) = (Vec::new(), Seen::new());
        let recent = ListOrders { placed_from: self.since, ..ListOrders::default() };
        let complete = self.walk_orders(recent, progress, &mut seen, &mut suspects).await;
        if self.since.is_some() || !complete {
            // What waits is looked at however old it is.
            let stages = vec![Stage::Placed, Stage::AwaitingPayment];
            let waiting = ListOrders { stages, ..ListOrders::default() };
            self.walk_orders(waiting, progress, &mut seen, &mut suspects).await;
        }
        self.walk_holds(&seen, &mut suspects).await;
        if self.since.is_none() && complete {
            self.walk_payments(&seen, &mut suspects).await;
        }
        self.look_at_notices(&mut suspects).await;
        self.look_at_services(&mut suspects).await;
        if suspects.len() > SUSPECTS_MAX {
            suspects.truncate(SUSPECTS_MAX);
            self.report.cut = true;
        }
        suspects
    }

    /// Answers whether it came to the end.
    async fn walk_orders(
        &mut self,
        mut asked: ListOrders,
        progress: &Progress,
        seen: &mut Seen,
        suspects: &mut Vec<Suspect>,
    ) -> bool {
        asked.limit = Some(PAGE_MAX);
        loop {
            let page = match self.asking.orders(&asked).await {
                Ok(page) => page,
                Err(error) => {
                    self.unanswered("order", &error);
                    return false;
                }
            };
            progress.add(page.items.len());
            let new: Vec<OrderView> =
                page.items.into_iter().filter(|order| seen.insert(order.order)).collect();
            for file in self.files(new).await {
                self.report.looked_at.orders += 1;
                self.note_sale(&file.order);
                self.found(late::of_order(&file, self.report.at));
                if !file.faults().is_empty() && suspects.len() <= SUSPECTS_MAX {
                    suspects.push(Suspect::Order(Box::new(file)));
                }
            }
            asked.after = page.next;
            if asked.after.is_none() {
                return true;
            }
            if seen.len() >= ORDERS_MAX {
                self.report.cut = true;
                return false;
            }
        }
    }

    /// A page of orders with what the others say of them. If one does not answer, its part of the
    /// story cannot be judged, and the orders are not.
    async fn files(&mut self, orders: Vec<OrderView>) -> Vec<OrderFile> {
        if orders.is_empty() {
            return Vec::new();
        }
        let ids: Vec<OrderId> = orders.iter().map(|order| order.order).collect();
        let (payments, holds) = tokio::join!(self.asking.payments_of(&ids), self.asking.holds_of(&ids));
        let (payments, holds) = match (payments, holds) {
            (Ok(payments), Ok(holds)) => (payments, holds),
            (payments, holds) => {
                payments.err().iter().for_each(|error| self.unanswered("payment", error));
                holds.err().iter().for_each(|error| self.unanswered("inventory", error));
                return Vec::new();
            }
        };
        self.report.looked_at.payments += payments.len();
        self.report.looked_at.holds += holds.len();
        let mut files: BTreeMap<OrderId, OrderFile> = orders
            .into_iter()
            .map(|order| (order.order, OrderFile { order, payments: Vec::new(), hold: None }))
            .collect();
        for payment in payments {
            files.entry(payment.order).and_modify(|file| file.payments.push(payment));
        }
        for hold in holds {
            files.entry(hold.order).and_modify(|file| file.hold = Some(hold));
        }
        files.into_values().collect()
    }

    /// Everything that is held: whether it should be free by now, and whether there is such an order.
    async fn walk_holds(&mut self, seen: &Seen, suspects: &mut Vec<Suspect>) {
        let mut after = None;
        loop {
            let page = match self.asking.live_holds(after).await {
                Ok(page) => page,
                Err(error) => return self.unanswered("inventory", &error),
            };
            for hold in page.items {
                self.found(late::of_hold(&hold, self.report.at));
                if seen.contains(&hold.order) || suspects.len() > SUSPECTS_MAX {
                    continue;
                }
                match self.asking.file(hold.order).await {
                    Ok(Some(file)) if file.faults().is_empty() => {}
                    Ok(Some(file)) => suspects.push(Suspect::Order(Box::new(file))),
                    Ok(None) => suspects.push(Suspect::Hold(Box::new(hold))),
                    Err(error) => self.unanswered("order", &error),
                }
            }
            after = page.next;
            if after.is_none() {
                return;
            }
        }
    }

    /// Every payment: whether there is such an order. Those that were placed since are asked about.
    async fn walk_payments(&mut self, seen: &Seen, suspects: &mut Vec<Suspect>) {
        let mut after = None;
        loop {
            let page = match self.asking.payments(after).await {
                Ok(page) => page,
                Err(error) => return self.unanswered("payment", &error),
            };
            for payment in page.items {
                if seen.contains(&payment.order) || suspects.len() > SUSPECTS_MAX {
                    continue;
                }
                match self.asking.order(payment.order).await {
                    Ok(Some(_)) => {}
                    Ok(None) => suspects.push(Suspect::Payment(Box::new(payment))),
                    Err(error) => self.unanswered("order", &error),
                }
            }
            after = page.next;
            if after.is_none() {
                return;
            }
        }
    }

    /// Every outbox with its stream, and what of each service's work waits.
    async fn look_at_services(&mut self, suspects: &mut Vec<Suspect>) {
        for service in self.services.clone() {
            let told = match self.asking.told(service).await {
                Ok(told) => told,
                Err(error) => {
                    self.unanswered(service, &error);
                    continue;
                }
            };
            self.report.looked_at.streams += 1;
            self.report.looked_at.events += told.stream.as_ref().map_or(0, |stream| stream.messages);
            self.found(late::of_service(&told.health));
            if !Told::faults(&told).is_empty() {
                suspects.push(Suspect::Told(Box::new(told)));
            } else {
                self.compare(service, told.stream.map_or(0, |stream| stream.messages)).await;
            }
        }
    }

    /// Every row of an outbox with its message, unless there are too many by now. What seems to be
    /// missing is looked for again before it is said.
    async fn compare(&mut self, service: &str, messages: u64) {
        if self.report.looked_at.compared + messages > EVENTS_COMPARED_MAX {
            return;
        }
        let stream = kit::message::stream_of(service);
        let compared = self.asking.compare(&stream, service).await;
        match compared {
            Ok(report) if report.verdict == Verdict::Silent => {
                let why = kit::Error::unavailable("no_answer", report.why);
                self.unanswered(service, &why);
            }
            Ok(report) => {
                self.report.looked_at.compared += report.in_stream;
                let look = format!("shopctl stream verify {stream}");
                self.found(findings(&report).into_iter().map(|says| Fault {
                    rule: Rule::Told,
                    about: service.to_owned(),
                    says: format!("tells otherwise than was told: {says}"),
                    look: look.clone(),
                }));
            }
            Err(error) => self.unanswered(service, &error),
        }
    }
}
