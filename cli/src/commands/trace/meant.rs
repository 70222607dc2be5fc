//! What a person means by an identifier or the end of one.

use contracts::notification::{GetNotification, ListNotifications, NotificationPage};
use contracts::order::{GetOrder, OrderView};
use contracts::payment::{GetPayment, ListPayments, PaymentPage};
use contracts::{NotificationId, OrderId, PaymentId};
use jiff::Timestamp;
use kit::limits::{IDEMPOTENCY_KEY_CHARS_MAX, LOOKUP_CHARS_MIN, PAGE_MAX};
use kit::text::printable;
use serde_json::json;

use crate::failure::{Failure, exit};
use crate::shop::Shop;
use crate::show;
use crate::trace::gather::{ANSWER_TIME, Wanted};
use crate::trace::lookup::{Answers, Candidate, asked_with, look_up, whole_before_ends};
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
    if !(LOOKUP_CHARS_MIN..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&text.len()) || !plain {
        let message =
            format!("nothing was traced: {} is no identifier and no end of one", show::quoted(text));
        return Err(Failure::invalid("invalid_id", message).why(format!(
            "an identifier or its end is {LOOKUP_CHARS_MIN} to {IDEMPOTENCY_KEY_CHARS_MAX} characters without spaces"
        )));
    }
    let client = &shop.asker().await?;
    let mut answers = look_up(client, text, shop.timeout.min(ANSWER_TIME)).await;
    add_lists(shop, text, &mut answers).await;
    match &answers.candidates[..] {
        [] => Err(unknown(text, &answers)),
        [one] => {
            if one.id != text && !answers.incomplete.is_empty() {
                shop.out.warn(format!(
                    "{}; older things may end in {} too",
                    cut_short(&answers),
                    show::quoted(text)
                ));
            }
            about_candidate(shop, one).await
        }
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

/// Adds the payments and the messages whose numbers end so: journals know an order by its own number
/// only. A number is searched for unless something is called exactly so.
async fn add_lists(shop: &Shop, text: &str, answers: &mut Answers) {
    if answers.candidates.iter().any(|one| one.id == text) {
        return;
    }
    let answers_now = |service: &str| answers.silent.iter().all(|silent| silent.service != service);
    let (payments, messages) = futures_util::future::join(
        async { if answers_now("payment") { Some(in_payments(shop, text).await) } else { None } },
        async { if answers_now("notification") { Some(in_notifications(shop, text).await) } else { None } },
    )
    .await;
    for (service, list) in [("payment", payments), ("notification", messages)] {
        let Some(List { found, gap }) = list else { continue };
        // A journal may know a refund or a message by its number too; it knows the flow, so it is kept.
        let is_new = |one: &Candidate| answers.candidates.iter().all(|known| known.id != one.id);
        let new: Vec<Candidate> = found.into_iter().filter(is_new).collect();
        answers.candidates.extend(new);
        match gap {
            None => {}
            Some(Gap::Cut) if answers.incomplete.iter().any(|known| known == service) => {}
            Some(Gap::Cut) => answers.incomplete.push(service.to_owned()),
            Some(Gap::Silent(why)) => answers.silent.push(Silent { service: service.to_owned(), why }),
        }
    }
    answers.candidates.sort_by(|a, b| b.at_us.cmp(&a.at_us).then_with(|| a.id.cmp(&b.id)));
    whole_before_ends(&mut answers.candidates, text);
}

/// What a list has that ends so.
#[derive(Default)]
struct List {
    found: Vec<Candidate>,
    gap: Option<Gap>,
}

/// Why not all of a list was looked through.
enum Gap {
    /// It has more pages than are looked through.
    Cut,
    /// A page was not had.
    Silent(String),
}

/// Payments whose numbers end so.
async fn in_payments(shop: &Shop, text: &str) -> List {
    let (mut list, mut after) = (List::default(), None);
    for _ in 0..PAGES_MAX {
        let asked = ListPayments { after: after.take(), limit: Some(PAGE_MAX), ..ListPayments::default() };
        let PaymentPage { items, next } = match shop.call(&asked).await {
            Ok(page) => page,
            Err(failure) => return List { gap: Some(Gap::Silent(failure.message().to_owned())), ..list },
        };
        let numbers = items.iter().map(|one| (one.payment.to_string(), one.created_at));
        list.found.extend(ending("payment", text, numbers));
        after = next;
        if after.is_none() {
            return list;
        }
    }
    List { gap: Some(Gap::Cut), ..list }
}

/// Messages whose numbers end so, in the same way.
async fn in_notifications(shop: &Shop, text: &str) -> List {
    let (mut list, mut after) = (List::default(), None);
    for _ in 0..PAGES_MAX {
        let asked =
            ListNotifications { order: None, state: None, after: after.take(), limit: Some(PAGE_MAX) };
        let NotificationPage { items, next } = match shop.call(&asked).await {
            Ok(page) => page,
            Err(failure) => return List { gap: Some(Gap::Silent(failure.message().to_owned())), ..list },
        };
        let numbers = items.iter().map(|one| (one.notification.to_string(), one.created_at));
        list.found.extend(ending("notification", text, numbers));
        after = next;
        if after.is_none() {
            return list;
        }
    }
    List { gap: Some(Gap::Cut), ..list }
}

fn ending<'a>(
    kind: &'a str,
    text: &'a str,
    numbers: impl Iterator<Item = (String, Timestamp)> + 'a,
) -> impl Iterator<Item = Candidate> + 'a {
    // As journals do: numbers are small letters, and whoever types capitals means them.
    let end = text.to_ascii_lowercase();
    numbers.filter(move |(id, _)| id.ends_with(&end)).map(move |(id, at)| Candidate {
        kind: kind.to_owned(),
        id,
        trace: String::new(),
        subject: String::new(),
        at_us: at.as_microsecond(),
        services: vec![kind.to_owned()],
    })
}

