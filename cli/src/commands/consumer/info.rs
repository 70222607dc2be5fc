//! `shopctl consumer info`: everything about one consumer.

use jiff::Timestamp;
use kit::Call;
use kit::admin::GetHealth;
use kit::vitals::Health;
use serde::Serialize;

use super::wait;
use crate::failure::Failure;
use crate::shop::Shop;
use crate::show;
use crate::stream::cells::facts;
use crate::stream::lag::{self, Lag};
use crate::stream::name;

/// Show everything about one consumer
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl consumer info order payment
  shopctl consumer info ORDER payment -o json")]
pub(crate) struct Args {
    /// Which stream, by its name or by that of its service
    #[arg(value_name = "STREAM")]
    stream: String,
    /// Which of its consumers
    #[arg(value_name = "CONSUMER")]
    consumer: String,
}

/// A consumer, with what its service says of its hearing.
#[derive(Debug, Serialize)]
struct Info {
    #[serde(flatten)]
    lag: Lag,
    /// `ok`, or what is wrong; empty if its service does not answer or it is outside the shop.
    hearing: String,
    /// Events that its service could not act on, of this and of other streams.
    dead_letters: Option<u64>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let client = shop.asker().await?;
    let streams = client.streams().await?;
    let stream = name::stream(&args.stream, &streams)?;
    let lags = lag::of_streams(&client, std::slice::from_ref(stream)).await?;
    let names: Vec<&str> = lags.iter().map(|lag| lag.consumer.name.as_str()).collect();
    let mend = format!("shopctl consumer ls {}", stream.name);
    let wanted = name::among("consumer", &args.consumer, &names, &mend)?.to_owned();
    let Some(lag) = lags.into_iter().find(|lag| lag.consumer.name == wanted) else { return Ok(()) };
    let call = Call { timeout: shop.timeout, ..Call::default() };
    let health = if lag.consumer.outside {
        None
    } else {
        client.call_as::<_, Health>(&format!("{wanted}.health"), &GetHealth {}, call).await.ok()
    };
    let hearing =
        health.as_ref().and_then(|health| health.parts.get(&stream.name).cloned()).unwrap_or_default();
    let silent = health.is_none() && !lag.consumer.outside;
    let info = Info { lag, hearing, dead_letters: health.map(|health| health.dead_letters) };
    if !shop.out.is_table() {
        return shop.out.json(&info);
    }
    let now = shop.now();
    shop.out.line(facts(&said(&info, silent, now), shop.out.width()))?;
    if info.lag.is_far(now) {
        shop.out.warn(super::far(&info.lag, now));
    }
    let next = match info.dead_letters {
        Some(1..) => format!("shopctl dlq ls {wanted}"),
        _ if info.lag.behind > 0 => {
            format!("shopctl stream view {} --from-seq {}", stream.name, info.lag.consumer.acknowledged + 1)
        }
        _ => return Ok(()),
    };
    shop.out.next(next);
    Ok(())
}

fn said(info: &Info, silent: bool, now: Timestamp) -> Vec<(&'static str, String)> {
    let consumer = &info.lag.consumer;
    let when = |at: &str| match at.parse::<Timestamp>() {
        Ok(at) => format!("{}, {} ago", show::time(at), wait(now.duration_since(at))),
        Err(_) => "never".to_owned(),
    };
    let behind = match info.lag.waits(now) {
        _ if info.lag.behind == 0 => "nothing".to_owned(),
        Some(waits) => format!(
            "{}; the first waits for {}",
            show::count(info.lag.behind, "message", "messages"),
            wait(waits)
        ),
        None => show::count(info.lag.behind, "message", "messages"),
    };
    let who = if consumer.outside { "a subscriber outside the shop" } else { "a service of the shop" };
    let hearing = if silent { "its service does not answer".to_owned() } else { info.hearing.clone() };
    let dead = info.dead_letters.filter(|dead| *dead > 0).map(|dead| dead.to_string()).unwrap_or_default();
    let hears = match consumer.subjects.as_slice() {
        [] => "everything".to_owned(),
        subjects => subjects.join("\n"),
    };
    vec![
        ("consumer", consumer.name.clone()),
        ("stream", consumer.stream.clone()),
        ("who", who.to_owned()),
        ("hears", hears),
        ("behind", behind),
        ("acted on", format!("everything up to {}", consumer.acknowledged)),
        ("handed out", format!("up to {}, {} not acted on yet", consumer.delivered, consumer.unacknowledged)),
        (
            "handed out again",
            if consumer.redelivered > 0 { consumer.redelivered.to_string() } else { String::new() },
        ),
        ("last handed out", when(&consumer.delivered_at)),
        ("last acted on", when(&consumer.acknowledged_at)),
        ("made", when(&consumer.made_at)),
        ("hearing", hearing),
        ("dead letters", dead),
    ]
}
