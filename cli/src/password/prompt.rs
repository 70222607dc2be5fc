//! A line typed at the terminal that the terminal does not show.

use std::io::{IsTerminal, Stdin, Write, stderr, stdin};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;

/// Asks for a line and reads it unseen. However the wait ends, also with Ctrl-C, the terminal is then
/// as it was.
///
/// # Errors
/// 74 if the terminal does not do as it is told.
pub(crate) async fn unseen(what: &str) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::io(format!("the {what} was not read"), &error);
    // Listened to before the terminal is touched: the system would end this process with it left blind.
    let mut interrupted = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut ended = signal(SignalKind::terminate()).map_err(failed)?;
    let mut gone = signal(SignalKind::hangup()).map_err(failed)?;
    let _hidden = Hidden::begin().map_err(failed)?;
    write!(stderr(), "{what}: ").map_err(failed)?;
    let typed = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        stdin().read_line(&mut line).map(|_| line)
    });
    tokio::select! {
        line = typed => line.map_err(|error| failed(error.into()))?.map_err(failed),
        _ = interrupted.recv() => Err(Failure::interrupted()),
        _ = ended.recv() => Err(Failure::interrupted()),
        _ = gone.recv() => Err(Failure::interrupted()),
    }
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Hidden {
    terminal: Stdin,
    before: Termios,
}

impl Hidden {
    fn begin() -> std::io::Result<Self> {
        let terminal = stdin();
        if !terminal.is_terminal() {
            return Err(std::io::ErrorKind::Unsupported.into());
        }
        let before = tcgetattr(&terminal)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ECHOE | LocalModes::ECHOK);
        hidden.local_modes.remove(LocalModes::ECHONL);
        hidden.local_modes.insert(LocalModes::ICANON | LocalModes::ISIG);
        // Ctrl-Z would leave the terminal blind for whoever has it next.
        hidden.special_codes[SpecialCodeIndex::VSUSP] = 0;
        tcsetattr(&terminal, OptionalActions::Flush, &hidden)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // There is nobody left to tell if the terminal is gone.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
        let _ = writeln!(stderr());
    }
}
