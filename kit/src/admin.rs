//! What every service answers beside its own requests: how it is doing, what it did, what is stuck.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access::Access;
use crate::context::Ctx;
use crate::engine::hearing::{self, DeadLetter};
use crate::engine::{effects, journal, outbox};
use crate::error::{Error, Result, reason};
use crate::limits::{TRACE_BODY_BYTES_MAX, TRACE_ROWS_MAX};
use crate::message::{Example, Word, WordKind, example_json, understands};
use crate::service::Service;
use crate::vitals::{Health, Vitals};

/// Asks how a service is doing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetHealth {}

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
    pub entries: Vec<journal::Entry>,
    /// What was told.
    pub emitted: Vec<EmittedView>,
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

/// Asks for the dead letters of a service, the oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListDeadLetters {
    /// Only those behind this number.
    #[serde(default)]
    pub after: i64,
    /// At most so many.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Dead letters, and what is parked behind them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetters {
    /// The oldest first.
    pub items: Vec<DeadLetter>,
}

/// Names a dead letter, to retry or to drop it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettleDeadLetter {
    /// Its number in the service.
    pub id: i64,
}

/// What became of a dead letter and those behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// How many were acted on or dropped. 0: it failed again.
    pub done: u64,
}

/// The words that every service answers, with `<service>` for its name.
pub const WORDS: &[Word] = &[
    word::<GetHealth, Health>(
        WordKind::Ask,
        ["<service>.health", "GetHealth", "Health"],
        "How the service is doing.",
    ),
    word::<GetTrace, TraceView>(
        WordKind::Ask,
        ["<service>.trace", "GetTrace", "TraceView"],
        "What the service did in a flow or around a key.",
    ),
    word::<ListDeadLetters, DeadLetters>(
        WordKind::Ask,
        ["<service>.dead_letters", "ListDeadLetters", "DeadLetters"],
        "Events it could not act on, and what is parked behind them.",
    ),
    word::<SettleDeadLetter, Settled>(
        WordKind::Change,
        ["<service>.retry_dead_letter", "SettleDeadLetter", "Settled"],
        "Acts on a dead letter again, then on those behind it.",
    ),
    word::<SettleDeadLetter, Settled>(
        WordKind::Change,
        ["<service>.drop_dead_letter", "SettleDeadLetter", "Settled"],
        "Drops a dead letter, then acts on those behind it.",
    ),
];

