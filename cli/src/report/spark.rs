//! Values over time on one line: a block for each, as high as its value.

use super::Style;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// Draws values, the first to the left, in at most so many cells: if there are more values, neighbours are
/// drawn as their sum. Nothing, and less than nothing, is the lowest block; anything more is a higher one.
pub(crate) fn spark(values: &[i64], width: usize, style: Style) -> String {
    let each = values.len().div_ceil(width.max(1)).max(1);
    let sums: Vec<i64> = values
        .chunks(each)
        .map(|some| some.iter().fold(0, |sum: i64, value| sum.saturating_add(*value)))
        .collect();
    let most = sums.iter().copied().max().unwrap_or(0).max(1);
    let blocks = if style.ascii { ASCII } else { BLOCKS };
    let block = |value: i64| {
        let level =
            if value <= 0 { 0 } else { (i128::from(value) * 7 + i128::from(most) - 1) / i128::from(most) };
        blocks[usize::try_from(level).unwrap_or(0).min(7)]
    };
    if width == 0 { String::new() } else { sums.into_iter().map(block).collect() }
}
