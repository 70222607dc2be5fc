//! The barrier: every writer stands still at the same moment, and each service keeps what its database is then.

use futures_util::future::join_all;
use kit::admin::{DropSnapshot, HoldWriter, LetWriterGo, SnapshotDropped, WriterHeld, WriterWentOn};
use kit::backup::snapshot::FORGOTTEN_AFTER;
use kit::error::reason;
use kit::{Call, Client, Timestamp};

use crate::failure::{Failure, exit};

/// Tries until all stand still at the same moment. A writer that is busy may need more than one.
const TRIES_MAX: u32 = 3;

/// All stood still at the same moment.
pub(crate) struct Cut {
    /// That moment, by the clock of this machine.
    pub(crate) at: Timestamp,
    /// For how long the longest of them stood still, in microseconds.
    pub(crate) barrier_us: u64,
}

/// Has every writer stand still until all do, and lets them go on.
///
/// # Errors
/// 10 if one does not answer, or does not stand still while all the others do.
pub(crate) async fn stand_still(
    client: &Client,
    services: &[&'static str],
    backup: &str,
    call: &Call,
) -> Result<Cut, Failure> {
    let mut tries = 1;
    loop {
        match once(client, services, backup, call).await {
            Err(failure) if tries == TRIES_MAX => return Err(failure),
            Err(_) => {
                give_up(client, services, backup, call).await;
                tries += 1;
            }
            cut => return cut,
        }
    }
}

async fn once(client: &Client, services: &[&'static str], backup: &str, call: &Call) -> Result<Cut, Failure> {
    let asked = HoldWriter { backup: backup.to_owned() };
    let held = join_all(services.iter().map(async |service| {
        let held =
            client.call_as::<_, WriterHeld>(&format!("{service}.hold_writer"), &asked, call.clone()).await;
        held.map_err(|error| refused(service, error))
    }))
    .await;
    let at = Client::now();
    let asked = LetWriterGo { backup: backup.to_owned() };
    // Who stands still is let go also if another does not.
    let gone = join_all(services.iter().map(async |service| {
        let gone = client
            .call_as::<_, WriterWentOn>(&format!("{service}.let_writer_go"), &asked, call.clone())
            .await;
        gone.map_err(|error| refused(service, error)).map(|gone| (*service, gone))
    }))
    .await;
    held.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut barrier_us = 0;
    for gone in gone {
        let (service, gone) = gone?;
        if !gone.in_time {
            let what = format!("no backup was made: {service} did not stand still until all others did");
            return Err(Failure::new(exit::UNAVAILABLE, "no_common_moment", what)
                .why("a writer goes on by itself after a moment, so that no shop stands still for a backup")
                .mend("run the same command again when less is going on"));
        }
        barrier_us = barrier_us.max(gone.held_us);
    }
    Ok(Cut { at, barrier_us })
}

fn refused(service: &str, error: kit::Error) -> Failure {
    let is_busy = error.reason == reason::BACKUP_BUSY;
    let failure = Failure::from(error).so(format!("no backup was made: {service} did not stand still"));
    if is_busy {
        let seconds = FORGOTTEN_AFTER.as_secs();
        return failure.exiting(exit::LOCKED).mend(format!(
            "run the same command again once that one has ended; of one that was killed, after {seconds} seconds"
        ));
    }
    failure.mend(format!("shopctl logs {service}"))
}

/// Tells every service that nothing comes of the backup. Who does not hear it gives up by itself.
pub(crate) async fn give_up(client: &Client, services: &[&'static str], backup: &str, call: &Call) {
    let asked = DropSnapshot { backup: backup.to_owned() };
    join_all(services.iter().map(async |service| {
        let subject = format!("{service}.drop_snapshot");
        let _ = client.call_as::<_, SnapshotDropped>(&subject, &asked, call.clone()).await;
    }))
    .await;
}
