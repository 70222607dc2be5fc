//! What each kind of job does inside its transaction, and what is left of one that fails.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;

use crate::effect::{Attempt, Trouble};
use crate::engine::job::{Job, Work};
use crate::engine::{effects, hearing, replies};
use crate::error::{Error, Result, reason};
use crate::service::Service;
use crate::transaction::Tx;

/// Does the work of a job; says how it ended for the journal, or nothing if it had been done before.
pub(super) fn perform(
    tx: &mut Tx<'_>,
    service: &Service,
    job: &Job,
    work: Work,
) -> Result<(Result<Bytes>, Option<String>)> {
    Ok(match work {
        Work::Write { reply, run } => {
            if let Some(known) = reply.as_ref().and_then(|key| replies::find(tx, key).transpose()) {
                return Ok((known.and_then(|answer| answer), None));
            }
            let answer = attempt(tx, run);
            remember(tx, reply.as_ref(), &answer)?;
            let outcome = outcome_of(&answer);
            (answer, outcome)
        }
        Work::Remember { reply, error } => {
            if let Some(known) = replies::find(tx, &reply).transpose() {
                return Ok((known.and_then(|answer| answer), None));
            }
            let answer = Err(error);
            remember(tx, Some(&reply), &answer)?;
            let outcome = outcome_of(&answer);
            (answer, outcome)
        }
        Work::Timer => {
            ended(attempt(tx, |tx| hearing::timer(tx, service, &job.subject, &job.key, job.attempt - 1)))
        }
        Work::Effect { id, attempt: tried } => {
            let outcome = match &tried {
                Attempt::Answered(_) => "ok",
                Attempt::Retrying { trouble, .. } | Attempt::GaveUp { trouble, .. } => trouble.reason(),
            };
            let answer = record_effect(tx, service, id, tried);
            let outcome = answer.as_ref().err().map_or(outcome, |error| &*error.reason).to_owned();
            (answer, Some(outcome))
        }
        Work::Hear(_) | Work::Note { .. } | Work::Chore(_) | Work::Piece(_) | Work::Hold(_) => {
            (Ok(Bytes::new()), None)
        }
    })
}

fn remember(tx: &Tx<'_>, key: Option<&replies::ReplyKey>, answer: &Result<Bytes>) -> Result<()> {
    match (key, answer) {
        (Some(key), Ok(_)) => replies::insert(tx, key, answer, tx.now(), tx.trace().id),
        (Some(key), Err(error)) if error.kind.is_remembered() => {
            replies::insert(tx, key, answer, tx.now(), tx.trace().id)
        }
        _ => Ok(()),
    }
}

fn outcome_of(answer: &Result<Bytes>) -> Option<String> {
    Some(answer.as_ref().err().map_or("ok", |error| &*error.reason).to_owned())
}

pub(super) fn ended(ending: Result<hearing::Ending>) -> (Result<Bytes>, Option<String>) {
    match ending {
        Ok(ending) => (Ok(Bytes::new()), ending),
        Err(error) => (Err(error), None),
    }
}

/// Records how a try of an effect ended. If recording fails, the effect is tried again later under
/// the same key, so that its answer is not lost.
fn record_effect(
    tx: &mut Tx<'_>,
    service: &Service,
    id: i64,
    tried: Attempt<Box<dyn Any + Send>>,
) -> Result<Bytes> {
    let Some(row) = effects::find(tx, id)? else { return Ok(Bytes::new()) };
    tx.done.effects = true;
    let wait = service.effect(&row.name).map(|kind| kind.policy.wait_max).unwrap_or_default();
    let recorded = attempt(tx, |tx| {
        match &tried {
            Attempt::Answered(_) => effects::remove(tx, id)?,
            Attempt::Retrying { trouble, next, .. } => {
                let unknown = matches!(trouble, Trouble::Unknown(_));
                effects::put_off(tx, id, *next, unknown, trouble.message())?;
                tx.done.new_effects = true;
            }
            Attempt::GaveUp { trouble, maybe_done, .. } => {
                effects::give_up(tx, id, *maybe_done, trouble.message())?;
            }
        }
        service.record(tx, &row.name, &row.body, tried)
    });
    if let Err(error) = &recorded
        && !error.is_storage()
    {
        tracing::error!(
            effect = row.name,
            msg.key = row.about,
            "An outcome could not be recorded: {}",
            error.chain()
        );
        effects::put_off(tx, id, tx.now() + wait, true, &error.message)?;
        tx.done.new_effects = true;
    }
    recorded.map(|()| Bytes::new())
}

/// Runs a closure in a savepoint: if it fails or panics, nothing of it remains.
pub(crate) fn attempt<T>(tx: &mut Tx<'_>, run: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
    let connection = tx.connection();
    connection.prepare_cached("SAVEPOINT piece")?.execute([])?;
    let (told, begun) = (tx.done.told.len(), tx.done.begun.len());
    let ended = caught(tx, run);
    match &ended {
        Ok(_) => connection.prepare_cached("RELEASE piece")?.execute([])?,
        // The whole transaction is gone or must go; there is no savepoint to return to.
        Err(error) if error.is_storage() => 0,
        Err(_) => {
            connection.prepare_cached("ROLLBACK TO piece")?.execute([])?;
            connection.prepare_cached("RELEASE piece")?.execute([])?
        }
    };
    if ended.is_err() {
        tx.told_so_far.forget();
        tx.done.told.truncate(told);
        tx.done.begun.truncate(begun);
    }
    ended
}

/// Runs a closure, and makes an error of a panic. The caller rolls back to a savepoint then, so that nothing
/// half-done is seen.
pub(crate) fn caught<T>(tx: &mut Tx<'_>, run: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(|| run(tx))).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// The error of a caught panic.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Error {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    let mut error = Error::internal(format!("panicked: {said}"));
    error.reason = reason::PANICKED.into();
    error
}
