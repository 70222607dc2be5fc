//! Work that is taken back between being found due and being begun, while other work takes its number.

use super::*;
use crate::engine::effects;

fn due(engine: &Engine) -> effects::Row {
    let far = Timestamp::UNIX_EPOCH + Duration::from_secs(1 << 36);
    effects::due(&engine.sql(), Post::NAME, far, Duration::ZERO, 10).unwrap().pop().unwrap()
}

#[test]
fn a_try_that_was_found_due_is_not_made_in_the_name_of_other_work_with_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let clock = Arc::new(SystemClock);
    let mut engine = Engine::open(&path, Arc::new(post_office()), clock, Box::new(SystemChance)).unwrap();
    let posted = |letter: &'static str| {
        job(move |tx| tx.perform(&Post { letter: letter.into() }).map(|()| Bytes::new()))
    };
    engine.commit(vec![posted("regretted")]);
    let found = due(&engine);

    // Before the try begins, its work is taken back and other work is asked for.
    let taken_back = job(|tx| tx.take_back::<Post>("regretted").map(|_| Bytes::new()));
    engine.commit(vec![taken_back, posted("wanted")]);
    let wanted = due(&engine);
    assert_eq!((wanted.id, &*wanted.key), (found.id, "wanted"), "the number is used again");

    let begin = |row: effects::Row| {
        job(move |tx| {
            let begun = effects::begin(tx, &row)?;
            Ok(Bytes::copy_from_slice(begun.to_string().as_bytes()))
        })
    };
    let group = engine.commit(vec![begin(found), begin(wanted)]);
    assert_eq!(answers(group), [Ok("false".to_owned()), Ok("true".to_owned())]);
}
