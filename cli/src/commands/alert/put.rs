//! `shopctl alert rule put`: a rule from options, or from a file.

use std::path::PathBuf;
use std::time::Duration;

use clap::ArgGroup;
use contracts::alert::rule::{Day, Schedule};
use contracts::alert::{Action, Beyond, Condition, Rule, RuleName, Scope, Severity};
use contracts::readings::{Metric, Site};
use contracts::{DeviceId, Sku};

use crate::args::Once;
use crate::failure::Failure;
use crate::import::file;
use crate::pick;
use crate::shop::Shop;

/// What has no limit to come back behind, and no readings beyond one to count.
const NO_LIMIT: [&str; 5] = ["rises", "falls", "silent", "offline", "settles"];

/// What stands in a rule of a file, and so cannot be said beside it.
const OPTIONS: [&str; 20] = [
    "metric",
    "lasting",
    "clear",
    "clear_for",
    "times",
    "of",
    "within",
    "site",
    "profile",
    "device",
    "severity",
    "escalate_after",
    "hours",
    "days",
    "zone",
    "hold_sku",
    "count_sku",
    "piece_weight",
    "tare",
    "disabled",
];

/// Set a rule, or another one in its place
///
/// What must hold is said by one of --above, --below, --rises, --falls, --silent, --offline and --settles. With
/// --clear an alarm is only over when the value is back at that one, so that a value around its limit is told
/// of once. With --for it must hold for so long, also over a restart.
#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("what").required(true)
        .args(["above", "below", "rises", "falls", "silent", "offline", "settles", "file"]),
    group = ArgGroup::new("devices").args(["site", "profile", "device"]),
    group = ArgGroup::new("schedule").multiple(true).args(["hours", "days"]),
    after_help = "\
Examples:
  shopctl alert rule put cold-store-warm --metric temperature --above 8 --clear 6 --for 10m --site seattle
  shopctl alert rule put cold-store-hot --metric temperature --above 12 --severity critical --hold-sku milk-1l
  shopctl alert rule put door-banging --metric door --above 0 --times 20 --of 50 --within 10m
  shopctl alert rule put silent --silent --for 30m --hours 08:00-18:00 --zone Europe/Berlin
  shopctl alert rule put shelf-3 --metric weight --settles 5 --for 10s --count-sku mug-blue --piece-weight 0.34
  shopctl alert rule put cold-store-warm --file rule.json"
)]
pub(crate) struct Args {
    /// Its name: lower case letters, digits, - and _
    #[arg(value_name = "NAME")]
    rule: RuleName,
    /// The rule as JSON, as `alert rule get -o json` has it under `rule`; or - for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = OPTIONS)]
    file: Option<PathBuf>,
    /// Which value
    #[arg(long, conflicts_with = "offline")]
    metric: Option<Metric>,
    /// It is above this
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true, requires = "metric", value_parser = number)]
    above: Option<f64>,
    /// It is below this
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true, requires = "metric", value_parser = number)]
    below: Option<f64>,
    /// It rises by more than this a minute
    #[arg(long, value_name = "VALUE", requires = "metric", value_parser = number)]
    rises: Option<f64>,
    /// It falls by more than this a minute
    #[arg(long, value_name = "VALUE", requires = "metric", value_parser = number)]
    falls: Option<f64>,
    /// Nothing is heard of the device; with --metric, nothing of that value
    #[arg(long, requires = "lasting")]
    silent: bool,
    /// The device is offline
    #[arg(long)]
    offline: bool,
    /// It comes to rest and moves no more than this; with --count-sku
    #[arg(long, value_name = "VALUE", requires_all = ["metric", "count_sku", "lasting"], value_parser = number)]
    settles: Option<f64>,
    /// It must hold for so long; for --rises and --falls, the time over which it is measured [default: 1m]
    #[arg(id = "lasting", long = "for", value_name = "TIME", value_parser = pick::duration)]
    lasting: Option<Duration>,
    /// It is calm again at this value
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true, value_parser = number, conflicts_with_all = NO_LIMIT)]
    clear: Option<f64>,
    /// It must be calm for so long
    #[arg(long, value_name = "TIME", value_parser = pick::duration, conflicts_with_all = NO_LIMIT)]
    clear_for: Option<Duration>,
    /// Only if it is beyond so many times
    #[arg(long, value_name = "N", requires = "of", conflicts_with_all = ["lasting", "clear", "clear_for"])]
    times: Option<u32>,
    /// Of so many readings
    #[arg(long, value_name = "M", requires = "times", conflicts_with_all = NO_LIMIT)]
    of: Option<u32>,
    /// And only those of so long a time
    #[arg(long, value_name = "TIME", value_parser = pick::duration, requires = "times")]
    within: Option<Duration>,
    /// For the devices of this site [default: for all]
    #[arg(long)]
    site: Option<Site>,
    /// For the devices of this profile
    #[arg(long)]
    profile: Option<String>,
    /// For this device; may be given more than once
    #[arg(long, value_name = "ID", value_parser = pick::id::<DeviceId>)]
    device: Vec<DeviceId>,
    /// How much it matters: warning, minor, major or critical
    #[arg(long, default_value = "major")]
    severity: Severity,
    /// Told again, more severe, if nobody acknowledges it for so long
    #[arg(long, value_name = "TIME", value_parser = pick::duration)]
    escalate_after: Option<Duration>,
    /// Only between these times of day
    #[arg(long, value_name = "FROM-TO")]
    hours: Option<String>,
    /// Only on these days, such as mon,tue
    #[arg(long, value_name = "DAYS", value_delimiter = ',', value_parser = day)]
    days: Vec<Day>,
    /// By the clocks of this zone
    #[arg(long, default_value = "UTC", requires = "schedule")]
    zone: String,
    /// Let nothing of this product be sold until `stock release`
    #[arg(long, value_name = "SKU", value_parser = pick::sku, conflicts_with = "count_sku")]
    hold_sku: Option<Sku>,
    /// Take what is weighed for the stock of this product
    #[arg(long, value_name = "SKU", value_parser = pick::sku, requires_all = ["piece_weight", "settles"])]
    count_sku: Option<Sku>,
    /// What a piece weighs
    #[arg(long, value_name = "WEIGHT", requires = "count_sku", value_parser = number)]
    piece_weight: Option<f64>,
    /// What is weighed with it
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.0, hide_default_value = true, requires = "count_sku", value_parser = number)]
    tare: f64,
    /// Keep it, but let it raise nothing
    #[arg(long)]
    disabled: bool,
    #[command(flatten)]
    pub(super) once: Once,
}

