//! From times to cells: the axis above the bars, and the bars themselves.

/// A stretch of time that is drawn on so many cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// When it begins, in microseconds since 1970.
    pub from_us: i64,
    /// How long it is.
    pub span_us: i64,
    /// How many cells it has.
    pub cells: usize,
}

/// What a cell of a bar shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    /// Nothing.
    Empty,
    /// It could have been done and was not yet.
    Waiting,
    /// It was being done; the character says from where to where.
    Working(char),
    /// It was done and had yet to reach the disk.
    Committing,
}

/// From its left edge to an eighth, two eighths, ...
const LEFT: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// Less of a cell than this is not worth a mark.
const HAIR: f64 = 1.0 / 64.0;

impl Scale {
    /// Where a time lies, in cells from the left edge, never outside.
    fn at(&self, us: i64) -> f64 {
        let cells = self.cells as f64;
        if self.span_us <= 0 {
            return 0.0;
        }
        (us.saturating_sub(self.from_us) as f64 / self.span_us as f64 * cells).clamp(0.0, cells)
    }

    /// The cell in which a time lies.
    pub(super) fn cell(&self, us: i64) -> usize {
        (self.at(us) as usize).min(self.cells.saturating_sub(1))
    }

    /// A bar: waiting until `began`, working until `finished`, committing until `committed`.
    /// However short the work was, it can be seen.
    pub(super) fn bar(&self, waiting: i64, began: i64, finished: i64, committed: i64) -> Vec<Cell> {
        let eighth = 1.0 / 8.0;
        let from = self.at(began).min(self.cells as f64 - eighth);
        let to = self.at(finished).max(from + eighth);
        let (waits, commits) = ((self.at(waiting), from), (to, self.at(committed)));
        (0..self.cells)
            .map(|cell| {
                let (left, right) = (cell as f64, cell as f64 + 1.0);
                let part = |(begin, end): (f64, f64)| (end.min(right) - begin.max(left)).max(0.0);
                if part((from, to)) > HAIR {
                    Cell::Working(block((from - left).max(0.0), (to - left).min(1.0)))
                } else if part(commits) > 0.5
                    || (part(commits) > HAIR && commits.0 < right && commits.1 < right)
                {
                    Cell::Committing
                } else if part(waits) > 0.5 {
                    Cell::Waiting
                } else {
                    Cell::Empty
                }
            })
            .collect()
    }

    /// The labels of the axis and the cells they begin at.
    pub(super) fn ticks(&self) -> Vec<(usize, String)> {
        const APART_CELLS: i64 = 7;
        let unit = Unit::of(self.span_us);
        let mut ticks = vec![(0, format!("0 {}", unit.name))];
        let cells = i64::try_from(self.cells).unwrap_or(i64::MAX).max(1);
        let step_us = round_up(self.span_us.saturating_mul(APART_CELLS) / cells);
        let mut time_us = step_us;
        while time_us < self.span_us {
            let (cell, label) = (self.cell(self.from_us.saturating_add(time_us)), unit.write(time_us));
            let free = ticks.last().is_none_or(|(at, before)| at + before.len() + 1 < cell);
            if free && cell + label.len() <= self.cells {
                ticks.push((cell, label));
            }
            time_us = time_us.saturating_add(step_us);
        }
        ticks
    }
}

/// The character of a part of a cell. There are eighths from the left, but from the right only a
/// half and an eighth.
fn block(from: f64, to: f64) -> char {
    let part = to - from;
    if from < 1.0 / 16.0 {
        return LEFT[((part * 8.0).round() as usize).clamp(1, 8)];
    }
    if to > 15.0 / 16.0 {
        return match part {
            part if part > 0.75 => '█',
            part if part > 0.3 => '▐',
            _ => '▕',
        };
    }
    match (part, from + to) {
        (part, _) if part > 0.75 => '█',
        (part, middle) if part > 0.3 => {
            if middle < 1.0 {
                '▌'
            } else {
                '▐'
            }
        }
        (_, middle) if middle < 1.0 => '▏',
        _ => '▕',
    }
}

/// 1, 2 or 5 and noughts: the next that is not less.
fn round_up(us: i64) -> i64 {
    let mut power: i64 = 1;
    loop {
        for digit in [1, 2, 5] {
            let round = power.saturating_mul(digit);
            if round >= us || round > i64::MAX / 4 {
                return round;
            }
        }
        power = power.saturating_mul(10);
    }
}

struct Unit {
    name: &'static str,
    us: i64,
}

impl Unit {
    fn of(span_us: i64) -> Self {
        match span_us {
            ..1_000_000 => Self { name: "ms", us: 1_000 },
            1_000_000..180_000_000 => Self { name: "s", us: 1_000_000 },
            180_000_000..10_800_000_000 => Self { name: "min", us: 60_000_000 },
            _ => Self { name: "h", us: 3_600_000_000 },
        }
    }

    fn write(&self, us: i64) -> String {
        let text = format!("{:.3}", us as f64 / self.us as f64);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}
