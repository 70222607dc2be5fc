//! What every service answers beside its own requests.
//!
//! # Layout
//! - [`health`]: how it is doing; [`flows`]: what it did
//! - [`letters`]: what is stuck; [`copies`]: its database, and the stream that mirrors it
//! - [`backups`]: standing still for a moment, and copying the database
//! - [`recovery`]: taking up what the stream has and the database has not
//! - `examples`: a value of each word

mod backups;
mod copies;
mod examples;
mod flows;
mod health;
mod letters;
mod recovery;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::access::{Access, Who};
use crate::message::{Example, Word, WordKind, example_json, understands};
use crate::service::Service;
use crate::vitals::Health;

pub use backups::{
    CopySnapshot, DropSnapshot, HoldWriter, LetWriterGo, SnapshotCopy, SnapshotDropped, WriterHeld,
    WriterWentOn,
};
pub use copies::{CheckDatabase, DatabaseChecked, ListOutbox, OutboxView, RebuildStream, StreamRebuilt};
pub use flows::{EmittedView, FindWork, Found, GetTrace, Lookup, TraceView, WorkFound};
pub use health::GetHealth;
pub use letters::{DeadLetters, Effects, ListDeadLetters, ListEffects, SettleDeadLetter, Settled};
pub(crate) use recovery::Recovering;
pub use recovery::{RECOVER_KEYS_MAX, RECOVER_MESSAGES_MAX, RecoverDatabase, Recovery};

/// Who may do what touches the copies of everybody: admins.
const ADMIN: Access = Access(&[Who::Admin]);

/// The words that every service answers, with `<service>` for its name.
pub const WORDS: &[Word] = &[
    word::<GetHealth, Health>(
        WordKind::Ask,
        Access::OPERATOR,
        ["<service>.health", "GetHealth", "Health"],
        "How the service is doing.",
    ),
    word::<GetTrace, TraceView>(
        WordKind::Ask,
        Access::OPERATOR,
        ["<service>.trace", "GetTrace", "TraceView"],
        "What the service did in a flow or around a key.",
    ),
    word::<Lookup, Found>(
        WordKind::Ask,
        Access::OPERATOR,
        ["<service>.lookup", "Lookup", "Found"],
        "Whatever has an identifier that ends like this.",
    ),
    word::<FindWork, WorkFound>(
        WordKind::Ask,
        Access::OPERATOR,
        ["<service>.work", "FindWork", "WorkFound"],
        "Pieces of work of a time, by subject, outcome and duration.",
    ),
    word::<ListDeadLetters, DeadLetters>(
        WordKind::Ask,
        Access::OPERATOR,
        ["<service>.dead_letters", "ListDeadLetters", "DeadLetters"],
        "Events it could not act on, and what is parked behind them.",
    ),
    word::<SettleDeadLetter, Settled>(
        WordKind::Change,
        Access::OPERATOR,
        ["<service>.retry_dead_letter", "SettleDeadLetter", "Settled"],
        "Acts on a dead letter again, then on those behind it.",
    ),
    word::<SettleDeadLetter, Settled>(
        WordKind::Change,
        Access::OPERATOR,
        ["<service>.drop_dead_letter", "SettleDeadLetter", "Settled"],
        "Drops a dead letter, then acts on those behind it.",
    ),
    word::<ListEffects, Effects>(
        WordKind::Ask,
        Access::OPERATOR,
        ["<service>.effects", "ListEffects", "Effects"],
        "Work on the outside world that is not done, or was given up.",
    ),
    word::<ListOutbox, OutboxView>(
        WordKind::Ask,
        Access::OPERATOR,
        ["<service>.outbox", "ListOutbox", "OutboxView"],
        "What the outbox holds, with checksums, to compare it with the stream.",
    ),
    word::<RebuildStream, StreamRebuilt>(
        WordKind::Act,
        ADMIN,
        ["<service>.rebuild_stream", "RebuildStream", "StreamRebuilt"],
        "Makes the stream anew from the outbox.",
    ),
    word::<CheckDatabase, DatabaseChecked>(
        WordKind::Ask,
        Access::OPERATOR,
        ["<service>.check_database", "CheckDatabase", "DatabaseChecked"],
        "Whether the file of the database is sound.",
    ),
    word::<HoldWriter, WriterHeld>(
        WordKind::Act,
        ADMIN,
        ["<service>.hold_writer", "HoldWriter", "WriterHeld"],
        "For a backup: writes nothing for a moment, and keeps the database as it is.",
    ),
    word::<LetWriterGo, WriterWentOn>(
        WordKind::Act,
        ADMIN,
        ["<service>.let_writer_go", "LetWriterGo", "WriterWentOn"],
        "For a backup: writes again.",
    ),
    word::<CopySnapshot, SnapshotCopy>(
        WordKind::Act,
        ADMIN,
        ["<service>.copy_snapshot", "CopySnapshot", "SnapshotCopy"],
        "For a backup: copies what was kept into its folder, and says how far that is.",
    ),
    word::<DropSnapshot, SnapshotDropped>(
        WordKind::Act,
        ADMIN,
        ["<service>.drop_snapshot", "DropSnapshot", "SnapshotDropped"],
        "For a backup: gives it up.",
    ),
    word::<RecoverDatabase, Recovery>(
        WordKind::Act,
        ADMIN,
        ["<service>.recover_database", "RecoverDatabase", "Recovery"],
        "Takes up the events that its stream has and an older database has not, or says what that would mean.",
    ),
];

const fn word<Q, P>(kind: WordKind, access: Access, names: [&'static str; 3], meaning: &'static str) -> Word
where
    Q: Example + Serialize + DeserializeOwned,
    P: Example + Serialize,
{
    let [subject, name, reply] = names;
    let (example, reply_example) = (example_json::<Q>, example_json::<P>);
    let understands = understands::<Q>;
    Word { kind, subject, name, reply, access, meaning, example, reply_example, understands }
}

pub(crate) fn answer(service: Service) -> Service {
    let name = service.name();
    let at = |what: &str| format!("{name}.{what}");
    let operator = Access::OPERATOR;
    service
        .answers_at(at("health"), false, operator, health::health)
        .answers_at(at("trace"), false, operator, flows::trace)
        .answers_at(at("lookup"), false, operator, flows::lookup)
        .answers_at(at("work"), false, operator, flows::work)
        .answers_at(at("dead_letters"), false, operator, letters::dead_letters)
        .answers_at(at("retry_dead_letter"), true, operator, |ctx, asked| letters::settle(ctx, asked, true))
        .answers_at(at("drop_dead_letter"), true, operator, |ctx, asked| letters::settle(ctx, asked, false))
        .answers_at(at("effects"), false, operator, letters::effects)
        .answers_at(at("outbox"), false, operator, copies::outbox)
        .answers_at(at("rebuild_stream"), false, ADMIN, copies::rebuild)
        .answers_at(at("check_database"), false, operator, copies::check)
        .answers_at(at("hold_writer"), false, ADMIN, backups::hold)
        .answers_at(at("let_writer_go"), false, ADMIN, backups::let_go)
        .answers_at(at("copy_snapshot"), false, ADMIN, backups::copy)
        .answers_at(at("drop_snapshot"), false, ADMIN, backups::give_up)
        .answers_at(at("recover_database"), false, ADMIN, recovery::recover)
}