/// The rule that is meant.
pub(super) fn rule(shop: &Shop, args: Args) -> Result<Rule, Failure> {
    let Some(path) = &args.file else { return from_options(args).map_err(wrong) };
    let name = file::name(path);
    let text = file::read(shop, path)?;
    let rule: Rule = serde_json::from_slice(text.as_ref())
        .map_err(|error| wrong(format!("{name} is not a rule as JSON: {error}")))?;
    if rule.name != args.rule {
        return Err(wrong(format!("{name} holds the rule {}, not {}", rule.name, args.rule)));
    }
    Ok(rule)
}

fn wrong(message: String) -> Failure {
    Failure::invalid("usage", message)
}

fn from_options(args: Args) -> Result<Rule, String> {
    let when = condition(&args)?;
    let of = match (args.site, args.profile, args.device) {
        (Some(site), ..) => Scope::Site(site),
        (_, Some(profile), _) => Scope::Profile(profile),
        (_, _, devices) if !devices.is_empty() => Scope::Devices(devices),
        _ => Scope::All,
    };
    let action = match (args.hold_sku, args.count_sku, args.piece_weight) {
        (Some(sku), ..) => Some(Action::HoldLot { sku }),
        (_, Some(sku), Some(piece_weight)) => Some(Action::CountStock { sku, piece_weight, tare: args.tare }),
        _ => None,
    };
    let (from, to) = match &args.hours {
        None => ("00:00", "00:00"),
        Some(hours) => hours.split_once('-').ok_or("--hours is two times, such as 08:00-18:00")?,
    };
    let schedule = (args.hours.is_some() || !args.days.is_empty()).then(|| Schedule {
        days: args.days,
        from: from.to_owned(),
        to: to.to_owned(),
        zone: args.zone,
    });
    Ok(Rule {
        name: args.rule,
        of,
        when,
        severity: args.severity,
        schedule,
        escalate_after: seconds(args.escalate_after)?,
        action,
        enabled: !args.disabled,
    })
}

