//! A copy of the database of one moment, as a part of a backup of all services.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::context::Ctx;
use crate::engine::job::Job;
use crate::engine::snapshot::{self, FOLDER, HOLD_TIME_MAX, PARTIAL};
use crate::error::{Error, Result};
use crate::message::Example;

/// Length of the name of a backup in characters.
const BACKUP_CHARS_MAX: usize = 64;

/// Holds the writer, and takes a snapshot of the database. It is let go by [`ReleaseWriter`], or by itself
/// after [`HOLD_TIME_MAX`]. What is asked meanwhile waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldWriter {
    /// The name of the backup: letters, digits, `-` and `_`.
    pub backup: String,
}

/// The writer stands still, and the snapshot is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriterHeld {
    /// The newest row of the outbox in it.
    pub newest: u64,
}

/// Lets the writer go on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseWriter {
    /// The name of the backup.
    pub backup: String,
    /// Whether the snapshot is of no use, and forgotten.
    #[serde(default)]
    pub forget: bool,
}

/// The writer goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriterReleased {
    /// Whether it stood still until now; otherwise the snapshots of the backup are not of one moment.
    pub was_held: bool,
}

/// Copies the snapshot, beside the databases. Ask again to see how far it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyDatabase {
    /// The name of the backup.
    pub backup: String,
}

/// How far a copy is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseCopy {
    /// Pages of the database.
    pub pages: u64,
    /// Pages that are copied.
    pub copied: u64,
    /// Whether all is copied and on the disk.
    pub done: bool,
    /// Where, on the machine of the service.
    pub file: String,
}

pub(super) async fn hold(ctx: Ctx, asked: HoldWriter) -> Result<WriterHeld> {
    check(&asked.backup)?;
    let database = database(&ctx).await?;
    let (holds, held) = tokio::sync::oneshot::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let stands = Job::chore(ctx.now(), move |_| {
        // The transaction is open and has the lock; whoever reads sees the commit before it.
        let _ = holds.send(());
        let _ = released.recv_timeout(HOLD_TIME_MAX);
        Ok(Bytes::new())
    });
    let port = Arc::clone(&ctx.port);
    tokio::spawn(async move { drop(port.submit(stands).await) });
    held.await.map_err(|_| Error::internal("the writer does not stand still"))?;
    let (reader, newest) = snapshot::take(&database)?;
    ctx.vitals().snapshots.keep(&asked.backup, release, reader);
    Ok(WriterHeld { newest })
}

pub(super) async fn release(ctx: Ctx, asked: ReleaseWriter) -> Result<WriterReleased> {
    check(&asked.backup)?;
    let snapshots = &ctx.vitals().snapshots;
    if asked.forget {
        snapshots.forget(&asked.backup);
        return Ok(WriterReleased { was_held: false });
    }
    snapshots.release(&asked.backup).map(|was_held| WriterReleased { was_held })
}

pub(super) async fn copy(ctx: Ctx, asked: CopyDatabase) -> Result<DatabaseCopy> {
    check(&asked.backup)?;
    let database = database(&ctx).await?;
    let name = database.file_name().ok_or_else(|| Error::internal("a database without a name"))?;
    let beside = database.parent().ok_or_else(|| Error::internal("a database without a folder"))?;
    let to = beside.join(FOLDER).join(format!("{}.{PARTIAL}", asked.backup)).join(name);
    let progress = ctx.vitals().snapshots.copy(&asked.backup, to.clone())?;
    if let Some(failure) = progress.failure {
        ctx.vitals().snapshots.forget(&asked.backup);
        return Err(Error::internal(failure));
    }
    if progress.done {
        ctx.vitals().snapshots.forget(&asked.backup);
    }
    let file = to.display().to_string();
    Ok(DatabaseCopy { pages: progress.pages, copied: progress.copied, done: progress.done, file })
}

/// A name becomes a folder, so it must be no way to another.
fn check(backup: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=BACKUP_CHARS_MAX).contains(&backup.len()) && backup.bytes().all(plain) {
        return Ok(());
    }
    Err(Error::invalid("invalid_backup", "the name of a backup has only letters, digits, - and _"))
}

async fn database(ctx: &Ctx) -> Result<PathBuf> {
    let path: Option<String> = ctx.read(|sql| Ok(sql.connection().path().map(str::to_owned))).await?;
    path.map(PathBuf::from).ok_or_else(|| Error::internal("a database without a file"))
}

const BACKUP: &str = "20260101T120000Z-7f3a";

impl Example for HoldWriter {
    fn example() -> Self {
        Self { backup: BACKUP.into() }
    }
}

impl Example for WriterHeld {
    fn example() -> Self {
        Self { newest: 4711 }
    }
}

impl Example for ReleaseWriter {
    fn example() -> Self {
        Self { backup: BACKUP.into(), forget: false }
    }
}

impl Example for WriterReleased {
    fn example() -> Self {
        Self { was_held: true }
    }
}

impl Example for CopyDatabase {
    fn example() -> Self {
        Self { backup: BACKUP.into() }
    }
}

impl Example for DatabaseCopy {
    fn example() -> Self {
        Self { pages: 512, copied: 256, done: false, file: format!("data/backups/{BACKUP}.partial/order.db") }
    }
}
