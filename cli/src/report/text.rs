//! Amounts, shares and times as they are written, and text that is cut to a width.

use contracts::Currency;
use contracts::analytics::By;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kit::text::printable;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Style;

/// An amount in major units, which may be below zero: `-12.90`. The currency stands elsewhere.
pub(crate) fn major(amount: i64, currency: Currency) -> String {
    let digits = currency.digits() as usize;
    let unit = 10_u64.pow(currency.digits());
    let (sign, minor) = (if amount < 0 { "-" } else { "" }, amount.unsigned_abs());
    match digits {
        0 => format!("{sign}{minor}"),
        digits => format!("{sign}{}.{:0digits$}", minor / unit, minor % unit),
    }
}

/// How much of a whole something is: `66.7 %`; nothing of nothing.
pub(crate) fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return String::new();
    }
    let permille = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole);
    format!("{}.{} %", permille / 10, permille % 10)
}

/// The beginning of an hour or a day of UTC.
pub(crate) fn bucket(at: Timestamp, by: By) -> String {
    let form = match by {
        By::Hour => "%Y-%m-%d %H:%M",
        By::Day => "%Y-%m-%d",
    };
    at.to_zoned_datetime(TimeZone::UTC).strftime(form).to_string()
}

/// A span of time in UTC.
pub(crate) fn span(from: Timestamp, to: Timestamp) -> String {
    format!("{} to {} UTC", bucket(from, By::Hour), bucket(to, By::Hour))
}

/// Text from others on one line; what is not ASCII is a `?` where only that can be shown.
pub(crate) fn clean(text: &str, style: Style) -> String {
    let line = printable(text);
    if !style.ascii {
        return line.into_owned();
    }
    line.chars().map(|letter| if letter.is_ascii() { letter } else { '?' }).collect()
}

/// How many cells of a terminal a text takes; rather one too many where terminals differ.
pub(crate) fn cells(text: &str) -> usize {
    let one_by_one: usize = text.chars().map(|letter| letter.width().unwrap_or(0)).sum();
    one_by_one.max(text.width())
}

/// The text, cut so that it fits, with a mark where something is missing.
pub(crate) fn fit(text: &str, width: usize, style: Style) -> String {
    if cells(text) <= width {
        return text.to_owned();
    }
    let mark = if style.ascii { "~" } else { "…" };
    let room = width.saturating_sub(1);
    let mut end = 0;
    for (at, letter) in text.char_indices() {
        let next = at + letter.len_utf8();
        if cells(&text[..next]) > room {
            break;
        }
        end = next;
    }
    if width == 0 { String::new() } else { format!("{}{mark}", &text[..end]) }
}

/// The text with blanks, to the left or to the right of it, so that it is as wide as said.
pub(crate) fn pad(text: &str, width: usize, right: bool) -> String {
    let blanks = " ".repeat(width.saturating_sub(cells(text)));
    if right { format!("{blanks}{text}") } else { format!("{text}{blanks}") }
}
