//! Copies of a database that is written to, files that are not what was written, and files of two moments.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use rusqlite::Connection;

use super::inspect::{Position, inspect, inspect_live};
use super::manifest::{Entry, FORMAT, Manifest, cut_faults};
use super::restore::{Present, UNFINISHED, prepare};
use super::snapshot::copy_now;
use super::verify;
use crate::clock::SystemChance;
use crate::engine::schema::{open_reader, open_writer};
use crate::engine::standing::{CLOSED, position};
use crate::sql::Sql;

const TABLES: &str = "CREATE TABLE things (id INTEGER NOT NULL PRIMARY KEY, text TEXT NOT NULL) STRICT;";

fn database(folder: &Path, service: &str) -> (PathBuf, Connection) {
    let path = folder.join(format!("{service}.db"));
    let opened = open_writer(&path, service, &[TABLES], Timestamp::UNIX_EPOCH, &mut SystemChance);
    (path, opened.unwrap().0)
}

fn put(writer: &Connection, text: &str) {
    writer.execute("INSERT INTO things (text) VALUES (?1)", [text]).unwrap();
}

fn things(path: &Path) -> u64 {
    let reader = super::inspect::open_at_rest(path).unwrap();
    reader.query_row("SELECT count(*) FROM things", [], |row| row.get(0)).unwrap()
}

#[test]
fn what_is_written_while_a_copy_is_made_is_not_in_it_and_does_not_make_it_begin_again() {
    let folder = tempfile::tempdir().unwrap();
    let (path, writer) = database(folder.path(), "thing");
    writer.execute_batch("BEGIN").unwrap();
    for _ in 0..2000 {
        put(&writer, &"x".repeat(3000));
    }
    writer.execute_batch("COMMIT").unwrap();
    let reader = open_reader(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM meta;").unwrap();
    put(&writer, "after the moment");
    let done = AtomicBool::new(false);
    let (looks, copy, writer) = std::thread::scope(|scope| {
        let done = &done;
        let writing = scope.spawn(move || {
            while !done.load(Ordering::Relaxed) {
                put(&writer, "meanwhile");
            }
            writer
        });
        let ended = copy_now(reader, &path, "monday");
        done.store(true, Ordering::Relaxed);
        let writer = writing.join().unwrap();
        let (looks, copy) = ended.unwrap();
        (looks, copy, writer)
    });
    assert!(looks.len() > 1, "the copy was made in several steps: {looks:?}");
    assert!(looks.is_sorted_by(|before, after| before > after), "it never began again: {looks:?}");
    assert_eq!(things(&copy), 2000);
    assert_eq!(inspect(&copy, true).unwrap().findings, [""; 0]);
    let more: u64 = writer.query_row("SELECT count(*) FROM things", [], |row| row.get(0)).unwrap();
    assert!(more > 2001, "something was written meanwhile");
}

/// A backup of two services, of which `other` has heard `thing` up to a number.
fn backup(folder: &Path, heard: u64) -> PathBuf {
    let (live, saved) = (folder.join("live"), folder.join("saved"));
    std::fs::create_dir(&live).unwrap();
    std::fs::create_dir(&saved).unwrap();
    let (thing, writer) = database(&live, "thing");
    put(&writer, "one");
    let origin = inspect_live(&thing, true).unwrap().origin;
    let (other, hearer) = database(&live, "other");
    let known = "INSERT INTO position (source, origin, sequence) VALUES ('THING', ?1, ?2)";
    hearer.execute(known, rusqlite::params![origin, heard]).unwrap();
    drop((writer, hearer));
    let services = [("thing", thing), ("other", other)].map(|(name, path)| {
        let copy = saved.join(format!("{name}.db"));
        std::fs::copy(path, &copy).unwrap();
        Entry::of(&copy, &inspect(&copy, true).unwrap()).unwrap()
    });
    let manifest = Manifest {
        format: FORMAT,
        backup: "monday".into(),
        made_at: Timestamp::UNIX_EPOCH,
        made_by: "1.0.0".into(),
        barrier_us: 1,
        services: services.into(),
    };
    manifest.write(&saved).unwrap();
    saved
}

fn findings(folder: &Path) -> Vec<String> {
    verify(folder, |_| {})
        .unwrap()
        .1
        .into_iter()
        .map(|finding| format!("{}: {}", finding.service, finding.says))
        .collect()
}

#[test]
fn a_backup_is_whole_until_a_byte_of_it_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let saved = backup(folder.path(), 0);
    assert_eq!(findings(&saved), [""; 0]);
    let mut bytes = std::fs::read(saved.join("thing.db")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(saved.join("thing.db"), &bytes).unwrap();
    assert_eq!(findings(&saved), ["thing: thing.db is not what was written: its SHA-256 is another"]);
    bytes.pop();
    std::fs::write(saved.join("thing.db"), &bytes).unwrap();
    assert!(findings(&saved)[0].contains("bytes, and had"), "{:?}", findings(&saved));
    std::fs::remove_file(saved.join("thing.db")).unwrap();
    assert!(findings(&saved)[0].contains("cannot be read"), "{:?}", findings(&saved));
}

#[test]
fn files_of_two_moments_are_no_cut() {
    let folder = tempfile::tempdir().unwrap();
    let saved = backup(folder.path(), 7);
    let says = "other: it has heard THING up to message 7, but thing.db ends with row 0: the files are not of one moment";
    assert_eq!(findings(&saved), [says]);
    let mut entries = Manifest::read(&saved).unwrap().services;
    entries[1].positions[0].origin = "another".into();
    assert_eq!(cut_faults(&entries), [], "a position of another database says nothing about this one");
}

#[test]
fn a_manifest_that_is_none_or_of_a_newer_form_is_refused_and_leads_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let saved = backup(folder.path(), 0);
    let path = saved.join(super::manifest::FILE);
    let text = std::fs::read_to_string(&path).unwrap();
    for (broken, says) in [
        ("{", "is not JSON"),
        ("{}", "is not understood"),
        (&*text.replace("\"format\": 1", "\"format\": 2"), "its form is 2, this program knows 1"),
    ] {
        std::fs::write(&path, broken).unwrap();
        let refused = verify(&saved, |_| {}).unwrap_err();
        assert!(refused.message.contains(says), "{}", refused.message);
    }
    std::fs::write(&path, text.replace("\"file\": \"thing.db\"", "\"file\": \"../live/thing.db\"")).unwrap();
    assert_eq!(findings(&saved), ["thing: it has the name of no file of a service"]);
}

