//! Lines over time as a picture: SVG, one panel above the other, each with its own scale. No I/O.

use std::fmt::Write;

/// The width of a picture, and the height of a panel, in the units of the picture.
const WIDTH: f64 = 760.0;
const PANEL: f64 = 130.0;

/// Room for numbers on the left, for names at the right, above a panel, and below the last.
const LEFT: f64 = 78.0;
const RIGHT: f64 = 16.0;
const ABOVE: f64 = 30.0;
const BELOW: f64 = 44.0;

/// Room for the title.
const TITLE: f64 = 30.0;

/// The most points of a line that are drawn; of more, the mean of neighbours.
const POINTS_MAX: usize = 400;

/// Lines that are told apart by colour.
const COLOURS: [&str; 3] = ["#2f6fb0", "#c2571a", "#3d8b4f"];

/// One line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) name: String,
    /// From left to right.
    pub(crate) points: Vec<(f64, f64)>,
}

/// Lines with the same scale.
#[derive(Debug, Clone)]
pub(crate) struct Panel {
    /// What is drawn, with its unit.
    pub(crate) name: String,
    pub(crate) lines: Vec<Line>,
}

/// The picture.
pub(crate) fn svg(title: &str, below: &str, panels: &[Panel]) -> String {
    let height = TITLE + panels.len() as f64 * (ABOVE + PANEL) + BELOW;
    let mut page = String::new();
    let _ = writeln!(
        page,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\">"
    );
    let _ = writeln!(page, "<title>{}</title>", text(title));
    page.push_str(STYLE);
    let _ = writeln!(page, "<text class=\"title\" x=\"{LEFT}\" y=\"20\">{}</text>", text(title));
    let all = || panels.iter().flat_map(|panel| &panel.lines).flat_map(|line| &line.points);
    let (least, to) = range(all().map(|point| point.0));
    let from = least.min(0.0);
    for (number, panel) in panels.iter().enumerate() {
        let top = TITLE + number as f64 * (ABOVE + PANEL) + ABOVE;
        draw(&mut page, panel, top, (from, to));
    }
    let bottom = height - BELOW;
    for tick in ticks(from, to) {
        let x = across(tick, (from, to));
        let _ = writeln!(
            page,
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>",
            TITLE + ABOVE
        );
        let _ = writeln!(
            page,
            "<text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            bottom + 15.0,
            number(tick)
        );
    }
    let _ = writeln!(
        page,
        "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
        (LEFT + WIDTH - RIGHT) / 2.0,
        bottom + 34.0,
        text(below)
    );
    page.push_str("</svg>\n");
    page
}

/// Readable on a bright and on a dark page.
const STYLE: &str = "<style>text{font-family:sans-serif;fill:#222}.title{font-size:15px;font-weight:bold}.name{font-size:12px}.tick{font-size:11px;fill:#666}.grid{stroke:#8884;stroke-width:1}.line{fill:none;stroke-width:1.6;stroke-linejoin:round}@media(prefers-color-scheme:dark){text{fill:#ddd}.tick{fill:#aaa}}</style>\n";

fn draw(page: &mut String, panel: &Panel, top: f64, sides: (f64, f64)) {
    let (_, most) = range(panel.lines.iter().flat_map(|line| &line.points).map(|point| point.1));
    let marks = ticks(0.0, most);
    let most = marks.last().copied().unwrap_or(1.0).max(most);
    let up = |value: f64| top + PANEL - PANEL * (value / most).clamp(0.0, 1.0);
    for mark in marks {
        let (y, right) = (up(mark), WIDTH - RIGHT);
        let _ =
            writeln!(page, "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\"/>");
        let _ = writeln!(
            page,
            "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            y + 4.0,
            number(mark)
        );
    }
    let _ = writeln!(
        page,
        "<text class=\"name\" x=\"{LEFT}\" y=\"{:.1}\">{}</text>",
        top - 9.0,
        text(&panel.name)
    );
    for (place, line) in panel.lines.iter().enumerate() {
        let colour = COLOURS[place % COLOURS.len()];
        let points: Vec<String> = thinned(&line.points)
            .into_iter()
            .map(|(x, y)| format!("{:.1},{:.1}", across(x, sides), up(y)))
            .collect();
        let _ =
            writeln!(page, "<polyline class=\"line\" stroke=\"{colour}\" points=\"{}\"/>", points.join(" "));
        if panel.lines.len() > 1 {
            let x = WIDTH - RIGHT - 90.0 * (panel.lines.len() - place) as f64;
            let _ = writeln!(
                page,
                "<line stroke=\"{colour}\" stroke-width=\"2\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
                top - 13.0,
                x + 16.0,
                top - 13.0
            );
            let _ = writeln!(
                page,
                "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x + 21.0,
                top - 9.0,
                text(&line.name)
            );
        }
    }
}

