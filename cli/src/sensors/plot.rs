//! A curve in the terminal: dots of Braille, two across and four down in a cell.

use contracts::telemetry::Bucket;
use jiff::Timestamp;

/// The first character of Braille: no dots.
const BLANK: u32 = 0x2800;

/// Dots of a cell, across and down.
const ACROSS: usize = 2;
const DOWN: usize = 4;

/// The bit of each dot of a cell, by row and column.
const BITS: [[u32; ACROSS]; DOWN] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Rows of cells.
const ROWS: usize = 10;

/// The narrowest curve, in cells. On a narrower screen lines are broken.
const WIDTH_MIN: usize = 10;

/// A curve, drawn: its lines from the top, each with its scale, and the ends of its time below.
///
/// Every column of dots goes from the least to the most of what was measured in its time. A time without a reading
/// stays empty. `step` is how long a bucket is, in milliseconds; `ends` are the two times as they are written.
pub(crate) fn plot(
    buckets: &[Bucket],
    step: i64,
    (from, to): (Timestamp, Timestamp),
    ends: (&str, &str),
    width: usize,
) -> Vec<String> {
    let (least, most) = extremes(buckets);
    let labels = [most, f64::midpoint(least, most), least].map(number);
    let margin = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let cells = width.saturating_sub(margin + 2).max(WIDTH_MIN);
    let bands = bands(buckets, step, (from.as_millisecond(), to.as_millisecond()), cells * ACROSS);
    let mut canvas = vec![vec![0_u32; cells]; ROWS];
    for (column, band) in bands.iter().enumerate() {
        let Some((low, high)) = band else { continue };
        let (bottom, top) = (height(*low, least, most), height(*high, least, most));
        for dot in bottom..=top {
            // Counted from the bottom, drawn from the top.
            let row = ROWS * DOWN - 1 - dot;
            canvas[row / DOWN][column / ACROSS] |= BITS[row % DOWN][column % ACROSS];
        }
    }
    let mut lines: Vec<String> = canvas
        .iter()
        .enumerate()
        .map(|(row, cells)| {
            let label = match row {
                0 => &labels[0],
                row if row == ROWS / 2 => &labels[1],
                row if row == ROWS - 1 => &labels[2],
                _ => "",
            };
            let dots = cells.iter().filter_map(|bits| char::from_u32(BLANK | bits)).collect::<String>();
            format!("{label:>margin$} ┤{dots}")
        })
        .collect();
    let gap = cells.saturating_sub(ends.0.chars().count() + ends.1.chars().count());
    if gap > 0 {
        lines.push(format!("{:margin$}  {}{:gap$}{}", "", ends.0, "", ends.1));
    } else {
        // Under each other where there is no room beside each other.
        lines.extend([format!("{:margin$}  {}", "", ends.0), format!("{:margin$}  {:>cells$}", "", ends.1)]);
    }
    lines
}

/// The least and the most of all.
fn extremes(buckets: &[Bucket]) -> (f64, f64) {
    buckets.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), bucket| {
        (least.min(bucket.figures.min), most.max(bucket.figures.max))
    })
}

/// The least and the most in the time of each column.
fn bands(buckets: &[Bucket], step: i64, (from, to): (i64, i64), columns: usize) -> Vec<Option<(f64, f64)>> {
    let mut bands: Vec<Option<(f64, f64)>> = vec![None; columns];
    let span = (to - from).max(1) as f64;
    let column = |time: i64| (((time - from) as f64 / span) * columns as f64).floor().max(0.0) as usize;
    for bucket in buckets {
        let (begin, end) = (bucket.at.as_millisecond(), bucket.at.as_millisecond() + step);
        let last = column(end - 1).min(columns - 1);
        for band in bands.iter_mut().take(last + 1).skip(column(begin)) {
            let (low, high) = band.unwrap_or((f64::INFINITY, f64::NEG_INFINITY));
            *band = Some((low.min(bucket.figures.min), high.max(bucket.figures.max)));
        }
    }
    bands
}

