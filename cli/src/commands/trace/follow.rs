//! `shopctl trace --follow`: the drawing again and again, until nothing more is to come.
//!
//! On a terminal the drawing takes the place of the one before. Elsewhere each piece of work is a line
//! as soon as it is known; with `jsonl` a JSON value a line, with `json` the whole once at the end.

use std::time::Duration;

use jiff::tz::TimeZone;
use kit::Told;
use kit::client::Watch;
use tokio::time::Instant;

use super::meant::About;
use super::{Show, draw, print, story};
use crate::failure::{Failure, exit};
use crate::output::{Format, terminal_height};
use crate::shop::Shop;
use crate::trace::Story;
use crate::trace::gather::Wanted;
use crate::trace::news::{News, news, text};
use crate::trace::settled::{Hearer, is_settled};

/// Time between two looks if nothing is heard: a try of an effect that fails tells nobody.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long to listen on before a look: an event causes others.
const GATHER_TIME: Duration = Duration::from_millis(80);
/// Without a change for so long it is over, even if somebody seems not to have heard an event.
const QUIET_TIME: Duration = Duration::from_secs(10);

pub(super) async fn run(shop: &Shop, args: &Show, about: About) -> Result<(), Failure> {
    let mut watch = shop.client().await?.watch("events.>").await?;
    let mut interrupted = std::pin::pin!(shop.interrupted());
    let hearers = hearers(shop).await;
    let mut shown = Story::default();
    let mut changed = Instant::now();
    loop {
        let (now, order) = tokio::select! {
            biased;
            () = &mut interrupted => return Err(Failure::shown(exit::INTERRUPTED)),
            found = story(shop, &about, args.payloads) => found?,
        };
        let new = news(&shown, &now);
        if !new.is_empty() {
            changed = Instant::now();
            if shown.flows.is_empty() && shop.out.is_table() {
                shop.out.clear()?;
            }
            tell(shop, args, &now, &new)?;
        }
        let waits_for_order = order.is_some_and(|order| !order.stage.is_settled());
        let over = is_settled(&now, &hearers) && now.silent.is_empty() || changed.elapsed() > QUIET_TIME;
        if !waits_for_order && over {
            return end(shop, args, &now);
        }
        let concerns = Concerns::of(&about, &now);
        shown = now;
        tokio::select! {
            biased;
            () = &mut interrupted => return Err(Failure::shown(exit::INTERRUPTED)),
            () = until_concerned(&mut watch, &concerns) => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Which events are about what is followed.
struct Concerns {
    key: Option<String>,
    traces: Vec<String>,
}

impl Concerns {
    fn of(about: &About, story: &Story) -> Self {
        let key = match &about.wanted {
            Wanted::Key(key) => Some(key.clone()),
            Wanted::Trace(_) => None,
        };
        Self { key, traces: story.flows.iter().map(|flow| flow.trace.clone()).collect() }
    }

    fn has(&self, told: &Told) -> bool {
        self.key.as_ref() == Some(&told.key) || self.traces.contains(&told.trace)
    }
}

/// Waits for an event that is about it, and then for what else comes at once.
async fn until_concerned(watch: &mut Watch, concerns: &Concerns) {
    loop {
        match watch.next().await {
            Some(told) if concerns.has(&told) => break,
            Some(_) => {}
            // The connection is closed for good; the next look says so.
            None => std::future::pending().await,
        }
    }
    let limit = Instant::now() + GATHER_TIME;
    while let Ok(Some(_)) = tokio::time::timeout_at(limit, watch.next()).await {}
}

/// Who hears what, as the broker has it; nobody if it does not say.
async fn hearers(shop: &Shop) -> Vec<Hearer> {
    let Ok(client) = shop.client().await else { return Vec::new() };
    let streams = client.streams().await.unwrap_or_default();
    let consumers = streams.iter().map(|stream| client.consumers(&stream.name));
    let consumers = futures_util::future::join_all(consumers).await;
    let inside = consumers.into_iter().flatten().flatten().filter(|consumer| !consumer.outside);
    inside
        .map(|consumer| Hearer {
            service: consumer.name,
            stream: consumer.stream,
            subjects: consumer.subjects,
        })
        .collect()
}

fn tell(shop: &Shop, args: &Show, story: &Story, new: &[News]) -> Result<(), Failure> {
    match (shop.out.format(), shop.out.width()) {
        (Format::Table, Some(_)) => shop.out.redraw(&fitting(&draw(shop, args, story), terminal_height())),
        (Format::Table, None) => {
            new.iter().try_for_each(|news| shop.out.line(text(news, &TimeZone::system())))
        }
        (Format::Jsonl, _) => new.iter().try_for_each(|news| shop.out.json(news)),
        _ => Ok(()),
    }
}

/// The heading and the end of a drawing, if the terminal has no room for all of it.
fn fitting(drawn: &str, height: usize) -> String {
    let lines: Vec<&str> = drawn.trim_end().lines().collect();
    // A line stays free for the cursor, and one says what is left out.
    let room = height.saturating_sub(1).max(3);
    if lines.len() <= room {
        return format!("{}\n", lines.join("\n"));
    }
    let from = lines.len() - (room - 2);
    format!("{}\n... {} lines between\n{}\n", lines[0], from - 1, lines[from..].join("\n"))
}

fn end(shop: &Shop, args: &Show, story: &Story) -> Result<(), Failure> {
    let ended = News::Ended { facts: story.facts.clone() };
    match (shop.out.format(), shop.out.width()) {
        (Format::Table, Some(_)) => {
            shop.out.clear()?;
            shop.out.redraw("")?;
            print(shop, args, story)
        }
        (Format::Table, None) => shop.out.line(text(&ended, &TimeZone::system())),
        (Format::Jsonl, _) => shop.out.json(&ended),
        _ => print(shop, args, story),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_the_terminal_is_left_out_below_the_heading() {
        assert_eq!(fitting("1\n2\n3\n4\n", 5), "1\n2\n3\n4\n");
        assert_eq!(fitting("1\n2\n3\n4\n5\n", 5), "1\n... 2 lines between\n4\n5\n");
        assert_eq!(fitting("1\n2\n3\n4\n", 0), "1\n... 2 lines between\n4\n");
        assert_eq!(fitting("", 24), "\n");
    }
}
