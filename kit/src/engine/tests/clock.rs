//! A clock that jumps: timers fire once, and nothing is removed that is not old.

use std::time::Duration;

use super::{job, note, notes, open, texts};
use crate::engine::prune;
use crate::limits::RETENTION;
use crate::testing::Scratch;

const HOUR: Duration = Duration::from_secs(60 * 60);
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

#[tokio::test]
async fn a_timer_fires_once_although_the_clock_passes_it_again_and_again() {
    let service = notes().on_timer("remind", |tx, key| note(tx, key).map(drop));
    let scratch = Scratch::of(service);
    let start = scratch.now();
    scratch.ring("remind", "now").await;
    for jump in [HOUR, YEAR, HOUR] {
        scratch.set_clock(start + jump);
        scratch.advance(Duration::ZERO).await;
        scratch.set_clock(start - jump);
        scratch.advance(HOUR).await;
    }
    assert_eq!(scratch.told().len(), 1);
}

#[test]
fn what_is_younger_by_a_right_clock_is_kept_when_the_order_of_times_is_broken() {
    let (mut engine, _folder) = open();
    for text in ["one", "two", "three"] {
        engine.commit(vec![job(move |tx| note(tx, text))]);
    }
    // The second row was told by a clock that was a year ahead, and the third after it was set right.
    let ahead = i64::try_from(YEAR.as_micros()).unwrap();
    engine.sql().connection().execute("UPDATE outbox SET at_us = at_us + ?1 WHERE seq = 2", [ahead]).unwrap();
    let now = crate::clock::Clock::now(&crate::clock::SystemClock);
    let group = engine.commit(vec![job(move |tx| {
        prune::outbox(tx, now - RETENTION, u64::MAX >> 1, 100)?;
        prune::history(tx, now - RETENTION, 100)?;
        Ok(bytes::Bytes::new())
    })]);
    assert!(group.failure.is_none());
    assert_eq!(super::super::outbox::from(&engine.sql(), 1, 10).unwrap().len(), 3);
    assert_eq!(texts(&engine).len(), 3);
    let newest = prune::newest(&engine.sql()).unwrap().unwrap();
    assert!(newest > now + HOUR, "by what the database knows, the clock went back: {newest}");
}
