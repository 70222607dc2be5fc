//! The waterfall of a story: who did what, when and for how long, what it told, what it waited for.
//!
//! Pure: from a story and a width to a text. No line is ever wider than that width.

mod columns;
pub(crate) mod line;
mod scale;
mod stuck;
mod summary;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod words;

use jiff::tz::TimeZone;

use self::columns::Columns;
use self::line::{Line, clip, flow_text, plain, wrap};
use self::scale::{Cell, Scale};
use self::summary::{extremes, facts, retries};
use self::words::{commit, label, label_in, telling, tellings};
use crate::output::Tone;
use crate::show::duration;
use crate::trace::{Emitted, Flow, Silent, Step, Story, Stretch};

/// A drawing is not made narrower than this.
pub(crate) const WIDTH_MIN: usize = 40;
/// Below this width there is a list of steps without bars.
const BARS_FROM_WIDTH: usize = 60;
/// From this width on commits have a column of their own.
const COMMITS_FROM_WIDTH: usize = 100;
/// How to draw.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    /// Only characters that every terminal and every log has.
    pub(crate) ascii: bool,
    /// With the colours of a terminal.
    pub(crate) colour: bool,
    /// With what each event says, where the story has it.
    pub(crate) payloads: bool,
    /// Where the clock on the wall hangs.
    pub(crate) zone: TimeZone,
}

/// Draws a story.
pub(crate) fn render(story: &Story, width: usize, style: &Style) -> String {
    let mut page = Page { text: String::new(), width: width.max(WIDTH_MIN), style };
    let mut heading = vec![story.about.clone()];
    heading.extend_from_slice(&story.facts);
    page.heading(Some(Tone::Strong), &heading);
    match story.left_out {
        0 => {}
        1 => page.note("1 older flow is left out"),
        many => page.note(&format!("{many} older flows are left out")),
    }
    for flow in &story.flows {
        if story.flows.len() > 1 {
            page.text.push('\n');
        }
        page.flow(flow, &story.silent);
    }
    if story.flows.is_empty() {
        let columns = Columns::of(page.width, &[], &story.silent);
        for silent in &story.silent {
            page.silent(silent, &columns);
        }
    }
    page.text
}

struct Page<'a> {
    text: String,
    width: usize,
    style: &'a Style,
}