fn unknown(text: &str, answers: &Answers) -> Failure {
    let message = format!("nothing has an identifier that ends in {}", show::quoted(text));
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
    let shown = candidates.iter().take(CANDIDATES_SHOWN);
    let mut lines: Vec<String> = shown.map(|one| line(one, asked_with(one, candidates))).collect();
    if candidates.len() > CANDIDATES_SHOWN {
        lines.push(format!("and {} more", candidates.len() - CANDIDATES_SHOWN));
    }
    lines.extend(gaps(answers));
    let message =
        format!("{} is the end of {} identifiers; the newest first:", show::quoted(text), candidates.len());
    let first = candidates.first().map(|one| asked_with(one, candidates)).unwrap_or_default();
    Failure::invalid("ambiguous_id", message)
        .why(lines.join("\n"))
        .mend(format!("shopctl trace {}      or another of them, or more of its end", printable(first)))
        .details(
            json!({ "candidates": candidates, "incomplete": answers.incomplete, "silent": answers.silent }),
        )
}

fn line(one: &Candidate, asked_with: &str) -> String {
    let at = Timestamp::from_microsecond(one.at_us).map(show::time).unwrap_or_default();
    let did = if one.subject.is_empty() { String::new() } else { format!("  {}", printable(&one.subject)) };
    format!("{}  {}  {at}{did}", printable(asked_with), one.kind)
}

/// What was not looked through, in words.
fn gaps(answers: &Answers) -> Option<String> {
    let silent: Vec<String> =
        answers.silent.iter().map(|Silent { service, why }| format!("{service}: {why}")).collect();
    let old = (!answers.incomplete.is_empty()).then(|| cut_short(answers));
    let gaps: Vec<String> = silent.into_iter().chain(old).collect();
    (!gaps.is_empty()).then(|| gaps.join("\n"))
}

fn cut_short(answers: &Answers) -> String {
    format!("only the newest was looked through in {}", answers.incomplete.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_was_not_looked_through_completely_is_named() {
        let whole = unknown("4711", &Answers::default());
        assert_eq!(whole.exit(), exit::NOT_FOUND);
        assert!(whole.lines()[1].1.contains("looked through completely"));
        let cut = unknown("4711", &Answers { incomplete: vec!["payment".to_owned()], ..Answers::default() });
        assert_eq!(cut.lines()[1].1, "only the newest was looked through in payment");
    }

    #[test]
    fn a_number_is_found_by_its_end_also_in_capital_letters() {
        let at = Timestamp::UNIX_EPOCH;
        let numbers = || ["pay_01abc", "pay_01abd"].map(|id| (id.to_owned(), at)).into_iter();
        for end in ["1abc", "1ABC"] {
            let found: Vec<String> = ending("payment", end, numbers()).map(|one| one.id).collect();
            assert_eq!(found, ["pay_01abc"], "{end}");
        }
    }
}
