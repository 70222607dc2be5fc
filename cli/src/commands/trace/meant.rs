//! What a person means by an identifier or the end of one.

use contracts::notification::{GetNotification, ListNotifications, NotificationPage};
use contracts::order::{GetOrder, OrderView};
use contracts::payment::{GetPayment, ListPayments, PaymentPage};
use contracts::{NotificationId, OrderId, PaymentId};
use jiff::Timestamp;
use kit::limits::{LOOKUP_CHARS_MIN, PAGE_MAX};
use kit::text::printable;
use serde_json::json;

use crate::failure::{Failure, exit};
use crate::shop::Shop;
use crate::show;
use crate::trace::gather::{ANSWER_TIME, Wanted};
use crate::trace::lookup::{Answers, Candidate, look_up};
use crate::trace::{Flow, Silent, order_of};

/// Candidates that are named if it is not clear which is meant.
const CANDIDATES_SHOWN: usize = 10;
/// Pages of payments and of messages that are looked through for the end of a number: journals know
/// an order by its own.
const PAGES_MAX: usize = 5;

/// What the trace is about.
pub(super) struct About {
    /// What the services are asked for.
    pub(super) wanted: Wanted,
    /// What it is called.
    pub(super) name: String,
    /// Its order, if it is about one.
    order: Option<OrderId>,
    /// What is known of it beside.
    more: Vec<String>,
}

impl About {
    fn of_order(order: OrderId, more: Vec<String>) -> Self {
        Self {
            wanted: Wanted::Key(order.to_string()),
            name: format!("order {order}"),
            order: Some(order),
            more,
        }
    }

    fn of_flow(kind: &str, id: &str, trace: &str, more: Vec<String>) -> Self {
        let name = format!("{kind} {}", printable(id));
        Self { wanted: Wanted::Trace(trace.to_owned()), name, order: None, more }
    }

    /// The order it is about as it is now. The trace is drawn also if the order service itself does
    /// not answer.
    pub(super) async fn view(&self, shop: &Shop, flows: &[Flow]) -> Option<OrderView> {
        let order = self.order.or_else(|| only_order(flows))?;
        let asked = tokio::time::timeout(ANSWER_TIME, shop.call(&GetOrder { order })).await;
        asked.ok().and_then(Result::ok)
    }

    /// What is known of it.
    pub(super) fn facts(&self, view: Option<&OrderView>) -> Vec<String> {
        let named = view.filter(|_| self.order.is_none()).map(|view| format!("order {}", view.order));
        let known = view.map(facts_of).unwrap_or_default();
        named.into_iter().chain(known).chain(self.more.iter().cloned()).collect()
    }
}

/// The order that flows are about, if it is one.
fn only_order(flows: &[Flow]) -> Option<OrderId> {
    let steps = || flows.iter().flat_map(Flow::steps);
    let keys = steps().flat_map(|step| step.emitted.iter().map(|told| &told.key).chain([&step.key]));
    let mut orders = keys.filter_map(|key| order_of(key));
    let first = orders.next()?;
    orders.all(|other| other == first).then_some(first)
}

fn facts_of(view: &OrderView) -> Vec<String> {
    let given_back = (!view.refunded.is_zero()).then(|| format!("{} given back", view.refunded));
    let open = view.deadline.filter(|_| !view.stage.is_settled());
    let ends = open.map(|at| format!("this stage ends by {}", show::time(at)));
    [view.stage.to_string(), view.total.to_string()].into_iter().chain(given_back).chain(ends).collect()
}

/// Finds out what is asked about. Journals know an order by its number, so a payment and a message
/// are asked for theirs.
pub(super) async fn about(shop: &Shop, id: &str) -> Result<About, Failure> {
    if id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let trace = id.to_ascii_lowercase();
        return Ok(About::of_flow("trace", &trace, &trace, vec![]));
    }
    if let Ok(order) = id.parse::<OrderId>() {
        return Ok(About::of_order(order, vec![]));
    }
    if let Ok(payment) = id.parse::<PaymentId>() {
        return about_payment(shop, payment).await;
    }
    if let Ok(notification) = id.parse::<NotificationId>() {
        return about_notification(shop, notification).await;
    }
    about_end(shop, id).await
}

async fn about_payment(shop: &Shop, payment: PaymentId) -> Result<About, Failure> {
    let payment = shop.call(&GetPayment { payment: Some(payment), order: None }).await?;
    let fact = format!("payment {}, {}", payment.payment, payment.state);
    Ok(About::of_order(payment.order, vec![fact]))
}

async fn about_notification(shop: &Shop, notification: NotificationId) -> Result<About, Failure> {
    let message = shop.call(&GetNotification { notification }).await?;
    let fact = format!("message {}, {}", message.notification, message.state);
    Ok(match message.about.parse::<OrderId>() {
        Ok(order) => About::of_order(order, vec![fact]),
        Err(_) => About {
            wanted: Wanted::Key(message.about.clone()),
            name: printable(&message.about).into_owned(),
            order: None,
            more: vec![fact],
        },
    })
}

