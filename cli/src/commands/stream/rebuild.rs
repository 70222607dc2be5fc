//! `shopctl stream rebuild`: a stream made anew from its outbox.

use std::time::{Duration, Instant};

use kit::admin::{GetHealth, RebuildStream, StreamRebuilt};
use kit::client::{ConsumerState, StreamState};
use kit::vitals::Health;
use kit::{Call, Client};
use serde::Serialize;

use super::service_of;
use crate::failure::{Failure, exit};
use crate::output::Tone;
use crate::progress::Progress;
use crate::shop::Shop;
use crate::show;
use crate::stack::services;
use crate::status::bytes;
use crate::stream::cells::facts;
use crate::stream::name;

/// How often it is looked how far the stream is.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long the stream may stand still before it is said that it goes on without anybody watching.
const STILL_MAX: Duration = Duration::from_secs(20);

/// How long it is waited for the consumers of those who hear it. Whoever does not run has none until it does.
const HEARERS_TIME: Duration = Duration::from_secs(5);

/// Make a stream anew from the outbox it mirrors: it goes, and everything kept is told again
///
/// Without --confirm it only says what would happen. The messages get the numbers and identifiers they had, and
/// every service of the shop goes on where it was: nothing is acted on twice. Subscribers outside the shop get
/// everything again that is kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl stream rebuild order                      what would happen
  shopctl stream rebuild order --confirm=ORDER      do it
  shopctl stream verify order                       see that all is well afterwards")]
pub(crate) struct Args {
    /// Which stream, by its name or by that of its service
    #[arg(value_name = "NAME")]
    stream: String,
    /// Do it: the name of the stream once more
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

/// What making a stream anew means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Plan {
    stream: String,
    service: String,
    /// What goes; none if there is no such stream.
    now: Option<Extent>,
    /// How many bytes that is.
    now_bytes: u64,
    /// What is told again.
    again: Extent,
    /// Rows that are not told yet, and are told too.
    not_told_yet: u64,
    /// Messages that no row is kept of: they go for good.
    lost: u64,
    /// Services that go on where they are.
    services: Vec<String>,
    /// Subscribers who get everything again.
    outside: Vec<String>,
}

/// Messages from one number to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Extent {
    messages: u64,
    first: u64,
    last: u64,
}

/// What was planned, and what was done.
#[derive(Debug, Serialize)]
struct Outcome<'a> {
    plan: &'a Plan,
    /// None if nothing was done.
    made: Option<Made>,
}

