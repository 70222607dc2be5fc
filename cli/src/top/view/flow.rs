//! The page of the flow: orders placed and confirmed a second, how long they take, and where they stand.

use contracts::order::Stage;
use ratatui::layout::Rect;

use super::grid::below;
use super::paper::{Ink, Paper, Piece, width};
use super::words::{bar, rate};
use crate::show;
use crate::top::flow::WINDOW_SECONDS;
use crate::top::sample::Sample;
use crate::top::state::State;

/// From so many lines on there are pictures of several lines, and a line for each stage.
const TALL_FROM_LINES: u16 = 13;
/// Lines of a picture at most.
const PICTURE_LINES_MAX: u16 = 10;
/// A picture's top is not lower than this, so that one order alone is no mountain.
const TOP_MIN: u64 = 4;
/// Lines beside the two pictures and the stages: a title for each, the axis, latency, the sum, two blanks.
const OTHER_LINES: u16 = 7;
/// Cells of the bar of a stage at most.
const BAR_CELLS_MAX: usize = 50;

/// One of the two that are counted.
struct Line {
    name: &'static str,
    ink: Ink,
    rate: f64,
    total: u64,
    spans: Vec<u64>,
}

pub(super) fn draw(state: &State, sample: &Sample, area: Rect, paper: &mut Paper<'_>) {
    if area.height < TALL_FROM_LINES {
        return short(state, sample, area, paper);
    }
    let stages = Stage::ALL.len() as u16;
    let picture = ((area.height.saturating_sub(OTHER_LINES + stages)) / 2).clamp(1, PICTURE_LINES_MAX);
    let mut left = area;
    let lines = lines(state, usize::from(area.width));
    for line in &lines {
        let top = line.spans.iter().copied().max().unwrap_or_default();
        let seconds = seconds_of_cell(usize::from(area.width));
        let peak = format!("most {}", rate(top as f64 / seconds as f64));
        paper.facts(
            left,
            &[
                (Ink::Strong, format!("{:<9}", line.name)),
                (Ink::Plain, format!("{:>6}", rate(line.rate))),
                (Ink::Faint, format!("{} in 5 min", line.total)),
                (Ink::Faint, peak),
            ],
        );
        left = below(left);
        let place = Rect { height: picture.min(left.height), ..left };
        draw_picture(&line.spans, line.ink, place, paper);
        left = Rect { y: left.y + place.height, height: left.height - place.height, ..left };
    }
    axis(&lines, left, paper);
    left = below(below(left));
    paper.facts(left, &latency(state));
    left = below(below(left));
    draw_stages(sample, left, paper);
}

fn short(state: &State, sample: &Sample, area: Rect, paper: &mut Paper<'_>) {
    const TITLE_CELLS: u16 = 18;
    let mut left = area;
    for line in lines(state, usize::from(area.width.saturating_sub(TITLE_CELLS))) {
        paper.line(
            left,
            &[(Ink::Strong, format!("{:<9}", line.name)), (Ink::Plain, format!(" {:>6}", rate(line.rate)))],
        );
        if left.width > TITLE_CELLS {
            let place = Rect {
                x: left.x + TITLE_CELLS,
                width: left.width - TITLE_CELLS,
                height: left.height.min(1),
                ..left
            };
            draw_picture(&line.spans, line.ink, place, paper);
        }
        left = below(left);
    }
    left = paper.more_facts(left, &latency(state));
    let counts: Vec<Piece> = stages(sample)
        .into_iter()
        .filter(|(_, _, count)| *count > 0)
        .map(|(ink, name, count)| (ink, format!("{count} {name}")))
        .collect();
    paper.more_facts(left, &[vec![total(sample)], counts].concat());
}

fn seconds_of_cell(cells: usize) -> i64 {
    let cells = i64::try_from(cells).unwrap_or(i64::MAX).clamp(1, WINDOW_SECONDS);
    (WINDOW_SECONDS + cells - 1) / cells
}

fn lines(state: &State, cells: usize) -> [Line; 2] {
    let (placed, confirmed) = state.flow.rates(state.now);
    let totals = state.flow.in_window(state.now);
    let spans = state.flow.spans(state.now, seconds_of_cell(cells));
    [
        Line {
            name: "placed",
            ink: Ink::Warn,
            rate: placed,
            total: totals.0,
            spans: spans.iter().map(|span| span.0).collect(),
        },
        Line {
            name: "confirmed",
            ink: Ink::Good,
            rate: confirmed,
            total: totals.1,
            spans: spans.iter().map(|span| span.1).collect(),
        },
    ]
}

