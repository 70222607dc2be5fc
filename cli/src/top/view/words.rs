//! Numbers and times, as short as a cell of a table.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The time of day.
pub(super) fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%H:%M:%S").to_string()
}

/// The day and the time.
pub(super) fn day_and_clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%m-%d %H:%M").to_string()
}

/// How long it is since then, in its largest unit.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    span(now.as_second().saturating_sub(at.as_second()))
}

/// A number of seconds, in its largest unit.
pub(super) fn span(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{} s", seconds.max(0)),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A number of bytes.
pub(super) fn bytes(count: u64) -> String {
    match count {
        ..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{} kB", count / 1_000),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.1} GB", count as f64 / 1e9),
    }
}

/// How many a second.
pub(super) fn rate(a_second: f64) -> String {
    match a_second {
        rate if rate < 0.05 => "0/s".to_owned(),
        rate if rate < 10.0 => format!("{rate:.1}/s"),
        rate => format!("{rate:.0}/s"),
    }
}

/// A bar of so many cells, of which a part is full.
pub(super) fn bar(share: f64, cells: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let mut eighths = (share * cells as f64 * 8.0).round() as usize;
    // What is not nothing is seen.
    if share > 0.0 {
        eighths = eighths.max(1);
    }
    let full = "█".repeat(eighths / 8);
    let mut bar = format!("{full}{}", EIGHTHS[eighths % 8]);
    let used = eighths.div_ceil(8);
    bar.push_str(&" ".repeat(cells.saturating_sub(used)));
    if cells == 0 { String::new() } else { bar }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_wide_as_it_is_asked_to_be() {
        for cells in 0..40 {
            for share in [-1.0, 0.0, 0.001, 0.5, 0.9, 1.0, 7.0, f64::NAN, f64::INFINITY] {
                assert_eq!(bar(share, cells).chars().count(), cells, "{share} of {cells}");
            }
        }
        assert_eq!((bar(0.5, 4), bar(0.001, 4)), ("██  ".to_owned(), "▏   ".to_owned()));
    }

    #[test]
    fn a_time_and_a_size_have_the_unit_that_suits_them() {
        assert_eq!(
            [-5, 59, 60, 3_599, 7_200, 200_000].map(span),
            ["0 s", "59 s", "1 min", "59 min", "2 h", "2 d"]
        );
        assert_eq!([999, 1_000, 1_500_000, 2_000_000_000].map(bytes), ["999 B", "1 kB", "1.5 MB", "2.0 GB"]);
        assert_eq!([0.0, 0.4, 9.9, 123.4].map(rate), ["0/s", "0.4/s", "9.9/s", "123/s"]);
    }
}
