//! `shopctl device activate`, `suspend` and `retire`: what becomes of devices, one or many.

use contracts::DeviceId;
use contracts::device::{ActivateDevice, DeviceState, DeviceView, RetireDevice, SuspendDevice};
use kit::message::Request;
use serde::Serialize;

use crate::args::Once;
use crate::commands::dlq::question;
use crate::failure::{Failure, exit};
use crate::output::{Format, Tone};
use crate::pick;
use crate::shop::Shop;
use crate::show::count;

/// Take devices into use, or into use again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl device activate dev_01h2e8kqvbfwea724h75qc655w
  shopctl device activate dev_01h2e8kqvbfwea724h75qc655w dev_01h2e8kqvbfwea724h75qc655x")]
pub(crate) struct Activate {
    #[command(flatten)]
    which: Which,
}

/// Disconnect devices until they are activated again; they keep their secrets
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl device suspend dev_01h2e8kqvbfwea724h75qc655w
  shopctl device suspend dev_01h2e8kqvbfwea724h75qc655w dev_01h2e8kqvbfwea724h75qc655x")]
pub(crate) struct Suspend {
    #[command(flatten)]
    which: Which,
}

/// Disconnect devices for good: they lose their secrets, and nothing brings them back
///
/// What they measured stays.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl device retire dev_01h2e8kqvbfwea724h75qc655w
  shopctl device retire dev_01h2e8kqvbfwea724h75qc655w --yes      does not ask")]
pub(crate) struct Retire {
    #[command(flatten)]
    which: Which,
    /// Do it without asking
    #[arg(short, long)]
    yes: bool,
}

/// The devices that are meant.
#[derive(Debug, clap::Args)]
struct Which {
    /// Which devices
    #[arg(value_name = "ID", required = true, value_parser = pick::id::<DeviceId>)]
    devices: Vec<DeviceId>,
    #[command(flatten)]
    once: Once,
}

/// What became of one of them, for programs.
#[derive(Debug, Serialize)]
struct Moved {
    device: DeviceId,
    /// None if it was not moved, or if that is not known.
    state: Option<DeviceState>,
    error: Option<Refused>,
}

#[derive(Debug, Serialize)]
struct Refused {
    code: String,
    message: String,
}

pub(super) async fn activate(shop: &Shop, args: Activate) -> Result<(), Failure> {
    each(shop, args.which, |device| ActivateDevice { device }, "activated").await
}

pub(super) async fn suspend(shop: &Shop, args: Suspend) -> Result<(), Failure> {
    each(shop, args.which, |device| SuspendDevice { device }, "suspended").await
}

pub(super) async fn retire(shop: &Shop, args: Retire) -> Result<(), Failure> {
    let devices = args.which.once_each();
    if !args.yes {
        let which = match devices.as_slice() {
            [one] => one.to_string(),
            many => count(many.len() as u64, "device", "devices"),
        };
        let question = format!("Retire {which} for good? Nothing brings a retired device back.");
        let kept = |why: &str| {
            Failure::invalid("needs_yes", format!("nothing was retired: {why}"))
                .mend("the same command with --yes")
                .mend("shopctl device suspend ID ...      disconnects devices until they are activated again")
        };
        match question::ask(shop, &question).await? {
            Some(true) => {}
            Some(false) => return Err(kept("the answer was not yes")),
            None => return Err(kept("nobody can be asked whether this is meant")),
        }
    }
    each(shop, args.which, |device| RetireDevice { device }, "retired").await
}

impl Which {
    /// Each of them once, in the order in which they were named.
    fn once_each(&self) -> Vec<DeviceId> {
        let mut each: Vec<DeviceId> = Vec::with_capacity(self.devices.len());
        for device in &self.devices {
            if !each.contains(device) {
                each.push(*device);
            }
        }
        each
    }
}

/// Moves one after the other. One that is refused leaves the others alone; if nobody answers, the rest is not asked.
async fn each<R: Request<Reply = DeviceView>>(
    shop: &Shop,
    which: Which,
    ask: impl Fn(DeviceId) -> R,
    what: &str,
) -> Result<(), Failure> {
    let devices = which.once_each();
    // Without a connection nothing is said of any of them.
    shop.client().await?;
    let (mut moved, mut worst, mut tried) = (Vec::new(), 0, 0);
    for device in &devices {
        // Each is a change of its own; a key that was given is told apart by the device.
        let once = match &which.once.idempotency_key {
            Some(key) if devices.len() > 1 => Once { idempotency_key: Some(format!("{key}:{device}")) },
            _ => which.once.clone(),
        };
        let answer = shop.call_once(&ask(*device), &once).await;
        tried += 1;
        let goes_on = answer.as_ref().err().is_none_or(|failure| is_about_one(failure.exit()));
        worst = worst.max(answer.as_ref().err().map_or(0, Failure::exit));
        if shop.out.is_table() {
            tell(shop, *device, &answer, what)?;
        } else {
            let one = Moved::of(*device, answer);
            if shop.out.format() == Format::Jsonl {
                shop.out.json(&one)?;
            }
            moved.push(one);
        }
        if !goes_on {
            break;
        }
    }
    if shop.out.format() == Format::Json {
        shop.out.json(&moved)?;
    }
    if tried < devices.len() {
        let left = count((devices.len() - tried) as u64, "device was", "devices were");
        shop.out.warn(format!("{left} not asked about; the same command again does the rest"));
    }
    if worst == 0 { Ok(()) } else { Err(Failure::shown(worst)) }
}

/// Whether a failure is about one device, and not about whoever answers for all.
fn is_about_one(code: u8) -> bool {
    matches!(code, exit::USAGE | exit::NOT_FOUND | exit::CONFLICT | exit::REFUSED)
}

/// Says it as it is known: the id for programs, the rest for people.
fn tell(
    shop: &Shop,
    device: DeviceId,
    answer: &Result<DeviceView, Failure>,
    what: &str,
) -> Result<(), Failure> {
    match answer {
        Ok(_) => {
            shop.out.say(format!("{} it is {what}", shop.out.paint_note(Tone::Good, "✓")));
            shop.out.line(device.to_string())
        }
        Err(failure) => {
            shop.out.failure(failure);
            Ok(())
        }
    }
}

impl Moved {
    fn of(device: DeviceId, answer: Result<DeviceView, Failure>) -> Self {
        match answer {
            Ok(view) => Self { device, state: Some(view.state), error: None },
            Err(failure) => {
                let (code, message) = (failure.code().to_owned(), failure.message().to_owned());
                Self { device, state: None, error: Some(Refused { code, message }) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kit::Example;

    use super::*;

    #[test]
    fn who_is_named_twice_is_moved_once() {
        let (one, other) = (DeviceId::example(), "dev_01h2e8kqvbfwea724h75qc655x".parse().unwrap());
        let which = Which { devices: vec![one, other, one], once: Once::default() };
        assert_eq!(which.once_each(), [one, other]);
    }

    #[test]
    fn a_refusal_is_about_one_device_and_silence_is_about_all() {
        assert!(is_about_one(exit::NOT_FOUND) && is_about_one(exit::CONFLICT));
        assert!(!is_about_one(exit::UNAVAILABLE) && !is_about_one(exit::FORBIDDEN));
    }
}