impl Page<'_> {
    fn flow(&mut self, flow: &Flow, silent: &[Silent]) {
        let columns = Columns::of(self.width, &flow.stretches, silent);
        self.heading(None, &facts(flow, &self.style.zone));
        for (place, stretch) in flow.stretches.iter().enumerate() {
            if place > 0 {
                let dots = if self.style.ascii { "..." } else { "⋯" };
                self.note(&format!("{dots} {} later", duration(stretch.pause_us)));
            }
            self.stretch(stretch, &columns);
        }
        for silent in silent {
            self.silent(silent, &columns);
        }
        self.cut(&flow.cut, &columns);
        for part in flow_text(&extremes(flow), self.width) {
            self.note(&part);
        }
        for retry in retries(flow) {
            for part in wrap(&plain(&retry), self.width) {
                self.note(&part);
            }
        }
        if columns.bar > 0 {
            self.legend(flow, &columns);
        }
    }

    fn stretch(&mut self, stretch: &Stretch, columns: &Columns) {
        let scale = Scale {
            from_us: stretch.began_us,
            span_us: stretch.ended_us.saturating_sub(stretch.began_us),
            cells: columns.bar,
        };
        self.titles(&scale, columns);
        // Whether the cause at each depth has more to show further down.
        let mut more: Vec<bool> = Vec::new();
        for (place, step) in stretch.steps.iter().enumerate() {
            more.resize(step.depth, false);
            more.push(!step.last);
            let causes_more = stretch.steps.get(place + 1).is_some_and(|next| next.depth > step.depth);
            self.step(step, &self.branch(&more, columns.depth), &scale, columns);
            let stem = self.stem(&more, causes_more, columns.depth);
            for told in tellings(&step.emitted) {
                self.telling(told, &stem, &scale, columns);
            }
            self.not_done(step, &stem, columns);
        }
    }

    fn titles(&mut self, scale: &Scale, columns: &Columns) {
        let mut line = Line::default();
        line.put(Tone::Faint, "SERVICE").pad_to(columns.service + 2).put(Tone::Faint, "WHAT");
        line.right(Tone::Faint, "TOOK", columns.took);
        if columns.commit > columns.took {
            line.right(Tone::Faint, "COMMIT", columns.commit);
        }
        if columns.bar > 0 {
            for (cell, label) in scale.ticks() {
                line.pad_to(columns.commit + 2 + cell).put(Tone::Faint, &label);
            }
        }
        self.line(line);
    }

    fn step(&mut self, step: &Step, branch: &str, scale: &Scale, columns: &Columns) {
        let tone = columns.tone(&step.service);
        let mut line = Line::default();
        line.put(tone, &clip(&plain(&step.service), columns.service, self.mark()));
        line.pad_to(columns.service + 2).put(Tone::Faint, branch);
        let room = columns.what.saturating_sub(line.cells());
        let label = label(step, columns.length);
        let failure =
            if step.is_ok() { String::new() } else { format!(" {} {}", self.cross(), plain(&step.outcome)) };
        // Where there is not room for both, each gives way as far as half.
        let failure = clip(&failure, room.saturating_sub(label.len()).max(room / 2), self.mark());
        let room = room.saturating_sub(failure.chars().count());
        line.put(None, &label_in(step, columns.length, room, self.mark()));
        line.put(Tone::Bad, &failure);
        line.right(
            None,
            &clip(&duration(step.took_us()), columns.took - columns.what - 1, self.mark()),
            columns.took,
        );
        if columns.commit > columns.took {
            line.right(
                Tone::Faint,
                &clip(&commit(step), columns.commit - columns.took - 1, self.mark()),
                columns.commit,
            );
        }
        if columns.bar > 0 {
            line.pad_to(columns.commit + 2);
            let waiting = step.waiting_us.unwrap_or(step.began_us);
            let cells = scale.bar(waiting, step.began_us, step.finished_us, step.ended_us());
            let tone = if step.is_ok() { tone } else { Tone::Bad };
            for cell in cells {
                let (character, tone) = self.cell(cell, tone);
                line.put(tone, character.encode_utf8(&mut [0; 4]));
            }
        }
        self.line(line);
    }

    fn telling(&mut self, told: &[Emitted], stem: &str, scale: &Scale, columns: &Columns) {
        let (arrow, dot) = if self.style.ascii { ("-> ", "*") } else { ("→ ", "◆") };
        let mut line = Line::default();
        line.pad_to(columns.service + 2).put(Tone::Faint, stem).put(Tone::Faint, arrow);
        let room = columns.what.saturating_sub(line.cells());
        line.put(Tone::Faint, &clip(&telling(told, columns.length), room, self.mark()));
        if columns.bar > 0 {
            let at_us = told.first().map_or(scale.from_us, |first| first.at_us);
            line.pad_to(columns.commit + 2 + scale.cell(at_us)).put(Tone::Faint, dot);
        }
        self.line(line);
        let bodies = told.iter().filter_map(|told| told.body.as_ref());
        let indent = columns.service + 2 + if columns.bar > 0 { stem.chars().count() } else { 0 };
        for body in bodies.filter(|_| self.style.payloads) {
            for part in wrap(&self.one_line(&body.to_string()), self.width - indent) {
                let mut line = Line::default();
                line.pad_to(indent).put(Tone::Faint, &part);
                self.line(line);
            }
        }
    }

    fn silent(&mut self, silent: &Silent, columns: &Columns) {
        let why = format!("{}; its steps are missing here", silent.why);
        self.silent_row(&silent.service, &why, Tone::Bad, columns);
    }

    fn silent_row(&mut self, service: &str, why: &str, tone: Tone, columns: &Columns) {
        let mut line = Line::default();
        line.put(tone, &clip(&plain(service), columns.service, self.mark()));
        let text = format!("{} {}", self.cross(), self.one_line(why));
        let indent = columns.service + 2;
        for part in wrap(&text, self.width - indent) {
            line.pad_to(indent).put(tone, &part);
            self.line(std::mem::take(&mut line));
        }
    }

    fn legend(&mut self, flow: &Flow, columns: &Columns) {
        let legend = if self.style.ascii {
            ". waiting   # working   = committing   * told"
        } else {
            "░ waiting   █ working   ▒ committing   ◆ told"
        };
        let shared = columns.commit > columns.took && flow.steps().any(|step| step.group_jobs > 1);
        let shared = if shared { "   (2) two jobs shared the commit" } else { "" };
        self.note(&format!("{legend}{shared}"));
    }

    fn heading(&mut self, tone: Option<Tone>, parts: &[String]) {
        for text in flow_text(parts, self.width) {
            let mut line = Line::default();
            line.put(tone, &text);
            self.line(line);
        }
    }

    fn note(&mut self, text: &str) {
        let mut line = Line::default();
        line.put(Tone::Faint, &clip(text, self.width, self.mark()));
        self.line(line);
    }

    fn line(&mut self, line: Line) {
        line.write(&mut self.text, self.style.colour);
    }

    /// The lines of the tree in front of a step.
    fn branch(&self, more: &[bool], depth_max: usize) -> String {
        let depth = more.len() - 1;
        if depth == 0 {
            return String::new();
        }
        let fork = match (self.style.ascii, more[depth]) {
            (false, true) => '├',
            (false, false) => '└',
            (true, true) => '|',
            (true, false) => '`',
        };
        let above = more[1..depth].iter().map(|more| self.rail(*more));
        above.skip(depth.saturating_sub(depth_max)).chain([fork, ' ']).collect()
    }

    /// The lines of the tree in front of what a step told.
    fn stem(&self, more: &[bool], causes_more: bool, depth_max: usize) -> String {
        let rails = more[1..].iter().chain([&causes_more]).map(|more| self.rail(*more));
        rails.skip((more.len() - 1).saturating_sub(depth_max)).chain([' ']).collect()
    }

    fn rail(&self, more: bool) -> char {
        match (self.style.ascii, more) {
            (_, false) => ' ',
            (false, true) => '│',
            (true, true) => '|',
        }
    }

    fn cell(&self, cell: Cell, tone: Tone) -> (char, Option<Tone>) {
        match (cell, self.style.ascii) {
            (Cell::Empty, _) => (' ', None),
            (Cell::Waiting, false) => ('░', Some(Tone::Faint)),
            (Cell::Waiting, true) => ('.', Some(Tone::Faint)),
            (Cell::Working(block), false) => (block, Some(tone)),
            (Cell::Working(_), true) => ('#', Some(tone)),
            (Cell::Committing, false) => ('▒', Some(tone)),
            (Cell::Committing, true) => ('=', Some(tone)),
        }
    }

    /// A text of any characters on one line, harmless.
    fn one_line(&self, text: &str) -> String {
        if self.style.ascii { plain(text) } else { kit::text::printable(text).into_owned() }
    }

    fn mark(&self) -> char {
        if self.style.ascii { '~' } else { '…' }
    }

    fn cross(&self) -> char {
        if self.style.ascii { 'x' } else { '✗' }
    }
}
