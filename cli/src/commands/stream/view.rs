//! `shopctl stream view` and `tail`: the messages of a stream, decoded.

mod follow;

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kit::client::StreamState;

use super::named;
use crate::failure::{Failure, exit};
use crate::output::Format;
use crate::pick;
use crate::shop::Shop;
use crate::stream::draw::{Look, draw};
use crate::stream::grep::Grep;
use crate::stream::message::Message;
use crate::stream::name;
use crate::stream::read::{Scan, Wanted, backward, forward, number_at};

/// Messages that are shown if nobody says how many.
const LAST_DEFAULT: usize = 10;

const EXAMPLES: &str = "\
Examples:
  shopctl stream view order                          the last 10
  shopctl stream view ORDER --last 100 --subject cancelled
  shopctl stream view order --since 5m --grep 'mug-(blue|sand)'
  shopctl stream view order --from-seq 1200 --limit 20 --headers
  shopctl stream view order --since 1h -o jsonl | jq .body
  shopctl stream view order --last 1000 --raw > bodies.jsonl

Nothing is taken away by looking, and it ends with the last message unless it is told to follow.";

/// Show messages of a stream, decoded: the last ones, from a number on, or from a time on
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct View {
    /// Which stream, by its name or by that of its service
    #[arg(value_name = "NAME")]
    stream: String,
    /// The last so many of those that are wanted [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["from_seq", "since"])]
    last: Option<u32>,
    /// From this number on
    #[arg(long, value_name = "SEQ", conflicts_with = "since")]
    from_seq: Option<u64>,
    /// From this time on: how long ago, such as 5m, a day (2026-02-01), or a time such as 2026-02-01T09:30:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only from before this time, said as --since
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    until: Option<String>,
    /// Go on with what is told from now on, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
    #[command(flatten)]
    filter: Filter,
}

/// Show the last messages of a stream, and then each as it is told, until Ctrl-C
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl stream tail order
  shopctl stream tail payment --subject declined --last 50
  shopctl stream tail order -o jsonl | jq .key")]
pub(crate) struct Tail {
    /// Which stream, by its name or by that of its service
    #[arg(value_name = "NAME")]
    stream: String,
    /// Begin with the last so many [default: 10]
    #[arg(long, value_name = "N")]
    last: Option<u32>,
    #[command(flatten)]
    filter: Filter,
}

/// Which messages, and how they are shown.
#[derive(Debug, clap::Args)]
struct Filter {
    /// Only of these subjects, such as placed, order.placed or 'events.*.placed'
    #[arg(long, value_name = "FILTER")]
    subject: Option<String>,
    /// Only those in which this regular expression is found: in the subject, a header, or the body
    #[arg(long, value_name = "REGEX", value_parser = Grep::parse)]
    grep: Option<Grep>,
    /// Every header too
    #[arg(long)]
    headers: bool,
    /// Nothing but what each says, as it is written
    #[arg(long, conflicts_with = "headers")]
    raw: bool,
    /// End after so many
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

/// Where it begins.
enum Start {
    Last(usize),
    Number(u64),
    Time(Timestamp),
}

/// What is to be shown.
struct Job {
    stream: StreamState,
    wanted: Wanted,
    start: Start,
    until: Option<Timestamp>,
    follow: bool,
}

/// Prints messages, and counts them.
struct Printer<'a> {
    shop: &'a Shop,
    look: Look,
    left: u64,
    shown: u64,
    /// With `json` everything is one list, unless it goes on for ever.
    kept: Option<Vec<Message>>,
}

pub(crate) async fn view(shop: &Shop, args: View) -> Result<(), Failure> {
    let stream = named(shop, &args.stream).await?;
    let moment = |option: &str, text: &Option<String>| {
        let read = text.as_ref().map(|text| pick::moment(text, shop.now())).transpose();
        read.map_err(|why| Failure::invalid("invalid_time", format!("{option}: {why}")))
    };
    let (since, until) = (moment("--since", &args.since)?, moment("--until", &args.until)?);
    let start = match (args.from_seq, since) {
        (Some(number), _) => Start::Number(number),
        (None, Some(since)) => Start::Time(since),
        (None, None) => Start::Last(args.last.map_or(LAST_DEFAULT, |last| last as usize)),
    };
    run(shop, stream, args.filter, start, until, args.follow).await
}

