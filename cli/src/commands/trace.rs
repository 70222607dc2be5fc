//! `shopctl trace`: every hop of an order, from the journals of the services themselves.

use contracts::notification::GetNotification;
use contracts::order::{GetOrder, OrderView};
use contracts::payment::GetPayment;
use contracts::{NotificationId, OrderId, PaymentId};
use jiff::tz::TimeZone;
use kit::text::printable;

use crate::failure::{Failure, exit};
use crate::shop::Shop;
use crate::trace::draw::{Style, WIDTH_MIN, render};
use crate::trace::gather::{ANSWER_TIME, Gathered, Wanted, gather};
use crate::trace::{Silent, Story};

/// The width of a drawing that nobody watches.
const WIDTH_DEFAULT: usize = 120;
/// The widest drawing.
const WIDTH_MAX: usize = 1000;

/// Show every hop of an order through the services: who did what, when, and what it waited for
///
/// Every service is asked for its journal; one that does not answer is a row that says so. Journals
/// are kept for 7 days.
///
/// A row is a piece of work. In front of it, what was waited for (░); then the work (█) and its
/// commit (▒). A lighter line below it is an event that it told (◆), with its place in the stream.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl trace ord_01h2e8kqvbfwea724h75qc655w
  shopctl trace ord_01h2e8kqvbfwea724h75qc655w --payloads --width 160 | less
  shopctl trace 4bf92f3577b34da6a3ce929d0e0e4736 -o json | jq '.flows[].stretches[].steps[]'")]
pub(crate) struct Args {
    /// An order, a payment, a cart or anything else that events are about; or the 32 digits of a trace
    #[arg(value_name = "ID")]
    id: String,
    /// Only characters that every terminal has
    #[arg(long)]
    ascii: bool,
    /// How wide to draw [default: the terminal]
    #[arg(long, value_name = "N", value_parser = width)]
    width: Option<usize>,
    /// What each event says too
    #[arg(long)]
    payloads: bool,
}

/// What the trace is about.
struct About {
    wanted: Wanted,
    name: String,
    facts: Vec<String>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let about = about(shop, &args.id).await?;
    let client = &shop.asker().await?;
    let gathered = gather(client, about.wanted, args.payloads, shop.timeout.min(ANSWER_TIME)).await;
    if gathered.flows.is_empty() {
        return Err(nothing(&about.name, &gathered));
    }
    let Gathered { flows, silent, left_out } = gathered;
    let story = Story { about: about.name, facts: about.facts, flows, silent, left_out };
    if !shop.out.is_table() {
        return shop.out.json(&story);
    }
    let style = Style {
        ascii: args.ascii,
        colour: shop.out.has_colour(),
        payloads: args.payloads,
        zone: TimeZone::system(),
    };
    let width = args.width.or(shop.out.width()).unwrap_or(WIDTH_DEFAULT);
    shop.out.line(render(&story, width.min(WIDTH_MAX), &style).trim_end())
}

/// Finds out what is asked about. Journals know an order by its number, so a payment and a message
/// are asked for theirs.
async fn about(shop: &Shop, id: &str) -> Result<About, Failure> {
    if id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let trace = id.to_ascii_lowercase();
        return Ok(About { name: format!("trace {trace}"), wanted: Wanted::Trace(trace), facts: vec![] });
    }
    if let Ok(order) = id.parse::<OrderId>() {
        return Ok(about_order(shop, order, vec![]).await);
    }
    if let Ok(payment) = id.parse::<PaymentId>() {
        let payment = shop.call(&GetPayment { payment: Some(payment), order: None }).await?;
        let fact = format!("payment {}, {}", payment.payment, payment.state);
        return Ok(about_order(shop, payment.order, vec![fact]).await);
    }
    if let Ok(notification) = id.parse::<NotificationId>() {
        let message = shop.call(&GetNotification { notification }).await?;
        if let Ok(order) = message.about.parse::<OrderId>() {
            let fact = format!("message {}, {}", message.notification, message.state);
            return Ok(about_order(shop, order, vec![fact]).await);
        }
    }
    Ok(About { wanted: Wanted::Key(id.to_owned()), name: printable(id).into_owned(), facts: vec![] })
}

/// The trace is drawn also if the order service itself does not answer.
async fn about_order(shop: &Shop, order: OrderId, more: Vec<String>) -> About {
    let view = shop.call(&GetOrder { order }).await.ok();
    let facts = view.map_or_else(Vec::new, |OrderView { stage, total, refunded, .. }| {
        let given_back = (!refunded.is_zero()).then(|| format!("{refunded} given back"));
        [stage.to_string(), total.to_string()].into_iter().chain(given_back).collect()
    });
    let facts = facts.into_iter().chain(more).collect();
    About { wanted: Wanted::Key(order.to_string()), name: format!("order {order}"), facts }
}

fn nothing(name: &str, gathered: &Gathered) -> Failure {
    let silent: Vec<&str> = gathered.silent.iter().map(|Silent { service, .. }| service.as_str()).collect();
    let message = format!("no journal has anything about {name}");
    let failure = match silent.len() {
        0 => Failure::new(exit::NOT_FOUND, "nothing_found", message).why("journals are kept for 7 days"),
        _ => Failure::new(exit::UNAVAILABLE, "nothing_found", message)
            .why(format!("{} did not answer", silent.join(", ")))
            .mend("shopctl status"),
    };
    failure.mend("shopctl order ls      shows orders and their numbers")
}

fn width(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(width @ WIDTH_MIN..=WIDTH_MAX) => Ok(width),
        _ => Err(format!("a drawing is {WIDTH_MIN} to {WIDTH_MAX} characters wide")),
    }
}
