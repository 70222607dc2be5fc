//! The reference part of `subjects.md`, printed from the code.

use std::collections::BTreeMap;
use std::fmt::Write;

use kit::Service;
use kit::message::{Word, WordKind, stream_of};

/// Above this line people write, below it the code does.
pub const MARKER: &str = "<!-- From here on printed from the code: UPDATE_EXPECT=1 cargo test -p tests subjects -->";

/// The page below the marker.
pub fn page(services: &[Service]) -> String {
    let mut page = String::new();
    let hearers = hearers(services);
    requests(&mut page);
    events(&mut page, &hearers);
    streams(&mut page, services);
    examples(&mut page);
    page
}

/// Who hears each event.
fn hearers(services: &[Service]) -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut hearers: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for service in services {
        for subject in service.heard() {
            hearers.entry(subject).or_default().push(service.name());
        }
    }
    hearers
}

fn words_of(kind: impl Fn(WordKind) -> bool) -> impl Iterator<Item = &'static Word> {
    contracts::words().filter(move |word| kind(word.kind))
}

fn requests(page: &mut String) {
    heading(page, "Requests");
    page.push_str("A change needs the header `Idempotency-Key`.\n\n");
    row(page, &["subject", "answered by", "request → reply", "changes", "meaning"]);
    row(page, &["---"; 5]);
    for word in words_of(|kind| kind != WordKind::Event) {
        let changes = if word.kind == WordKind::Change { "yes" } else { "" };
        let types = format!("`{}` → `{}`", word.name, word.reply);
        row(page, &[&code(word.subject), word.owner(), &types, changes, word.meaning]);
    }
    page.push_str("\nEvery service answers these as well:\n\n");
    row(page, &["subject", "request → reply", "changes", "meaning"]);
    row(page, &["---"; 4]);
    for word in kit::admin::WORDS {
        let changes = if word.kind == WordKind::Change { "yes" } else { "" };
        row(page, &[&code(word.subject), &format!("`{}` → `{}`", word.name, word.reply), changes, word.meaning]);
    }
}

fn events(page: &mut String, hearers: &BTreeMap<&'static str, Vec<&'static str>>) {
    heading(page, "Events");
    row(page, &["subject", "emitted by", "type", "heard by", "meaning"]);
    row(page, &["---"; 5]);
    for word in words_of(|kind| kind == WordKind::Event) {
        let heard = hearers.get(word.subject).map(|names| names.join(", ")).unwrap_or_default();
        row(page, &[&code(word.subject), word.owner(), &code(word.name), &heard, word.meaning]);
    }
}

fn streams(page: &mut String, services: &[Service]) {
    heading(page, "Streams");
    row(page, &["stream", "subjects", "consumers of the shop"]);
    row(page, &["---"; 3]);
    for service in services {
        let consumers: Vec<&str> = services
            .iter()
            .filter(|other| other.sources().contains_key(service.name()))
            .map(Service::name)
            .collect();
        let subjects = format!("`events.{}.>`", service.name());
        row(page, &[&code(&stream_of(service.name())), &subjects, &consumers.join(", ")]);
    }
}

fn examples(page: &mut String) {
    heading(page, "Bodies");
    page.push_str("One believable example each. Fields that may be left out are `null` or empty here.\n");
    for word in contracts::words() {
        let _ = write!(page, "\n### `{}`\n\n", word.subject);
        block(page, &(word.example)());
        if word.kind != WordKind::Event {
            let _ = write!(page, "\nReply `{}`:\n\n", word.reply);
            block(page, &(word.reply_example)());
        }
    }
}

fn block(page: &mut String, value: &serde_json::Value) {
    let _ = write!(page, "```json\n{value}\n```\n");
}

fn heading(page: &mut String, title: &str) {
    let _ = write!(page, "\n## {title}\n\n");
}

fn row(page: &mut String, cells: &[&str]) {
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}

fn code(text: &str) -> String {
    format!("`{text}`")
}
