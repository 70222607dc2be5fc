//! The reference part of `subjects.md`, printed from the code.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use contracts::device::DeviceState;
use contracts::notification::NotificationState;
use contracts::order::{RefundState, Stage};
use contracts::payment::PaymentState;
use kit::message::{Word, WordKind, owner, stream_of};
use kit::{Role, Service};

use crate::NAMES;
use crate::devices::DEVICE_NAMES;

/// Above this line people write, below it the code does.
pub const MARKER: &str =
    "<!-- From here on printed from the code: UPDATE_EXPECT=1 cargo test -p tests subjects -->";

/// The page below the marker.
pub fn page(services: &[Service]) -> String {
    let mut page = String::new();
    let hearers = hearers(services);
    requests(&mut page);
    calls(&mut page, services);
    events(&mut page, &hearers);
    streams(&mut page, services);
    values(&mut page);
    reasons(&mut page);
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
    page.push_str(
        "A change needs the header `Idempotency-Key`. Of what changes something without one, nothing is kept,\n\
         because it says or answers a secret; it may be sent again. Who may ask is enforced before the request is\n\
         looked at, and what belongs to somebody else is answered like what does not exist.\n\n",
    );
    row(page, &["subject", "answered by", "who may ask", "request → reply", "changes", "meaning"]);
    row(page, &["---"; 6]);
    for word in words_of(|kind| kind != WordKind::Event) {
        let types = format!("`{}` → `{}`", word.name, word.reply);
        let who = word.access.to_string();
        row(page, &[&code(word.subject), word.owner(), &who, &types, changes(word), word.meaning]);
    }
    page.push_str("\nEvery service answers these as well:\n\n");
    row(page, &["subject", "who may ask", "request → reply", "changes", "meaning"]);
    row(page, &["---"; 5]);
    for word in kit::admin::WORDS {
        let types = format!("`{}` → `{}`", word.name, word.reply);
        let who = word.access.to_string();
        row(page, &[&code(word.subject), &who, &types, changes(word), word.meaning]);
    }
}

fn changes(word: &Word) -> &'static str {
    match word.kind {
        WordKind::Change => "yes",
        WordKind::Act => "yes, not kept",
        WordKind::Ask | WordKind::Event => "",
    }
}

/// What each service asks of others.
fn calls(page: &mut String, services: &[Service]) {
    heading(page, "Who asks whom");
    row(page, &["service", "asks"]);
    row(page, &["---"; 2]);
    for service in services {
        let asked: Vec<String> =
            service.called().filter(|subject| owner(subject) != kit::streams::NAME).map(code).collect();
        row(page, &[service.name(), &asked.join(", ")]);
    }
    page.push_str("\nEvery service but `streams` also asks `streams` for its own stream and consumers.\n");
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

/// The closed sets of words that stand in bodies.
fn values(page: &mut String) {
    heading(page, "Values");
    row(page, &["of", "one of"]);
    row(page, &["---"; 2]);
    let mut set = |of: &str, words: Vec<&str>| {
        row(page, &[of, &words.into_iter().map(code).collect::<Vec<_>>().join(", ")]);
    };
    set("`stage`, `stages` of an order", Stage::ALL.map(Stage::word).to_vec());
    set("`state` of a refund of an order", RefundState::ALL.map(RefundState::word).to_vec());
    set("`state`, `states` of a payment", PaymentState::ALL.map(PaymentState::word).to_vec());
    set("`state` of a notification", NotificationState::ALL.map(NotificationState::word).to_vec());
    set("`state` of a product", vec!["active", "retired"]);
    set("`state` of a device", DeviceState::ALL.map(DeviceState::word).to_vec());
    set("`role`", Role::ALL.map(Role::word).to_vec());
}

/// The stable reasons of errors, as the contracts define them beside their doc comments.
fn reasons(page: &mut String) {
    heading(page, "Reasons of errors");
    row(page, &["given by", "`Shop-Error-Reason`", "meaning"]);
    row(page, &["---"; 3]);
    let files = ["kit/src/error.rs"].into_iter().map(str::to_owned);
    let contracts = NAMES.iter().chain(&DEVICE_NAMES).map(|name| format!("contracts/src/{name}.rs"));
    for file in files.chain(contracts) {
        let by = file.rsplit('/').next().and_then(|name| name.strip_suffix(".rs")).unwrap_or_default();
        let by = if by == "error" { "every service" } else { by };
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(&file);
        let text = std::fs::read_to_string(source).unwrap_or_default();
        let module =
            text.split_once("pub mod reason {").map(|(_, rest)| rest.split("\n}").next().unwrap_or(rest));
        let mut meaning = String::new();
        for line in module.unwrap_or_default().lines().map(str::trim) {
            if let Some(said) = line.strip_prefix("/// ") {
                meaning.push_str(if meaning.is_empty() { "" } else { " " });
                meaning.push_str(&plain(said));
            } else if let Some(word) = line.split('"').nth(1) {
                row(page, &[by, &code(word), &std::mem::take(&mut meaning)]);
            }
        }
    }
}

/// A doc comment without its links into the code: `[`X`](y)` becomes `X`.
fn plain(said: &str) -> String {
    let mut text = said.replace("[`", "`").replace("`]", "`");
    while let Some((before, rest)) = text.split_once("`(")
        && let Some((_, after)) = rest.split_once(')')
    {
        text = format!("{before}`{after}");
    }
    text
}

fn examples(page: &mut String) {
    heading(page, "Bodies");
    page.push_str("Examples show the form of a body, not what a certain request leads to.\n");
    for word in contracts::words().chain(kit::admin::WORDS) {
        let _ = write!(page, "\n### `{}`\n\n", word.subject);
        block(page, &(word.example)());
        if word.kind == WordKind::Event {
            continue;
        }
        let required = word.required();
        let fields: Vec<String> =
            (word.example)().as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default();
        let list =
            |names: Vec<&String>| names.into_iter().map(|name| code(name)).collect::<Vec<_>>().join(", ");
        let optional: Vec<&String> = fields.iter().filter(|name| !required.contains(name)).collect();
        match (required.is_empty(), optional.is_empty()) {
            (false, _) => {
                let _ = write!(page, "\nNeeds {}.", list(required.iter().collect()));
                if !optional.is_empty() {
                    let _ = write!(page, " May have {}.", list(optional));
                }
                page.push('\n');
            }
            (true, false) => {
                let _ = write!(page, "\nNeeds nothing (`{{}}`). May have {}.\n", list(optional));
            }
            (true, true) => page.push_str("\nNeeds nothing: `{}`.\n"),
        }
        let _ = write!(page, "\nReply `{}`:\n\n", word.reply);
        block(page, &(word.reply_example)());
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
