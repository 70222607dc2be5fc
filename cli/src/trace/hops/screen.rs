//! Where the time goes, on a screen: a line for each hop, with a bar for its share.
//!
//! Pure: from a report and a width to a text. From 40 cells on no line is wider than the width.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Hop, Report, Times};
use crate::output::{Tone, paint};
use crate::show::{count, duration};
use crate::trace::draw::line::{clip, flow_text, plain};

/// A table is not made narrower than this.
const WIDTH_MIN: usize = 40;
/// The width of a table that nobody watches.
const WIDTH_DEFAULT: usize = 160;
/// Below this width only the 99th percentile of waiting, working and commit is shown.
const MEDIANS_FROM_WIDTH: usize = 140;
/// Below this width there are no columns for waiting, working and commit.
const PARTS_FROM_WIDTH: usize = 100;
/// Below this width neither the count nor the 50th percentile is shown.
const COUNTS_FROM_WIDTH: usize = 80;
/// Below this width there are no bars.
const BARS_FROM_WIDTH: usize = 60;
/// A duration, and the gap in front of it.
const TIME_CELLS: usize = 9;
/// The longest bar.
const BAR_CELLS_MAX: usize = 40;
/// From its left edge to an eighth, two eighths, ...
const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// How to draw.
#[derive(Debug, Clone)]
pub(crate) struct Screen {
    /// The width of the terminal; none if it is not one.
    pub(crate) width: Option<usize>,
    /// With the colours of a terminal.
    pub(crate) colour: bool,
    /// Only characters that every terminal and every log has.
    pub(crate) ascii: bool,
    /// Those that take longest first, instead of the order they happen in.
    pub(crate) slow_first: bool,
    /// Where the clock on the wall hangs.
    pub(crate) zone: TimeZone,
}

/// How many cells each column has, with the gap in front of it. 0: it is left out.
struct Widths {
    service: usize,
    what: usize,
    count: usize,
    times: usize,
    parts: usize,
    bar: usize,
}

impl Widths {
    fn of(width: usize, hops: &[Hop]) -> Self {
        let longest =
            |text: fn(&Hop) -> String| hops.iter().map(|hop| text(hop).chars().count()).max().unwrap_or(0);
        let service =
            longest(|hop| plain(&hop.service)).clamp(7, if width < BARS_FROM_WIDTH { 9 } else { 14 });
        let count = if width < COUNTS_FROM_WIDTH { 0 } else { 7 };
        let times = if width < COUNTS_FROM_WIDTH { TIME_CELLS } else { 2 * TIME_CELLS };
        let parts = match width {
            ..PARTS_FROM_WIDTH => 0,
            PARTS_FROM_WIDTH..MEDIANS_FROM_WIDTH => TIME_CELLS,
            _ => 2 * TIME_CELLS,
        };
        // Percent, a gap in front of it, and one in front of the bar.
        let share = 6;
        let rest = width.saturating_sub(service + count + times + 3 * parts + share);
        let most = match width {
            ..COUNTS_FROM_WIDTH => 20,
            COUNTS_FROM_WIDTH..MEDIANS_FROM_WIDTH => 28,
            _ => 34,
        };
        let what = longest(what).clamp(4, most).min(rest.saturating_sub(2)) + 2;
        let bar = if width < BARS_FROM_WIDTH { 0 } else { rest.saturating_sub(what + 2).min(BAR_CELLS_MAX) };
        Self { service, what: if bar == 0 { rest } else { what }, count, times, parts, bar }
    }
}

/// Draws the table, and below it which flows to look at.
pub(crate) fn draw(report: &Report, screen: &Screen) -> String {
    let width = screen.width.unwrap_or(WIDTH_DEFAULT).max(WIDTH_MIN);
    let widths = Widths::of(width, &report.hops);
    let mut page = Page { text: String::new(), screen };
    let at = |us: i64| {
        let at = Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned_datetime(screen.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    };
    let facts = [
        count(report.flows as u64, "flow", "flows"),
        format!("50 % within {}", duration(report.took.p50_us)),
        format!("99 % within {}", duration(report.took.p99_us)),
        format!("{} to {}", at(report.from_us), at(report.to_us)),
    ];
    for line in flow_text(&facts, width) {
        page.line(&[(Some(Tone::Strong), line)]);
    }
    page.titles(&widths);
    let mut hops: Vec<&Hop> = report.hops.iter().collect();
    if screen.slow_first {
        hops.sort_by_key(|hop| std::cmp::Reverse((hop.took.p99_us, hop.share)));
    }
    let most = hops.iter().map(|hop| hop.share).max().unwrap_or(0);
    for hop in hops {
        page.hop(hop, most, &widths);
    }
    let slow = report.slowest.iter().map(|slow| format!("{} {}", slow.trace, duration(slow.took_us)));
    for (place, line) in slow.enumerate() {
        let title = if place == 0 { "slowest: " } else { "         " };
        let line = if width < 60 { line } else { format!("{title}{line}") };
        page.line(&[(Some(Tone::Faint), clip(&plain(&line), width, page.mark()))]);
    }
    page.text
}

struct Page<'a> {
    text: String,
    screen: &'a Screen,
}

