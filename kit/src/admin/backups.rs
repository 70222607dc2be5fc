//! What a service does for a backup: its writer stands still, all at the same moment, and each copies its database.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::copies::origin;
use crate::backup::snapshot::{FOLDER, PARTIAL, Snapshots, path_of};
use crate::context::Ctx;
use crate::engine::outbox;
use crate::error::Result;
use crate::message::Example;

/// How long a copy is waited for before it is said how far it is.
const COPY_WAIT: Duration = Duration::from_millis(500);

/// How often it is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Has the writer stand still, for [`HOLD_TIME`](crate::backup::hold::HOLD_TIME) at most, and keeps the database as
/// it is then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldWriter {
    /// The name of the backup: small letters, digits and `-`.
    pub backup: String,
}

/// The writer stands still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriterHeld {
    /// The identity of the database.
    pub origin: String,
    /// The newest row of the outbox; 0 if there is none yet.
    pub newest: u64,
}

/// Lets the writer go on. What was kept can be copied from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LetWriterGo {
    /// The name of the backup.
    pub backup: String,
}

/// The writer goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriterWentOn {
    /// Whether it stood still until now. If not, the backup has no moment that all have in common.
    pub in_time: bool,
    /// For how long it stood still, in microseconds.
    pub held_us: u64,
}

/// Copies what was kept into the folder of the backup; asked again, says how far that is. Who does not ask for
/// [`FORGOTTEN_AFTER`](crate::backup::snapshot::FORGOTTEN_AFTER) has given it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopySnapshot {
    /// The name of the backup.
    pub backup: String,
}

/// How far a copy is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotCopy {
    /// The file, as the machine of the service names it.
    pub file: String,
    /// Pages of the database; 0 if that is not known yet.
    pub pages: u64,
    /// Pages that are not copied yet.
    pub left: u64,
    /// Whether it is whole and on the disk.
    pub is_done: bool,
}

/// Gives a backup up: the writer goes on, and what is not copied yet is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropSnapshot {
    /// The name of the backup.
    pub backup: String,
}

/// The backup is given up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotDropped {}

pub(super) async fn hold(ctx: Ctx, asked: HoldWriter) -> Result<WriterHeld> {
    let path = ctx.read(path_of).await?;
    Snapshots::hold(&ctx.port, path, &asked.backup).await?;
    // Nothing is written while the writer stands still, so any reader sees what is kept.
    ctx.read(|sql| Ok(WriterHeld { origin: origin(sql)?, newest: outbox::extent(sql)?.newest })).await
}

pub(super) async fn let_go(ctx: Ctx, asked: LetWriterGo) -> Result<WriterWentOn> {
    let held = ctx.vitals().snapshots.let_go(&asked.backup).await?;
    let held_us = held.map_or(0, |held| u64::try_from(held.as_micros()).unwrap_or(u64::MAX));
    Ok(WriterWentOn { in_time: held.is_some(), held_us })
}

pub(super) async fn copy(ctx: Ctx, asked: CopySnapshot) -> Result<SnapshotCopy> {
    let database = ctx.read(path_of).await?;
    let file = database.file_name().map(std::path::PathBuf::from).unwrap_or_default();
    let folder = database.with_file_name(FOLDER).join(format!("{}{PARTIAL}", asked.backup));
    let mut waited = Duration::ZERO;
    loop {
        let progress = ctx.vitals().snapshots.copy(&asked.backup, &database)?;
        if progress.is_done || waited >= COPY_WAIT {
            return Ok(SnapshotCopy {
                file: folder.join(file).display().to_string(),
                pages: progress.pages,
                left: progress.left,
                is_done: progress.is_done,
            });
        }
        tokio::time::sleep(LOOK_EVERY).await;
        waited += LOOK_EVERY;
    }
}

pub(super) async fn give_up(ctx: Ctx, asked: DropSnapshot) -> Result<SnapshotDropped> {
    ctx.vitals().snapshots.give_up(&asked.backup);
    Ok(SnapshotDropped {})
}

/// The name of a backup in examples.
const NAME: &str = "20260102-030405-qc65";

impl Example for HoldWriter {
    fn example() -> Self {
        Self { backup: NAME.into() }
    }
}

impl Example for WriterHeld {
    fn example() -> Self {
        Self { origin: "01938f2e-6f7c-7cc1-a9c3-2f4c0d8c1b11".into(), newest: 12 }
    }
}

impl Example for LetWriterGo {
    fn example() -> Self {
        Self { backup: NAME.into() }
    }
}

impl Example for WriterWentOn {
    fn example() -> Self {
        Self { in_time: true, held_us: 4210 }
    }
}

impl Example for CopySnapshot {
    fn example() -> Self {
        Self { backup: NAME.into() }
    }
}

impl Example for SnapshotCopy {
    fn example() -> Self {
        let file = format!("/var/lib/shop/{FOLDER}/{NAME}{PARTIAL}/thing.db");
        Self { file, pages: 1200, left: 0, is_done: true }
    }
}

impl Example for DropSnapshot {
    fn example() -> Self {
        Self { backup: NAME.into() }
    }
}

impl Example for SnapshotDropped {
    fn example() -> Self {
        Self {}
    }
}
