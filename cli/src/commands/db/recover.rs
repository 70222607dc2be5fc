//! `shopctl db recover`: a database that is older than its stream takes up its own events again.

use std::time::Duration;

use kit::Call;
use kit::admin::{RecoverDatabase, Recovery};

use crate::failure::{Failure, exit};
use crate::output::Tone;
use crate::progress::Progress;
use crate::shop::Shop;
use crate::show;
use crate::stream::cells::facts;

/// How long one request may take, which takes up a bounded number of events.
const ANSWER_TIME: Duration = Duration::from_secs(55);

/// Have a database that is older than its stream take up what the stream still has of its events
///
/// Such a service accepts nothing and tells nothing, so that no number is given twice. Without --confirm it is only
/// said what would happen. Each message of the stream becomes a row of the outbox again under its number, and the
/// tables get what it says, if the service can take it up. Only catalog can do that of all its events: those of the
/// others say less than their tables hold. There, put all databases back to one moment: `shopctl backup restore`.
///
/// With --events-only the numbers are taken up also where the tables are not: the service works again, but its
/// tables do not know what was told between. What that is about is listed, for a person to look at, and the audit
/// shows what does not agree.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl db recover catalog                                   what would happen
  shopctl db recover catalog --confirm=catalog                 do it
  shopctl db recover order --events-only --confirm=order       numbers only; then: shopctl audit

Exit codes: 0 done or nothing to do, 9 it cannot be recovered, 10 the service does not answer.")]
pub(crate) struct Args {
    /// Which service; it must run
    #[arg(value_name = "SERVICE")]
    service: String,
    /// Take up the numbers of events too that the service cannot take up
    #[arg(long)]
    events_only: bool,
    /// Do it: the name of the service once more
    #[arg(long, value_name = "SERVICE")]
    confirm: Option<String>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let service = super::wanted(std::slice::from_ref(&args.service))?[0];
    if let Some(confirmed) = args.confirm.as_deref().filter(|confirmed| *confirmed != service) {
        let what = format!(
            "nothing was done: --confirm names {}, and it is about {service}",
            kit::text::printable(confirmed)
        );
        return Err(Failure::invalid("not_confirmed", what).mend(confirm(service, args.events_only)));
    }
    let apply = args.confirm.is_some();
    let asked = RecoverDatabase { apply, events_only: args.events_only };
    let mut all = ask(shop, service, &asked).await?;
    if apply && all.left > 0 {
        let total = usize::try_from(all.left).unwrap_or(usize::MAX);
        let progress = Progress::new(&shop.out, total, "events");
        while all.left > 0 {
            let more = ask(shop, service, &asked).await?;
            progress.add(usize::try_from(all.left.saturating_sub(more.left)).unwrap_or(0));
            join(&mut all, more);
        }
        progress.end();
    }
    if !shop.out.is_table() {
        return shop.out.json(&all);
    }
    tell(shop, service, &all, args.events_only)
}

async fn ask(shop: &Shop, service: &str, asked: &RecoverDatabase) -> Result<Recovery, Failure> {
    let call = Call { timeout: ANSWER_TIME, ..Call::default() };
    let subject = format!("{service}.recover_database");
    let answer: Result<Recovery, Failure> = shop.call_as(&subject, asked, call).await;
    answer.map_err(|failure| match failure.exit() {
        exit::REFUSED => failure
            .mend("shopctl backup restore FOLDER --replace      puts all services back to one moment")
            .mend(format!("{}      if a person looks after what is listed", confirm(service, true))),
        exit::UNAVAILABLE => failure.mend(format!("shopctl logs {service}")).mend("shopctl up"),
        _ => failure,
    })
}

fn confirm(service: &str, events_only: bool) -> String {
    let only = if events_only { " --events-only" } else { "" };
    format!("shopctl db recover {service}{only} --confirm={service}")
}

/// Adds what a further request has taken up.
fn join(all: &mut Recovery, more: Recovery) {
    for (subject, count) in more.taken {
        *all.taken.entry(subject).or_default() += count;
    }
    for (subject, count) in more.not_taken {
        *all.not_taken.entry(subject).or_default() += count;
    }
    let new = more.keys.into_iter().filter(|key| !all.keys.contains(key)).collect::<Vec<_>>();
    all.keys.extend(new);
    (all.last, all.left) = (more.last, more.left);
}

fn tell(shop: &Shop, service: &str, all: &Recovery, events_only: bool) -> Result<(), Failure> {
    if all.last < all.first {
        shop.out.say(format!("Nothing is to be recovered: {service} has every event of {}", all.stream));
        return Ok(());
    }
    let counted = |events: &std::collections::BTreeMap<String, u64>| {
        events.iter().map(|(subject, count)| format!("{count} {subject}")).collect::<Vec<_>>().join("\n")
    };
    let more = if all.left > 0 { format!(", and {} more", all.left) } else { String::new() };
    let said = [
        ("events", format!("{} to {} of {}{more}", all.first, all.last, all.stream)),
        ("taken up", counted(&all.taken)),
        ("not", counted(&all.not_taken)),
        ("look at", all.keys.join("\n")),
    ];
    shop.out.line(facts(&said, shop.out.width()))?;
    if all.applied {
        let mark = shop.out.paint_note(Tone::Good, "✓");
        shop.out.say(format!("{mark} {service} goes on behind event {}", all.last));
        if !all.keys.is_empty() {
            let count = show::count(all.keys.len() as u64, "thing", "things");
            shop.out
                .warn(format!("the tables of {service} do not know what was told of {count}; look at them"));
        }
        shop.out.next("shopctl audit");
    } else if all.not_taken.is_empty() || events_only {
        shop.out.next(confirm(service, events_only));
    } else {
        shop.out.warn(format!("{service} cannot take all of it up; its tables would not say what was told"));
        shop.out.next("shopctl backup restore FOLDER --replace      puts all services back to one moment");
    }
    Ok(())
}
