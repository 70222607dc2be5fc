//! The report as Prometheus reads it: the text format, every figure a gauge.

use std::collections::BTreeMap;

use super::report::{Level, Measure, Report};

/// What stands in front of every name.
const PREFIX: &str = "shop_";

/// The page.
pub(crate) fn page(report: &Report) -> String {
    let mut families: BTreeMap<&str, Vec<&Measure>> = BTreeMap::new();
    let findings = [(Level::Warn, "warn"), (Level::Bad, "bad")].map(|(level, word)| Measure {
        name: "findings",
        help: "What the doctor found to be wrong.",
        of: Some(("level", word.to_owned())),
        value: report.findings.iter().filter(|finding| finding.level == level).count() as f64,
    });
    let well = Measure {
        name: "well",
        help: "Whether nothing is wrong.",
        of: None,
        value: f64::from(u8::from(report.well)),
    };
    for measure in report.measures.iter().chain(&findings).chain([&well]) {
        families.entry(measure.name).or_default().push(measure);
    }
    let mut page = String::new();
    for (name, measures) in families {
        let help = measures.first().map_or("", |measure| measure.help);
        page.push_str(&format!(
            "# HELP {PREFIX}{name} {}\n# TYPE {PREFIX}{name} gauge\n",
            escaped(help, false)
        ));
        for measure in measures {
            let label =
                measure.of.as_ref().map(|(label, of)| format!("{{{label}=\"{}\"}}", escaped(of, true)));
            page.push_str(&format!("{PREFIX}{name}{} {}\n", label.unwrap_or_default(), measure.value));
        }
    }
    page
}

/// A text as the format wants it. What a terminal might obey is written out too.
fn escaped(text: &str, quoted: bool) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => clean.push_str("\\\\"),
            '\n' => clean.push_str("\\n"),
            '"' if quoted => clean.push_str("\\\""),
            other if kit::text::is_unprintable(other) => clean.push('\u{fffd}'),
            other => clean.push(other),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::checks::judge;
    use super::super::sample;
    use super::*;

    /// Reads a page as the format says: families with their help and type in front, each once.
    fn read(page: &str) -> BTreeMap<String, f64> {
        let (mut values, mut families, mut family) = (BTreeMap::new(), Vec::new(), String::new());
        for line in page.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                family = rest.split(' ').next().unwrap().to_owned();
                assert!(!families.contains(&family), "{family} stands twice");
                families.push(family.clone());
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                assert_eq!(rest, format!("{family} gauge"));
            } else {
                let (name, value) = line.rsplit_once(' ').unwrap();
                let bare = name.split('{').next().unwrap();
                assert_eq!(bare, family, "{line}");
                assert!(bare.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{line}");
                assert!(
                    values.insert(name.to_owned(), value.parse().unwrap()).is_none(),
                    "{name} stands twice"
                );
            }
        }
        values
    }

    #[test]
    fn every_figure_is_a_gauge_with_its_help() {
        let page = page(&judge(&sample::well()));
        let values = read(&page);
        assert_eq!(values["shop_well"], 1.0);
        assert_eq!(values["shop_service_up{service=\"order\"}"], 1.0);
        assert_eq!(values["shop_consumer_behind{consumer=\"ORDER/payment\"}"], 0.0);
        assert!(page.contains("# HELP shop_broker_up Whether the broker answers.\n# TYPE shop_broker_up gauge\nshop_broker_up 1\n"), "{page}");
        assert!(page.ends_with('\n'));
    }

    #[test]
    fn what_is_wrong_is_counted() {
        let values = read(&page(&judge(&sample::without_broker())));
        assert_eq!((values["shop_well"], values["shop_broker_up"]), (0.0, 0.0));
        assert!(values["shop_findings{level=\"bad\"}"] >= 1.0);
    }

    proptest! {
        #[test]
        fn a_label_cannot_break_the_page(name in "(?s).{0,40}") {
            let mut report = judge(&sample::well());
            report.measures.clear();
            report.measures.push(Measure { name: "x", help: "h", of: Some(("of", name)), value: 0.5 });
            let page = page(&report);
            let line = page.lines().find(|line| line.starts_with("shop_x{")).unwrap();
            let inner = line.strip_prefix("shop_x{of=\"").unwrap().strip_suffix("\"} 0.5").unwrap();
            let bare = inner.replace("\\\\", "").replace("\\\"", "").replace("\\n", "");
            prop_assert!(!bare.contains('"') && !bare.contains('\\'));
            prop_assert_eq!(page.lines().filter(|line| line.contains("0.5")).count(), 1);
        }
    }
}
