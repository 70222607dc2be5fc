//! The whole shop on one screen, at a real terminal, and as lines where there is none.

use std::fs::File;
use std::io::{Read, Write};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use serde_json::Value;

use crate::shopping::stocked;
use crate::stack::{Shop, signal};

/// What gives a terminal back: leave the alternate screen, show the cursor.
const GIVEN_BACK: [&str; 2] = ["\u{1b}[?1049l", "\u{1b}[?25h"];
/// The size of the terminal.
const COLUMNS: usize = 100;
const LINES: usize = 30;
const PATIENCE: Duration = Duration::from_secs(20);

/// A terminal with `shopctl top` on it.
struct Terminal {
    keys: File,
    screen: File,
    before: String,
    shown: Arc<Mutex<Vec<u8>>>,
    child: Child,
}

impl Terminal {
    fn with(shop: &Shop, line: &str) -> Self {
        let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&keys).expect("a terminal");
        unlockpt(&keys).expect("a terminal");
        let name = ptsname(&keys, Vec::new()).expect("a name").into_string().expect("text");
        let screen = File::options().read(true).write(true).open(name).expect("a terminal");
        let size = Winsize { ws_col: COLUMNS as u16, ws_row: LINES as u16, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&screen, size).expect("a size");
        let before = modes(&screen);
        let words: Vec<&str> = line.split_whitespace().collect();
        let end = || screen.try_clone().expect("a terminal");
        let mut command = shop.bench.command(&words);
        command.env("TERM", "xterm-256color").stdin(end()).stdout(end()).stderr(end());
        let child = command.spawn().expect("shopctl");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let keys: File = keys.into();
        let (mut reader, read) = (keys.try_clone().expect("a terminal"), Arc::clone(&shown));
        // The terminal is read all the time: whoever draws on one that nobody reads waits.
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(bytes @ 1..) = reader.read(&mut piece) {
                read.lock().expect("what was shown").extend_from_slice(&piece[..bytes]);
            }
        });
        Self { keys, screen, before, shown, child }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("what was shown")).into_owned()
    }

    /// Waits until something is on the screen.
    fn shows(&self, what: &str) {
        let limit = Instant::now() + PATIENCE;
        while !seen(&self.shown()).contains(what) {
            assert!(Instant::now() < limit, "{what:?} is not on the screen:\n{}", seen(&self.shown()));
            std::thread::yield_now();
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("keys");
    }

    /// How it ended.
    fn code(&mut self) -> i32 {
        let limit = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("an end") {
                return status.code().expect("an exit code");
            }
            assert!(Instant::now() < limit, "it does not end: {:?}", self.shown());
            std::thread::yield_now();
        }
    }

    #[track_caller]
    fn is_given_back(&self) {
        let limit = Instant::now() + PATIENCE;
        while !GIVEN_BACK.iter().all(|sequence| self.shown().contains(sequence)) {
            assert!(Instant::now() < limit, "{:?}", self.shown());
            std::thread::yield_now();
        }
        assert_eq!(modes(&self.screen), self.before);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What stands on a terminal after it was sent this, as far as a full screen is drawn with texts and moves.
fn seen(sent: &str) -> String {
    let mut cells = vec![vec![' '; COLUMNS]; LINES];
    let (mut line, mut column) = (0, 0);
    let mut characters = sent.chars();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            if let Some(cell) = cells.get_mut(line).and_then(|cells| cells.get_mut(column)) {
                *cell = character;
            }
            column += 1;
            continue;
        }
        let mut command = String::new();
        for character in characters.by_ref().skip(1) {
            command.push(character);
            if character.is_ascii_alphabetic() {
                break;
            }
        }
        match command.strip_suffix('H').and_then(|place| place.split_once(';')) {
            Some((to_line, to_column)) => {
                line = to_line.parse::<usize>().expect("a line") - 1;
                column = to_column.parse::<usize>().expect("a column") - 1;
            }
            None if command == "2J" => cells.iter_mut().for_each(|cells| cells.fill(' ')),
            None => {}
        }
    }
    let lines = cells.into_iter().map(|cells| cells.into_iter().collect::<String>().trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

fn modes(screen: &File) -> String {
    format!("{:?}", tcgetattr(screen).expect("a terminal"))
}

fn is_raw(screen: &File) -> bool {
    !tcgetattr(screen).expect("a terminal").local_modes.intersects(LocalModes::ICANON | LocalModes::ECHO)
}

#[test]
fn the_screen_shows_the_shop_and_gives_the_terminal_back_however_it_ends() {
    let shop = stocked();
    for end in ["q", "\u{3}", "TERM", "HUP", "INT"] {
        let mut terminal = Terminal::with(&shop, "top");
        terminal.shows("well");
        assert!(is_raw(&terminal.screen));
        let code = if end.len() == 1 {
            terminal.press(end);
            0
        } else {
            signal(end, &terminal.child.id().to_string());
            130
        };
        assert_eq!(terminal.code(), code, "{end:?}: {:?}", terminal.shown());
        terminal.is_given_back();
    }
}

#[test]
fn every_page_is_reached_and_setting_it_aside_does_nothing() {
    let shop = stocked();
    let placed = shop.run("order place --item mug-blue:2 --wait");
    assert_eq!(placed.code, 0, "{placed:?}");
    let mut terminal = Terminal::with(&shop, "top --every 250ms");
    terminal.shows("placed to confirmed");
    terminal.press("2");
    terminal.shows("inventory");
    terminal.press("3");
    terminal.shows("INVENTORY");
    signal("TSTP", &terminal.child.id().to_string());
    terminal.press("\u{1a}4");
    terminal.shows("nothing is stuck");
    terminal.press("?");
    terminal.shows("Ctrl-C");
    terminal.press("\u{1b}");
    terminal.shows("nothing is stuck");
    terminal.press("q");
    assert_eq!(terminal.code(), 0);
    terminal.is_given_back();
}

#[test]
fn a_broker_that_goes_away_leaves_the_screen_and_comes_back_to_it() {
    let shop = stocked();
    let mut terminal = Terminal::with(&shop, "top --every 250ms");
    terminal.shows("well");
    shop.kill("broker");
    terminal.shows("no answer for");
    let port = shop.bench.json("up");
    assert_eq!(port.0, 0, "{}", port.1);
    terminal.shows("well");
    terminal.press("q");
    assert_eq!(terminal.code(), 0);
}

#[test]
fn without_a_terminal_there_is_a_line_for_each_sample() {
    let shop = stocked();
    let ran = shop.run("top --count 2 --every 250ms");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ran.out);
    assert!(
        lines[0].contains("  well  placed -  confirmed -  p50 -  p99 -  orders 0  stuck 0"),
        "{}",
        ran.out
    );
    assert!(lines[1].contains("  placed 0.0/s  confirmed 0.0/s  "), "{}", ran.out);
    assert!(!ran.out.contains('\u{1b}'), "{}", ran.out);

    let ran = shop.run("top --count 2 --every 250ms -o jsonl");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let samples: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(samples.len(), 2, "{}", ran.out);
    assert_eq!(samples[0]["flow"]["placed_per_second"], Value::Null);
    assert_eq!(samples[1]["flow"]["placed_per_second"], 0.0);
    assert_eq!((&samples[1]["well"], &samples[1]["stuck"]["items"]), (&true.into(), &Value::Array(vec![])));
    assert!(
        samples[1]["asked"]["order"]["requests"].as_u64().is_some_and(|count| count > 0),
        "{}",
        samples[1]
    );
}

#[test]
fn what_the_screen_cannot_be_asked_is_said() {
    let shop = Shop::closed();
    let ran = shop.run("top --nats nats://127.0.0.1:1 --timeout 500ms");
    assert_eq!((ran.code, ran.out.as_str()), (11, ""), "{ran:?}");
    for line in ["top --every 1ms", "top --every 2h", "top --count 0"] {
        assert_eq!(shop.run(line).code, 2, "{line}");
    }
}