#[test]
fn a_restored_database_has_a_new_identity_and_hears_nothing_of_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let saved = backup(folder.path(), 0);
    let live = folder.path().join("live");
    let manifest = Manifest::read(&saved).unwrap();
    let was = manifest.services[0].origin.clone();
    let present = Present::look(&live, &manifest);
    assert_eq!(present.services, ["thing", "other"]);
    let aside = prepare(&saved, &live, &manifest, &present).unwrap().put().unwrap().unwrap();
    assert!(aside.join("thing.db").exists() && !live.join(UNFINISHED).exists());
    let now = inspect_live(&live.join("thing.db"), true).unwrap();
    assert_ne!(now.origin, was);
    assert_eq!(now.replaces, std::slice::from_ref(&was));
    let other = inspect_live(&live.join("other.db"), true).unwrap();
    let heard = Position { source: "THING".into(), origin: now.origin.clone(), sequence: 0 };
    assert_eq!(other.positions, [heard], "what was heard of the old one counts for the new one");
    let reader = open_reader(&live.join("other.db")).unwrap();
    assert_eq!(position(&Sql::new(&reader), "THING", &was).unwrap(), CLOSED);

    // The same backup once more: the streams may be of the database that is there now.
    let present = Present::look(&live, &manifest);
    prepare(&saved, &live, &manifest, &present).unwrap().put().unwrap();
    let again = inspect_live(&live.join("thing.db"), true).unwrap();
    assert_eq!(again.replaces, [was, now.origin]);
}

#[test]
fn a_restore_that_ends_half_way_is_done_again_and_knows_what_it_replaces() {
    let folder = tempfile::tempdir().unwrap();
    let saved = backup(folder.path(), 0);
    let live = folder.path().join("live");
    let manifest = Manifest::read(&saved).unwrap();
    let first = prepare(&saved, &live, &manifest, &Present::look(&live, &manifest)).unwrap();
    first.put().unwrap();
    let there = inspect_live(&live.join("thing.db"), true).unwrap();
    // As if the power had gone after the files were moved aside: the mark is there, and they are not.
    let marks = serde_json::json!({ "thing": [there.origin, there.replaces[0]] });
    std::fs::write(live.join(UNFINISHED), marks.to_string()).unwrap();
    std::fs::remove_file(live.join("thing.db")).unwrap();
    std::fs::remove_file(live.join("other.db")).unwrap();
    let present = Present::look(&live, &manifest);
    prepare(&saved, &live, &manifest, &present).unwrap().put().unwrap();
    let now = inspect_live(&live.join("thing.db"), true).unwrap();
    assert_eq!(now.replaces, [there.replaces[0].clone(), there.origin]);
    assert!(!live.join(UNFINISHED).exists());
}
