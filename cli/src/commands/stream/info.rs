//! `shopctl stream info`: everything about one stream, those who hear it included.

use jiff::Timestamp;
use kit::Call;
use kit::admin::GetHealth;
use kit::client::StreamState;
use kit::vitals::Health;
use serde::Serialize;

use super::ls::age;
use super::{named, service_of};
use crate::commands::consumer;
use crate::failure::Failure;
use crate::shop::Shop;
use crate::status::bytes;
use crate::stream::cells::facts;
use crate::stream::lag::{self, Lag};

/// Show everything about one stream, those who hear it included
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl stream info ORDER
  shopctl stream info order -o json | jq .outbox")]
pub(crate) struct Args {
    /// Which stream, by its name or by that of its service
    #[arg(value_name = "NAME")]
    stream: String,
}

/// A stream with all that belongs to it.
#[derive(Debug, Serialize)]
struct Info {
    stream: StreamState,
    service: String,
    /// What its service says; none if it does not answer.
    outbox: Option<Outbox>,
    /// Why it says nothing.
    why: String,
    /// Whoever is furthest behind first.
    consumers: Vec<Lag>,
}

/// The outbox that a stream mirrors.
#[derive(Debug, Serialize)]
struct Outbox {
    origin: String,
    oldest: u64,
    newest: u64,
    published: u64,
    untold_since: Option<Timestamp>,
    /// What the part of the service says that tells.
    relay: String,
}

impl From<Health> for Outbox {
    fn from(health: Health) -> Self {
        Self {
            origin: health.origin,
            oldest: health.outbox_oldest,
            newest: health.outbox_newest,
            published: health.outbox_published,
            untold_since: health.untold_since,
            relay: health.parts.get("relay").cloned().unwrap_or_default(),
        }
    }
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let stream = named(shop, &args.stream).await?;
    let (client, service) = (shop.asker().await?, service_of(&stream.name));
    let call = Call { timeout: shop.timeout, ..Call::default() };
    let health = client.call_as::<_, Health>(&format!("{service}.health"), &GetHealth {}, call).await;
    let consumers = lag::of_streams(&client, std::slice::from_ref(&stream)).await?;
    let (outbox, why) = match health {
        Ok(health) => (Some(Outbox::from(health)), String::new()),
        Err(error) => (None, error.message),
    };
    let info = Info { stream, service, outbox, why, consumers };
    if !shop.out.is_table() {
        return shop.out.json(&info);
    }
    let now = shop.now();
    shop.out.line(facts(&said(&info, now), shop.out.width()))?;
    if info.consumers.is_empty() {
        shop.out.say("nobody hears it");
    } else {
        shop.out.line("")?;
        shop.out.table(&consumer::table(&info.consumers, now, shop.out.width()))?;
    }
    shop.out.next(format!("shopctl stream view {}", info.stream.name));
    Ok(())
}

fn said(info: &Info, now: Timestamp) -> Vec<(&'static str, String)> {
    let stream = &info.stream;
    let numbers = match stream.messages {
        0 => format!("none; the next is {}", stream.last + 1),
        messages => format!("{messages}, numbers {} to {}", stream.first, stream.last),
    };
    let gone =
        if stream.deleted > 0 { format!("{} between them are gone", stream.deleted) } else { String::new() };
    let limit = u64::try_from(stream.bytes_max).ok().filter(|limit| *limit > 0);
    let size = match limit {
        Some(limit) => format!("{} of {}", bytes(Some(stream.bytes)), bytes(Some(limit))),
        None => bytes(Some(stream.bytes)),
    };
    let when = |at: &str| match at.parse::<Timestamp>() {
        Ok(moment) => format!("{}, {}", crate::show::time(moment), age(at, now)),
        Err(_) => String::new(),
    };
    vec![
        ("stream", stream.name.clone()),
        ("told by", info.service.clone()),
        ("subjects", stream.subjects.join("\n")),
        ("messages", numbers),
        ("holes", gone),
        ("size", size),
        ("first stored", when(&stream.first_at)),
        ("last stored", when(&stream.last_at)),
        ("made", when(&stream.made_at)),
        ("mirrors", stream.origin.clone()),
        ("outbox", outbox(info)),
    ]
}

fn outbox(info: &Info) -> String {
    let Some(outbox) = &info.outbox else { return format!("not known: {}", info.why) };
    let mut lines = vec![match outbox.newest {
        0 => "no rows yet".to_owned(),
        newest => format!("rows {} to {newest}", outbox.oldest),
    }];
    let waiting = outbox.newest.saturating_sub(outbox.published);
    if waiting > 0 {
        lines.push(format!("{waiting} are not told yet"));
    }
    if outbox.origin != info.stream.origin {
        lines.push(format!("the database is {}, and the stream mirrors another", outbox.origin));
    }
    if !matches!(outbox.relay.as_str(), "ok" | "") {
        lines.push(outbox.relay.clone());
    }
    lines.join("\n")
}
