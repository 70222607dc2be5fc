//! The engine by itself: what a group of jobs, a timer, an effect and a stored reply do.

mod begun;
mod clock;
mod damage;
mod forgetful;
mod full;
mod letter_numbers;
mod letters;
mod taken_back;
mod together;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::prune;
use super::{Engine, Group, Job};
use crate::clock::{SystemChance, SystemClock};
use crate::effect::{Attempt, Effect, Policy, Trouble};
use crate::error::{Error, Result, reason};
use crate::limits::TIMER_TRIES_MAX;
use crate::message::{Event, Example};
use crate::service::Service;
use crate::testing::Scratch;
use crate::{EffectCtx, Tx};

const NOTES: &str = "CREATE TABLE notes (id INTEGER NOT NULL PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Noted {
    text: String,
}

impl Example for Noted {
    fn example() -> Self {
        Self { text: "hello".into() }
    }
}

impl Event for Noted {
    const SUBJECT: &'static str = "events.notes.noted";

    fn key(&self) -> String {
        self.text.clone()
    }
}

fn notes() -> Service {
    Service::new("notes", "1.0.0").migrations_from(&[NOTES])
}

/// Writes a note and tells of it.
fn note(tx: &mut Tx<'_>, text: &str) -> Result<Bytes> {
    tx.execute("INSERT INTO notes (text) VALUES (?1)", [text])?;
    tx.emit(&Noted { text: text.into() })?;
    Ok(Bytes::copy_from_slice(text.as_bytes()))
}

