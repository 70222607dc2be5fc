//! `shopctl alert rule`: setting, showing and removing a rule; and a rule in words.

use clap::Subcommand;
use contracts::alert::{Action, Beyond, Condition, GetRule, PutRule, RemoveRule, RuleName, RuleView, Scope};

use super::put;
use crate::args::Once;
use crate::failure::Failure;
use crate::output::Tone;
use crate::shop::Shop;
use crate::show;

/// One rule: set it, show it, remove it
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Put(Box<put::Args>),
    #[command(visible_alias = "show")]
    Get(Get),
    Rm(Rm),
}

/// Show a rule
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl alert rule get cold-store-warm
  shopctl alert rule get cold-store-warm -o json | jq .rule > rule.json")]
pub(crate) struct Get {
    /// Which rule
    #[arg(value_name = "NAME")]
    rule: RuleName,
}

/// Remove a rule; its open alarms are cleared
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl alert rule rm cold-store-warm")]
pub(crate) struct Rm {
    /// Which rule
    #[arg(value_name = "NAME")]
    rule: RuleName,
    #[command(flatten)]
    once: Once,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Put(args) => set(shop, *args).await,
        Command::Get(args) => get(shop, args).await,
        Command::Rm(args) => rm(shop, args).await,
    }
}

async fn set(shop: &Shop, args: put::Args) -> Result<(), Failure> {
    let once = args.once.clone();
    let rule = put::rule(shop, args)?;
    let view = shop.call_once(&PutRule { rule }, &once).await?;
    changed(shop, &view, &format!("it is set: {}", when(&view.rule.when)))
}

async fn get(shop: &Shop, args: Get) -> Result<(), Failure> {
    let view = shop.call(&GetRule { name: args.rule }).await?;
    if !shop.out.is_table() {
        return shop.out.json(&view);
    }
    let RuleView { rule, changed_at } = view;
    let mut facts = vec![
        ("rule", rule.name.to_string()),
        ("for", scope(&rule.of)),
        ("when", when(&rule.when)),
        ("severity", rule.severity.word().to_owned()),
    ];
    if let Some(schedule) = &rule.schedule {
        let days: Vec<String> = schedule.days.iter().map(|day| format!("{day:?}").to_lowercase()).collect();
        let days = if days.is_empty() { "every day".to_owned() } else { days.join(", ") };
        facts.push(("hours", format!("{days}, {} to {} {}", schedule.from, schedule.to, schedule.zone)));
    }
    if rule.escalate_after > 0 {
        facts.push(("escalated", format!("after {}", lasting(rule.escalate_after))));
    }
    if rule.action.is_some() {
        facts.push(("then", then(rule.action.as_ref())));
    }
    facts.push(("counts", if rule.enabled { "yes" } else { "no" }.to_owned()));
    facts.push(("changed", show::time(changed_at)));
    shop.out.line(show::facts(&facts))
}

async fn rm(shop: &Shop, args: Rm) -> Result<(), Failure> {
    let view = shop.call_once(&RemoveRule { name: args.rule }, &args.once).await?;
    changed(shop, &view, "it is removed")
}

fn changed(shop: &Shop, view: &RuleView, what: &str) -> Result<(), Failure> {
    if !shop.out.is_table() {
        return shop.out.json(view);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(format!("{mark} {what}"));
    shop.out.line(view.rule.name.as_str())
}

/// For which devices, in words.
pub(super) fn scope(of: &Scope) -> String {
    match of {
        Scope::All => "all devices".to_owned(),
        Scope::Site(site) => format!("site {site}"),
        Scope::Profile(profile) => format!("profile {profile}"),
        Scope::Devices(devices) => match &devices[..] {
            [one] => one.to_string(),
            many => format!("{} devices", many.len()),
        },
    }
}

/// What must hold, in words.
pub(super) fn when(condition: &Condition) -> String {
    match condition {
        Condition::Threshold { metric, beyond, limit, clear, seconds, clear_seconds } => {
            let mut text = format!("{metric} {} {limit}{}", side(*beyond), lasts(*seconds));
            if clear.is_some() || *clear_seconds > 0 {
                text += &format!(", calm at {}{}", clear.unwrap_or(*limit), lasts(*clear_seconds));
            }
            text
        }
        Condition::Count { metric, beyond, limit, times, of, within_seconds } => {
            let within = match within_seconds {
                0 => String::new(),
                seconds => format!(" within {}", lasting(*seconds)),
            };
            format!("{metric} {} {limit} in {times} of {of}{within}", side(*beyond))
        }
        Condition::Rate { metric, beyond, limit, over_seconds } => {
            let verb = if *beyond == Beyond::Above { "rises" } else { "falls" };
            format!("{metric} {verb} by {} a minute over {}", limit.abs(), lasting(*over_seconds))
        }
        Condition::Silent { metric: Some(metric), seconds } => {
            format!("no {metric}{}", lasts(*seconds))
        }
        Condition::Silent { metric: None, seconds } => format!("silent{}", lasts(*seconds)),
        Condition::Offline { seconds } => format!("offline{}", lasts(*seconds)),
        Condition::Settled { metric, within, seconds } => {
            format!("{metric} within {within}{}", lasts(*seconds))
        }
    }
}

/// What the shop does then, in words.
pub(super) fn then(action: Option<&Action>) -> String {
    match action {
        None => String::new(),
        Some(Action::HoldLot { sku }) => format!("hold {sku}"),
        Some(Action::CountStock { sku, .. }) => format!("count {sku}"),
    }
}

fn side(beyond: Beyond) -> &'static str {
    match beyond {
        Beyond::Above => "above",
        Beyond::Below => "below",
    }
}

fn lasts(seconds: u32) -> String {
    if seconds == 0 { String::new() } else { format!(" for {}", lasting(seconds)) }
}

/// A time as it is typed: `90s`, `10m`, `2h` or `7d`.
fn lasting(seconds: u32) -> String {
    match seconds {
        0 => "0s".to_owned(),
        s if s.is_multiple_of(86_400) => format!("{}d", s / 86_400),
        s if s.is_multiple_of(3600) => format!("{}h", s / 3600),
        s if s.is_multiple_of(60) => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

#[cfg(test)]
mod tests {
    use contracts::alert::Rule;
    use kit::Example;

    use super::*;

    #[test]
    fn a_rule_is_said_in_words() {
        let Rule { of, when: condition, action, .. } = Rule::example();
        assert_eq!(scope(&of), "site seattle");
        assert_eq!(when(&condition), "temperature above 8 for 10m, calm at 6 for 1m");
        assert_eq!(then(action.as_ref()), "hold mug-blue");
        assert_eq!(when(&Condition::Silent { metric: None, seconds: 90 }), "silent for 90s");
    }
}
