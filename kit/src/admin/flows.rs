//! What a service did: in a flow, around a key, or among everything of a time.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::context::Ctx;
use crate::engine::effects::EffectView;
use crate::engine::hearing::{self, DeadLetter};
use crate::engine::journal::{self, Entry, Wanted};
use crate::engine::lookup::{self, Match};
use crate::engine::{effects, outbox};
use crate::error::{Error, Result, reason};
use crate::limits::{LOOKUP_CHARS_MIN, TRACE_BODY_BYTES_MAX, TRACE_ROWS_MAX};

/// Asks what a service did in a flow, or around something it keeps.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetTrace {
    /// Flows, each as 32 hexadecimal digits.
    #[serde(default)]
    pub traces: Vec<String>,
    /// What the flows are about, such as an order, if they are not known.
    #[serde(default)]
    pub key: String,
    /// Whether the bodies of what was emitted are wanted too.
    #[serde(default)]
    pub bodies: bool,
}

/// What a service did in some flows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceView {
    /// The flows in which the key occurs, the oldest first.
    pub traces: Vec<String>,
    /// What was done.
    pub entries: Vec<Entry>,
    /// What was told.
    pub emitted: Vec<EmittedView>,
    /// What could not be acted on, and what waits behind it.
    #[serde(default)]
    pub dead_letters: Vec<DeadLetter>,
    /// Work on the outside world that is still to be done, or was given up.
    #[serde(default)]
    pub effects: Vec<EffectView>,
    /// Whether there was more than [`TRACE_ROWS_MAX`] of something, so that the rest is left out.
    #[serde(default)]
    pub cut: bool,
}

/// An event that was emitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmittedView {
    /// The stream.
    pub stream: String,
    /// Its number in the outbox and in the stream.
    pub sequence: u64,
    /// Its identifier.
    pub id: String,
    /// Where it was told.
    pub subject: String,
    /// What it is about.
    pub key: String,
    /// The flow.
    pub trace: String,
    /// The piece of work that emitted it.
    pub span: String,
    /// When it became true, in microseconds since 1970.
    pub at_us: i64,
    /// What it says, if bodies were wanted and those before it have not filled the answer.
    #[serde(default)]
    pub body: Value,
}

/// Asks for whatever has an identifier that ends like this: a key, a flow, an event, or a request by
/// its idempotency key.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// The end of the identifier, or all of it: at least [`LOOKUP_CHARS_MIN`] characters.
    pub text: String,
}

/// What was found by the end of its identifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The newest first, each identifier once, at most [`LOOKUP_MATCHES_MAX`](crate::limits::LOOKUP_MATCHES_MAX).
    pub items: Vec<Match>,
    /// Whether everything kept was looked through, rather than the newest
    /// [`LOOKUP_ROWS_MAX`](crate::limits::LOOKUP_ROWS_MAX) rows.
    pub complete: bool,
}

/// Asks for pieces of work of a time, the newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindWork {
    /// Received at this time or later.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Received before this time.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Only of this subject, kind of timer, or name of an effect.
    #[serde(default)]
    pub subject: String,
    /// Only what ended otherwise than well.
    #[serde(default)]
    pub failed: bool,
    /// Only what ended with this outcome.
    #[serde(default)]
    pub outcome: String,
    /// Only what took at least so many microseconds, waiting and commit included.
    #[serde(default)]
    pub took_us_min: i64,
    /// What `next` said on the page before.
    #[serde(default)]
    pub before: Option<i64>,
    /// At most so many.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Pieces of work of a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkFound {
    /// The newest first.
    pub items: Vec<Entry>,
    /// Where to go on looking; none if everything has been looked through. There may be more behind
    /// a page without items: one request looks at so many rows only.
    pub next: Option<i64>,
}

