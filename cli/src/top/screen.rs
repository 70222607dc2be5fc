//! The terminal: taken for the full screen, and given back as it was, however it ends.

use std::io::{Stdout, Write, stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

use super::state::State;
use super::view;
use crate::failure::Failure;

/// Whether the terminal is taken. It is given back once, by whoever comes first.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The full screen. The terminal is given back when it is dropped, and before a panic is reported.
pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// 74 if it is none, or cannot be set up. It is then as it was before.
    pub(crate) fn take() -> Result<Self, Failure> {
        report_panics_after_giving_back();
        let failed = |error: std::io::Error| {
            give_back();
            Failure::io("the terminal cannot be used for a full screen", &error)
                .mend("shopctl top --count 10      writes lines instead")
        };
        enable_raw_mode().map_err(failed)?;
        TAKEN.store(true, Ordering::SeqCst);
        execute!(stdout(), EnterAlternateScreen, Hide).map_err(failed)?;
        let terminal = Terminal::new(CrosstermBackend::new(stdout())).map_err(failed)?;
        Ok(Self { terminal })
    }

    /// Draws what there is to see.
    ///
    /// # Errors
    /// 74 if the terminal does not take it.
    pub(crate) fn draw(&mut self, state: &mut State) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::io("the screen was not drawn", &error);
        self.terminal.autoresize().map_err(failed)?;
        let size = self.terminal.get_frame().area();
        state.resized(size.width, size.height);
        let drawn = self.terminal.draw(|frame| view::draw(state, frame.area(), frame.buffer_mut()));
        drawn.map(|_| ()).map_err(failed)
    }

    /// Forgets what is on the terminal, so that everything is drawn.
    ///
    /// # Errors
    /// 74 if the terminal does not take it.
    pub(crate) fn clear(&mut self) -> Result<(), Failure> {
        self.terminal.clear().map_err(|error| Failure::io("the screen was not cleared", &error))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Nobody can be told if the terminal does not take this; it may be gone.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(stdout(), LeaveAlternateScreen, Show);
        let _ = stdout().flush();
        let _ = disable_raw_mode();
    }
}

/// What a panic says is written where it happens, before anything is dropped: on a full screen it would be
/// gone a moment later.
fn report_panics_after_giving_back() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            report(panic);
        }));
    });
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read;
    use std::process::{Command, Stdio};

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::tcgetattr;

    use super::Screen;

    /// Says to this very test that it is the one that is to panic.
    const TO_PANIC: &str = "SHOPCTL_TEST_PANICS_ON_SCREEN";
    /// What gives the terminal back: leave the alternate screen, show the cursor.
    const GIVEN_BACK: &str = "\u{1b}[?1049l\u{1b}[?25h";

    #[test]
    fn what_a_panic_says_is_read_on_the_terminal_as_it_was_before() {
        if std::env::var_os(TO_PANIC).is_some() {
            let _screen = Screen::take().unwrap();
            panic!("a mistake of ours");
        }
        let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keys).unwrap();
        unlockpt(&keys).unwrap();
        let name = ptsname(&keys, Vec::new()).unwrap().into_string().unwrap();
        let terminal = File::options().read(true).write(true).open(name).unwrap();
        let modes = |terminal: &File| format!("{:?}", tcgetattr(terminal).unwrap());
        let before = modes(&terminal);
        let end = || Stdio::from(terminal.try_clone().unwrap());
        let this = "top::screen::tests::what_a_panic_says_is_read_on_the_terminal_as_it_was_before";
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([this, "--exact", "--nocapture"])
            .env(TO_PANIC, "1")
            .env("TERM", "xterm-256color")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let mut keys = File::from(keys);
        let mut said = Vec::new();
        let mut piece = [0; 1024];
        while !String::from_utf8_lossy(&said).contains("test result") {
            let bytes = keys.read(&mut piece).unwrap();
            said.extend_from_slice(&piece[..bytes]);
        }
        assert!(!child.wait().unwrap().success());
        let said = String::from_utf8_lossy(&said);
        let taken = said.find("\u{1b}[?1049h").expect("the alternate screen");
        let given_back = said.find(GIVEN_BACK).expect("the terminal is given back");
        let message = said.find("a mistake of ours").expect("what the panic says");
        assert!(taken < given_back && given_back < message, "{said:?}");
        assert_eq!(said.matches(GIVEN_BACK).count(), 1, "{said:?}");
        assert_eq!(modes(&terminal), before);
    }
}
