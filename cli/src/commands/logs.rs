//! `shopctl logs`: what the parts of the shop on this machine wrote, in one stream.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::failure::{Failure, exit};
use crate::output::Format;
use crate::shop::Shop;
use crate::stack::log_file::{self, Follower};
use crate::stack::log_line::LogLine;
use crate::stack::{ALL_IN_ONE, BROKER, Folder, services};

/// How often the files are looked at while they are followed.
const LOOK_EVERY: Duration = Duration::from_millis(150);

/// The most lines that are shown of the past.
const LINES_MAX: u64 = 100_000;

const EXAMPLES: &str = "\
Examples:
  shopctl logs                      the last lines of every part
  shopctl logs order payment -f     follow two services, until Ctrl-C
  shopctl logs broker --lines 200
  shopctl logs -o jsonl | jq 'select(.level == \"ERROR\")'";

/// Show what the services and the broker of this machine wrote
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Of which services, or `broker` [default: all of them]
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,

    /// Go on showing lines as they are written, until Ctrl-C
    #[arg(short, long)]
    follow: bool,

    /// How many lines of the past
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(0..=LINES_MAX))]
    lines: u64,
}

/// Which lines are wanted.
struct Choice {
    parts: Vec<String>,
    services: Vec<String>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let folder = shop.folder()?;
    let choice = Choice::of(&folder, args.services)?;
    if args.follow && shop.out.format() == Format::Json {
        return Err(Failure::invalid("usage", "what is followed has no end, so it cannot be one JSON value")
            .mend("-o jsonl"));
    }
    // Followed from before the past is read, so that nothing is missed in between.
    let mut followers: Vec<(String, Follower)> =
        choice.parts.iter().map(|part| (part.clone(), Follower::new(folder.log(part)))).collect();
    let past = past(&folder, &choice, usize::try_from(args.lines).unwrap_or(usize::MAX));
    if past.is_empty() && !args.follow {
        shop.out.say(format!("Nothing was written in {} yet", folder.logs().display()));
        shop.out.next("shopctl up");
    }
    show(shop, &past)?;
    if !args.follow {
        return Ok(());
    }
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let new = followers.iter_mut().flat_map(|(part, follower)| read(part, follower.next()));
        show(shop, &in_order(new.filter(|(_, line)| choice.wants(line)).collect()))?;
    }
}

impl Choice {
    fn of(folder: &Folder, services: Vec<String>) -> Result<Self, Failure> {
        let known: Vec<&str> = [BROKER, ALL_IN_ONE].into_iter().chain(services::names()).collect();
        if let Some(unknown) = services.iter().find(|service| !known.contains(&service.as_str())) {
            let what = format!("there is no service {}", kit::text::printable(unknown));
            return Err(Failure::new(exit::USAGE, "unknown_service", what)
                .mend(format!("one of {}", known.join(", "))));
        }
        let mut parts: Vec<String> = if services.is_empty() {
            known.iter().map(|part| (*part).to_owned()).collect()
        } else {
            services.clone()
        };
        // All services in one process share a log, in which each line names its service.
        if folder.log(ALL_IN_ONE).exists() && !parts.iter().any(|part| part == ALL_IN_ONE) {
            parts.push(ALL_IN_ONE.to_owned());
        }
        Ok(Self { parts, services })
    }

    fn wants(&self, line: &LogLine) -> bool {
        self.services.is_empty() || self.services.contains(&line.service)
    }

    /// The same of a line as it stands in the log of a part.
    fn wants_text(&self, part: &str, line: &str) -> bool {
        // What names none of them need not be read: of a long log that is most of it.
        let may_be = |service: &String| service == part || line.contains(service.as_str());
        self.services.is_empty()
            || (self.services.iter().any(may_be) && self.wants(&LogLine::read(part, line)))
    }
}

/// The last lines of all parts together.
fn past(folder: &Folder, choice: &Choice, count: usize) -> Vec<LogLine> {
    // Chosen before they are counted: of a service that shares its log, a few lines may stand far from the end.
    let last =
        |part: &str| log_file::last_lines(&folder.log(part), count, |line| choice.wants_text(part, line));
    let mut lines = in_order(choice.parts.iter().flat_map(|part| read(part, last(part))).collect());
    lines.drain(..lines.len().saturating_sub(count));
    lines
}

/// Reads lines of one part. A line without a time of its own belongs to the one before it.
fn read(part: &str, lines: Vec<String>) -> Vec<(Timestamp, LogLine)> {
    let mut last = Timestamp::MIN;
    let read = lines.iter().map(|line| {
        let line = LogLine::read(part, line);
        last = line.at.unwrap_or(last);
        (last, line)
    });
    read.collect()
}

fn in_order(mut lines: Vec<(Timestamp, LogLine)>) -> Vec<LogLine> {
    lines.sort_by_key(|(at, _)| *at);
    lines.into_iter().map(|(_, line)| line).collect()
}

fn show(shop: &Shop, lines: &[LogLine]) -> Result<(), Failure> {
    match shop.out.format() {
        Format::Table => {
            let zone = if shop.out.width().is_some() { TimeZone::system() } else { TimeZone::UTC };
            let wide = services::names().iter().map(|name| name.len()).max().unwrap_or_default();
            lines.iter().try_for_each(|line| shop.out.line(line.text(&shop.out, &zone, wide)))
        }
        Format::Json => shop.out.json(&lines.iter().map(LogLine::json).collect::<Vec<_>>()),
        _ => lines.iter().try_for_each(|line| shop.out.json(&line.json())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_log_that_services_share_the_last_lines_of_one_are_shown() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = Folder::find(Some(scratch.path())).unwrap();
        folder.create().unwrap();
        let line = |second: u32, service: &str| {
            format!(
                "{{\"timestamp\":\"2026-02-01T09:30:{second:02}Z\",\"level\":\"INFO\",\"message\":\"m\",\"service\":\"{service}\"}}\n"
            )
        };
        let quiet: String = (0..3).map(|second| line(second, "cart")).collect();
        let noisy: String = (0..200).map(|number| line(10 + number % 50, "order")).collect();
        std::fs::write(folder.log(ALL_IN_ONE), quiet + &noisy).unwrap();
        let shown = |service: &str, count| {
            let choice = Choice::of(&folder, vec![service.to_owned()]).unwrap();
            past(&folder, &choice, count).into_iter().map(|line| line.service).collect::<Vec<_>>()
        };
        assert_eq!(shown("cart", 50), ["cart"; 3]);
        assert_eq!(shown("order", 2), ["order"; 2]);
    }

    #[test]
    fn lines_of_several_parts_stand_in_the_order_of_their_time() {
        let line = |second: u32, message: &str| {
            format!(r#"{{"timestamp":"2026-02-01T09:30:{second:02}Z","level":"INFO","message":"{message}"}}"#)
        };
        let order = read("order", vec![line(1, "a"), "more of a".to_owned(), line(5, "d")]);
        let cart = read("cart", vec![line(2, "b"), line(3, "c")]);
        let messages: Vec<String> =
            in_order(order.into_iter().chain(cart).collect()).into_iter().map(|line| line.message).collect();
        assert_eq!(messages, ["a", "more of a", "b", "c", "d"]);
    }
}
