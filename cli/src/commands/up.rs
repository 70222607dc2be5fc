//! `shopctl up`: starts what does not run of the shop on this machine.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use crate::failure::Failure;
use crate::keys::Ring;
use crate::output::{Output, Tone};
use crate::shop::Shop;
use crate::show;
use crate::stack::broker::{self, Broker};
use crate::stack::listen::ListenArgs;
use crate::stack::mqtt;
use crate::stack::services::{self, Part, Plan};

const EXAMPLES: &str = "\
Examples:
  shopctl up                          in the usual data folder, the broker at port 4222
  shopctl up --data ./try --port 0    in a folder of its own, at any free port
  shopctl up --one-process            for the smallest machines
  shopctl up --listen 192.0.2.7 --tls-cert broker.pem --tls-key broker.key --tls-ca ca.pem";

/// Start the shop on this machine: the broker, and one process a service
///
/// The first start makes a key for each service and for the first operator, whose key is what other
/// commands ask with. What runs already is left alone, so it does no harm to run this twice. The
/// processes go on when this command ends; `shopctl down` stops them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Port of the broker, 0 for any that is free [default: 4222]
    #[arg(long, value_name = "N")]
    port: Option<u16>,

    /// Port for devices that speak MQTT, 0 for any that is free [default: 1883]
    #[arg(long, value_name = "N")]
    mqtt_port: Option<u16>,

    /// Run all services in one process
    #[arg(long)]
    one_process: bool,

    /// Configuration of the broker, instead of the one of this project; it must include "users.conf"
    #[arg(long, value_name = "FILE")]
    nats_conf: Option<PathBuf>,

    #[command(flatten)]
    listen: ListenArgs,
}

/// What runs, for programs.
#[derive(Debug, Serialize)]
struct Stack {
    data: PathBuf,
    url: String,
    /// Where devices that speak MQTT find the broker.
    mqtt: Option<String>,
    /// Whose keys were made.
    keys_made: Vec<String>,
    parts: Vec<Shown>,
}

#[derive(Debug, Serialize)]
struct Shown {
    name: String,
    pid: u32,
    started: bool,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let folder = shop.folder()?;
    folder.create()?;
    let _lock = folder.lock()?;
    let began = Instant::now();
    let say = |name: &str, is_new: bool, more: &str| shop.out.say(line(&shop.out, began, name, is_new, more));

    let plan = Plan::make(&folder, args.one_process)?;
    let (port, mqtt_port) = (args.port, args.mqtt_port);
    let wish = broker::Wish { port, mqtt_port, conf: args.nats_conf, listen: args.listen.wish()? };
    let ring = Ring::of(&folder);
    let made = ring.make()?;
    let broker = Broker::ensure(&folder, &wish, Some(Arc::new(ring.asker(shop.named_seed())?))).await?;
    let (url, mqtt) = (broker.link.url.clone(), mqtt::url(&folder));
    let (_, version) = broker.client.broker();
    say("broker", broker.is_new, &format!("{:<8} {url}   nats-server {version}", broker.pid));
    if let Some(mqtt) = mqtt.as_ref().filter(|_| shop.out.is_table()) {
        shop.out.say(format!("  devices speak MQTT at {mqtt}"));
    }

    let mut parts = plan.start(&folder, &broker.link)?;
    let new: Vec<u32> = parts.iter().filter(|part| part.started.is_some()).map(|part| part.pid).collect();
    let mut ill = Vec::new();
    services::answering(&folder, &broker.client, &services::names(), &mut parts, |health| {
        say(&health.service, new.contains(&health.pid), &health.pid.to_string());
        if !health.is_well() {
            ill.push(health.service);
        }
    })
    .await?;

    if !shop.out.is_table() {
        let parts =
            std::iter::once(Shown { name: "broker".to_owned(), pid: broker.pid, started: broker.is_new })
                .chain(parts.iter().map(Part::shown))
                .collect();
        return shop.out.json(&Stack { data: folder.root().to_owned(), url, mqtt, keys_made: made, parts });
    }
    let what = match (broker.is_new, new.len()) {
        (false, 0) => "Everything was running already".to_owned(),
        (_, _) => format!("The shop is open after {:.1} s", began.elapsed().as_secs_f64()),
    };
    shop.out.say(format!("{what}; its data is in {}", folder.root().display()));
    if !made.is_empty() {
        let what = show::count(made.len() as u64, "key was", "keys were");
        shop.out.say(format!("{what} made in {}", ring.folder().display()));
    }
    if !ill.is_empty() {
        shop.out.warn(format!("not everything is well with {}; shopctl status says more", ill.join(", ")));
    }
    let elsewhere = shop.address();
    if elsewhere.url != url {
        shop.out
            .warn(format!("other commands will ask at {}, not here: {}", elsewhere.url, elsewhere.said_by));
    }
    shop.out.next("shopctl status");
    shop.out.next("shopctl product import FILE      and shopctl order place --item SKU:2 --wait");
    Ok(())
}

impl Part {
    fn shown(&self) -> Shown {
        Shown { name: self.name.clone(), pid: self.pid, started: self.started.is_some() }
    }
}

fn line(out: &Output, began: Instant, name: &str, is_new: bool, more: &str) -> String {
    let (mark, state) = if is_new { ("✓", "started") } else { ("·", "running") };
    let mark = out.paint_note(if is_new { Tone::Good } else { Tone::Faint }, mark);
    let time = out.paint_note(Tone::Faint, &format!("{:>6} ms", began.elapsed().as_millis()));
    format!("{mark} {name:<14} {state}  {time}   {more}")
}
