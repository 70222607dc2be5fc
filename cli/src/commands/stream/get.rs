//! `shopctl stream get`: one message, whole.

use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use kit::admin::{Found, Lookup};
use kit::client::{Stored, StreamState};
use kit::id::{EventId, Id, time_of};
use kit::{Call, Client};

use super::{named, service_of};
use crate::failure::{Failure, exit};
use crate::shop::Shop;
use crate::show;
use crate::stream::cells::{facts, wrap};
use crate::stream::draw::body_lines;
use crate::stream::message::Message;
use crate::stream::read::number_at;

/// What every identifier of an event begins with.
const EVENT: &str = "evt_";

/// Messages that are looked at around the time of an event.
const AROUND_MAX: u64 = 10_000;

/// The width for which a body is laid out if there is no terminal.
const WIDTH_DEFAULT: usize = 100;

/// Show one message of a stream whole, with every header
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl stream get order 1204
  shopctl stream get order evt_01h2e8kqvbfwea724h75qc655w
  shopctl stream get order 5qc655w                 the end of its identifier is enough
  shopctl stream get order 1204 -o json | jq .headers")]
pub(crate) struct Args {
    /// Which stream, by its name or by that of its service
    #[arg(value_name = "NAME")]
    stream: String,
    /// Its number, or the identifier of the event, or the end of that
    #[arg(value_name = "SEQ|EVENT")]
    message: String,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let stream = named(shop, &args.stream).await?;
    let client = shop.client().await?;
    let stored = match args.message.parse::<u64>() {
        Ok(number) => match client.message(&stream.name, number).await? {
            Some(stored) => stored,
            // What is all digits may still be the end of an identifier.
            None if args.message.len() < kit::limits::LOOKUP_CHARS_MIN => {
                return Err(absent(&stream, number));
            }
            None => match by_end(shop, &stream, &args.message).await {
                Ok(stored) => stored,
                Err(_) => return Err(absent(&stream, number)),
            },
        },
        Err(_) => by_identifier(shop, &stream, &args.message).await?,
    };
    let message = Message::of(stored, true);
    if !shop.out.is_table() {
        return shop.out.json(&message);
    }
    show(shop, &message)
}

fn show(shop: &Shop, message: &Message) -> Result<(), Failure> {
    let width = shop.out.width();
    let headers: Vec<String> = message
        .every_header
        .iter()
        .map(|(name, value)| format!("{name}: {}", kit::text::printable(value)))
        .collect();
    let said = [
        ("message", format!("{} {}", message.stream, message.sequence)),
        ("subject", message.subject.clone()),
        ("event", message.id.clone()),
        ("about", message.key.clone()),
        ("time", precise(message.time)),
        ("stored", precise(message.stored_at)),
        ("trace", message.trace.clone()),
        ("headers", headers.join("\n")),
        ("body", if message.text.is_empty() { "empty".to_owned() } else { String::new() }),
    ];
    shop.out.line(facts(&said, width))?;
    let wide = width.unwrap_or(WIDTH_DEFAULT);
    if !message.text.is_empty() {
        let lines = body_lines(message, wide).into_iter().flat_map(|line| match width {
            Some(width) => wrap(&line, width),
            None => vec![kit::text::printable(&line).into_owned()],
        });
        shop.out.line(format!("\n{}", lines.collect::<Vec<_>>().join("\n")))?;
    }
    if !message.trace.is_empty() {
        shop.out.next(format!("shopctl trace {}", message.trace));
    }
    Ok(())
}

fn precise(at: Timestamp) -> String {
    format!("{}{}", show::time(at), at.strftime("%.6f"))
}

fn absent(stream: &StreamState, number: u64) -> Failure {
    let StreamState { name, first, last, messages, .. } = stream;
    let kept = match messages {
        0 => format!("{name} is empty; the next message is {}", last + 1),
        _ => format!("{name} keeps {first} to {last}"),
    };
    let why = if *messages > 0 && number > *last {
        format!("{kept}; it is not told yet")
    } else if *messages > 0 && number < *first {
        format!("{kept}; what is older was forgotten")
    } else if *messages > 0 {
        format!("{kept}; this one was taken out")
    } else {
        kept
    };
    Failure::new(exit::NOT_FOUND, "unknown_message", format!("there is no message {number} in {name}"))
        .why(why)
        .mend(format!("shopctl stream view {name}"))
}

async fn by_identifier(shop: &Shop, stream: &StreamState, typed: &str) -> Result<Stored, Failure> {
    let Ok(event) = typed.parse::<EventId>() else { return by_end(shop, stream, typed).await };
    let at = time_of(event.bits()).ok_or_else(|| unknown(stream, typed))?;
    around(shop.client().await?, stream, typed, at).await?.ok_or_else(|| unknown(stream, typed))
}

/// The message of an event by the end of its identifier, which its service knows.
async fn by_end(shop: &Shop, stream: &StreamState, typed: &str) -> Result<Stored, Failure> {
    let client = shop.asker().await?;
    let call = Call { timeout: shop.timeout, ..Call::default() };
    let asked = Lookup { text: typed.to_owned() };
    let subject = format!("{}.lookup", service_of(&stream.name));
    let found: Found = client.call_as(&subject, &asked, call).await.map_err(|error| {
        shop.explained(error).so("the event was not found").mend("give its number, or its whole identifier")
    })?;
    let mut events =
        found.items.into_iter().filter(|item| item.kind == "event" && item.id.starts_with(EVENT));
    let Some(event) = events.next() else { return Err(unknown(stream, typed)) };
    let others: Vec<String> = events.map(|event| event.id).collect();
    if !others.is_empty() {
        let all = [vec![event.id], others].concat();
        let what = format!("{} events of {} end like this", all.len(), stream.name);
        return Err(Failure::invalid("ambiguous", what)
            .why(all.join("\n"))
            .mend("give more of its identifier")
            .details(serde_json::json!({ "candidates": all })));
    }
    let at = Timestamp::from_microsecond(event.at_us).map_err(|_| unknown(stream, typed))?;
    around(&client, stream, &event.id, at).await?.ok_or_else(|| unknown(stream, typed))
}

/// The message of an event of which it is known when it was made.
async fn around(
    client: &Client,
    stream: &StreamState,
    id: &str,
    at: Timestamp,
) -> Result<Option<Stored>, Failure> {
    // An identifier knows the millisecond only.
    let from = at.checked_sub(SignedDuration::from_millis(2)).unwrap_or(at);
    let first = number_at(client, &stream.name, (stream.first, stream.last), from).await?;
    let last = stream.last.min(first.saturating_add(AROUND_MAX));
    let mut messages = std::pin::pin!(client.messages(&stream.name, first..=last));
    while let Some((_, stored)) = messages.next().await {
        if let Some(stored) = stored?.filter(|stored| stored.id == id) {
            return Ok(Some(stored));
        }
    }
    Ok(None)
}

fn unknown(stream: &StreamState, typed: &str) -> Failure {
    let typed = show::cut(typed, 60);
    let what = format!("there is no event {} in {}", kit::text::printable(&typed), stream.name);
    Failure::new(exit::NOT_FOUND, "unknown_event", what)
        .why(format!("{} keeps {} to {}", stream.name, stream.first, stream.last))
        .mend(format!("shopctl stream view {}", stream.name))
}
