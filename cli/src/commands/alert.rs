//! `shopctl alert`: rules over what devices say, and the alarms they raise.

mod put;
mod rule;

use clap::Subcommand;
use contracts::alert::{
    AcknowledgeAlarm, AlarmState, AlarmView, ClearAlarm, GetAlarm, ListAlarms, ListRules, RuleName, RuleView,
    Severity,
};
use contracts::{AlarmId, DeviceId};

use crate::args::Once;
use crate::failure::Failure;
use crate::output::{Cell, Table, Tone};
use crate::pages::{self, Extent};
use crate::shop::Shop;
use crate::{pick, row, show};

/// Alarms of devices, and the rules that raise them
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Ls(Ls),
    #[command(visible_alias = "show")]
    Get(Get),
    Ack(Ack),
    Clear(Clear),
    Rules(Rules),
    #[command(subcommand)]
    Rule(rule::Command),
}

/// List open alarms, the newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl alert ls
  shopctl alert ls --over --rule cold-store-warm -o json")]
pub(crate) struct Ls {
    /// Also those that are over
    #[arg(long)]
    over: bool,
    /// Only of this device
    #[arg(long, value_name = "ID", value_parser = pick::id::<DeviceId>)]
    device: Option<DeviceId>,
    /// Only of this rule
    #[arg(long, value_name = "NAME")]
    rule: Option<RuleName>,
    #[command(flatten)]
    extent: Extent,
}

/// Show an alarm
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl alert get alm_01h2e8kqvbfwea724h75qc655w")]
pub(crate) struct Get {
    /// Which alarm
    #[arg(value_name = "ID", value_parser = pick::id::<AlarmId>)]
    alarm: AlarmId,
}

/// Say that you look after an alarm: it is escalated no further
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl alert ack alm_01h2e8kqvbfwea724h75qc655w --note 'the door was open'")]
pub(crate) struct Ack {
    /// Which alarm
    #[arg(value_name = "ID", value_parser = pick::id::<AlarmId>)]
    alarm: AlarmId,
    /// What is being done
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
    #[command(flatten)]
    once: Once,
}

/// Clear an alarm by hand; if its rule still holds, it is raised anew
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl alert clear alm_01h2e8kqvbfwea724h75qc655w --note 'the sensor was in the sun'")]
pub(crate) struct Clear {
    /// Which alarm
    #[arg(value_name = "ID", value_parser = pick::id::<AlarmId>)]
    alarm: AlarmId,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
    #[command(flatten)]
    once: Once,
}

/// List rules by name
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl alert rules
  shopctl alert rules --all -o jsonl")]
pub(crate) struct Rules {
    #[command(flatten)]
    extent: Extent,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Ls(args) => ls(shop, args).await,
        Command::Get(args) => get(shop, args).await,
        Command::Ack(args) => ack(shop, args).await,
        Command::Clear(args) => clear(shop, args).await,
        Command::Rules(args) => rules(shop, args).await,
        Command::Rule(command) => rule::run(shop, command).await,
    }
}

async fn ls(shop: &Shop, Ls { over, device, rule, extent }: Ls) -> Result<(), Failure> {
    let ask = |after, limit| ListAlarms { all: over, device, rule: rule.clone(), after, limit };
    let table = |items: &[AlarmView]| {
        let header = ["alarm", "severity", "state", "device", "rule", "why", "count", "raised"];
        Table::new(&header).right(&[6]).whole(&[0, 1, 2, 3, 6]).rows(items.iter().map(|alarm| {
            row![
                alarm.alarm,
                severity(alarm.severity),
                alarm.state.word(),
                alarm.device,
                alarm.rule.as_str(),
                &alarm.why,
                alarm.count,
                show::time(alarm.raised_at),
            ]
        }))
    };
    pages::show(shop, extent, ask, |page| (page.items, page.next), table).await
}

async fn get(shop: &Shop, args: Get) -> Result<(), Failure> {
    let alarm = shop.call(&GetAlarm { alarm: args.alarm }).await?;
    if !shop.out.is_table() {
        return shop.out.json(&alarm);
    }
    shop.out.line(show::facts(&facts(&alarm)))?;
    if alarm.state == AlarmState::Active {
        shop.out.next(format!("shopctl alert ack {}", alarm.alarm));
    }
    Ok(())
}

fn facts(alarm: &AlarmView) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("alarm", alarm.alarm.to_string()),
        ("why", alarm.why.clone()),
        ("severity", alarm.severity.word().to_owned()),
        ("state", alarm.state.word().to_owned()),
        ("device", alarm.device.to_string()),
        ("site", alarm.site.as_ref().map_or("not known".to_owned(), ToString::to_string)),
        ("rule", alarm.rule.to_string()),
        ("since", show::time(alarm.since)),
        ("raised", show::time(alarm.raised_at)),
        (
            "seen",
            format!("{}, last {}", show::count(alarm.count, "time", "times"), show::time(alarm.last_at)),
        ),
    ];
    facts.extend(alarm.last_value.map(|value| ("last value", value.to_string())));
    facts.extend((alarm.escalations > 0).then(|| ("escalated", alarm.escalations.to_string())));
    facts.extend(alarm.acknowledged_at.map(|at| ("acknowledged", show::time(at))));
    facts.extend(alarm.cleared_at.map(|at| ("over", format!("{} ({})", show::time(at), alarm.cleared_by))));
    facts.extend((!alarm.note.is_empty()).then(|| ("note", alarm.note.clone())));
    facts
}

async fn ack(shop: &Shop, args: Ack) -> Result<(), Failure> {
    let asked = AcknowledgeAlarm { alarm: args.alarm, note: args.note };
    let alarm = shop.call_once(&asked, &args.once).await?;
    changed(shop, &alarm, "you look after it")
}

async fn clear(shop: &Shop, args: Clear) -> Result<(), Failure> {
    let alarm = shop.call_once(&ClearAlarm { alarm: args.alarm, note: args.note }, &args.once).await?;
    changed(shop, &alarm, "it is over")
}

/// Says what became of an alarm: its number for programs, the rest for people.
fn changed(shop: &Shop, alarm: &AlarmView, what: &str) -> Result<(), Failure> {
    if !shop.out.is_table() {
        return shop.out.json(alarm);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(format!("{mark} {what}: {}", alarm.why));
    shop.out.line(alarm.alarm.to_string())
}

async fn rules(shop: &Shop, Rules { extent }: Rules) -> Result<(), Failure> {
    let ask = |after, limit| ListRules { after, limit };
    let table = |items: &[RuleView]| {
        let header = ["rule", "severity", "for", "when", "then", "changed"];
        Table::new(&header).whole(&[0, 1]).rows(items.iter().map(|RuleView { rule, changed_at }| {
            let state = if rule.enabled { severity(rule.severity) } else { Cell::from("off") };
            row![
                rule.name.as_str(),
                state,
                rule::scope(&rule.of),
                rule::when(&rule.when),
                rule::then(rule.action.as_ref()),
                show::time(*changed_at),
            ]
        }))
    };
    pages::show(shop, extent, ask, |page| (page.items, page.next), table).await
}

fn severity(severity: Severity) -> Cell {
    match severity {
        Severity::Critical => Cell::toned(severity.word(), Tone::Bad),
        Severity::Major => Cell::toned(severity.word(), Tone::Warn),
        Severity::Minor | Severity::Warning => Cell::from(severity.word()),
    }
}
