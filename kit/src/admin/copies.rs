//! The database and its copy: what the outbox holds, making the stream anew, and whether the file is sound.

use serde::{Deserialize, Serialize};

use crate::context::Ctx;
use crate::engine::outbox::{self, Digest};
use crate::error::{Error, Kind, Result, reason};
use crate::limits::DIGESTS_MAX;
use crate::sql::Sql;
use crate::vitals::Vitals;

/// Asks what the outbox holds, to compare it with the stream.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListOutbox {
    /// Only rows behind this number.
    #[serde(default)]
    pub after: u64,
    /// At most so many; [`DIGESTS_MAX`] if not said or if it is more.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// What the outbox holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxView {
    /// The stream that mirrors it.
    pub stream: String,
    /// The identity of the database.
    pub origin: String,
    /// The oldest row kept; 1 if there is none yet.
    pub oldest: u64,
    /// The newest row; 0 if there is none yet.
    pub newest: u64,
    /// Rows, in order. Fewer than were asked for: there are no more.
    pub items: Vec<Digest>,
}

/// Has the stream made anew from the outbox.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RebuildStream {}

/// A stream was made anew; its messages follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamRebuilt {
    /// The stream.
    pub stream: String,
    /// The number of its first message.
    pub first: u64,
    /// The number of the last message that is told now.
    pub last: u64,
}

/// Asks whether the file of the database is sound. Takes long if it is large.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckDatabase {
    /// Whether indexes are compared with their tables too, and all rows of the outbox with their checksums,
    /// which takes longer.
    #[serde(default)]
    pub deep: bool,
}

/// Whether the file of the database is sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseChecked {
    /// What is wrong, at most [`CHECK_FINDINGS_MAX`](crate::limits::CHECK_FINDINGS_MAX) of it; nothing if it is sound.
    pub findings: Vec<String>,
    /// How large the database is, in bytes.
    pub database_bytes: u64,
}

pub(super) async fn outbox(ctx: Ctx, asked: ListOutbox) -> Result<OutboxView> {
    let limit = asked.limit.map_or(DIGESTS_MAX, |limit| (limit as usize).min(DIGESTS_MAX));
    let stream = ctx.service().stream();
    ctx.read(move |sql| {
        let extent = outbox::extent(sql)?;
        Ok(OutboxView {
            stream,
            origin: origin(sql)?,
            oldest: extent.oldest,
            newest: extent.newest,
            items: outbox::digests(sql, asked.after, limit)?,
        })
    })
    .await
}

pub(super) fn origin(sql: &Sql<'_>) -> Result<String> {
    sql.get("SELECT value FROM meta WHERE name = 'origin'", [], |row| row.get(0))
}

/// Tells the relay, and waits until it has made the stream. What the outbox holds is told after that.
pub(super) async fn rebuild(ctx: Ctx, _: RebuildStream) -> Result<StreamRebuilt> {
    let extent = ctx.read(outbox::extent).await?;
    let vitals = ctx.vitals();
    let turn = vitals.remaking.ask();
    let left = std::time::Duration::try_from(ctx.deadline.duration_since(ctx.now())).unwrap_or_default();
    match tokio::time::timeout(left, vitals.remaking.until(turn)).await {
        Ok(Ok(())) => Ok(StreamRebuilt {
            stream: ctx.service().stream(),
            first: extent.oldest,
            last: extent.newest.max(Vitals::get(&vitals.published)),
        }),
        Ok(Err(mut error)) => {
            error.message = format!("the stream was not made anew: {}", error.message);
            Err(error)
        }
        Err(_) => Err(Error::new(
            Kind::TimedOut,
            reason::TIMED_OUT,
            "the stream is not made anew yet; it is as soon as the broker and the keeper of the streams answer",
        )),
    }
}

/// Reads the file as SQLite does, which does not notice a flipped bit in a row, and then the outbox by its
/// checksums: the newest [`CHECKED_ROWS_MAX`](crate::limits::CHECKED_ROWS_MAX) rows of it, or all.
pub(super) async fn check(ctx: Ctx, asked: CheckDatabase) -> Result<DatabaseChecked> {
    ctx.read(move |sql| {
        let findings = crate::backup::inspect::faults(sql, asked.deep)?;
        Ok(DatabaseChecked { findings, database_bytes: super::health::database_bytes(sql)? })
    })
    .await
}
