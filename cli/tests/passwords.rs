//! Passwords are typed unseen, or come from a file: never from the command line or the environment.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::Bench;
use crate::stack::signal;

const SECRET: &str = "correct horse battery";

/// A terminal with `shopctl` at it.
pub(crate) struct Terminal {
    keys: File,
    screen: OwnedFd,
    /// What its keys did before `shopctl` came.
    before: String,
    child: Child,
}

impl Terminal {
    pub(crate) fn with(bench: &Bench, line: &str) -> Self {
        let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&keys).expect("a terminal");
        unlockpt(&keys).expect("a terminal");
        let name = ptsname(&keys, Vec::new()).expect("a name").into_string().expect("text");
        let screen: OwnedFd = File::options().read(true).write(true).open(name).expect("a terminal").into();
        let before = keys_of(&screen);
        let words: Vec<&str> = line.split_whitespace().collect();
        let stdin = screen.try_clone().expect("a terminal");
        let mut command = bench.command(&words);
        let child =
            command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("shopctl");
        Self { keys: keys.into(), screen, before, child }
    }

    /// Waits until it asks for something, and answers what it said so far.
    pub(crate) fn asked(&mut self, what: &str) -> String {
        let said = self.child.stderr.as_mut().expect("standard error");
        let mut text = String::new();
        let mut byte = [0];
        while !text.ends_with(what) {
            assert_ne!(said.read(&mut byte).expect("standard error"), 0, "{what:?}: {text:?}");
            text.push(char::from(byte[0]));
        }
        text
    }

    fn shows_what_is_typed(&self) -> bool {
        tcgetattr(&self.screen).expect("a terminal").local_modes.contains(LocalModes::ECHO)
    }

    pub(crate) fn types(&mut self, line: &str) {
        self.keys.write_all(format!("{line}\n").as_bytes()).expect("keys");
    }

    /// How it ended, and what it wrote since it was last asked for.
    pub(crate) fn ending(&mut self) -> (i32, String) {
        let mut said = String::new();
        self.child.stdout.as_mut().expect("standard output").read_to_string(&mut said).expect("text");
        self.child.stderr.as_mut().expect("standard error").read_to_string(&mut said).expect("text");
        (self.child.wait().expect("an end").code().expect("an exit code"), said)
    }
}

fn keys_of(screen: &OwnedFd) -> String {
    format!("{:?}", tcgetattr(screen).expect("a terminal").special_codes)
}

#[test]
fn a_new_password_is_typed_twice_and_unseen() {
    let bench = Bench::new();
    let mut terminal = Terminal::with(&bench, "register ann@example.org");
    terminal.asked("new password: ");
    assert!(!terminal.shows_what_is_typed());
    terminal.types(SECRET);
    terminal.asked("the same again: ");
    assert!(!terminal.shows_what_is_typed());
    terminal.types("something else");
    let (code, said) = terminal.ending();
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("not_the_same") && !said.contains(SECRET) && !said.contains("something"), "{said}");
    assert!(terminal.shows_what_is_typed());
}

#[test]
fn a_wait_that_is_cut_off_leaves_the_terminal_as_it_was() {
    let bench = Bench::new();
    for how in ["INT", "TERM", "HUP"] {
        let mut terminal = Terminal::with(&bench, "login ann@example.org");
        terminal.asked("password: ");
        assert!(!terminal.shows_what_is_typed());
        signal(how, &terminal.child.id().to_string());
        let (code, said) = terminal.ending();
        assert_eq!(code, 130, "{how}: {said}");
        let after = tcgetattr(&terminal.screen).expect("a terminal");
        assert!(after.local_modes.contains(LocalModes::ECHO | LocalModes::ICANON), "{how}");
        assert_eq!(keys_of(&terminal.screen), terminal.before, "{how}");
    }
}

#[test]
fn without_a_terminal_it_says_how_a_password_can_be_given() {
    let bench = Bench::new();
    let lines = [
        ("register ann@example.org", "--password-file"),
        ("login ann@example.org", "--password-file"),
        ("login ann@example.org --no-input", "--password-file"),
        ("password change", "--password-file"),
        ("password reset --code abc", "--password-file"),
    ];
    for (line, option) in lines {
        let ran = bench.run(line);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{line}: {ran:?}");
        assert!(ran.err.contains(&format!("mend  {option} FILE")), "{line}: {}", ran.err);
    }
    let ran = bench.run("confirm");
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
fn a_password_in_the_command_line_or_the_environment_is_not_taken() {
    let bench = Bench::new();
    let variables = [("SHOP_PASSWORD", SECRET), ("SHOPCTL_PASSWORD", SECRET), ("PASSWORD", SECRET)];
    let ran = bench.run_with("login ann@example.org", &variables);
    assert_eq!(ran.code, 2, "{ran:?}");
    let output =
        bench.command(&["login", "ann@example.org", "--password", SECRET]).output().expect("shopctl");
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(!said.contains(SECRET), "{said}");
    // Whoever reads the options finds none that takes one.
    for line in ["register --help", "login --help", "password change --help", "password reset --help"] {
        let help = bench.run(line).out;
        assert!(!help.contains("--password <") && !help.contains("PASSWORD>"), "{line}: {help}");
    }
}

#[test]
fn a_file_that_cannot_be_read_or_holds_nothing_is_said() {
    let bench = Bench::new();
    let empty = bench.data().join("empty");
    File::create(&empty).expect("a file");
    for (file, code) in [("/nowhere/at-all", 74), (empty.to_str().expect("text"), 2), ("-", 2)] {
        let ran = bench.run(&format!("login ann@example.org --password-file {file}"));
        assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{file}: {ran:?}");
    }
}
