//! What becomes due: firing timers, and trying effects.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{Either, select};
use jiff::Timestamp;

use crate::caller::Caller;
use crate::context::EffectCtx;
use crate::crash;
use crate::effect::{Attempt, Trouble};
use crate::engine::effects::Row;
use crate::engine::job::{Job, Work};
use crate::engine::port::{Port, look_up, read};
use crate::engine::{effects, timers};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::limits::{DUE_LOOKED_AT, TIMERS_AT_ONCE};
use crate::trace::Trace;

/// What is due now, and when something will be.
pub(crate) struct Due {
    /// The timers that are due.
    pub(crate) timers: Vec<timers::Due>,
    /// The effects that are due.
    pub(crate) effects: Vec<Row>,
    /// When the next timer and the next effect are due that are not due yet.
    pub(crate) next: (Option<Timestamp>, Option<Timestamp>),
}

/// Looks once at everything that may be due. `names` says of which effects, and how many of each.
///
/// # Errors
/// If the tables cannot be read.
pub(crate) async fn look(port: &Arc<dyn Port>, names: Vec<(&'static str, usize)>) -> Result<Due> {
    let (now, service) = (port.now(), Arc::clone(port.service()));
    look_up(&**port, move |sql| {
        let mut effects = Vec::new();
        for (name, rows_max) in &names {
            let wait_max = service.effect(name).map(|kind| kind.policy.wait_max).unwrap_or_default();
            effects.extend(effects::due(sql, name, now, wait_max, *rows_max)?);
        }
        let timers = timers::due(sql, now, TIMERS_AT_ONCE)?;
        Ok(Due { timers, effects, next: (timers::next(sql)?, effects::next_after(sql, now)?) })
    })
    .await
}

/// Fires the timers that are due now, and waits until all of them have committed. Answers how many
/// there were.
///
/// # Errors
/// If the table cannot be read, or the database cannot write.
pub async fn fire(port: &Arc<dyn Port>) -> Result<usize> {
    let now = port.now();
    let due = read(&**port, move |sql| timers::due(sql, now, TIMERS_AT_ONCE)).await?;
    let count = due.len();
    fire_these(port, due).await?;
    Ok(count)
}

/// Fires timers that were found due, and waits until all of them have committed.
///
/// # Errors
/// If the database cannot write.
pub(crate) async fn fire_these(port: &Arc<dyn Port>, due: Vec<timers::Due>) -> Result<()> {
    let now = port.now();
    let Some(first) = due.first().map(|timer| timer.kind.clone()) else { return Ok(()) };
    crash::pause("timer.before_fire", &first).await?;
    let jobs = due.into_iter().map(|timer| {
        port.submit(Job {
            kind: "timer",
            subject: timer.kind,
            key: timer.key,
            trace: port.child(&timer.trace),
            caller: itself(port),
            received: now,
            attempt: timer.attempts + 1,
            work: Work::Timer,
        })
    });
    for fired in futures_util::future::join_all(jobs).await {
        fired?;
    }
    crash::pause("timer.after_fire", &first).await
}

/// The effects of one kind that are due now.
///
/// # Errors
/// If the table cannot be read.
pub async fn effects_due(port: &Arc<dyn Port>, name: &'static str, rows_max: usize) -> Result<Vec<Row>> {
    let now = port.now();
    let wait_max = port.service().effect(name).map(|kind| kind.policy.wait_max).unwrap_or_default();
    read(&**port, move |sql| effects::due(sql, name, now, wait_max, rows_max)).await
}

/// Makes one try of an effect and records how it ended.
///
/// That a try begins is recorded first: from then on the work cannot be taken back, also if this
/// process ends at this moment.
///
/// # Errors
/// If the database cannot write; the effect is tried again then, under the same key.
pub async fn attempt_effect(port: &Arc<dyn Port>, row: Row) -> Result<()> {
    let received = port.now();
    let own = row.clone();
    let begun = port
        .submit(Job::piece(received, move |tx| {
            Ok(if effects::begin(tx, &own)? { Bytes::from_static(b"1") } else { Bytes::new() })
        }))
        .await?;
    if begun.is_empty() { Ok(()) } else { attempt_begun(port, row).await }
}

/// Makes one try of an effect that is recorded as begun, and records how it ended.
///
/// # Errors
/// As [`attempt_effect`].
pub async fn attempt_begun(port: &Arc<dyn Port>, row: Row) -> Result<()> {
    let service = Arc::clone(port.service());
    let Some(kind) = service.effect(&row.name) else {
        return Err(Error::internal(format!("nobody knows the effect {}", row.name)));
    };
    let (id, received) = (row.id, port.now());
    let trace = port.child(&row.trace);
    crash::pause("effect.after_intent_before_call", &row.name).await?;
    let attempt = row.attempts + 1;
    let time_limit = kind.policy.time_limit;
    let maybe_tried = row.attempts > 0 || row.maybe_done;
    let ctx = EffectCtx { port: Arc::clone(port), attempt, maybe_tried, trace, time_limit };
    let (performed, limit) = ((kind.perform)(ctx, row.body.clone()), port.sleep(time_limit));
    let tried = match select(performed, limit).await {
        Either::Left((tried, _)) => tried,
        Either::Right(_) => Err(Trouble::Unknown(format!("no answer within {} s", time_limit.as_secs_f64()))),
    };
    crash::pause("effect.after_call_before_outcome", &row.name).await?;
    let ended = match tried {
        Ok(outcome) => Attempt::Answered(outcome),
        Err(trouble) => {
            let maybe_done = row.maybe_done || matches!(trouble, Trouble::Unknown(_));
            if attempt >= kind.policy.tries_max || matches!(trouble, Trouble::Hopeless(_)) {
                Attempt::GaveUp { attempts: attempt, trouble, maybe_done }
            } else {
                let jitter = trace.span as u8;
                Attempt::Retrying {
                    attempt,
                    trouble,
                    next: port.now() + kind.policy.wait_after(attempt, jitter),
                }
            }
        }
    };
    let job = Job {
        kind: "effect",
        subject: row.name.clone(),
        key: row.about,
        trace,
        caller: itself(port),
        received,
        attempt,
        work: Work::Effect { id, attempt: ended },
    };
    port.submit(job).await?;
    crash::pause("effect.after_outcome", &row.name).await
}

/// Makes a try of an effect, and another whenever it was not recorded how the last one ended: its row would
/// otherwise wait until a try could not be under way any more, which may be long.
///
/// The database could not write then; asking at once would not help it, so there are [`DUE_LOOKED_AT`] between.
/// A try that did not begin is left to whoever looks at what is due. Once it is `over`, so is a try at which
/// nobody works; the next start makes it. Answers whether any try failed like that: something may be due now.
pub async fn attempt_until_recorded(
    port: &Arc<dyn Port>,
    row: Row,
    is_begun: bool,
    over: impl Fn() -> bool,
) -> bool {
    let mut failed = false;
    let id = row.id;
    let mut tried = if is_begun { attempt_begun(port, row).await } else { attempt_effect(port, row).await };
    while let Err(error) = tried {
        failed = true;
        tracing::warn!(effect = id, "A try is not recorded, and will be made again: {}", error.chain());
        port.sleep(DUE_LOOKED_AT).await;
        if over() {
            break;
        }
        tried = match read(&**port, move |sql| effects::find_tried(sql, id)).await {
            Ok(Some(row)) => attempt_effect(port, row).await,
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
    }
    failed
}

/// When something will be due next.
///
/// # Errors
/// If the tables cannot be read.
pub async fn next_due(port: &Arc<dyn Port>) -> Result<(Option<Timestamp>, Option<Timestamp>)> {
    read(&**port, |sql| Ok((timers::next(sql)?, effects::next(sql)?))).await
}

/// Sets the timers of everything that is done again and again, unless they are set already, and does
/// what is to be done at each start. What was being tried when the process before ended is tried again.
///
/// # Errors
/// If the database cannot write.
pub async fn set_periods(port: &Arc<dyn Port>) -> Result<()> {
    let service = Arc::clone(port.service());
    let at_start = service.periods().iter().any(|period| period.from_start);
    let now = port.now();
    port.submit(Job::chore(now, move |tx| {
        effects::try_again(tx, now)?;
        for period in service.periods() {
            let kind = period.kind;
            let set = tx.find("SELECT 1 FROM timer WHERE kind = ?1 AND key = ''", [kind], |_| Ok(()))?;
            if set.is_none() || period.from_start {
                let trace = Trace {
                    id: tx.new_id::<crate::id::EventId>().bits(),
                    span: 1,
                    parent: 0,
                    sampled: false,
                };
                let due = if period.from_start { now } else { now + period.time };
                timers::set(tx, kind, "", due, trace)?;
            }
        }
        Ok(Bytes::new())
    }))
    .await?;
    if at_start {
        // A database to which nothing may be added yet stops nobody from starting: its timers wait.
        if let Err(error) = fire(port).await {
            tracing::warn!("What is due at the start is not done yet: {}", error.chain());
        }
    }
    Ok(())
}

fn itself(port: &Arc<dyn Port>) -> Caller {
    Caller::Service(port.service().name().to_owned())
}
