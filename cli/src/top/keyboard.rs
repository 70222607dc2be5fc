//! What is typed: read by a thread, because a terminal cannot be waited for in another way.

use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyEvent, KeyEventKind};
use tokio::sync::mpsc;

/// Keys that may wait until somebody looks; whoever types faster waits.
const KEYS_MAX: usize = 64;
/// How often the thread looks whether anybody still wants to know.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Something that came from the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typed {
    /// A key.
    Key(KeyEvent),
    /// Its size is another one.
    Resized,
}

/// Listens to the keyboard. The channel ends when the terminal is gone.
pub(crate) fn listen() -> mpsc::Receiver<Typed> {
    let (sender, receiver) = mpsc::channel(KEYS_MAX);
    std::thread::spawn(move || {
        while !sender.is_closed() {
            let typed = match event::poll(LOOK_EVERY).and_then(|any| any.then(event::read).transpose()) {
                Ok(None) => continue,
                Ok(Some(Event::Key(key))) if key.kind != KeyEventKind::Release => Typed::Key(key),
                Ok(Some(Event::Resize(..))) => Typed::Resized,
                Ok(Some(_)) => continue,
                Err(_) => return,
            };
            if sender.blocking_send(typed).is_err() {
                return;
            }
        }
    });
    receiver
}