/// A stream that was made anew.
#[derive(Debug, Serialize)]
struct Made {
    #[serde(flatten)]
    extent: Extent,
    took_ms: u64,
    /// Services that have no consumer again yet.
    not_heard_by: Vec<String>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let client = shop.asker().await?;
    let names: Vec<String> = services::names().into_iter().map(kit::message::stream_of).collect();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let stream = name::among("stream", &args.stream, &known, "shopctl stream ls")?;
    if let Some(confirmed) = &args.confirm
        && !confirmed.eq_ignore_ascii_case(stream)
    {
        let what = format!(
            "nothing was done: --confirm names {}, and it is about {stream}",
            kit::text::printable(confirmed)
        );
        return Err(Failure::invalid("not_confirmed", what).mend(confirm(stream)));
    }
    let plan = plan(shop, &client, stream).await?;
    if args.confirm.is_none() {
        return tell(shop, &plan);
    }
    let began = Instant::now();
    let call = Call { timeout: shop.timeout, ..Call::default() };
    let subject = format!("{}.rebuild_stream", plan.service);
    let rebuilt: StreamRebuilt = shop
        .call_as(&subject, &RebuildStream {}, call)
        .await
        .map_err(|failure| failure.so(format!("{stream} was not made anew")))?;
    let state = until_told(shop, &client, &rebuilt).await?;
    let missing = until_heard(&client, &plan).await?;
    if !shop.out.is_table() {
        let made = Made {
            extent: Extent { messages: state.messages, first: state.first, last: state.last },
            took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            not_heard_by: missing,
        };
        return shop.out.json(&Outcome { plan: &plan, made: Some(made) });
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    let messages = show::count(state.messages, "message", "messages");
    shop.out.say(format!("{mark} {stream} is made anew: {messages} told again in {}", show::since(began)));
    if !missing.is_empty() {
        shop.out.warn(format!("{} does not hear it again yet; is it running?", missing.join(", ")));
    }
    shop.out.line(stream)?;
    shop.out.next(format!("shopctl stream verify {stream}"));
    Ok(())
}

async fn plan(shop: &Shop, client: &Client, stream: &str) -> Result<Plan, Failure> {
    let service = service_of(stream);
    let call = Call { timeout: shop.timeout, ..Call::default() };
    let health: Health = shop
        .call_as(&format!("{service}.health"), &GetHealth {}, call)
        .await
        .map_err(|failure| failure.so(format!("nobody can make {stream} anew but {service}")))?;
    let now = client.streams().await?.into_iter().find(|state| state.name == stream);
    let hearers = match &now {
        Some(_) => client.consumers(stream).await?,
        None => Vec::new(),
    };
    Ok(plan_of(stream, &service, now, &health, hearers))
}

fn plan_of(
    stream: &str,
    service: &str,
    now: Option<StreamState>,
    health: &Health,
    hearers: Vec<ConsumerState>,
) -> Plan {
    let (oldest, newest) = (health.outbox_oldest.max(1), health.outbox_newest);
    let kept = (newest + 1).saturating_sub(oldest);
    let lost = now.as_ref().map_or(0, |now| {
        let before = oldest.min(now.last + 1).saturating_sub(now.first);
        before.min(now.messages)
    });
    let last_told = now.as_ref().map_or(0, |now| now.last);
    let (outside, inside): (Vec<_>, Vec<_>) = hearers.into_iter().partition(|hearer| hearer.outside);
    let names = |hearers: Vec<ConsumerState>| hearers.into_iter().map(|hearer| hearer.name).collect();
    Plan {
        stream: stream.to_owned(),
        service: service.to_owned(),
        again: Extent { messages: kept, first: oldest, last: newest },
        not_told_yet: newest.saturating_sub(last_told.max(oldest - 1)),
        lost,
        services: names(inside),
        outside: names(outside),
        now_bytes: now.as_ref().map_or(0, |now| now.bytes),
        now: now.map(|now| Extent { messages: now.messages, first: now.first, last: now.last }),
    }
}

fn tell(shop: &Shop, plan: &Plan) -> Result<(), Failure> {
    if !shop.out.is_table() {
        return shop.out.json(&Outcome { plan, made: None });
    }
    shop.out.line(draw(plan, shop.out.width()))?;
    shop.out.say("nothing was done yet");
    shop.out.next(confirm(&plan.stream));
    Ok(())
}

fn confirm(stream: &str) -> String {
    format!("shopctl stream rebuild {stream} --confirm={stream}")
}

fn draw(plan: &Plan, width: Option<usize>) -> String {
    let Plan { stream, service, .. } = plan;
    let goes = match &plan.now {
        None => format!("nothing: there is no {stream}"),
        Some(Extent { messages: 0, .. }) => format!("{stream}, which is empty"),
        Some(now) => format!(
            "{stream} with {}, {} to {}, {}",
            show::count(now.messages, "message", "messages"),
            now.first,
            now.last,
            bytes(Some(plan.now_bytes))
        ),
    };
    let Extent { messages, first, last } = &plan.again;
    let again = match messages {
        0 => format!("nothing: {service} has told nothing yet"),
        _ => format!(
            "{} out of {service}'s outbox, {first} to {last}, under the same numbers",
            show::count(*messages, "message", "messages")
        ),
    };
    let lost = match plan.lost {
        0 => String::new(),
        lost => {
            format!("{} from before the oldest row of the outbox", show::count(lost, "message", "messages"))
        }
    };
    let services = match plan.services.as_slice() {
        [] => "nobody".to_owned(),
        names => format!("{}: a new consumer each, which goes on where it was", names.join(", ")),
    };
    let outside = match plan.outside.as_slice() {
        [] => String::new(),
        names => format!("{}: outside the shop, get everything again that is kept", names.join(", ")),
    };
    let waiting = match plan.not_told_yet {
        0 => String::new(),
        waiting => format!("{waiting} of them for the first time"),
    };
    let said = [
        ("goes", goes),
        (
            "told again",
            [again, waiting].into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"),
        ),
        ("lost", lost),
        (
            "heard by",
            [services, outside].into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"),
        ),
    ];
    facts(&said, width)
}

/// Waits until everything is in the stream that its service had to tell when it was made anew.
async fn until_told(shop: &Shop, client: &Client, rebuilt: &StreamRebuilt) -> Result<StreamState, Failure> {
    let total = (rebuilt.last + 1).saturating_sub(rebuilt.first);
    let progress = Progress::new(&shop.out, usize::try_from(total).unwrap_or(usize::MAX), "messages");
    let (mut seen, mut moved) = (0, Instant::now());
    loop {
        let states = client.streams().await?;
        let state = states.into_iter().find(|state| state.name == rebuilt.stream);
        let done =
            state.as_ref().map_or(0, |state| (state.last + 1).saturating_sub(rebuilt.first)).min(total);
        if done > seen {
            progress.add(usize::try_from(done - seen).unwrap_or(usize::MAX));
            (seen, moved) = (done, Instant::now());
        }
        if let Some(state) = state.filter(|_| done >= total) {
            progress.end();
            return Ok(state);
        }
        if moved.elapsed() > STILL_MAX {
            progress.end();
            let what = format!(
                "{} is made anew, but only {done} of {total} messages are told again yet",
                rebuilt.stream
            );
            return Err(Failure::new(exit::PENDING, "still_pending", what)
                .why("its service goes on by itself")
                .mend(format!("shopctl stream info {}", rebuilt.stream)));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Waits until everybody who heard the stream has a consumer again. Answers who has none.
async fn until_heard(client: &Client, plan: &Plan) -> Result<Vec<String>, Failure> {
    let began = Instant::now();
    loop {
        let there = client.consumers(&plan.stream).await?;
        let is_there = |name: &&String| there.iter().any(|consumer| consumer.name == **name);
        let missing: Vec<String> = plan.services.iter().filter(|name| !is_there(name)).cloned().collect();
        if missing.is_empty() || began.elapsed() > HEARERS_TIME {
            return Ok(missing);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use kit::Example;

    use super::*;
    use crate::stream::lag::tests::consumer;

    fn state() -> StreamState {
        StreamState {
            name: "ORDER".to_owned(),
            messages: 90,
            bytes: 12_000,
            bytes_max: 0,
            first: 11,
            last: 100,
            last_at: String::new(),
            first_at: String::new(),
            consumers: 2,
            deleted: 0,
            subjects: Vec::new(),
            made_at: String::new(),
            origin: String::new(),
        }
    }

    fn plan(now: Option<StreamState>) -> Plan {
        let health = Health { outbox_oldest: 21, outbox_newest: 103, ..Health::example() };
        let acme = ConsumerState { outside: true, ..consumer("acme", 0, 0) };
        plan_of("ORDER", "order", now, &health, vec![acme, consumer("cart", 0, 0)])
    }

    #[test]
    fn the_plan_says_what_goes_what_comes_and_who_hears_it_again() {
        let drawn = draw(&plan(Some(state())), None);
        assert_eq!(
            drawn,
            "goes        ORDER with 90 messages, 11 to 100, 12 kB\n\
             told again  83 messages out of order's outbox, 21 to 103, under the same numbers\n\
             \x20           3 of them for the first time\n\
             lost        10 messages from before the oldest row of the outbox\n\
             heard by    cart: a new consumer each, which goes on where it was\n\
             \x20           acme: outside the shop, get everything again that is kept"
        );
    }

    #[test]
    fn a_stream_that_is_gone_is_told_whole() {
        let plan = plan(None);
        assert_eq!((plan.lost, plan.not_told_yet, plan.again.messages), (0, 83, 83));
        assert!(draw(&plan, Some(40)).starts_with("goes        nothing: there is no ORDER\n"));
    }
}