pub(crate) async fn tail(shop: &Shop, args: Tail) -> Result<(), Failure> {
    let stream = named(shop, &args.stream).await?;
    let start = Start::Last(args.last.map_or(LAST_DEFAULT, |last| last as usize));
    run(shop, stream, args.filter, start, None, true).await
}

async fn run(
    shop: &Shop,
    stream: StreamState,
    filter: Filter,
    start: Start,
    until: Option<Timestamp>,
    follow: bool,
) -> Result<(), Failure> {
    let subject = filter.subject.map(|typed| name::subject(&typed, &stream.name)).transpose();
    let subject = subject.map_err(|why| Failure::invalid("invalid_subject", format!("--subject: {why}")))?;
    let wanted = Wanted { subject, grep: filter.grep, headers: filter.headers };
    let look = Look {
        width: shop.out.width(),
        colour: shop.out.has_colour(),
        headers: filter.headers,
        raw: filter.raw,
        grep: wanted.grep.clone(),
        zone: TimeZone::system(),
        now: shop.now(),
    };
    let kept = (shop.out.format() == Format::Json && !follow).then(Vec::new);
    let mut printer = Printer { shop, look, left: filter.limit.unwrap_or(u64::MAX), shown: 0, kept };
    let job = Job { stream, wanted, start, until, follow };
    if job.follow {
        let mut interrupted = std::pin::pin!(shop.interrupted());
        return tokio::select! {
            () = &mut interrupted => Err(Failure::shown(exit::INTERRUPTED)),
            ended = follow::run(&job, &mut printer) => ended,
        };
    }
    shown_so_far(&job, &mut printer).await?;
    printer.end(&job)
}

/// Shows what is in the stream. Answers the number behind what was looked at.
async fn shown_so_far(job: &Job, printer: &mut Printer<'_>) -> Result<u64, Failure> {
    let (shop, stream) = (printer.shop, &job.stream);
    let client = shop.client().await?;
    let (first, mut last) = (stream.first, stream.last);
    if let Some(until) = job.until {
        last = number_at(client, &stream.name, (first, last), until).await?.saturating_sub(1);
    }
    let from = match job.start {
        Start::Last(count) => {
            let total = if job.wanted.is_all() { count as u64 } else { last.saturating_sub(first) + 1 };
            let mut scan = Scan::begin(&shop.out, total);
            let count = count.min(usize::try_from(printer.left).unwrap_or(usize::MAX));
            let found = backward(client, &stream.name, (first, last), count, &job.wanted, &mut scan).await?;
            drop(scan);
            for message in found {
                printer.show(message)?;
            }
            return Ok(last + 1);
        }
        Start::Number(number) => number.max(first),
        Start::Time(since) => number_at(client, &stream.name, (first, last), since).await?,
    };
    let mut scan = Scan::begin(&shop.out, (last + 1).saturating_sub(from));
    let found = |scan: &Scan<'_>, message: Message| scan.beside(|| printer.show(message));
    forward(client, &stream.name, (from, last), &job.wanted, &mut scan, found).await?;
    Ok((last + 1).max(from))
}

impl Printer<'_> {
    /// Shows a message. Answers whether more are wanted.
    fn show(&mut self, message: Message) -> Result<bool, Failure> {
        self.shown += 1;
        self.left -= 1;
        match &mut self.kept {
            Some(kept) => kept.push(message),
            None if self.shop.out.is_table() => self.shop.out.line(draw(&message, &self.look))?,
            None => self.shop.out.json(&message)?,
        }
        Ok(self.left > 0)
    }

    fn end(self, job: &Job) -> Result<(), Failure> {
        if let Some(kept) = self.kept {
            return self.shop.out.json(&kept);
        }
        if self.shown == 0 {
            let Job { stream, wanted, .. } = job;
            self.shop.out.say(match (stream.messages, wanted.is_all()) {
                (0, _) => format!("{} is empty", stream.name),
                (_, true) => {
                    format!("{} has none there; it keeps {} to {}", stream.name, stream.first, stream.last)
                }
                (_, false) => format!("{} has none like that", stream.name),
            });
        }
        Ok(())
    }
}

/// How long to wait for what was just announced to be stored, and for whatever was not announced.
const LOOK_AGAIN: [Duration; 4] =
    [Duration::from_millis(5), Duration::from_millis(20), Duration::from_millis(100), Duration::from_secs(1)];