/// Columns of which each is as high as its number, the last at the right.
fn draw_picture(spans: &[u64], ink: Ink, area: Rect, paper: &mut Paper<'_>) {
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let top = spans.iter().copied().max().unwrap_or_default().max(TOP_MIN);
    let height = u64::from(area.height);
    for line in 0..area.height {
        let under = u64::from(area.height - 1 - line) * 8;
        let text: String = spans
            .iter()
            .map(|span| {
                // What is not nothing is seen.
                let eighths = (u128::from(*span) * u128::from(height * 8)).div_ceil(u128::from(top)) as u64;
                EIGHTHS[eighths.saturating_sub(under).min(8) as usize]
            })
            .collect();
        let cells = (spans.len() as u16).min(area.width);
        paper.cells(Rect { y: area.y + line, height: 1, width: cells, ..area }, ink, &text);
    }
}

fn axis(lines: &[Line], area: Rect, paper: &mut Paper<'_>) {
    let cells = lines.first().map_or(0, |line| line.spans.len()).min(usize::from(area.width));
    let (from, to) = ("5 min ago", "now");
    let between = cells.saturating_sub(from.len() + to.len());
    if between > 0 {
        paper.text(area, Ink::Faint, &format!("{from}{}{to}", " ".repeat(between)));
    }
}

fn latency(state: &State) -> Vec<Piece> {
    match state.flow.latency(state.now) {
        None => vec![
            (Ink::Plain, "placed to confirmed".to_owned()),
            (Ink::Faint, "no order in the last 5 min".to_owned()),
        ],
        Some(latency) => vec![
            (Ink::Plain, "placed to confirmed".to_owned()),
            (Ink::Strong, format!("p50 {}", show::duration(latency.p50_us))),
            (Ink::Strong, format!("p99 {}", show::duration(latency.p99_us))),
            (Ink::Faint, format!("of {}", show::count(latency.orders as u64, "order", "orders"))),
        ],
    }
}

fn stages(sample: &Sample) -> Vec<(Ink, String, u64)> {
    let Some(orders) = &sample.status.orders else { return Vec::new() };
    let each = Stage::ALL.iter().map(|stage| {
        let count = orders.stages.get(stage).copied().unwrap_or_default();
        let ink = match stage {
            Stage::Confirmed => Ink::Good,
            Stage::NeedsAttention => Ink::Bad,
            Stage::Cancelled | Stage::Refunded => Ink::Faint,
            Stage::Placed | Stage::AwaitingPayment => Ink::Warn,
        };
        (ink, stage.word().replace('_', " "), count)
    });
    each.collect()
}

fn total(sample: &Sample) -> Piece {
    match &sample.status.orders {
        None => (Ink::Bad, "orders: nobody says".to_owned()),
        Some(orders) => (
            Ink::Strong,
            show::count(orders.stages.values().copied().fold(0, u64::saturating_add), "order", "orders"),
        ),
    }
}

fn draw_stages(sample: &Sample, area: Rect, paper: &mut Paper<'_>) {
    let overdue = sample.status.orders.as_ref().map_or(0, |orders| orders.overdue);
    let mut heading = vec![total(sample)];
    if overdue > 0 {
        heading.push((Ink::Bad, format!("{overdue} overdue")));
    }
    paper.facts(area, &heading);
    let mut left = below(area);
    let stages = stages(sample);
    let most = stages.iter().map(|(_, _, count)| *count).max().unwrap_or_default().max(1);
    let widest = stages.iter().map(|(_, name, _)| width(name)).max().unwrap_or_default();
    let digits = most.to_string().len();
    let cells = usize::from(area.width).saturating_sub(widest + digits + 4).min(BAR_CELLS_MAX);
    for (ink, name, count) in stages {
        let ink = if count == 0 { Ink::Faint } else { ink };
        let line = [
            (Ink::Plain, format!("{name:<widest$}  ")),
            (ink, format!("{count:>digits$}  ")),
            (ink, bar(count as f64 / most as f64, cells)),
        ];
        paper.line(left, &line);
        left = below(left);
    }
}
