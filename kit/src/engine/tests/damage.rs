//! Files that are not what was written: found at the start, or the loss is none that anybody was told of.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::{job, note, open, texts};
use crate::engine::{Engine, check};
use crate::error::reason;

/// Five commits in the log of a database that nobody has closed, as after a kill. The engine stays alive
/// elsewhere: only its files are copied.
fn killed() -> (TempDir, PathBuf) {
    let (mut engine, original) = open();
    for text in ["one", "two", "three", "four", "five"] {
        engine.commit(vec![job(move |tx| note(tx, text))]);
    }
    let folder = tempfile::tempdir().unwrap();
    for name in ["notes.db", "notes.db-wal"] {
        std::fs::copy(original.path().join(name), folder.path().join(name)).unwrap();
    }
    let path = folder.path().join("notes.db");
    (folder, path)
}

fn opened(path: &Path) -> Engine {
    use crate::clock::{SystemChance, SystemClock};
    let service = std::sync::Arc::new(super::notes());
    Engine::open(path, service, std::sync::Arc::new(SystemClock), Box::new(SystemChance)).unwrap()
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn the_log_of_a_killed_process_is_sound_and_says_that_it_was_killed() {
    let (_folder, path) = killed();
    assert!(check::ended_unclean(&path));
    assert_eq!(check::log(&path).unwrap(), None);
    let engine = opened(&path);
    assert_eq!(texts(&engine).len(), 5);
    drop(engine);
    assert!(!check::ended_unclean(&path), "an end in order leaves no log");
    assert_eq!(check::log(&path).unwrap(), None);
}

#[test]
fn a_bit_that_flips_anywhere_in_the_log_is_noticed_or_costs_the_last_commit_at_most() {
    let (_folder, path) = killed();
    let log = check::log_of(&path);
    let size = usize::try_from(std::fs::metadata(&log).unwrap().len()).unwrap();
    let (mut noticed, mut silent) = (0, 0);
    let headers = (32..size).step_by(24 + 4096).flat_map(|frame| frame..frame + 24);
    for at in (0..size).step_by(997).chain(headers.step_by(5)) {
        flip(&log, at);
        if check::log(&path).unwrap().is_some() {
            noticed += 1;
        } else {
            let other = tempfile::tempdir().unwrap();
            for file in [&path, &log] {
                std::fs::copy(file, other.path().join(file.file_name().unwrap())).unwrap();
            }
            let engine = opened(&other.path().join("notes.db"));
            assert!(texts(&engine).len() >= 4, "byte {at} costs more than the last commit, silently");
            silent += 1;
        }
        flip(&log, at);
    }
    assert!(noticed > silent, "{noticed} noticed, {silent} not to be told from a torn last commit");
}

#[test]
fn a_log_that_was_cut_off_in_the_middle_of_its_last_commit_is_no_damage() {
    let (_folder, path) = killed();
    let log = check::log_of(&path);
    let file = std::fs::File::options().write(true).open(&log).unwrap();
    file.set_len(std::fs::metadata(&log).unwrap().len() - 100).unwrap();
    assert_eq!(check::log(&path).unwrap(), None);
    assert_eq!(texts(&opened(&path)).len(), 4);
}

#[test]
fn a_log_whose_header_was_zeroed_is_noticed() {
    let (_folder, path) = killed();
    let log = check::log_of(&path);
    let mut bytes = std::fs::read(&log).unwrap();
    bytes[..32].fill(0);
    std::fs::write(&log, bytes).unwrap();
    assert!(check::log(&path).unwrap().unwrap().contains("header"));
}

#[test]
fn a_page_that_was_overwritten_is_found_and_so_is_a_row_that_was_changed() {
    let (_folder, path) = killed();
    let engine = opened(&path);
    check::newest_rows(&engine.sql()).unwrap();
    assert!(check::pages(&engine.sql(), Duration::from_secs(20)).unwrap(), "all of it, and sound");
    engine.sql().connection().execute("UPDATE outbox SET body = x'00' WHERE seq = 4", []).unwrap();
    let found = check::newest_rows(&engine.sql()).unwrap_err();
    assert!(found.message.contains("row 4 of the outbox"), "{found}");
    let root: usize = engine
        .sql()
        .get("SELECT rootpage FROM sqlite_schema WHERE name = 'notes'", [], |row| row.get::<_, i64>(0))
        .unwrap()
        .try_into()
        .unwrap();
    drop(engine);

    let mut bytes = std::fs::read(&path).unwrap();
    bytes[(root - 1) * 4096..root * 4096].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let found = check::pages(&opened(&path).sql(), Duration::from_secs(20)).unwrap_err();
    assert_eq!(found.reason, reason::STORAGE_FAILED);
}

#[test]
fn a_check_of_a_hundred_thousand_rows_ends_when_its_time_is_over() {
    let (mut engine, _folder) = open();
    engine.commit(vec![job(|tx| {
        tx.execute(
            "INSERT INTO notes (text) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
             SELECT 'note ' || i || hex(zeroblob(50)) FROM n",
            [],
        )?;
        note(tx, "last")
    })]);
    assert!(
        check::pages(&engine.sql(), Duration::from_secs(20)).unwrap(),
        "it takes about a tenth of a second"
    );
    let cut = check::pages(&engine.sql(), Duration::ZERO).unwrap();
    assert!(!cut, "it stops in the middle, which is no fault");
    assert_eq!(texts(&engine).len(), 100_001, "and the connection goes on");
}
