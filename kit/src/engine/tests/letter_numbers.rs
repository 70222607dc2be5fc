//! Numbers of dead letters: a person who names one means that one, also when it is gone.

use super::letters::piece_of;
use super::*;
use crate::engine::hearing::{self, Heard};
use crate::engine::job::Work;
use crate::engine::schema::open_writer;

/// Nobody can hear a word here while it stands in `wall`.
const WALL: &str = "CREATE TABLE wall (word TEXT NOT NULL PRIMARY KEY) STRICT;
     INSERT INTO wall (word) VALUES ('tea'), ('milk');";

/// Writes down what it hears, but for words that stand in the wall. The same service each time.
fn service() -> Arc<Service> {
    let hears = |tx: &mut Tx<'_>, said: Noted| {
        let walled = tx.find("SELECT 1 FROM wall WHERE word = ?1", [&said.text], |_| Ok(()))?;
        if walled.is_some() {
            return Err(Error::invalid("walled", "there is a wall"));
        }
        tx.execute("INSERT INTO notes (text) VALUES (?1)", [said.text]).map(drop)
    };
    Arc::new(Service::new("notes", "1.0.0").migrations_from(&[NOTES, WALL]).hears(hears))
}

pub(super) fn open_walled() -> (Engine, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let engine = Engine::open(&path, service(), Arc::new(SystemClock), Box::new(SystemChance)).unwrap();
    (engine, folder)
}

/// A word about something, heard as a message of this number.
pub(super) fn heard(sequence: u64, key: &str, word: &str) -> Job {
    let heard = Heard {
        source: "NOTES".into(),
        origin: "here".into(),
        sequence,
        previous: sequence - 1,
        due: 0,
        event_id: format!("evt_{sequence}"),
        subject: Noted::SUBJECT.into(),
        key: key.into(),
        body: format!(r#"{{"text":"{word}"}}"#).into(),
    };
    piece_of("event", Noted::SUBJECT, 1, Work::Hear(heard))
}

fn settled(id: i64, retry: bool) -> Job {
    job(move |tx| hearing::settle(tx, &service(), id, retry).map(|done| done.to_string().into()))
}

pub(super) fn numbers(engine: &Engine) -> Vec<i64> {
    hearing::dead_letters(&engine.sql(), 0, 10).unwrap().iter().map(|letter| letter.id).collect()
}

pub(super) fn take_away(engine: &mut Engine, word: &'static str) {
    let gone = job(move |tx| tx.execute("DELETE FROM wall WHERE word = ?1", [word]).map(|_| Bytes::new()));
    assert!(engine.commit(vec![gone]).answers[0].is_ok());
}

#[test]
fn the_number_of_a_dead_letter_that_is_gone_is_given_to_no_other() {
    let (mut engine, _folder) = open_walled();
    engine.commit(vec![heard(1, "tea", "tea")]);
    assert_eq!(numbers(&engine), [1]);
    // Somebody looks at the list, and meanwhile another drops it, and the next event fails.
    engine.commit(vec![settled(1, false)]);
    engine.commit(vec![heard(2, "milk", "milk")]);
    assert_eq!(numbers(&engine), [2]);
    let refused = engine.commit(vec![settled(1, false), settled(1, true)]);
    assert_eq!(answers(refused), [(); 2].map(|()| Err(reason::DEAD_LETTER_UNKNOWN.to_owned())));
    assert_eq!(numbers(&engine), [2], "nothing was done to the one that nobody named");
}

#[test]
fn the_dead_letters_of_an_older_database_keep_their_numbers_and_new_ones_go_on_behind_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    #[expect(clippy::disallowed_methods, reason = "a database as an older program left it")]
    let older = rusqlite::Connection::open(&path).unwrap();
    older
        .execute_batch(concat!(
            include_str!("../../../migrations/0001_kit.sql"),
            include_str!("../../../migrations/0002_access.sql"),
            include_str!("../../../migrations/0003_requests.sql"),
            "CREATE TABLE schema_version (part TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
             INSERT INTO schema_version (part, version) VALUES ('kit', 3);
             INSERT INTO dead_letter (id, state, source, origin, sequence, event_id, subject, key, body, trace_id, span_id,
                                      reason, message, attempts, first_at_ms, last_at_ms)
             VALUES (3, 'dead', 'NOTES', 'here', 3, 'evt_3', 'events.notes.noted', 'tea', x'7b2274657874223a22746561227d',
                     zeroblob(16), -5, 'walled', 'there is a wall', 4, 1000, 2000),
                    (7, 'parked', 'NOTES', 'here', 7, 'evt_7', 'events.notes.noted', 'tea', x'7b2274657874223a22746561227d',
                     zeroblob(16), 6, 'parked', 'waits', 0, 1500, 1500);"
        ))
        .unwrap();
    let rows = |connection: &rusqlite::Connection| -> Vec<String> {
        let mut all = connection
            .prepare("SELECT concat_ws('|', id, state, source, origin, sequence, event_id, subject, key, hex(body),
                                       hex(trace_id), span_id, reason, message, attempts, first_at_ms, last_at_ms)
                      FROM dead_letter ORDER BY id")
            .unwrap();
        all.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let before = rows(&older);
    drop(older);
    let (upgraded, _) =
        open_writer(&path, "notes", &[NOTES, WALL], Timestamp::UNIX_EPOCH, &mut SystemChance).unwrap();
    assert_eq!(rows(&upgraded), before);
    upgraded.execute("DELETE FROM dead_letter WHERE id = 7", []).unwrap();
    drop(upgraded);

    let mut engine = Engine::open(&path, service(), Arc::new(SystemClock), Box::new(SystemChance)).unwrap();
    engine.commit(vec![heard(1, "milk", "milk")]);
    assert_eq!(numbers(&engine), [3, 8]);
    take_away(&mut engine, "tea");
    assert_eq!(answers(engine.commit(vec![settled(3, true)])), [Ok("1".to_owned())]);
}

#[test]
fn a_dead_letter_that_is_retried_twice_at_once_while_its_key_goes_on_is_done_once_and_in_order() {
    // What is heard in the same group comes behind the two retries, wherever it stood.
    for place in 0..=2 {
        let (mut engine, _folder) = open_walled();
        engine.commit(vec![heard(1, "tea", "tea"), heard(2, "tea", "second")]);
        assert_eq!(numbers(&engine), [1, 2]);
        take_away(&mut engine, "tea");
        let mut group = vec![settled(1, true), settled(1, true)];
        group.insert(place, heard(3, "tea", "third"));
        let mut said = answers(engine.commit(group));
        let _ = said.remove(place);
        assert_eq!(said, [Ok("2".to_owned()), Err(reason::DEAD_LETTER_UNKNOWN.to_owned())], "{place}");
        assert_eq!(texts(&engine), ["tea", "second", "third"], "{place}");
        assert_eq!(numbers(&engine), [0_i64; 0], "{place}");
    }
}
