//! `shopctl down`: stops the shop on this machine, services first.

use std::time::Instant;

use crate::failure::Failure;
use crate::output::{Output, Tone};
use crate::shop::Shop;
use crate::stack::ending::{self, END_TIME, Ended};
use crate::stack::{BROKER, broker};

/// Stop the shop on this machine; nothing is lost
///
/// Each service finishes what it has accepted, then the broker ends. What still runs after 12
/// seconds is killed; it loses nothing either, and goes on where it was at the next start.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl down
  shopctl down --data ./try      the one in another folder")]
pub(crate) struct Args {}

pub(crate) async fn run(shop: &Shop, _: Args) -> Result<(), Failure> {
    let folder = shop.folder()?;
    let runs = folder.parts().iter().any(|part| folder.process(part).is_some());
    // Without a folder there is nothing to lock either.
    let _lock = if folder.run().exists() { Some(folder.lock()?) } else { None };

    let parts = folder.parts();
    let services: Vec<&str> = parts.iter().map(String::as_str).filter(|part| *part != BROKER).collect();
    let began = Instant::now();
    let told = |part: &Ended| say(&shop.out, part, began);
    let mut ended = ending::end(&folder, &services, told).await;
    // Services answer and tell over the broker until their last moment, so it goes last.
    ended.extend(ending::end(&folder, &[BROKER], told).await);
    ending::check(&ended)?;
    if folder.process(BROKER).is_none() {
        broker::forget(&folder);
    }

    if !shop.out.is_table() {
        return shop.out.json(&serde_json::json!({ "data": folder.root(), "stopped": ended }));
    }
    if runs {
        shop.out.say(format!("The shop is closed; its data stays in {}", folder.root().display()));
        shop.out.next("shopctl up");
    } else {
        shop.out.say(format!("Nothing runs in {}", folder.root().display()));
    }
    Ok(())
}

fn say(out: &Output, part: &Ended, began: Instant) {
    let (mark, tone, how) = match (part.is_gone, part.killed) {
        (true, false) => ("✓", Tone::Good, "stopped".to_owned()),
        (true, true) => {
            ("!", Tone::Warn, format!("killed, because it did not end within {} s", END_TIME.as_secs()))
        }
        (false, _) => ("✗", Tone::Bad, "still runs".to_owned()),
    };
    let time = out.paint_note(Tone::Faint, &format!("{:>6} ms", began.elapsed().as_millis()));
    out.say(format!("{} {:<14} {time}   {:<8} {how}", out.paint_note(tone, mark), part.name, part.pid));
}