/// In which row of dots a value lies, from the bottom.
fn height(value: f64, least: f64, most: f64) -> usize {
    let rows = ROWS * DOWN - 1;
    let span = most - least;
    if span > 0.0 { (((value - least) / span) * rows as f64).round() as usize } else { rows / 2 }
}

/// A value with as many digits as a scale needs.
pub(crate) fn number(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        size if !(1e-3..1e9).contains(&size) => return format!("{value:.2e}"),
        size if size >= 1000.0 => 0,
        size if size >= 100.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use contracts::telemetry::Figures;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millisecond(minute * 60_000).unwrap()
    }

    fn bucket(minute: i64, min: f64, max: f64) -> Bucket {
        let figures =
            Figures { count: 1, min, max, mean: f64::midpoint(min, max), last: max, last_at: at(minute) };
        Bucket { at: at(minute), figures }
    }

    fn drawn(buckets: &[Bucket], minutes: i64, width: usize) -> Vec<String> {
        plot(buckets, 60_000, (at(0), at(minutes)), ("begin", "end"), width)
    }

    #[test]
    fn a_rising_line_goes_from_the_lower_left_to_the_upper_right() {
        let rising: Vec<Bucket> = (0..20).map(|n| bucket(n, n as f64, n as f64)).collect();
        let lines = drawn(&rising, 20, 20);
        assert_eq!(lines.len(), ROWS + 1);
        let is_empty = |cell: Option<char>| cell == Some('⠀');
        assert!(lines[0].starts_with("19.00 ┤") && !is_empty(lines[0].chars().last()), "{lines:#?}");
        assert!(is_empty(lines[0].chars().nth(7)), "{lines:#?}");
        let lowest = &lines[ROWS - 1];
        assert!(lowest.starts_with("    0 ┤") && !is_empty(lowest.chars().nth(7)), "{lines:#?}");
        assert!(is_empty(lowest.chars().last()), "{lines:#?}");
        assert!(lines[ROWS].trim_start().starts_with("begin") && lines[ROWS].ends_with("end"));
    }

    #[test]
    fn a_time_without_a_reading_stays_empty() {
        let lines = drawn(&[bucket(0, 1.0, 2.0), bucket(9, 1.0, 2.0)], 10, 30);
        let middle: Vec<char> = lines[4].chars().skip_while(|c| *c != '┤').skip(1).collect();
        assert_ne!(middle[0], '⠀');
        assert_eq!(middle[middle.len() / 2], '⠀');
        assert_ne!(middle[middle.len() - 1], '⠀');
    }

    #[test]
    fn every_line_is_as_wide_as_the_screen_also_a_narrow_one() {
        for width in [24, 40, 80, 200] {
            let lines = drawn(&[bucket(0, -1.5, 1234.0), bucket(3, 0.0, 5.0)], 5, width);
            for line in &lines[..ROWS] {
                assert_eq!(line.chars().count(), width, "{line}");
            }
        }
        let ends = ("2026-11-26 17:36:00", "2026-11-27 17:37:00");
        let narrow = plot(&[bucket(0, 1.0, 2.0)], 60_000, (at(0), at(5)), ends, 40);
        assert!(narrow.iter().all(|line| line.chars().count() <= 40), "{narrow:#?}");
        assert!(narrow[ROWS].ends_with(ends.0) && narrow[ROWS + 1].ends_with(ends.1), "{narrow:#?}");
        assert!(
            drawn(&[bucket(0, 1.0, 1.0)], 5, 3).len() > ROWS,
            "a constant on a screen that is too narrow"
        );
    }

    #[test]
    fn numbers_have_the_digits_a_scale_needs() {
        let all = [0.0, 4.126, -40.5, 101.25, 12_345.6, 1.5e12, 0.0002].map(number);
        assert_eq!(all, ["0", "4.13", "-40.50", "101.2", "12346", "1.50e12", "2.00e-4"]);
    }
}
