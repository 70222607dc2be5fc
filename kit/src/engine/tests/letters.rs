//! A dead letter that cannot be written: the event or the timer is not lost, it comes again.

use super::*;
use crate::caller::Caller;
use crate::engine::hearing::Heard;
use crate::engine::job::Work;
use crate::engine::standing::position;
use crate::trace::Trace;

/// Nothing can become a dead letter here while there is a row in `wall`.
const WALL: &str = "CREATE TABLE wall (id INTEGER NOT NULL PRIMARY KEY) STRICT;
     CREATE TRIGGER no_letter BEFORE INSERT ON dead_letter WHEN EXISTS (SELECT 1 FROM wall)
     BEGIN SELECT RAISE(ABORT, 'there is a wall'); END;
     INSERT INTO wall (id) VALUES (1);";

fn walled() -> (Engine, TempDir) {
    let service = Service::new("notes", "1.0.0")
        .migrations_from(&[NOTES, WALL])
        .hears(|_: &mut Tx<'_>, _: Noted| Err(Error::invalid("broken", "it never works")))
        .on_timer("broken", |_, _| Err(Error::invalid("broken", "it never works")));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let engine =
        Engine::open(&path, Arc::new(service), Arc::new(SystemClock), Box::new(SystemChance)).unwrap();
    (engine, folder)
}

pub(super) fn piece_of(kind: &'static str, subject: &str, attempt: u32, work: Work) -> Job {
    Job {
        kind,
        subject: subject.into(),
        key: "tea".into(),
        trace: Trace { id: 1, span: 1, parent: 0, sampled: true },
        caller: Caller::Service("notes".into()),
        received: Timestamp::UNIX_EPOCH,
        attempt,
        work,
    }
}

fn heard() -> Job {
    let heard = Heard {
        source: "NOTES".into(),
        origin: "here".into(),
        sequence: 1,
        previous: 0,
        due: 0,
        event_id: "evt_1".into(),
        subject: Noted::SUBJECT.into(),
        key: "tea".into(),
        body: br#"{"text":"tea"}"#[..].into(),
    };
    piece_of("event", Noted::SUBJECT, 1, Work::Hear(heard))
}

fn letters(engine: &Engine) -> u32 {
    engine.sql().get("SELECT count(*) FROM dead_letter", [], |row| row.get(0)).unwrap()
}

fn take_the_wall_down(engine: &mut Engine) {
    let down = engine.commit(vec![job(|tx| tx.execute("DELETE FROM wall", []).map(|_| Bytes::new()))]);
    assert!(down.failure.is_none());
}

#[test]
fn an_event_whose_dead_letter_cannot_be_written_is_not_passed_over() {
    let (mut engine, _folder) = walled();
    let failed = engine.commit(vec![heard()]);
    assert!(failed.answers[0].is_err() && failed.failure.is_none(), "{failed:?}");
    assert_eq!(position(&engine.sql(), "NOTES", "here").unwrap(), 0, "it will be heard again");

    take_the_wall_down(&mut engine);
    assert!(engine.commit(vec![heard()]).answers[0].is_ok());
    assert_eq!((position(&engine.sql(), "NOTES", "here").unwrap(), letters(&engine)), (1, 1));
}

#[test]
fn a_timer_whose_dead_letter_cannot_be_written_stays_due() {
    let (mut engine, _folder) = walled();
    engine.commit(vec![job(|tx| {
        let now = tx.now();
        tx.set_timer("broken", "tea", now).map(|()| Bytes::new())
    })]);
    let last_try = || piece_of("timer", "broken", TIMER_TRIES_MAX, Work::Timer);
    assert!(engine.commit(vec![last_try()]).answers[0].is_err());
    let timers = |engine: &Engine| -> u32 {
        engine.sql().get("SELECT count(*) FROM timer", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(timers(&engine), 1, "it is tried again");

    take_the_wall_down(&mut engine);
    assert!(engine.commit(vec![last_try()]).answers[0].is_ok());
    assert_eq!((timers(&engine), letters(&engine)), (0, 1));
}
