//! `shopctl bench chart`: what was measured over time, as a picture.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::bench::chart::{Line, Panel, svg};
use crate::bench::results::{self, Point};
use crate::failure::Failure;
use crate::shop::Shop;

/// Draw what was measured over time: rate, times, memory and disk, as a picture in SVG
///
/// It reads what another benchmark wrote with -o json. Several files are drawn one after the other, as one
/// run that was measured in pieces.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl bench orders --for 30m --every 10s --yes -o json > soak.json
  shopctl bench chart soak.json > soak.svg
  shopctl bench chart growth-*.json --by orders --title 'A growing shop' > growth.svg")]
pub(crate) struct Args {
    /// Files of -o json
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// What stands below: time, or orders
    #[arg(long, value_name = "WHAT", default_value = "time", hide_possible_values = true)]
    by: By,
    /// What stands above
    #[arg(long, value_name = "TEXT", default_value = "Orders, times, memory and disk")]
    title: String,
}

/// What goes from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// Seconds.
    Time,
    /// Orders that ended well so far.
    Orders,
}

pub(super) fn run(shop: &Shop, args: &Args) -> Result<(), Failure> {
    let mut points: Vec<Point> = Vec::new();
    for file in &args.files {
        let (seconds, done) = points.last().map_or((0.0, 0), |last| (last.after_s, last.done));
        let later = results::report(file)?.points.into_iter();
        points.extend(later.map(|point| Point {
            after_s: seconds + point.after_s,
            done: done + point.done,
            ..point
        }));
    }
    let below = match args.by {
        By::Time => "seconds",
        By::Orders => "orders so far",
    };
    shop.out.line(svg(&args.title, below, &panels(&points, args.by)).trim_end())
}

fn panels(points: &[Point], by: By) -> Vec<Panel> {
    let line = |name: &str, of: &dyn Fn(&Point) -> Option<f64>| Line {
        name: name.to_owned(),
        points: points
            .iter()
            .filter_map(|point| {
                let x = if by == By::Time { point.after_s } else { point.done as f64 };
                Some((x, of(point)?))
            })
            .collect(),
    };
    let bytes = |count: Option<u64>| count.map(|count| count as f64 / 1e6);
    let times = vec![
        line("half", &|point| Some(point.p50_us as f64 / 1e3)),
        line("99 of 100", &|point| Some(point.p99_us as f64 / 1e3)),
    ];
    let all = [
        ("a second", vec![line("rate", &|point| Some(point.rate))]),
        ("time until confirmed, milliseconds", times),
        ("memory of shop and broker, megabytes", vec![line("memory", &|point| bytes(point.memory_bytes))]),
        ("data folder, megabytes", vec![line("disk", &|point| bytes(point.disk_bytes))]),
    ];
    let is_known = |lines: &Vec<Line>| lines.iter().any(|line| !line.points.is_empty());
    let known = all.into_iter().filter(|(_, lines)| is_known(lines));
    known.map(|(name, lines)| Panel { name: name.to_owned(), lines }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_has_no_panel() {
        let point = Point { after_s: 1.0, rate: 5.0, done: 7, ..Point::default() };
        let names = |points: &[Point]| {
            panels(points, By::Orders).iter().map(|panel| panel.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(std::slice::from_ref(&point)).len(), 2);
        let known = Point { memory_bytes: Some(5_000_000), ..point };
        assert_eq!(names(&[known])[2], "memory of shop and broker, megabytes");
    }
}