impl Page<'_> {
    fn titles(&mut self, widths: &Widths) {
        let mut line = format!("{:<2$}{:<3$}", "SERVICE", "  WHAT", widths.service, widths.what);
        if widths.count > 0 {
            line.push_str(&format!("{:>1$}", "COUNT", widths.count));
        }
        let times = |name: &str, cells: usize| match cells {
            0 => String::new(),
            TIME_CELLS => format!("{:>TIME_CELLS$}", format!("{name} 99")),
            _ => format!("{:>TIME_CELLS$}{:>TIME_CELLS$}", format!("{name} 50"), "99"),
        };
        let parts = ["WAIT", "WORK", "SYNC"].map(|name| times(name, widths.parts)).concat();
        line.push_str(&parts);
        line.push_str(&times("ALL", widths.times));
        line.push_str(&format!("{:>6}", "SHARE"));
        self.line(&[(Some(Tone::Faint), line)]);
    }

    fn hop(&mut self, hop: &Hop, most: u32, widths: &Widths) {
        let mark = self.mark();
        let service = clip(&plain(&hop.service), widths.service, mark);
        let room = widths.what.saturating_sub(2);
        let what = clip(&what(hop), room, mark);
        let mut pieces =
            vec![(None, format!("{service:<0$}", widths.service)), (None, format!("  {what:<room$}"))];
        if widths.count > 0 {
            pieces.push((None, right(&hop.count.to_string(), widths.count, mark)));
        }
        if widths.parts > 0 {
            let parts =
                [hop.waiting, hop.working, hop.commit].map(|part| times(part, widths.parts, mark)).concat();
            pieces.push((Some(Tone::Faint), parts));
        }
        pieces.push((None, times(hop.took, widths.times, mark)));
        let percent = format!("{:>5}%", (hop.share + 5) / 10);
        pieces.push((None, percent));
        if widths.bar > 0 {
            let tone = if hop.share == most { Tone::Warn } else { Tone::Hue(0) };
            pieces.push((Some(tone), format!("  {}", self.bar(hop.share, most, widths.bar))));
        }
        self.line(&pieces);
    }

    /// A bar; the longest is that of the greatest share.
    fn bar(&self, share: u32, most: u32, cells: usize) -> String {
        let eighths = if most == 0 { 0 } else { u64::from(share) * cells as u64 * 8 / u64::from(most) };
        let (whole, rest) = ((eighths / 8) as usize, (eighths % 8) as usize);
        if self.screen.ascii {
            return "#".repeat(whole + usize::from(rest >= 4));
        }
        let mut bar = "█".repeat(whole);
        if rest > 0 {
            bar.push(EIGHTHS[rest]);
        }
        bar
    }

    fn line(&mut self, pieces: &[(Option<Tone>, String)]) {
        let last = pieces.len().saturating_sub(1);
        for (place, (tone, text)) in pieces.iter().enumerate() {
            let text = if place == last { text.trim_end() } else { text };
            match tone {
                Some(tone) => self.text.push_str(&paint(self.screen.colour, *tone, text)),
                None => self.text.push_str(text),
            }
        }
        self.text.push('\n');
    }

    fn mark(&self) -> char {
        if self.screen.ascii { '~' } else { '…' }
    }
}

/// What a hop does: events without the word that all of them begin with.
fn what(hop: &Hop) -> String {
    let subject = hop.subject.strip_prefix("events.").unwrap_or(&hop.subject);
    let failed = if hop.failed > 0 { format!(", {} failed", hop.failed) } else { String::new() };
    match hop.kind.as_str() {
        "request" => plain(&format!("{subject}{failed}")),
        "event" => plain(&format!("hears {subject}{failed}")),
        kind => plain(&format!("{kind} {subject}{failed}")),
    }
}

/// The 99th percentile, and in front of it the 50th if there is room.
fn times(times: Times, cells: usize, mark: char) -> String {
    let all = [times.p50_us, times.p99_us].map(|us| right(&duration(us), TIME_CELLS, mark));
    if cells > TIME_CELLS { all.concat() } else { all[1].clone() }
}

/// At the right end of so many cells, with a gap in front.
fn right(text: &str, cells: usize, mark: char) -> String {
    format!("{:>cells$}", clip(text, cells.saturating_sub(1), mark))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::trace::draw::tests::is_drawn_as;
    use crate::trace::hops::report;
    use crate::trace::{sample, strategy};

    fn screen(width: usize) -> Screen {
        Screen { width: Some(width), colour: false, ascii: false, slow_first: false, zone: TimeZone::UTC }
    }

    #[test]
    fn the_table_says_where_the_time_goes() {
        let flows = [sample::paid_order().flows, sample::paid_order().flows].concat();
        for width in [40, 60, 80, 110, 160] {
            is_drawn_as(&format!("flows_{width}.txt"), &draw(&report(&flows), &screen(width)));
        }
        let slow = draw(&report(&flows), &Screen { slow_first: true, ..screen(80) });
        assert!(slow.lines().nth(3).is_some_and(|line| line.contains("charge_card")), "{slow}");
    }

    #[test]
    fn colours_change_nothing_but_colours() {
        let report = report(&sample::paid_order().flows);
        let coloured = draw(&report, &Screen { colour: true, ..screen(120) });
        assert_eq!(crate::output::harmless(&coloured), coloured, "the output lets every colour through");
    }

    proptest! {
        #![proptest_config(crate::trace::strategy::cases(64))]
        #[test]
        fn no_line_is_wider_than_the_width(story in strategy::story(), width in 0_usize..300, ascii in any::<bool>()) {
            let drawn = draw(&report(&story.flows), &Screen { ascii, ..screen(width) });
            for line in drawn.lines() {
                prop_assert!(line.width() <= width.max(WIDTH_MIN), "{} at {width}: {line:?}", line.width());
                prop_assert!(!ascii || line.is_ascii(), "{line:?}");
                prop_assert!(!line.chars().any(kit::text::is_unprintable), "{line:?}");
            }
        }
    }
}