fn across(x: f64, (from, to): (f64, f64)) -> f64 {
    let share = if to > from { (x - from) / (to - from) } else { 0.0 };
    LEFT + (WIDTH - RIGHT - LEFT) * share
}

/// The least and the most; 0 and 1 if there is nothing.
fn range(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    let (least, most) = numbers
        .filter(|number| number.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), number| {
            (least.min(number), most.max(number))
        });
    if least <= most { (least, most) } else { (0.0, 1.0) }
}

/// Round numbers between two: a few, each 1, 2 or 5 and zeros from the next.
fn ticks(from: f64, to: f64) -> Vec<f64> {
    let wide = to - from;
    if wide <= 0.0 || !wide.is_finite() {
        return vec![from];
    }
    let size = 10_f64.powf((wide / 4.0).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|times| times * size)
        .into_iter()
        .find(|step| wide / step <= 5.0)
        .unwrap_or(wide);
    let first = (from / step).ceil() as i64;
    // One more at the top, so that no line leaves its panel.
    let last = (to / step).floor() as i64 + i64::from(from == 0.0 && to % step > 0.0);
    (first..=last).map(|number| number as f64 * step).collect()
}

/// A number as short as it can be: `250`, `1.5 k`, `2 M`.
fn number(number: f64) -> String {
    let (size, letter) = match number.abs() {
        1e9.. => (1e9, " G"),
        1e6.. => (1e6, " M"),
        1e4.. => (1e3, " k"),
        _ => (1.0, ""),
    };
    let text = format!("{:.2}", number / size);
    format!("{}{letter}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// At most so many points, each the mean of neighbours.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let together = points.len().div_ceil(POINTS_MAX).max(1);
    let mean = |some: &[(f64, f64)]| {
        let (x, y) = some.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
        (x / some.len() as f64, y / some.len() as f64)
    };
    points.chunks(together).map(mean).collect()
}

fn text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(name: &str, points: &[(f64, f64)]) -> Panel {
        Panel { name: name.to_owned(), lines: vec![Line { name: "one".to_owned(), points: points.to_vec() }] }
    }

    #[test]
    fn marks_stand_at_round_numbers_and_no_line_leaves_its_panel() {
        assert_eq!(ticks(0.0, 9.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(ticks(0.0, 1000.0), [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]);
        assert_eq!(ticks(30.0, 130.0), [40.0, 60.0, 80.0, 100.0, 120.0]);
        assert_eq!(ticks(5.0, 5.0), [5.0]);
    }

    #[test]
    fn numbers_are_short() {
        let all = [0.0, 0.5, 250.0, 9999.0, 15_000.0, 2e6, 3.25e9].map(number);
        assert_eq!(all, ["0", "0.5", "250", "9999", "15 k", "2 M", "3.25 G"]);
    }

    #[test]
    fn a_picture_has_a_panel_and_a_line_for_each_that_is_wanted() {
        let panels =
            [panel("rate, a second", &[(0.0, 10.0), (1.0, 20.0)]), panel("memory & more", &[(0.0, 5.0)])];
        let picture = svg("a <soak>", "seconds", &panels);
        assert_eq!(picture.matches("<polyline").count(), 2);
        assert!(picture.contains("a &lt;soak&gt;") && picture.contains("memory &amp; more"), "{picture}");
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
        // From the left edge at half the height of its panel to the right edge at the top.
        assert!(picture.contains("points=\"78.0,125.0 744.0,60.0\""), "{picture}");
    }

    #[test]
    fn nothing_and_too_much_are_drawn_too() {
        assert!(svg("nothing", "seconds", &[panel("rate", &[])]).contains("points=\"\""));
        let many: Vec<(f64, f64)> = (0..10_000).map(|n| (f64::from(n), 3.0)).collect();
        let thin = thinned(&many);
        assert!(thin.len() <= POINTS_MAX && thin.iter().all(|point| point.1 == 3.0));
        assert!(!svg("broken", "", &[panel("rate", &[(0.0, f64::NAN)])]).contains("inf"));
    }
}