fn job(run: impl FnOnce(&mut Tx<'_>) -> Result<Bytes> + Send + 'static) -> Job {
    Job::piece(Timestamp::UNIX_EPOCH, run)
}

fn open() -> (Engine, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let engine =
        Engine::open(&path, Arc::new(notes()), Arc::new(SystemClock), Box::new(SystemChance)).unwrap();
    (engine, folder)
}

fn texts(engine: &Engine) -> Vec<String> {
    engine.sql().list("SELECT text FROM notes ORDER BY id", [], |row| row.get(0)).unwrap()
}

fn answers(group: Group) -> Vec<Result<String, String>> {
    let text = |body: Bytes| String::from_utf8(body.to_vec()).unwrap();
    group
        .answers
        .into_iter()
        .map(|answer| answer.map(text).map_err(|error| error.reason.into_owned()))
        .collect()
}

#[test]
fn a_job_that_fails_or_panics_leaves_nothing_behind_and_the_others_go_on() {
    let (mut engine, _folder) = open();
    let group = engine.commit(vec![
        job(|tx| note(tx, "one")),
        job(|tx| note(tx, "two").and_then(|_| Err(Error::refused("no", "no")))),
        job(|tx| note(tx, "three").map(|_| panic!("at the worst moment"))),
        job(|tx| note(tx, "one")),
        job(|tx| note(tx, "four")),
    ]);
    assert_eq!(group.emitted, Some(2));
    let expected = [Ok("one"), Err("no"), Err(reason::PANICKED), Err(reason::INTERNAL), Ok("four")];
    assert_eq!(answers(group), expected.map(|answer| answer.map(str::to_owned).map_err(str::to_owned)));
    assert_eq!(texts(&engine), ["one", "four"]);
    let rows = super::outbox::from(&engine.sql(), 1, 10).unwrap();
    let told: Vec<_> = rows.iter().map(|row| (row.seq, &*row.key, row.told_before.as_deref())).collect();
    assert_eq!(told, [(1, "one", Some("")), (2, "four", Some("noted=1"))], "numbers have no gaps");
}

#[test]
fn when_the_disk_is_full_nobody_of_the_group_is_told_yes() {
    let (mut engine, _folder) = open();
    engine.commit(vec![job(|tx| note(tx, "before"))]);
    let full = engine.commit(vec![
        job(|tx| note(tx, "fits")),
        job(|tx| {
            tx.list("PRAGMA max_page_count = 1", [], |_| Ok(()))?;
            note(tx, &"x".repeat(100_000))
        }),
        job(|tx| note(tx, "after")),
    ]);
    assert!(full.failure.as_ref().is_some_and(Error::is_storage), "{full:?}");
    assert!(
        full.answers
            .iter()
            .all(|answer| answer.as_ref().is_err_and(|error| error.reason == reason::DISK_FULL))
    );
    assert_eq!(texts(&engine), ["before"]);
    engine.sql().list("PRAGMA max_page_count = 1000000", [], |_| Ok(())).unwrap();
    let group = engine.commit(vec![job(|tx| note(tx, "again"))]);
    assert_eq!((group.failure.is_none(), group.emitted), (true, Some(2)));
    assert_eq!(group.told[0].told_before.as_deref(), Some("noted=1"), "what was taken back was not told");
}

#[test]
fn a_row_of_the_outbox_that_was_damaged_is_noticed() {
    let (mut engine, _folder) = open();
    engine.commit(vec![job(|tx| note(tx, "true")), job(|tx| note(tx, "other"))]);
    engine.commit(vec![job(|tx| {
        tx.execute("UPDATE outbox SET body = CAST('{\"text\":\"lie\"}' AS BLOB) WHERE seq = 1", [])?;
        Ok(Bytes::new())
    })]);
    let damaged = super::outbox::from(&engine.sql(), 1, 10).unwrap_err();
    assert!(damaged.message.contains("row 1"), "{damaged}");
    assert_eq!(super::outbox::from(&engine.sql(), 2, 10).unwrap().len(), 1);
}

#[test]
fn pruning_keeps_what_is_young_what_is_unheard_and_the_newest_row() {
    let (mut engine, _folder) = open();
    for text in ["a", "b", "c", "d"] {
        engine.commit(vec![job(move |tx| note(tx, text))]);
    }
    let mut prune = |before: Timestamp, heard: u64| {
        let group = engine.commit(vec![Job::chore(before, move |tx| {
            prune::history(tx, before, 100)?;
            let last = prune::outbox(tx, before, heard, 100)?;
            Ok(Bytes::from(format!("{last:?}")))
        })]);
        answers(group).remove(0).unwrap()
    };
    assert_eq!(prune(Timestamp::UNIX_EPOCH, 4), "None", "all of it is young");
    assert_eq!(prune(Timestamp::MAX, 2), "Some(2)", "the rest is unheard");
    assert_eq!(prune(Timestamp::MAX, 4), "Some(3)", "the newest stays");
    assert_eq!(prune(Timestamp::MAX, 4), "None");
    let group = engine.commit(vec![job(|tx| note(tx, "e"))]);
    assert_eq!(group.emitted, Some(5), "numbers go on");
}

#[test]
fn pruning_goes_on_bite_by_bite_until_nothing_old_is_left() {
    let (mut engine, _folder) = open();
    for _ in 0..14 {
        engine.commit(vec![job(|tx| note(tx, "a"))]);
    }
    let mut bites = 0;
    loop {
        let group = engine.commit(vec![Job::chore(Timestamp::MAX, |tx| {
            let more = prune::history(tx, Timestamp::MAX, 5)?;
            Ok(Bytes::from(if more { "more" } else { "" }))
        })]);
        bites += 1;
        if answers(group).remove(0).unwrap().is_empty() {
            break;
        }
    }
    assert!(bites >= 3, "fourteen groups of one commit each, at most five at a time: {bites}");
    let left: u64 = engine.sql().get("SELECT count(*) FROM commit_group", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "the group of the last bite is written by the next one");
}

#[test]
fn a_fenced_engine_accepts_nothing_but_housekeeping() {
    let (mut engine, _folder) = open();
    engine.fence(Some(Error::unavailable(reason::DATABASE_BEHIND_STREAM, "behind")));
    let group = engine
        .commit(vec![job(|tx| note(tx, "no")), Job::chore(Timestamp::UNIX_EPOCH, |_| Ok("yes".into()))]);
    assert_eq!(answers(group), [Err(reason::DATABASE_BEHIND_STREAM.to_owned()), Ok("yes".to_owned())]);
    engine.fence(None);
    assert!(engine.commit(vec![job(|tx| note(tx, "now"))]).answers[0].is_ok());
}

#[tokio::test]
async fn a_timer_fires_once_and_a_failing_one_becomes_a_dead_letter() {
    let service = notes()
        .on_timer("remind", |tx, key| note(tx, key).map(drop))
        .on_timer("broken", |_, _| Err(Error::invalid("broken", "it never works")))
        .hears(|tx: &mut Tx<'_>, event: Noted| {
            let soon = tx.now() + Duration::from_secs(60);
            tx.set_timer("remind", &event.text, soon)?;
            tx.set_timer("broken", &event.text, soon)
        });
    let scratch = Scratch::of(service);
    scratch.hear(&Noted { text: "tea".into() });
    scratch.advance(Duration::from_secs(59)).await;
    assert_eq!(scratch.told(), Vec::<String>::new());
    scratch.advance(Duration::from_secs(24 * 60 * 60)).await;
    assert_eq!(scratch.told(), [Noted::SUBJECT]);
    let letters = scratch.dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        (&*letters[0].source, &*letters[0].subject, letters[0].attempts),
        ("timer", "broken", TIMER_TRIES_MAX)
    );
}