/// Something that is known by its end only, or by an identifier that says nothing of its kind.
async fn about_end(shop: &Shop, text: &str) -> Result<About, Failure> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if text.len() < LOOKUP_CHARS_MIN || !plain {
        let message = format!("'{}' is no identifier and no end of one", show::cut(&printable(text), 60));
        return Err(Failure::invalid("invalid_id", message).why(format!(
            "the end of an identifier is at least {LOOKUP_CHARS_MIN} characters without spaces"
        )));
    }
    let client = &shop.asker().await?;
    let mut answers = look_up(client, text, shop.timeout.min(ANSWER_TIME)).await;
    if answers.candidates.is_empty() {
        let answers_now = |service: &str| answers.silent.iter().all(|silent| silent.service != service);
        let mut found = Vec::new();
        if answers_now("payment") {
            found.extend(in_payments(shop, text).await);
        }
        if answers_now("notification") {
            found.extend(in_notifications(shop, text).await);
        }
        answers.candidates = found;
    }
    match &answers.candidates[..] {
        [] => Err(unknown(text, &answers)),
        [one] => about_candidate(shop, one).await,
        _ => Err(ambiguous(text, &answers)),
    }
}

async fn about_candidate(shop: &Shop, one: &Candidate) -> Result<About, Failure> {
    if let Some(order) = order_of(&one.id) {
        return Ok(About::of_order(order, vec![]));
    }
    if let Ok(payment) = one.id.parse::<PaymentId>() {
        return about_payment(shop, payment).await;
    }
    if let Ok(notification) = one.id.parse::<NotificationId>() {
        return about_notification(shop, notification).await;
    }
    let name = printable(&one.id).into_owned();
    Ok(match one.kind.as_str() {
        "key" => About { wanted: Wanted::Key(one.id.clone()), name, order: None, more: vec![] },
        kind => About::of_flow(kind, &one.id, &one.trace, vec![]),
    })
}

/// Payments whose numbers end so. A list that cannot be had has none.
async fn in_payments(shop: &Shop, text: &str) -> Vec<Candidate> {
    let (mut found, mut after) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let asked = ListPayments { after: after.take(), limit: Some(PAGE_MAX), ..ListPayments::default() };
        let Ok(PaymentPage { items, next }) = shop.call(&asked).await else { break };
        let numbers = items.iter().map(|one| (one.payment.to_string(), one.created_at));
        found.extend(ending("payment", text, numbers));
        after = next;
        if after.is_none() {
            break;
        }
    }
    found
}

/// Messages whose numbers end so, in the same way.
async fn in_notifications(shop: &Shop, text: &str) -> Vec<Candidate> {
    let (mut found, mut after) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let asked =
            ListNotifications { order: None, state: None, after: after.take(), limit: Some(PAGE_MAX) };
        let Ok(NotificationPage { items, next }) = shop.call(&asked).await else { break };
        let numbers = items.iter().map(|one| (one.notification.to_string(), one.created_at));
        found.extend(ending("notification", text, numbers));
        after = next;
        if after.is_none() {
            break;
        }
    }
    found
}

fn ending<'a>(
    kind: &'a str,
    text: &'a str,
    numbers: impl Iterator<Item = (String, Timestamp)> + 'a,
) -> impl Iterator<Item = Candidate> + 'a {
    numbers.filter(move |(id, _)| id.ends_with(text)).map(move |(id, at)| Candidate {
        kind: kind.to_owned(),
        id,
        trace: String::new(),
        subject: String::new(),
        at_us: at.as_microsecond(),
        services: vec![kind.to_owned()],
    })
}

fn unknown(text: &str, answers: &Answers) -> Failure {
    let text = show::cut(&printable(text), 60);
    let message = format!("nothing has an identifier that ends in '{text}'");
    let silent: Vec<&str> = answers.silent.iter().map(|Silent { service, .. }| service.as_str()).collect();
    let failure = if silent.is_empty() {
        Failure::new(exit::NOT_FOUND, "nothing_found", message)
    } else {
        Failure::new(exit::UNAVAILABLE, "nothing_found", message).mend("shopctl status")
    };
    let failure = match gaps(answers) {
        Some(gaps) => failure.why(gaps),
        None => failure.why("journals are kept for 7 days, and were looked through completely"),
    };
    failure
        .mend("shopctl trace find --since 1h      shows which flows there were")
        .mend("shopctl order ls      shows orders and their numbers")
}

fn ambiguous(text: &str, answers: &Answers) -> Failure {
    let candidates = &answers.candidates;
    let text = show::cut(&printable(text), 60);
    let mut lines: Vec<String> = candidates.iter().take(CANDIDATES_SHOWN).map(line).collect();
    if candidates.len() > CANDIDATES_SHOWN {
        lines.push(format!("and {} more", candidates.len() - CANDIDATES_SHOWN));
    }
    lines.extend(gaps(answers));
    let message = format!("'{text}' is the end of {} identifiers; the newest first:", candidates.len());
    let first = candidates.first().map(|one| one.id.clone()).unwrap_or_default();
    Failure::invalid("ambiguous_id", message)
        .why(lines.join("\n"))
        .mend(format!("shopctl trace {}      or another of them, or more of its end", printable(&first)))
        .details(
            json!({ "candidates": candidates, "incomplete": answers.incomplete, "silent": answers.silent }),
        )
}

fn line(one: &Candidate) -> String {
    let at = Timestamp::from_microsecond(one.at_us).map(show::time).unwrap_or_default();
    let did = if one.subject.is_empty() { String::new() } else { format!("  {}", printable(&one.subject)) };
    format!("{}  {}  {at}{did}", printable(&one.id), one.kind)
}

/// What was not looked through, in words.
fn gaps(answers: &Answers) -> Option<String> {
    let silent: Vec<String> =
        answers.silent.iter().map(|Silent { service, why }| format!("{service}: {why}")).collect();
    let old = (!answers.incomplete.is_empty()).then(|| {
        format!("{} looked through the newest of what they keep only", answers.incomplete.join(", "))
    });
    let gaps: Vec<String> = silent.into_iter().chain(old).collect();
    (!gaps.is_empty()).then(|| gaps.join("\n"))
}
