//! How a service is doing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::copies::origin;
use crate::context::Ctx;
use crate::engine::{effects, hearing, outbox};
use crate::error::Result;
use crate::sql::Sql;
use crate::vitals::{Health, Vitals};

/// Asks how a service is doing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetHealth {}

pub(super) async fn health(ctx: Ctx, _: GetHealth) -> Result<Health> {
    let now = ctx.now();
    let published = Vitals::get(&ctx.vitals().published);
    let name = ctx.service().name().to_owned();
    let version = ctx.service().version().to_owned();
    let mut health = ctx
        .read(move |sql| {
            let (dead_letters, parked) = hearing::counts(sql)?;
            let (effects_due, effects_given_up) = effects::counts(sql)?;
            let extent = outbox::extent(sql)?;
            let untold_since = outbox::oldest_behind(sql, published)?;
            let (wal_bytes, disk_free_bytes) = beside(sql)?;
            Ok(Health {
                service: name,
                version,
                pid: std::process::id(),
                now,
                origin: origin(sql)?,
                outbox_oldest: extent.oldest,
                outbox_newest: extent.newest,
                outbox_published: published,
                untold_since,
                dead_letters,
                parked,
                dead_since: earliest(sql, "SELECT min(first_at_ms) FROM dead_letter")?,
                effects_due,
                effects_given_up,
                effects_late_since: earliest(sql, "SELECT min(due_at_ms) FROM effect WHERE state = 'due'")?
                    .filter(|due| *due < now),
                timers_late_since: earliest(sql, "SELECT min(due_at_ms) FROM timer")?
                    .filter(|due| *due < now),
                database_bytes: database_bytes(sql)?,
                wal_bytes,
                disk_free_bytes,
                ..Health::default()
            })
        })
        .await?;
    let vitals = ctx.vitals();
    health.started_at = vitals.started_at;
    health.memory_bytes = memory_bytes();
    health.queued = Vitals::get(&vitals.queued);
    health.requests = Vitals::get(&vitals.requests);
    health.group_jobs = Vitals::get(&vitals.group_jobs);
    health.groups = Vitals::get(&vitals.groups);
    health.parts = vitals.states();
    Ok(health)
}

fn earliest(sql: &Sql<'_>, question: &str) -> Result<Option<Timestamp>> {
    let millis: Option<i64> = sql.get(question, [], |row| row.get(0))?;
    Ok(millis.and_then(|millis| Timestamp::from_millisecond(millis).ok()))
}

/// How large the database is, without its write-ahead log.
pub(super) fn database_bytes(sql: &Sql<'_>) -> Result<u64> {
    sql.get("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", [], |row| row.get(0))
}

/// How large the write-ahead log is, and how much room the disk has; 0 for what cannot be known.
fn beside(sql: &Sql<'_>) -> Result<(u64, Option<u64>)> {
    let path: String =
        sql.get("SELECT file FROM pragma_database_list WHERE name = 'main'", [], |row| row.get(0))?;
    let log = std::fs::metadata(format!("{path}-wal")).map_or(0, |facts| facts.len());
    let room = rustix::fs::statvfs(path.as_str()).ok();
    Ok((log, room.map(|room| room.f_bavail.saturating_mul(room.f_frsize))))
}

/// The memory of this process that is in use, as Linux tells; 0 elsewhere.
fn memory_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0).saturating_mul(1024)
}
