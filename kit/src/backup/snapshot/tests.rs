//! Backups that are given up at a bad moment: before the writer stands still, and before a copy has begun.

use std::any::Any;
use std::sync::atomic::AtomicUsize;

use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::*;
use crate::clock::{Clock, SystemChance, SystemClock};
use crate::engine::job::Work;
use crate::engine::port::{Outgoing, Read, Waiting};
use crate::engine::schema::open_writer;
use crate::service::Service;
use crate::testing::eventually;
use crate::trace::Trace;
use crate::vitals::Vitals;

/// A service whose writer is busy until it is let: it can be held, and nothing else.
struct Busy {
    vitals: Vitals,
    service: Arc<Service>,
    turns: Arc<Semaphore>,
    /// Holds that the writer was asked for, and those that it has ended.
    asked: AtomicUsize,
    ended: Arc<AtomicUsize>,
}

impl Port for Busy {
    fn call(&self, _: Outgoing) -> Waiting<'_, Result<Bytes>> {
        unreachable!("nobody is asked")
    }

    fn submit(&self, job: Job) -> Waiting<'_, Result<Bytes>> {
        let Work::Hold(hold) = job.work else { unreachable!("only holds come here") };
        self.asked.fetch_add(1, Ordering::SeqCst);
        let (turns, ended) = (Arc::clone(&self.turns), Arc::clone(&self.ended));
        Box::pin(async move {
            turns.acquire().await.unwrap().forget();
            let kept = blocking(move || Ok(hold.wait())).await?;
            ended.fetch_add(1, Ordering::SeqCst);
            Ok(if kept { Bytes::from_static(b"kept") } else { Bytes::new() })
        })
    }

    fn note(&self, _: Job) {}

    fn read(&self, _: Read) -> Waiting<'_, Result<Box<dyn Any + Send>>> {
        unreachable!("nothing is read")
    }

    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn sleep(&self, time: Duration) -> Waiting<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn child(&self, of: &Trace) -> Trace {
        *of
    }

    fn service(&self) -> &Arc<Service> {
        &self.service
    }

    fn vitals(&self) -> &Vitals {
        &self.vitals
    }
}

/// Such a service, and its database.
fn busy() -> (Arc<Busy>, PathBuf, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("thing.db");
    open_writer(&path, "thing", &[], Timestamp::UNIX_EPOCH, &mut SystemChance).unwrap();
    let busy = Busy {
        vitals: Vitals::starting(SystemClock.now()),
        service: Arc::new(Service::new("thing", "1.0.0")),
        turns: Arc::new(Semaphore::new(0)),
        asked: AtomicUsize::new(0),
        ended: Arc::default(),
    };
    (Arc::new(busy), path, folder)
}

fn hold(port: &Arc<Busy>, path: &Path, backup: &'static str) -> JoinHandle<Result<()>> {
    let (port, path): (Arc<dyn Port>, _) = (Arc::<Busy>::clone(port), path.to_owned());
    tokio::spawn(async move { Snapshots::hold(&port, path, backup).await })
}

async fn reaches(count: &AtomicUsize, holds: usize) {
    eventually("so many holds", || async { (count.load(Ordering::SeqCst) == holds).then_some(()) }).await;
}

#[tokio::test]
async fn a_backup_that_was_given_up_before_the_writer_stood_still_holds_nobody() {
    let (port, path, _folder) = busy();
    let first = hold(&port, &path, "first");
    reaches(&port.asked, 1).await;
    port.vitals.snapshots.give_up("first");
    port.turns.add_permits(1);
    let given_up = first.await.unwrap().unwrap_err();
    assert_eq!(given_up.reason, reason::BACKUP_UNKNOWN, "{given_up:?}");
    reaches(&port.ended, 1).await;

    // The same name again is another try, as the barrier makes them.
    port.turns.add_permits(1);
    hold(&port, &path, "first").await.unwrap().unwrap();
    assert!(port.vitals.snapshots.let_go("first").await.unwrap().is_some(), "in time");
}

#[tokio::test]
async fn of_two_backups_at_once_the_second_is_refused_also_while_the_writer_does_not_stand_still_yet() {
    let (port, path, _folder) = busy();
    let first = hold(&port, &path, "first");
    reaches(&port.asked, 1).await;
    assert!(is_busy(&port, &path).await);
    let unheld = port.vitals.snapshots.let_go("first").await.unwrap_err();
    assert_eq!(unheld.reason, reason::BACKUP_UNKNOWN);
    port.turns.add_permits(1);
    first.await.unwrap().unwrap();
    assert!(is_busy(&port, &path).await);
    assert!(port.vitals.snapshots.let_go("first").await.unwrap().is_some(), "in time");
    assert!(is_busy(&port, &path).await, "what was kept is not copied yet");
}

/// Whether nobody else can be held. Where somebody could, that is given up at once.
async fn is_busy(port: &Arc<Busy>, path: &Path) -> bool {
    let other = hold(port, path, "other");
    tokio::task::yield_now().await;
    if !other.is_finished() {
        other.abort();
        return false;
    }
    other.await.unwrap().is_err_and(|error| error.reason == reason::BACKUP_BUSY)
}

#[test]
fn a_copy_that_was_given_up_before_it_began_leaves_nothing_not_even_a_folder() {
    let (_port, path, folder) = busy();
    let (copy, target) = (Copy::default(), target(&path, "first").unwrap());
    copy.unwanted.store(true, Ordering::Relaxed);
    copy.run(open_reader(&path).unwrap(), &path, &target);
    let ended = copy.ended.lock().unwrap().take().unwrap().unwrap_err();
    assert_eq!(ended.reason, reason::BACKUP_UNKNOWN, "{ended:?}");
    assert_eq!(std::fs::read_dir(folder.path().join(FOLDER)).into_iter().flatten().count(), 0);
}