const fn word<Q, P>(kind: WordKind, names: [&'static str; 3], meaning: &'static str) -> Word
where
    Q: Example + Serialize + DeserializeOwned,
    P: Example + Serialize,
{
    let [subject, name, reply] = names;
    let (example, reply_example) = (example_json::<Q>, example_json::<P>);
    let (access, understands) = (Access::OPERATOR, understands::<Q>);
    Word { kind, subject, name, reply, access, meaning, example, reply_example, understands }
}

impl Example for GetHealth {
    fn example() -> Self {
        Self {}
    }
}

impl Example for GetTrace {
    fn example() -> Self {
        Self { traces: vec![TRACE.into()], key: KEY.into(), bodies: false }
    }
}

impl Example for TraceView {
    fn example() -> Self {
        let entry = journal::Entry {
            kind: "event".into(),
            subject: "events.thing.made".into(),
            key: KEY.into(),
            trace: TRACE.into(),
            span: "00f067aa0ba902b7".into(),
            parent: "53995c3f42cd8ad8".into(),
            caller: "service:thing".into(),
            source: "THING".into(),
            sequence: 7,
            attempt: 1,
            outcome: "ok".into(),
            received_us: 1_767_268_800_000_000,
            started_us: 1_767_268_800_000_120,
            finished_us: 1_767_268_800_000_310,
            committed_us: 1_767_268_800_000_820,
            group_jobs: 3,
        };
        let emitted = EmittedView {
            stream: "THING".into(),
            sequence: 12,
            id: "evt_01h2e8kqvbfwea724h75qc655w".into(),
            subject: "events.thing.made".into(),
            key: KEY.into(),
            trace: TRACE.into(),
            span: entry.span.clone(),
            at_us: entry.started_us,
            body: Value::Null,
        };
        Self { traces: vec![TRACE.into()], entries: vec![entry], emitted: vec![emitted] }
    }
}

impl Example for ListDeadLetters {
    fn example() -> Self {
        Self { after: 0, limit: Some(50) }
    }
}

impl Example for DeadLetters {
    fn example() -> Self {
        let letter = DeadLetter {
            id: 1,
            state: "dead".into(),
            source: "THING".into(),
            sequence: 12,
            event_id: "evt_01h2e8kqvbfwea724h75qc655w".into(),
            subject: "events.thing.made".into(),
            key: KEY.into(),
            body: "{}".into(),
            reason: reason::INVALID_BODY.into(),
            message: "the body is not understood".into(),
            attempts: 1,
            first_at: Timestamp::UNIX_EPOCH,
            last_at: Timestamp::UNIX_EPOCH,
        };
        Self { items: vec![letter] }
    }
}

impl Example for SettleDeadLetter {
    fn example() -> Self {
        Self { id: 1 }
    }
}

impl Example for Settled {
    fn example() -> Self {
        Self { done: 1 }
    }
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const KEY: &str = "thing_01h2e8kqvbfwea724h75qc655w";

pub(crate) fn answer(service: Service) -> Service {
    let name = service.name();
    service
        .answers_at(format!("{name}.health"), false, Access::OPERATOR, health)
        .answers_at(format!("{name}.trace"), false, Access::OPERATOR, trace)
        .answers_at(format!("{name}.dead_letters"), false, Access::OPERATOR, dead_letters)
        .answers_at(format!("{name}.retry_dead_letter"), true, Access::OPERATOR, |ctx, asked| {
            settle(ctx, asked, true)
        })
        .answers_at(format!("{name}.drop_dead_letter"), true, Access::OPERATOR, |ctx, asked| {
            settle(ctx, asked, false)
        })
}

async fn health(ctx: Ctx, _: GetHealth) -> Result<Health> {
    let ((dead_letters, parked), (effects_due, effects_given_up), extent) =
        ctx.read(|sql| Ok((hearing::counts(sql)?, effects::counts(sql)?, outbox::extent(sql)?))).await?;
    let vitals = ctx.vitals();
    Ok(Health {
        service: ctx.service().name().to_owned(),
        version: ctx.service().version().to_owned(),
        pid: std::process::id(),
        now: ctx.now(),
        outbox_newest: extent.newest,
        outbox_published: Vitals::get(&vitals.published),
        dead_letters,
        parked,
        effects_due,
        effects_given_up,
        queued: Vitals::get(&vitals.queued),
        group_jobs: Vitals::get(&vitals.group_jobs),
        groups: Vitals::get(&vitals.groups),
        parts: vitals.states(),
    })
}

async fn trace(ctx: Ctx, asked: GetTrace) -> Result<TraceView> {
    let mut known = asked.traces.iter().map(|text| parse_trace(text)).collect::<Result<Vec<u128>>>()?;
    // Notes of reads and the time of the last commit wait for the next commit; this is one.
    ctx.flush().await?;
    let stream = ctx.service().stream();
    ctx.read(move |sql| {
        let of_key = journal::traces_of_key(sql, &asked.key)?;
        known.extend(&of_key);
        known.sort_unstable();
        known.dedup();
        let mut view = TraceView {
            traces: of_key.iter().map(|id| format!("{id:032x}")).collect(),
            entries: Vec::new(),
            emitted: Vec::new(),
        };
        for id in known {
            view.entries.extend(journal::of_trace(sql, id)?);
            let rows = outbox::of_trace(sql, id, TRACE_ROWS_MAX)?;
            view.emitted.extend(rows.into_iter().map(|row| emitted(&stream, row, asked.bodies)));
        }
        view.entries.truncate(TRACE_ROWS_MAX);
        view.emitted.truncate(TRACE_ROWS_MAX);
        leave_out_bodies(&mut view.emitted);
        Ok(view)
    })
    .await
}

/// Leaves out bodies once those before them have filled the answer.
fn leave_out_bodies(emitted: &mut [EmittedView]) {
    let mut bytes = 0;
    for event in emitted {
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

async fn dead_letters(ctx: Ctx, asked: ListDeadLetters) -> Result<DeadLetters> {
    let limit = crate::page::limit(asked.limit)?;
    let items = ctx.read(move |sql| hearing::dead_letters(sql, asked.after, limit)).await?;
    Ok(DeadLetters { items })
}

async fn settle(ctx: Ctx, asked: SettleDeadLetter, retry: bool) -> Result<Settled> {
    let service = std::sync::Arc::clone(ctx.service());
    ctx.write(move |tx| Ok(Settled { done: hearing::settle(tx, &service, asked.id, retry)? })).await
}
