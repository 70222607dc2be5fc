//! How times, durations, bodies and the facts of one thing are written for people.

use contracts::Money;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kit::text::printable;
use serde_json::Value;

/// A moment: date and time, as the clock on the wall shows it.
pub(crate) fn time(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A moment of today: the time to the millisecond, as the clock on the wall shows it.
pub(crate) fn clock(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::system()).strftime("%H:%M:%S%.3f").to_string()
}

/// How many of something: `1 line`, `2 lines`.
pub(crate) fn count(number: impl Into<u64>, one: &str, many: &str) -> String {
    match number.into() {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}

/// How long something took: three digits or so. A time that runs backwards comes from two clocks
/// that disagree.
pub(crate) fn duration(us: i64) -> String {
    match us {
        ..0 => "skew".to_owned(),
        0..1_000 => format!("{:.2} ms", us as f64 / 1e3),
        1_000..99_950 => format!("{:.1} ms", us as f64 / 1e3),
        99_950..999_500 => format!("{:.0} ms", us as f64 / 1e3),
        999_500..59_995_000 => format!("{:.2} s", us as f64 / 1e6),
        59_995_000..3_600_000_000 => format!("{} min {} s", us / 60_000_000, us / 1_000_000 % 60),
        _ => format!("{} h {} min", us / 3_600_000_000, us / 60_000_000 % 60),
    }
}

/// How long it is since then.
pub(crate) fn since(began: std::time::Instant) -> String {
    duration(i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX))
}

/// The facts of one thing, a line each, under each other. What is empty is left out.
pub(crate) fn facts(facts: &[(&str, String)]) -> String {
    let widest = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let said = facts.iter().filter(|(_, fact)| !fact.is_empty());
    let lines = said.map(|(name, fact)| format!("{name:<widest$}  {}", printable(fact)));
    lines.collect::<Vec<_>>().join("\n")
}

/// A body on one line: its fields with what they hold, money as people write it, nothing that is
/// empty. `without` is left out: it stands beside it already.
pub(crate) fn brief(body: &Value, without: &str) -> String {
    match body {
        Value::Object(fields) => {
            if let Ok(money) = serde_json::from_value::<Money>(body.clone()) {
                return money.to_string();
            }
            if let (Some(sku), Some(quantity)) = (body["sku"].as_str(), body["quantity"].as_u64()) {
                return format!("{}:{quantity}", printable(sku));
            }
            let said = fields.iter().filter(|(_, value)| !is_empty(value) && value.as_str() != Some(without));
            let said = said.map(|(name, value)| format!("{}={}", printable(name), brief(value, without)));
            said.collect::<Vec<_>>().join(" ")
        }
        Value::Array(items) if items.len() > 3 => format!("[{} items]", items.len()),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| brief(item, without)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) => match text.parse() {
            Ok(at) => time(at),
            Err(_) if text.contains(' ') || text.is_empty() => format!("\"{}\"", printable(text)),
            Err(_) => printable(text).into_owned(),
        },
        other => other.to_string(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Of a word that somebody typed, so many characters at most are repeated to them.
const QUOTED_CHARS_MAX: usize = 60;

/// A word that somebody typed as an error repeats it: in quotes, on one line, cut if it is long.
pub(crate) fn quoted(text: &str) -> String {
    let mut characters = text.chars();
    let short: String = characters.by_ref().take(QUOTED_CHARS_MAX).collect();
    let dots = if characters.next().is_some() { "..." } else { "" };
    format!("'{}{dots}'", kit::text::printable(&short))
}

/// The text, cut so that it surely fits: whatever is not ASCII may be two cells wide.
pub(crate) fn cut(text: &str, cells: usize) -> String {
    let mut used = 0;
    let end = text.char_indices().find(|(_, c)| {
        used += if c.is_ascii() { 1 } else { 2 };
        used > cells.saturating_sub(2)
    });
    match end {
        Some((end, _))
            if text[end..].chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>() > 2 =>
        {
            format!("{}…", &text[..end])
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_duration_has_the_unit_that_suits_it() {
        let written: Vec<String> =
            [-1, 0, 180, 999, 6_100, 99_949, 99_950, 999_499, 2_310_000, 200_000_000, 7_500_000_000]
                .into_iter()
                .map(duration)
                .collect();
        let wanted = [
            "skew",
            "0.00 ms",
            "0.18 ms",
            "1.00 ms",
            "6.1 ms",
            "99.9 ms",
            "100 ms",
            "999 ms",
            "2.31 s",
            "3 min 20 s",
            "2 h 5 min",
        ];
        assert_eq!(written, wanted);
    }

    #[test]
    fn the_facts_stand_under_each_other_and_cannot_drive_the_terminal() {
        let written =
            facts(&[("sku", "mug".into()), ("category", "a\nb\u{1b}".into()), ("note", String::new())]);
        assert_eq!(written, "sku       mug\ncategory  a\\nb\\u{1b}");
    }

    #[test]
    fn a_body_is_one_line_without_what_is_known_or_empty() {
        let body = json!({
            "order": "ord_1", "email": null, "reason": "", "lines": [], "total": {"amount": 1290, "currency": "EUR"},
            "message": "two words\n", "items": [{"sku": "mug", "quantity": 2}], "many": [1, 2, 3, 4], "in_full": false,
        });
        assert_eq!(
            brief(&body, "ord_1"),
            "in_full=false items=[mug:2] many=[4 items] message=\"two words\\n\" total=12.90 EUR"
        );
        assert_eq!(brief(&json!("plain"), ""), "plain");
    }

    #[test]
    fn of_a_long_word_only_the_beginning_is_repeated() {
        assert_eq!(quoted("ord_1"), "'ord_1'");
        assert_eq!(quoted(&"é".repeat(QUOTED_CHARS_MAX)), format!("'{}'", "é".repeat(QUOTED_CHARS_MAX)));
        assert_eq!(quoted(&"x".repeat(100_000)), format!("'{}...'", "x".repeat(QUOTED_CHARS_MAX)));
        assert_eq!(quoted("a\u{1b}"), "'a\\u{1b}'");
    }

    #[test]
    fn a_cut_text_surely_fits() {
        assert_eq!(cut("exactly so", 10), "exactly so");
        assert_eq!(cut("exactly so long", 10), "exactly …");
        assert_eq!(cut("漢字漢字", 6), "漢字…");
        assert_eq!(cut("anything", 0), "…");
    }
}
