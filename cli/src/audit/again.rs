//! Looking again at what did not agree: once everything that was told has been heard.

use std::time::{Duration, Instant};

use cli::books::orders::{stray_hold, stray_payment};
use cli::books::{Fault, OrderFile, Told, notices};
use contracts::OrderId;
use contracts::inventory::HoldView;
use contracts::payment::PaymentView;
use futures_util::StreamExt;

use super::Audit;
use super::asking::Asking;

/// How often what does not agree is looked at again before it counts as still moving.
const LOOKS_MAX: usize = 6;
/// The wait before each look: longer than a commit and a relay take.
const LOOK_AFTER: Duration = Duration::from_millis(300);
/// How long what was told may take until it is heard.
const HEARD_WITHIN: Duration = Duration::from_secs(10);
/// How long something must have been as it is to be a finding also while somebody is behind.
const LONG_AGO: Duration = Duration::from_secs(60);
/// How many are looked at at once.
const AT_ONCE: usize = 16;

/// Who tells of orders, and hears of them.
const TELLING: [&str; 3] = ["order", "inventory", "payment"];

/// What does not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Suspect {
    /// An order, its payment and its hold.
    Order(Box<OrderFile>),
    /// A payment of no order.
    Payment(Box<PaymentView>),
    /// A hold for no order.
    Hold(Box<HoldView>),
    /// An outbox and its stream.
    Told(Box<Told>),
    /// A sale of which nobody wrote to the buyer.
    Unwritten(OrderId),
}

/// What became of it.
enum Now {
    Agrees,
    /// It stands as before, or it changed and does not agree still.
    Differs {
        suspect: Suspect,
        stands: bool,
    },
    Unanswered(&'static str, kit::Error),
}

impl Suspect {
    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Order(file) => file.faults(),
            Self::Payment(payment) => vec![stray_payment(payment)],
            Self::Hold(hold) => vec![stray_hold(hold)],
            Self::Told(told) => told.faults(),
            Self::Unwritten(order) => vec![notices::of_sale(*order)],
        }
    }

    /// Whether nothing of it has changed for long.
    fn is_old(&self, now: jiff::Timestamp) -> bool {
        match self {
            Self::Order(file) => {
                let paid = file.payments.iter().map(|payment| payment.changed_at).max();
                paid.into_iter().chain([file.order.changed_at]).all(|changed| changed + LONG_AGO < now)
            }
            Self::Payment(payment) => payment.changed_at + LONG_AGO < now,
            Self::Hold(_) | Self::Told(_) => true,
            // How long it is a sale is not known, nor therefore since when a message should be there.
            Self::Unwritten(_) => false,
        }
    }

    async fn look(self, asking: &Asking) -> Now {
        match &self {
            Self::Order(before) => match asking.file(before.order.order).await {
                Ok(Some(file)) if file.faults().is_empty() => Now::Agrees,
                Ok(Some(file)) => {
                    let stands = file == **before;
                    Now::Differs { suspect: Self::Order(Box::new(file)), stands }
                }
                // It was there a moment ago.
                Ok(None) => Now::Differs { suspect: self, stands: false },
                Err(error) => Now::Unanswered("order", error),
            },
            Self::Payment(payment) => self.look_for_order(payment.order, asking).await,
            Self::Hold(hold) => self.look_for_order(hold.order, asking).await,
            Self::Unwritten(order) => match asking.is_written_of(*order).await {
                Ok(Some(true)) => Now::Agrees,
                Ok(written) => Now::Differs { suspect: self, stands: written.is_some() },
                Err(error) => Now::Unanswered("notification", error),
            },
            Self::Told(before) => match asking.told(&before.health.service).await {
                Ok(told) if told.faults().is_empty() => Now::Agrees,
                Ok(told) => {
                    let stands = told.stands_as(before);
                    Now::Differs { suspect: Self::Told(Box::new(told)), stands }
                }
                Err(error) => Now::Unanswered("streams", error),
            },
        }
    }

    async fn look_for_order(&self, order: OrderId, asking: &Asking) -> Now {
        match asking.order(order).await {
            Ok(Some(_)) => Now::Agrees,
            Ok(None) => Now::Differs { suspect: self.clone(), stands: true },
            Err(error) => Now::Unanswered("order", error),
        }
    }
}

impl Audit {
    /// Looks again until each agrees, stands, or has been moving for too long.
    pub(super) async fn look_again(&mut self, mut suspects: Vec<Suspect>) {
        for _ in 0..LOOKS_MAX {
            if suspects.is_empty() {
                return;
            }
            let heard = self.until_heard().await;
            let now = self.report.at.max(kit::Client::now());
            let looks = futures_util::stream::iter(suspects).map(|suspect| suspect.look(&self.asking));
            let looked: Vec<Now> = looks.buffer_unordered(AT_ONCE).collect().await;
            suspects = Vec::new();
            for found in looked {
                match found {
                    Now::Agrees => {}
                    Now::Differs { suspect, stands } if stands && (heard || suspect.is_old(now)) => {
                        self.found(suspect.faults());
                    }
                    Now::Differs { suspect, .. } => suspects.push(suspect),
                    Now::Unanswered(service, error) => self.unanswered(service, &error),
                }
            }
        }
        self.report.moving = suspects.len();
    }

    /// Waits until those who deal with orders have heard what was told up to now. Answers whether
    /// they have.
    async fn until_heard(&self) -> bool {
        tokio::time::sleep(LOOK_AFTER).await;
        let mut marks = Vec::new();
        for service in TELLING {
            let Ok(health) = self.asking.health(service).await else { return false };
            marks.push((service.to_uppercase(), health.outbox_newest));
        }
        let limit = Instant::now() + HEARD_WITHIN;
        while !self.have_heard(&marks).await {
            if Instant::now() >= limit {
                return false;
            }
            tokio::time::sleep(LOOK_AFTER).await;
        }
        true
    }

    async fn have_heard(&self, marks: &[(String, u64)]) -> bool {
        let Ok(streams) = self.asking.streams().await else { return false };
        for (name, mark) in marks {
            let is_told = streams.iter().any(|stream| stream.name == *name && stream.last >= *mark);
            if !is_told && *mark > 0 {
                return false;
            }
            let Ok(hearers) = self.asking.hearers(name).await else { return *mark == 0 };
            let mut hearers = hearers.iter().filter(|hearer| TELLING.contains(&hearer.name.as_str()));
            let heard = hearers.all(|hearer| {
                let nothing_left = hearer.pending == 0 && hearer.unacknowledged == 0;
                nothing_left || hearer.acknowledged >= *mark
            });
            if !heard {
                return false;
            }
        }
        true
    }
}
