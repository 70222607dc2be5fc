//! Following an order: by its events as they are told, and by looking at it now and then, in case
//! one was missed.

use std::time::Duration;

use contracts::order::{GetOrder, OrderView, Stage};
use kit::client::Watch;
use serde_json::json;

use super::stages::Stages;
use crate::failure::{Failure, exit};
use crate::output::Format;
use crate::shop::Shop;

/// Time between two looks at the order.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long an event may take that tells what a look has seen already.
const CATCH_UP_TIME: Duration = Duration::from_millis(250);

/// Listening for what happens to orders.
pub(super) struct Following<'a> {
    shop: &'a Shop,
    watch: Watch,
}

/// Why the following ended.
pub(super) enum Ending {
    /// What was waited for has happened.
    Reached(Box<OrderView>),
    /// Time ran out first.
    TimeOut(Box<OrderView>),
    /// Ctrl-C.
    Interrupted(Box<OrderView>),
}

impl<'a> Following<'a> {
    /// Begins to listen. Done before an order is placed, nothing that happens to it is missed.
    pub(super) async fn begin(shop: &'a Shop) -> Result<Self, Failure> {
        let watch = shop.client().await?.watch("events.>").await?;
        Ok(Self { shop, watch })
    }

    /// Shows what happens until the order is as wanted, or time runs out. `wanted` answers with the
    /// stage that says so, once it is.
    pub(super) async fn until(
        &mut self,
        stages: &mut Stages<'_>,
        mut order: OrderView,
        patience: Option<Duration>,
        wanted: impl Fn(&OrderView) -> Option<&'static str>,
    ) -> Result<Ending, Failure> {
        let time_out = async {
            match patience {
                Some(patience) => tokio::time::sleep(patience).await,
                None => std::future::pending().await,
            }
        };
        let mut time_out = std::pin::pin!(time_out);
        let mut interrupted = std::pin::pin!(self.shop.interrupted());
        let mut looks = tokio::time::interval(LOOK_EVERY);
        let mut is_open = true;
        loop {
            let look = tokio::select! {
                biased;
                () = &mut interrupted => return Ok(Ending::Interrupted(Box::new(order))),
                told = self.watch.next(), if is_open => match told {
                    Some(told) => stages.told(&told)?,
                    None => {
                        is_open = false;
                        false
                    }
                },
                _ = looks.tick() => true,
                () = &mut time_out => return Ok(Ending::TimeOut(Box::new(order))),
            };
            // A look that fails is no reason to stop: the next may succeed, and time is limited.
            if look && let Ok(seen) = self.shop.call(&GetOrder { order: stages.order() }).await {
                order = seen;
            }
            if let Some(last) = wanted(&order) {
                self.catch_up(stages, last).await?;
                return Ok(Ending::Reached(Box::new(order)));
            }
        }
    }

    /// Shows what has been told before the end was seen: looking may be faster than listening.
    async fn catch_up(&mut self, stages: &mut Stages<'_>, last: &str) -> Result<(), Failure> {
        let limit = tokio::time::Instant::now() + CATCH_UP_TIME;
        while !stages.has(last) {
            match tokio::time::timeout_at(limit, self.watch.next()).await {
                Ok(Some(told)) => stages.told(&told)?,
                Ok(None) | Err(_) => break,
            };
        }
        Ok(())
    }
}

/// The stage at which an order waits for nobody any more, once it is there.
pub(super) fn settled(order: &OrderView) -> Option<&'static str> {
    order.stage.is_settled().then(|| order.stage.word())
}

/// Tells how a checkout ended, and what to do about it if not well.
pub(super) fn tell_checkout(
    shop: &Shop,
    mut stages: Stages<'_>,
    ending: Ending,
    patience: Option<Duration>,
) -> Result<(), Failure> {
    let order = match ending {
        Ending::Reached(order) => order,
        Ending::TimeOut(order) => return Err(time_out(shop, stages, &order, patience)),
        Ending::Interrupted(order) => return Err(interrupted(shop, stages, &order)),
    };
    stages.stands(&order)?;
    let id = order.order;
    let message = if order.message.is_empty() { order.reason.clone() } else { order.message.clone() };
    let failure = match order.stage {
        Stage::Cancelled => {
            Failure::new(exit::REFUSED, order.reason.clone(), format!("{id} was cancelled: {message}"))
                .mend(format!("{}      shows what happened", shop.look_into(id)))
        }
        Stage::NeedsAttention => {
            Failure::new(exit::OTHER, order.reason.clone(), format!("{id} cannot go on by itself: {message}"))
                .mend(format!("shopctl order get {id}"))
                .mend(shop.look_into(id))
        }
        _ => return tell_well(shop, stages, &order, &shop.look_into(id)),
    };
    Err(tell_badly(shop, stages, &order, failure))
}

/// Writes the result: the number for people, everything for programs.
pub(super) fn tell_well(
    shop: &Shop,
    stages: Stages<'_>,
    order: &OrderView,
    next: &str,
) -> Result<(), Failure> {
    match shop.out.format() {
        Format::Table => {
            shop.out.line(order.order.to_string())?;
            shop.out.next(next);
            Ok(())
        }
        Format::Json => shop.out.json(&json!({ "order": order, "stages": stages.into_happened() })),
        _ => Ok(()),
    }
}

/// The failure with everything that is known for programs; people get the number as ever.
pub(super) fn tell_badly(shop: &Shop, stages: Stages<'_>, order: &OrderView, failure: Failure) -> Failure {
    if shop.out.is_table() {
        // If the number cannot be written, the failure names it.
        let _ = shop.out.line(order.order.to_string());
    }
    failure.details(json!({ "order": order, "stages": stages.into_happened() })).trace(order.trace.clone())
}

/// Time ran out: it goes on.
pub(super) fn time_out(
    shop: &Shop,
    stages: Stages<'_>,
    order: &OrderView,
    patience: Option<Duration>,
) -> Failure {
    let (id, seconds) = (order.order, patience.unwrap_or_default().as_secs_f64());
    let message = format!("{id} is still at {} after {seconds} s; the order goes on", order.stage);
    let failure =
        Failure::new(exit::PENDING, "still_pending", message).mend(format!("shopctl order watch {id}"));
    tell_badly(shop, stages, order, failure)
}

/// Ctrl-C: the waiting is over, the order is not.
pub(super) fn interrupted(shop: &Shop, stages: Stages<'_>, order: &OrderView) -> Failure {
    let id = order.order;
    let message = format!("stopped waiting; {id} goes on, it was at {}", order.stage);
    let failure = Failure::new(exit::INTERRUPTED, "interrupted", message)
        .mend(format!("shopctl order watch {id}"))
        .mend(format!("shopctl order cancel {id}"));
    tell_badly(shop, stages, order, failure)
}