#[tokio::test]
async fn what_is_done_again_and_again_goes_on_after_a_failure() {
    static TURNS: AtomicU32 = AtomicU32::new(0);
    let service = notes().every("sweep", Duration::from_secs(60), |_| {
        let turn = TURNS.fetch_add(1, Ordering::Relaxed);
        if turn == 1 { Err(Error::invalid("once", "it fails once")) } else { Ok(()) }
    });
    let scratch = Scratch::of(service);
    scratch.set_periods().await;
    scratch.advance(Duration::from_secs(60 * 5)).await;
    assert!(TURNS.load(Ordering::Relaxed) >= 5, "{TURNS:?}");
}

#[tokio::test]
async fn what_is_done_from_the_start_is_done_at_each_start_and_then_again() {
    static TURNS: AtomicU32 = AtomicU32::new(0);
    let service = notes().every_from_start("look", Duration::from_secs(60), |_| {
        TURNS.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    let scratch = Scratch::of(service);
    scratch.set_periods().await;
    assert_eq!(TURNS.load(Ordering::Relaxed), 1);
    scratch.advance(Duration::from_secs(59)).await;
    assert_eq!(TURNS.load(Ordering::Relaxed), 1);
    scratch.set_periods().await;
    assert_eq!(TURNS.load(Ordering::Relaxed), 2);
    scratch.advance(Duration::from_secs(120)).await;
    assert_eq!(TURNS.load(Ordering::Relaxed), 4);
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Post {
    letter: String,
}

impl Effect for Post {
    const NAME: &'static str = "post";
    const POLICY: Policy = Policy {
        time_limit: Duration::from_millis(200),
        tries_max: 3,
        wait: Duration::from_secs(1),
        wait_max: Duration::from_secs(10),
        at_once: 1,
    };
    type Outcome = u32;

    fn key(&self) -> String {
        self.letter.clone()
    }

    fn about(&self) -> String {
        self.letter.clone()
    }
}

/// A post office: answers as the letter says, and writes down what became of it.
fn post_office() -> Service {
    notes().hears(|tx: &mut Tx<'_>, event: Noted| tx.perform(&Post { letter: event.text })).performs(
        post,
        |tx: &mut Tx<'_>, effect: Post, attempt| {
            let said = match attempt {
                Attempt::Answered(attempt) => format!("{} arrived at try {attempt}", effect.letter),
                Attempt::Retrying { attempt, trouble, .. } => {
                    format!("{} try {attempt}: {}", effect.letter, trouble.reason())
                }
                Attempt::GaveUp { attempts, maybe_done, .. } => {
                    format!("{} given up after {attempts}, maybe done: {maybe_done}", effect.letter)
                }
            };
            note(tx, &said).map(drop)
        },
    )
}

async fn post(ctx: EffectCtx, effect: Post) -> Result<u32, Trouble> {
    match (effect.letter.as_str(), ctx.attempt) {
        ("silent", _) => std::future::pending().await,
        ("late", 1) => std::future::pending().await,
        ("interrupted", 1) => std::future::pending().await,
        ("hopeless" | "interrupted", _) => Err(Trouble::Hopeless("nobody lives there".into())),
        ("unlucky", 1..=2) => Err(Trouble::Transient("rain".into())),
        (_, attempt) => Ok(attempt),
    }
}

async fn fate_of(letter: &str) -> Vec<String> {
    let scratch = Scratch::of(post_office());
    scratch.hear(&Noted { text: letter.into() });
    for _ in 0..6 {
        scratch.work().await;
        scratch.advance(Duration::from_secs(10)).await;
    }
    scratch.told_of::<Noted>().into_iter().map(|noted| noted.text).collect()
}

#[tokio::test(start_paused = true)]
async fn an_effect_is_tried_until_there_is_an_answer_or_no_hope() {
    assert_eq!(fate_of("plain").await, ["plain arrived at try 1"]);
    assert_eq!(fate_of("late").await, ["late try 1: outcome_unknown", "late arrived at try 2"]);
    assert_eq!(
        fate_of("unlucky").await,
        ["unlucky try 1: not_done", "unlucky try 2: not_done", "unlucky arrived at try 3"]
    );
    assert_eq!(fate_of("hopeless").await, ["hopeless given up after 1, maybe done: false"]);
    assert_eq!(
        fate_of("silent").await,
        [
            "silent try 1: outcome_unknown",
            "silent try 2: outcome_unknown",
            "silent given up after 3, maybe done: true"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_try_that_was_cut_off_may_have_been_done() {
    let scratch = Scratch::of(post_office());
    scratch.hear(&Noted { text: "interrupted".into() });
    // The process ends before the time limit of the try does.
    let cut_off = tokio::time::timeout(Post::POLICY.time_limit / 2, scratch.work()).await;
    assert!(cut_off.is_err());
    scratch.reopen();
    scratch.work().await;
    let told: Vec<String> = scratch.told_of::<Noted>().into_iter().map(|noted| noted.text).collect();
    assert_eq!(told, ["interrupted given up after 2, maybe done: true"]);
}

#[tokio::test]
async fn a_try_that_was_put_off_by_a_clock_that_was_ahead_is_made_once_the_clock_is_right() {
    let scratch = Scratch::of(post_office());
    let right = scratch.now();
    scratch.set_clock(right + Duration::from_secs(48 * 60 * 60));
    scratch.hear(&Noted { text: "unlucky".into() });
    assert_eq!(scratch.work().await, 1);
    assert_eq!(scratch.work().await, 0, "it waits for its time");
    scratch.set_clock(right);
    assert_eq!(scratch.work().await, 1, "not for two days");
}

#[tokio::test]
async fn work_that_nobody_has_tried_can_be_taken_back() {
    let service = post_office().on_timer("take_back", |tx, key| {
        let taken = tx.take_back::<Post>(key)?;
        note(tx, &format!("{key} taken back: {taken}")).map(drop)
    });
    let scratch = Scratch::of(service);
    for letter in ["hopeless", "plain"] {
        scratch.hear(&Noted { text: letter.into() });
    }
    scratch.ring("take_back", "plain").await;
    assert_eq!(scratch.work().await, 1, "only the other is left");
    scratch.ring("take_back", "hopeless").await;
    let told: Vec<String> = scratch.told_of::<Noted>().into_iter().map(|noted| noted.text).collect();
    assert_eq!(
        told,
        [
            "plain taken back: true",
            "hopeless given up after 1, maybe done: false",
            "hopeless taken back: false"
        ]
    );
}