pub(super) async fn trace(ctx: Ctx, asked: GetTrace) -> Result<TraceView> {
    let mut known = asked.traces.iter().map(|text| parse_trace(text)).collect::<Result<Vec<u128>>>()?;
    // Notes of reads and the time of the last commit wait for the next commit; this is one.
    ctx.flush().await?;
    let stream = ctx.service().stream();
    ctx.read(move |sql| {
        let of_key = journal::traces_of_key(sql, &asked.key)?;
        known.extend(&of_key);
        let mut seen = HashSet::new();
        known.retain(|id| seen.insert(*id));
        let mut view = TraceView {
            traces: of_key.iter().map(|id| format!("{id:032x}")).collect(),
            entries: Vec::new(),
            emitted: Vec::new(),
            dead_letters: Vec::new(),
            effects: Vec::new(),
            cut: of_key.len() >= TRACE_ROWS_MAX,
        };
        for id in known {
            view.entries.extend(journal::of_trace(sql, id)?);
            let rows = outbox::of_trace(sql, id, TRACE_ROWS_MAX + 1)?;
            view.emitted.extend(rows.into_iter().map(|row| emitted(&stream, row, asked.bodies)));
            view.dead_letters.extend(hearing::of_trace(sql, id, TRACE_ROWS_MAX + 1)?);
            view.effects.extend(effects::of_trace(sql, id, TRACE_ROWS_MAX + 1)?);
            if view.entries.len() > TRACE_ROWS_MAX || view.emitted.len() > TRACE_ROWS_MAX {
                break;
            }
        }
        cut(&mut view);
        leave_out_bodies(&mut view, asked.bodies);
        Ok(view)
    })
    .await
}

fn cut(view: &mut TraceView) {
    let mut longest = 0;
    longest = longest.max(view.entries.len()).max(view.emitted.len());
    longest = longest.max(view.dead_letters.len()).max(view.effects.len());
    view.cut |= longest > TRACE_ROWS_MAX;
    view.entries.truncate(TRACE_ROWS_MAX);
    view.emitted.truncate(TRACE_ROWS_MAX);
    view.dead_letters.truncate(TRACE_ROWS_MAX);
    view.effects.truncate(TRACE_ROWS_MAX);
}

/// Leaves out bodies that were not wanted, and further ones once those before them have filled the
/// answer.
fn leave_out_bodies(view: &mut TraceView, wanted: bool) {
    let mut bytes = 0;
    for letter in &mut view.dead_letters {
        bytes += letter.body.len();
        if !wanted || bytes > TRACE_BODY_BYTES_MAX {
            letter.body.clear();
        }
    }
    for event in &mut view.emitted {
        bytes += event.body.to_string().len();
        if bytes > TRACE_BODY_BYTES_MAX {
            event.body = Value::Null;
        }
    }
}

fn parse_trace(text: &str) -> Result<u128> {
    let plain = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain
        .then(|| u128::from_str_radix(text, 16).ok())
        .flatten()
        .ok_or_else(|| Error::invalid(reason::INVALID_ID, "a trace is 32 hexadecimal digits"))
}

fn emitted(stream: &str, row: outbox::Row, bodies: bool) -> EmittedView {
    EmittedView {
        stream: stream.to_owned(),
        sequence: row.seq,
        id: row.id,
        subject: row.subject,
        key: row.key,
        trace: format!("{:032x}", row.trace.id),
        span: format!("{:016x}", row.trace.span),
        at_us: row.at.as_microsecond(),
        body: if bodies { serde_json::from_slice(&row.body).unwrap_or(Value::Null) } else { Value::Null },
    }
}

pub(super) async fn lookup(ctx: Ctx, asked: Lookup) -> Result<Found> {
    let text = asked.text;
    // Whatever stands in an identifier; above all no wildcard of a pattern, and no space.
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if text.len() < LOOKUP_CHARS_MIN || text.len() > crate::limits::IDEMPOTENCY_KEY_CHARS_MAX || !plain {
        let what = format!(
            "what is looked for is the end of an identifier: {LOOKUP_CHARS_MIN} to {} characters without spaces",
            crate::limits::IDEMPOTENCY_KEY_CHARS_MAX
        );
        return Err(Error::invalid(reason::INVALID_ID, what));
    }
    ctx.flush().await?;
    ctx.read(move |sql| {
        let (items, complete) = lookup::find(sql, &text)?;
        Ok(Found { items, complete })
    })
    .await
}

pub(super) async fn work(ctx: Ctx, asked: FindWork) -> Result<WorkFound> {
    let limit = crate::page::limit(asked.limit)?;
    ctx.flush().await?;
    let wanted = Wanted {
        since_us: asked.since.map_or(i64::MIN, Timestamp::as_microsecond),
        until_us: asked.until.map_or(i64::MAX, Timestamp::as_microsecond),
        subject: asked.subject,
        failed: asked.failed,
        outcome: asked.outcome,
        took_us_min: asked.took_us_min,
    };
    ctx.read(move |sql| {
        let (items, next) = journal::find(sql, &wanted, asked.before, limit)?;
        Ok(WorkFound { items, next })
    })
    .await
}
