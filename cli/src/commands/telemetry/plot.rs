//! A series as a plot: time to the right, the mean of each column as a point, gaps where nothing was measured.

use contracts::telemetry::SeriesView;

use crate::show;

/// Lines of a plot.
const HEIGHT: usize = 12;
/// Cells of the scale to the left.
const SCALE_CELLS: usize = 10;

/// Draws a series in so many cells. No line is longer.
pub(super) fn plot(series: &SeriesView, width: usize) -> String {
    let columns = columns(series, width.saturating_sub(SCALE_CELLS + 1).max(1));
    let known = || columns.iter().flatten().copied();
    let (least, most) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let span = if most > least { most - least } else { 1.0 };
    let level = |value: f64| (((value - least) / span) * (HEIGHT - 1) as f64).round() as usize;
    let mut lines: Vec<String> = (0..HEIGHT)
        .rev()
        .map(|line| {
            let value = least + span * line as f64 / (HEIGHT - 1) as f64;
            let scale = match line {
                line if line == HEIGHT - 1 || line == 0 || line == HEIGHT / 2 => format!("{value:.2}"),
                _ => String::new(),
            };
            let cell = |column: &Option<f64>| if column.map(level) == Some(line) { '•' } else { ' ' };
            let drawn: String = columns.iter().map(cell).collect();
            format!("{scale:>SCALE_CELLS$} {}", drawn.trim_end()).trim_end().to_owned()
        })
        .collect();
    let (from, to) = (show::time(series.from), show::time(series.to));
    let between = (columns.len() + SCALE_CELLS + 1).saturating_sub(SCALE_CELLS + 1 + from.len() + to.len());
    if between > 0 {
        lines.push(format!("{:SCALE_CELLS$} {from}{}{to}", "", " ".repeat(between)));
    }
    lines.join("\n")
}

/// The mean of the readings in each column; none where there are none.
fn columns(series: &SeriesView, number: usize) -> Vec<Option<f64>> {
    let (from, to) = (series.from.as_millisecond(), series.to.as_millisecond());
    let span = (to - from).max(1);
    let mut sums = vec![(0.0, 0_u64); number];
    for bucket in &series.buckets {
        let place = (bucket.at.as_millisecond() - from) as f64 / span as f64 * number as f64;
        let (sum, count) = &mut sums[(place.max(0.0) as usize).min(number - 1)];
        *sum += bucket.figures.mean * bucket.figures.count as f64;
        *count += bucket.figures.count;
    }
    sums.into_iter().map(|(sum, count)| (count > 0).then(|| sum / count as f64)).collect()
}

#[cfg(test)]
mod tests {
    use contracts::telemetry::{Bucket, Figures, Step};
    use jiff::Timestamp;

    use super::*;

    fn series(values: &[(i64, f64)]) -> SeriesView {
        let at = |hour: i64| Timestamp::from_second(hour * 3600).unwrap();
        let bucket = |(hour, value): &(i64, f64)| Bucket {
            at: at(*hour),
            figures: Figures {
                count: 60,
                min: *value,
                max: *value,
                mean: *value,
                last: *value,
                last_at: at(*hour),
            },
        };
        let buckets = values.iter().map(bucket).collect();
        SeriesView { unit: None, step: Step::Hour, from: at(0), to: at(100), buckets, next: None }
    }

    #[test]
    fn a_plot_keeps_to_its_width_and_shows_the_least_and_the_most() {
        let rising: Vec<(i64, f64)> = (0..100).map(|hour| (hour, hour as f64 / 10.0)).collect();
        for width in [50, 80, 120] {
            let drawn = plot(&series(&rising), width);
            assert!(drawn.lines().all(|line| line.chars().count() <= width), "{drawn}");
            assert!(drawn.contains("9."), "{drawn}");
            assert_eq!(drawn.matches('•').count(), width - SCALE_CELLS - 1, "{drawn}");
        }
    }

    #[test]
    fn where_nothing_was_measured_nothing_is_drawn() {
        let drawn = plot(&series(&[(0, 5.0), (99, 5.0)]), 80);
        assert_eq!(drawn.matches('•').count(), 2, "{drawn}");
        assert_eq!(plot(&series(&[(0, -1.0)]), 80).matches('•').count(), 1);
    }
}