fn condition(args: &Args) -> Result<Condition, String> {
    let lasting = seconds(args.lasting)?;
    if args.offline {
        return Ok(Condition::Offline { seconds: lasting });
    }
    if args.silent {
        return Ok(Condition::Silent { metric: args.metric.clone(), seconds: lasting });
    }
    let metric = args.metric.clone().ok_or("--metric says which value is meant")?;
    if let Some(within) = args.settles {
        return Ok(Condition::Settled { metric, within, seconds: lasting });
    }
    let over_seconds = if args.lasting.is_some() { lasting } else { 60 };
    match (args.rises, args.falls) {
        (Some(limit), _) => {
            return Ok(Condition::Rate { metric, beyond: Beyond::Above, limit, over_seconds });
        }
        (_, Some(limit)) => {
            return Ok(Condition::Rate { metric, beyond: Beyond::Below, limit: -limit, over_seconds });
        }
        _ => {}
    }
    let (beyond, limit) = match (args.above, args.below) {
        (Some(limit), _) => (Beyond::Above, limit),
        (_, Some(limit)) => (Beyond::Below, limit),
        _ => return Err("say what must hold, such as --above 8".to_owned()),
    };
    Ok(match (args.times, args.of) {
        (Some(times), Some(of)) => {
            let within_seconds = seconds(args.within)?;
            Condition::Count { metric, beyond, limit, times, of, within_seconds }
        }
        _ => Condition::Threshold {
            metric,
            beyond,
            limit,
            clear: args.clear,
            seconds: lasting,
            clear_seconds: seconds(args.clear_for)?,
        },
    })
}

fn seconds(time: Option<Duration>) -> Result<u32, String> {
    let time = time.unwrap_or_default();
    if time.subsec_nanos() > 0 {
        return Err("the times of a rule are whole seconds".to_owned());
    }
    u32::try_from(time.as_secs()).map_err(|_| "the times of a rule are at most a week".to_owned())
}

/// Reads a number. A rule cannot be about one that is none.
fn number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err("wanted is a number such as 8 or -1.5".to_owned()),
    }
}

fn day(text: &str) -> Result<Day, String> {
    let days = [
        ("monday", Day::Monday),
        ("tuesday", Day::Tuesday),
        ("wednesday", Day::Wednesday),
        ("thursday", Day::Thursday),
        ("friday", Day::Friday),
        ("saturday", Day::Saturday),
        ("sunday", Day::Sunday),
    ];
    let found = days.iter().find(|(name, _)| text.len() >= 3 && name.starts_with(&text.to_ascii_lowercase()));
    found.map(|(_, day)| *day).ok_or_else(|| "wanted is a day such as mon or monday".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use kit::Example;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn read(line: &str) -> Result<Rule, String> {
        let words = ["put"].into_iter().chain(line.split_whitespace());
        let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        from_options(line.args)
    }

    #[test]
    fn a_rule_can_be_said_in_options() {
        let line = "cold-store-warm --metric temperature --above 8 --clear 6 --for 10m --clear-for 1m --site seattle \
                    --severity major --escalate-after 15m --hold-sku mug-blue --hours 00:00-00:00";
        assert_eq!(read(line).unwrap(), Rule::example());
    }

    #[test]
    fn every_kind_of_condition_can_be_said() {
        let when = |line: &str| read(&format!("r {line}")).unwrap().when;
        let metric = Metric::example;
        let fall = when("--metric temperature --falls 2");
        assert_eq!(
            fall,
            Condition::Rate { metric: metric(), beyond: Beyond::Below, limit: -2.0, over_seconds: 60 }
        );
        let count = when("--metric temperature --below -1.5 --times 3 --of 5 --within 1h");
        let (limit, within_seconds) = (-1.5, 3600);
        let (times, of, beyond) = (3, 5, Beyond::Below);
        assert_eq!(count, Condition::Count { metric: metric(), beyond, limit, times, of, within_seconds });
        assert_eq!(when("--silent --for 1m"), Condition::Silent { metric: None, seconds: 60 });
        assert_eq!(when("--offline"), Condition::Offline { seconds: 0 });
        let shelf = when("--metric temperature --settles 5 --for 10s --count-sku a --piece-weight 1");
        assert_eq!(shelf, Condition::Settled { metric: metric(), within: 5.0, seconds: 10 });
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        for line in [
            "r",
            "r --above 8",
            "r --metric t --above 8 --below 3",
            "r --silent",
            "r --metric t --above 8 --times 3",
            "r --metric t --above 8 --site a --profile b",
            "r --metric t --settles 5 --for 10s",
            "r --metric t --above 8 --count-sku a --piece-weight 1",
            "r --offline --days someday",
            "r --offline --for 1500ms",
            "R --offline",
            // What would count for nothing is not passed over.
            "r --metric t --above nan",
            "r --metric t --above 8 --clear inf",
            "r --metric t --rises 8 --clear 6",
            "r --silent --for 1m --clear-for 1m",
            "r --metric t --falls 8 --times 3 --of 5",
            "r --offline --metric t",
            "r --metric t --above 8 --tare 2",
            "r --offline --zone Europe/Berlin",
            "r --file rule.json --disabled",
            "r --file rule.json --severity minor",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
        assert_eq!(
            read("r --offline --days mon,Sunday").unwrap().schedule.unwrap().days,
            [Day::Monday, Day::Sunday]
        );
    }
}
