//! The report as a Nagios plugin writes it: one line with figures behind a bar, and its own exit codes.

use super::report::{Level, Report};

/// Findings that stand on the line; the rest is counted.
const FINDINGS_MAX: usize = 5;
/// What a plugin ends with: all is well, something will be wrong, something is wrong, nobody knows.
const EXITS: [(&str, u8); 4] = [("OK", 0), ("WARNING", 1), ("CRITICAL", 2), ("UNKNOWN", 3)];

/// Figures of the line: what monitoring draws, in the order in which it stands there. The sum of what
/// was measured of several.
const FIGURES: [(&str, &str, &str); 10] = [
    ("round_trip", "broker_round_trip_seconds", "s"),
    ("services_up", "service_up", ""),
    ("untold", "untold_events", ""),
    ("queued", "queued_jobs", ""),
    ("dead_letters", "dead_letters", ""),
    ("given_up", "effects_given_up", ""),
    ("behind", "consumer_behind", ""),
    ("orders_overdue", "orders_overdue", ""),
    ("payments_unknown", "payments_unknown", ""),
    ("store", "store_bytes", "B"),
];

/// The line.
pub(crate) fn line(report: &Report) -> String {
    let wrong: Vec<&super::report::Finding> = {
        let mut wrong: Vec<_> =
            report.findings.iter().filter(|finding| finding.level >= Level::Warn).collect();
        wrong.sort_by_key(|finding| std::cmp::Reverse(finding.level));
        wrong
    };
    let mut says: Vec<String> = wrong.iter().take(FINDINGS_MAX).map(|finding| plain(&finding.says)).collect();
    if wrong.len() > FINDINGS_MAX {
        says.push(format!("and {} more", wrong.len() - FINDINGS_MAX));
    }
    if says.is_empty() {
        let checked = report.findings.iter().filter(|finding| finding.level == Level::Ok).count();
        says.push(format!("{checked} checks are in order"));
    }
    line_of(exit_of(report), &says.join("; "), &figures(report))
}

/// The line of a doctor who could not ask.
pub(crate) fn unknown(why: &str) -> String {
    line_of(EXITS[3], &plain(why), "")
}

/// The exit code of the line.
pub(crate) fn exit(report: &Report) -> u8 {
    exit_of(report).1
}

/// The exit code of a doctor who could not ask.
pub(crate) fn exit_unknown() -> u8 {
    EXITS[3].1
}

fn exit_of(report: &Report) -> (&'static str, u8) {
    match report.worst() {
        Level::Ok | Level::Skipped => EXITS[0],
        Level::Warn => EXITS[1],
        Level::Bad => EXITS[2],
    }
}

fn line_of((word, _): (&str, u8), says: &str, figures: &str) -> String {
    let bar = if figures.is_empty() { String::new() } else { format!(" | {figures}") };
    format!("SHOP {word} - {says}{bar}")
}

fn figures(report: &Report) -> String {
    let figure = |(label, measure, unit): &(&str, &str, &str)| {
        let values: Vec<f64> =
            report.measures.iter().filter(|one| one.name == *measure).map(|one| one.value).collect();
        (!values.is_empty()).then(|| format!("{label}={}{unit}", number(values.iter().sum())))
    };
    FIGURES.iter().filter_map(figure).collect::<Vec<_>>().join(" ")
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.6}") }
}

/// A bar begins the figures, and a line break further output: neither may come from a finding.
fn plain(text: &str) -> String {
    kit::text::printable(text).replace('|', "/")
}

#[cfg(test)]
mod tests {
    use super::super::checks::judge;
    use super::super::sample;
    use super::*;

    #[test]
    fn a_shop_that_is_well_is_ok_with_its_figures() {
        let report = judge(&sample::well());
        assert_eq!(
            line(&report),
            "SHOP OK - 16 checks are in order | round_trip=0.000180s services_up=13 untold=0 queued=0 \
             dead_letters=0 given_up=0 behind=0 orders_overdue=0 payments_unknown=0 store=4096000B"
        );
        assert_eq!(exit(&report), 0);
    }

    #[test]
    fn a_broker_that_is_away_is_critical() {
        let report = judge(&sample::without_broker());
        assert!(
            line(&report).starts_with("SHOP CRITICAL - no answer from the broker at nats://"),
            "{}",
            line(&report)
        );
        assert_eq!(exit(&report), 2);
    }

    #[test]
    fn what_waits_for_a_person_is_a_warning_and_the_worst_comes_first() {
        let mut facts = sample::well();
        facts.services[5].answer.as_mut().unwrap().health.dead_letters = 1;
        assert_eq!(exit(&judge(&facts)), 1);
        facts.services[3].answer = Err("it | hangs\n".into());
        let said = line(&judge(&facts));
        assert!(said.starts_with("SHOP CRITICAL - cart does not answer: it / hangs\\n; "), "{said}");
        assert_eq!(said.matches('|').count(), 1);
        assert_eq!(said.lines().count(), 1);
    }

    #[test]
    fn a_doctor_who_cannot_ask_says_that_nothing_is_known() {
        assert_eq!(unknown("the key cannot be used"), "SHOP UNKNOWN - the key cannot be used");
        assert_eq!(exit_unknown(), 3);
    }
}
