//! What each key does.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{FILTER_CHARS_MAX, State, Tab};
use crate::top::pane::{Content, Pane};
use crate::top::view;
use crate::trace::gather::Wanted;

/// Cells by which a drawing moves sideways.
const SIDEWAYS: usize = 8;

/// What a key asks of whoever runs the screen.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    /// The end.
    Quit,
    /// A sample now.
    Sample,
    /// What became of something.
    Trace(Wanted),
}

/// How far to move.
#[derive(Debug, Clone, Copy)]
enum Move {
    Back(usize),
    On(usize),
    First,
    Last,
}

impl Move {
    fn of(key: KeyCode, page: usize) -> Option<Self> {
        Some(match key {
            KeyCode::Up | KeyCode::Char('k') => Self::Back(1),
            KeyCode::Down | KeyCode::Char('j') => Self::On(1),
            KeyCode::PageUp => Self::Back(page),
            KeyCode::PageDown | KeyCode::Char(' ') => Self::On(page),
            KeyCode::Home | KeyCode::Char('g') => Self::First,
            KeyCode::End | KeyCode::Char('G') => Self::Last,
            _ => return None,
        })
    }

    fn from(self, place: usize) -> usize {
        match self {
            Self::Back(rows) => place.saturating_sub(rows),
            Self::On(rows) => place.saturating_add(rows),
            Self::First => 0,
            Self::Last => usize::MAX,
        }
    }
}

impl State {
    /// A key is pressed. Answers what has to be done that the state cannot do itself.
    pub(crate) fn press(&mut self, key: KeyEvent) -> Option<Wish> {
        self.notice.clear();
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if control => return Some(Wish::Quit),
            _ if control => return None,
            // A terminal sends the same for Alt and a key as for Esc and then the key.
            code if key.modifiers.contains(KeyModifiers::ALT) => {
                self.press(KeyCode::Esc.into());
                return self.press(code.into());
            }
            code if self.typing => self.press_typing(code),
            KeyCode::Char('q') => return Some(Wish::Quit),
            KeyCode::Char('?') => self.pane = Some(Pane::keys()),
            KeyCode::Char('p') => return self.pause(),
            KeyCode::Char('r') => return self.refresh(),
            code if self.pane.is_some() => self.press_in_pane(code),
            code => return self.press_on_page(code),
        }
        None
    }

    fn pause(&mut self) -> Option<Wish> {
        self.paused = !self.paused;
        (!self.paused).then_some(Wish::Sample)
    }

    fn refresh(&mut self) -> Option<Wish> {
        if self.paused {
            "nothing is asked while the screen stands still: p".clone_into(&mut self.notice);
            return None;
        }
        match self.pane.as_ref().and_then(Pane::wanted) {
            Some(wanted) => Some(Wish::Trace(wanted.clone())),
            None => Some(Wish::Sample),
        }
    }

    fn press_typing(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                self.typing = false;
                self.filter.clear();
            }
            KeyCode::Backspace => {
                self.filter.pop();
            }
            KeyCode::Char(character) if self.filter.chars().count() < FILTER_CHARS_MAX => {
                self.filter.push(character);
            }
            _ => {}
        }
        self.find_all_chosen();
    }

    fn press_in_pane(&mut self, code: KeyCode) {
        let page = view::pane_lines(self.size.1);
        let Some(pane) = &mut self.pane else { return };
        match code {
            KeyCode::Esc | KeyCode::Backspace => self.pane = None,
            KeyCode::Enter if matches!(pane.content, Content::Keys) => self.pane = None,
            KeyCode::Left | KeyCode::Char('h') => pane.scrolled.1 = pane.scrolled.1.saturating_sub(SIDEWAYS),
            KeyCode::Right | KeyCode::Char('l') => pane.scrolled.1 += SIDEWAYS,
            code => {
                if let Some(how) = Move::of(code, page) {
                    pane.scrolled.0 = how.from(pane.scrolled.0);
                }
            }
        }
        self.keep_inside();
    }

    fn press_on_page(&mut self, code: KeyCode) -> Option<Wish> {
        let here = Tab::ALL.iter().position(|tab| *tab == self.tab).unwrap_or_default();
        match code {
            KeyCode::Char(digit @ '1'..='4') => self.tab = Tab::ALL[digit as usize - '1' as usize],
            KeyCode::Tab | KeyCode::Right | KeyCode::Char('l') => {
                self.tab = Tab::ALL[(here + 1) % Tab::ALL.len()];
            }
            KeyCode::BackTab | KeyCode::Left | KeyCode::Char('h') => {
                self.tab = Tab::ALL[(here + Tab::ALL.len() - 1) % Tab::ALL.len()];
            }
            KeyCode::Char('/') => self.typing = true,
            KeyCode::Esc => {
                self.filter.clear();
                self.find_all_chosen();
            }
            KeyCode::Enter => return self.open_chosen(),
            code => {
                let how = Move::of(code, view::table_rows(self.size.1).max(1))?;
                let row = how.from(self.row(self.tab));
                self.choose(self.tab, row);
            }
        }
        None
    }

    fn open_chosen(&mut self) -> Option<Wish> {
        if self.tab != Tab::Stuck {
            return None;
        }
        let (wanted, about) =
            self.stuck().get(self.row(Tab::Stuck)).map(|stuck| (stuck.wanted(), stuck.about()))?;
        let Some(wanted) = wanted else {
            "nothing says which trace it belongs to".clone_into(&mut self.notice);
            return None;
        };
        if self.paused {
            "nothing is asked while the screen stands still: p".clone_into(&mut self.notice);
            return None;
        }
        self.pane = Some(Pane::trace(about, wanted.clone()));
        Some(Wish::Trace(wanted))
    }

    fn find_all_chosen(&mut self) {
        for tab in Tab::ALL {
            self.find_chosen(tab);
        }
    }

    /// No further down or to the right than there is something to see.
    pub(super) fn keep_inside(&mut self) {
        let (columns, lines) = self.size;
        let Some(pane) = &mut self.pane else { return };
        let text = pane.lines(usize::from(columns), false, &self.zone);
        let widest = text.iter().map(|line| unicode_width::UnicodeWidthStr::width(line.as_str())).max();
        let below = text.len().saturating_sub(view::pane_lines(lines).max(1));
        let right = widest.unwrap_or_default().saturating_sub(usize::from(columns));
        pane.scrolled = (pane.scrolled.0.min(below), pane.scrolled.1.min(right));
    }
}
