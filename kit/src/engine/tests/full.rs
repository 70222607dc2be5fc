//! No room on the disk: nothing half-done, nobody told yes, and it goes on by itself.

use std::sync::Arc;

use super::{answers, job, note, open, texts};
use crate::clock::{SystemChance, SystemClock};
use crate::engine::log::{LOG_PAGES, look};
use crate::engine::schema::open_reader;
use crate::engine::{Engine, Job};
use crate::error::{Error, reason};

/// Lets the database grow to so many pages and no further.
fn limit(engine: &Engine, pages: i64) {
    engine.sql().list(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
}

fn pages(engine: &Engine) -> i64 {
    engine.sql().get("PRAGMA page_count", [], |row| row.get(0)).unwrap()
}

#[test]
fn at_any_page_that_is_missing_a_group_happens_whole_or_not_at_all() {
    let (mut engine, _folder) = open();
    engine.commit(vec![job(|tx| note(tx, "before"))]);
    let big = |name: &'static str| job(move |tx| note(tx, &format!("{name} {}", "x".repeat(30_000))));
    let mut refused = 0;
    for more in 0.. {
        limit(&engine, pages(&engine) + more);
        let group = engine.commit(vec![big("one"), big("two"), job(|tx| note(tx, "three"))]);
        let kept = texts(&engine).len();
        if let Some(failure) = group.failure {
            assert_eq!(failure.reason, reason::DISK_FULL);
            assert!(!failure.is_fatal(), "a full disk is nobody's damage");
            assert!(group.answers.iter().all(|answer| answer.as_ref().is_err_and(Error::is_storage)));
            assert_eq!(kept, 1, "with {more} pages more, something half-done remains");
            refused += 1;
        } else {
            assert_eq!(kept, 4);
            assert_eq!(group.emitted, Some(4), "no number of the outbox was lost to what failed");
            break;
        }
    }
    assert!(refused > 10, "the group needs many pages, and each was missing once: {refused}");
}

#[test]
fn without_room_only_what_was_begun_and_housekeeping_is_written() {
    let (mut engine, _folder) = open();
    engine.no_room(Some(Error::unavailable(reason::DISK_FULL, "no room")));
    let now = jiff::Timestamp::UNIX_EPOCH;
    let group = engine.commit(vec![
        job(|tx| note(tx, "new")),
        Job::chore(now, |tx| note(tx, "housekeeping")),
        job(|tx| note(tx, "new too")),
    ]);
    let no = || Err(reason::DISK_FULL.to_owned());
    assert!(group.failure.is_none());
    assert_eq!(answers(group), [no(), Ok("housekeeping".to_owned()), no()]);
    engine.no_room(None);
    assert_eq!(answers(engine.commit(vec![job(|tx| note(tx, "room"))])), [Ok("room".to_owned())]);
}

#[test]
fn refusing_for_want_of_room_takes_no_room() {
    let (mut engine, folder) = open();
    engine.commit(vec![job(|tx| note(tx, "one"))]);
    engine.no_room(Some(Error::unavailable(reason::DISK_FULL, "no room")));
    let size = || std::fs::metadata(folder.path().join("notes.db-wal")).unwrap().len();
    let before = size();
    for _ in 0..50 {
        engine.commit(vec![job(|tx| note(tx, "new"))]);
    }
    assert_eq!(size(), before);
}

#[test]
fn the_log_stays_short_while_nobody_reads_and_is_cut_when_asked() {
    let (mut engine, folder) = open();
    let size = || std::fs::metadata(folder.path().join("notes.db-wal")).unwrap().len();
    for number in 0..200 {
        let group = engine.commit(vec![job(move |tx| note(tx, &format!("{number} {}", "x".repeat(30_000))))]);
        assert!(group.failure.is_none() && group.broken.is_none());
    }
    let most = u64::try_from(LOG_PAGES).unwrap() * 2 * 4096;
    assert!(size() < most, "2 MB a hundred groups, and yet {} bytes", size());
    engine.shorten_log().unwrap();
    assert_eq!(size(), 0);
    assert_eq!(texts(&engine).len(), 200);
}

#[test]
fn a_reader_that_does_not_end_holds_the_log_up_and_after_it_the_log_begins_anew() {
    let (mut engine, folder) = open();
    engine.commit(vec![job(|tx| note(tx, "first"))]);
    let reader = open_reader(&folder.path().join("notes.db")).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let count = |reader: &rusqlite::Connection| -> i64 {
        reader.query_row("SELECT count(*) FROM notes", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(count(&reader), 1);
    let mut write = |from: usize| {
        for number in from..from + 150 {
            engine.commit(vec![job(move |tx| note(tx, &format!("{number} {}", "x".repeat(30_000))))]);
        }
        look(engine.sql().connection()).unwrap()
    };
    let held = write(0);
    assert!(held.pages > LOG_PAGES && held.written < held.pages, "{held:?}");
    assert_eq!(count(&reader), 1, "it sees what it saw");
    reader.execute_batch("COMMIT").unwrap();
    write(1000);
    assert!(write(2000).pages < held.pages, "it begins anew");
}

#[test]
fn a_database_that_was_full_opens_again_with_all_that_was_said_yes_to() {
    let (mut engine, folder) = open();
    engine.commit(vec![job(|tx| note(tx, "said"))]);
    limit(&engine, pages(&engine));
    let full = engine.commit(vec![job(|tx| note(tx, &"x".repeat(100_000)))]);
    assert!(full.failure.is_some());
    drop(engine);
    let path = folder.path().join("notes.db");
    let service = Arc::new(super::notes());
    let mut engine = Engine::open(&path, service, Arc::new(SystemClock), Box::new(SystemChance)).unwrap();
    engine.commit(vec![job(|tx| note(tx, "after"))]);
    assert_eq!(texts(&engine), ["said", "after"]);
}
