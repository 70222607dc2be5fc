//! `shopctl trace`: every hop of an order, from the journals of the services themselves.

mod find;
mod follow;
mod meant;

use clap::Subcommand;
use contracts::order::OrderView;
use jiff::tz::TimeZone;

use self::meant::About;
use crate::failure::{Failure, exit};
use crate::output::Format;
use crate::shop::Shop;
use crate::trace::draw::{Style, WIDTH_MIN, render};
use crate::trace::gather::{ANSWER_TIME, Gathered, gather};
use crate::trace::{Silent, Story, mermaid, otlp};

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
/// commit (▒). A lighter line below it is an event that it told (◆), with its place in the stream;
/// what could not be acted on (✗) and what waits to be done (◌) stand there too.
///
/// The end of an identifier will do, from 4 characters on: every service is asked what ends so. A
/// whole identifier beats an end, and a key such as an order beats an event or a request of the same
/// flow. Bodies hold no passwords, codes or tokens: those are never kept.
#[derive(Debug, clap::Args)]
#[command(
    subcommand_negates_reqs = true,
    override_usage = "shopctl trace [OPTIONS] <ID>\n       shopctl trace find [OPTIONS]",
    after_help = "\
Examples:
  shopctl trace ord_01h2e8kqvbfwea724h75qc655w
  shopctl trace 655w                                the only thing whose identifier ends so
  shopctl trace 655w --follow                       until its order waits for nothing any more
  shopctl trace 655w --payloads --width 160 | less
  shopctl trace find --since 1h --failed            which flows there were
  shopctl trace 655w -o otlp > order.json           for OpenTelemetry tools
  shopctl trace 655w -o mermaid                     as a sequence diagram
  shopctl trace 4bf92f3577b34da6a3ce929d0e0e4736 -o json | jq '.flows[].stretches[].steps[]'"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    show: Show,
}

/// What can be asked for beside one drawing.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Find(find::Args),
}

/// What to draw, and how.
#[derive(Debug, clap::Args)]
struct Show {
    /// An order, a payment, a cart, a message, an event, a request's key, a trace, or the end of one
    #[arg(value_name = "ID", required = true)]
    id: Option<String>,
    /// Draw it again whenever something happens, until it waits for nothing any more
    #[arg(short, long)]
    follow: bool,
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

impl Args {
    /// Whether it is one drawing that is asked for, which has more forms than other results.
    pub(crate) fn is_drawing(&self) -> bool {
        self.command.is_none()
    }
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    match args.command {
        Some(Command::Find(args)) => find::run(shop, args).await,
        None => show(shop, args.show).await,
    }
}

async fn show(shop: &Shop, args: Show) -> Result<(), Failure> {
    let id = args.id.as_deref().unwrap_or_default();
    if args.follow && shop.out.format().is_export() {
        return Err(Failure::invalid(
            "usage",
            "--follow cannot go with -o otlp or mermaid: they are written once",
        )
        .mend("leave out --follow, or use -o jsonl: one change a line"));
    }
    let about = meant::about(shop, id).await?;
    if args.follow {
        return follow::run(shop, &args, about).await;
    }
    let (story, _) = story(shop, &about, args.payloads).await?;
    print(shop, &args, &story)
}

/// What became of it, and its order if it is about one.
async fn story(shop: &Shop, about: &About, bodies: bool) -> Result<(Story, Option<OrderView>), Failure> {
    let client = &shop.asker().await?;
    let gathered = gather(client, about.wanted.clone(), bodies, shop.timeout.min(ANSWER_TIME)).await;
    if gathered.flows.is_empty() {
        return Err(nothing(about, &gathered.silent));
    }
    let Gathered { flows, silent, left_out } = gathered;
    let view = about.view(shop, &flows).await;
    let facts = about.facts(view.as_ref());
    Ok((Story { about: about.name.clone(), facts, flows, silent, left_out }, view))
}

fn print(shop: &Shop, args: &Show, story: &Story) -> Result<(), Failure> {
    match shop.out.format() {
        Format::Table => shop.out.line(draw(shop, args, story).trim_end()),
        Format::Json | Format::Jsonl => shop.out.json(story),
        Format::Otlp => {
            say_silent(shop, story);
            shop.out.json(&otlp::export(story))
        }
        Format::Mermaid => shop.out.line(mermaid::diagram(story).trim_end()),
    }
}

fn draw(shop: &Shop, args: &Show, story: &Story) -> String {
    let style = Style {
        ascii: args.ascii,
        colour: shop.out.has_colour(),
        payloads: args.payloads,
        zone: TimeZone::system(),
    };
    let width = args.width.or(shop.out.width()).unwrap_or(WIDTH_DEFAULT);
    render(story, width.min(WIDTH_MAX), &style)
}

/// OTLP has no place for what is missing.
fn say_silent(shop: &Shop, story: &Story) {
    for Silent { service, why } in &story.silent {
        shop.out.warn(format!("{service}: {why}; its steps are missing"));
    }
    let cut: Vec<&str> = story.flows.iter().flat_map(|flow| &flow.cut).map(String::as_str).collect();
    if !cut.is_empty() {
        shop.out.warn(format!("{} told only the oldest part of what was done there", cut.join(", ")));
    }
}

fn nothing(about: &About, silent: &[Silent]) -> Failure {
    let silent: Vec<&str> = silent.iter().map(|Silent { service, .. }| service.as_str()).collect();
    let message = format!("no journal has anything about {}", about.name);
    let failure = match silent.len() {
        0 => Failure::new(exit::NOT_FOUND, "nothing_found", message).why("journals are kept for 7 days"),
        _ => Failure::new(exit::UNAVAILABLE, "nothing_found", message)
            .why(format!("{} did not answer", silent.join(", ")))
            .mend("shopctl status"),
    };
    failure
        .mend("shopctl trace find --since 1h      shows which flows there were")
        .mend("shopctl order ls      shows orders and their numbers")
}

fn width(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(width @ WIDTH_MIN..=WIDTH_MAX) => Ok(width),
        _ => Err(format!("a drawing is {WIDTH_MIN} to {WIDTH_MAX} characters wide")),
    }
}
