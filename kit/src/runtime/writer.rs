//! The writer thread: it owns the only connection that writes, and shares each sync to the disk
//! among everyone who is waiting.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use bytes::Bytes;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use super::checkpoint::Keeper;
use super::guard::{Gone, Guard};
use super::lock::OwnerLock;
use super::manners;
use super::pace::Pace;
use super::untold::Untold;
use crate::crash;
use crate::engine::places::Begun;
use crate::engine::{Engine, Group, Job, Work};
use crate::error::{Error, Kind, Result, reason};
use crate::limits::{GROUP_JOBS_MAX, NOTE_WAIT, NOTES_WAITING_MAX, WRITER_QUEUE_MAX};
use crate::service::Service;
use crate::vitals::Vitals;

/// What the writer tells the rest of the process after each commit.
pub(super) struct Signals {
    /// The newest row of the outbox.
    pub(super) emitted: watch::Sender<u64>,
    /// The newest rows themselves.
    pub(super) untold: Untold,
    /// Timers or effects have changed.
    pub(super) due: Notify,
    /// First tries that have begun; no more of them wait than there are places.
    pub(super) begun: mpsc::UnboundedSender<Begun>,
    /// A group found no room on the disk.
    pub(super) full: Notify,
    /// The database can no longer be trusted. From then on nobody is answered: a commit that failed in
    /// the middle may be found whole by the next process, or not at all.
    pub(super) fatal: watch::Sender<Option<String>>,
}

impl Signals {
    /// Whether nobody may be answered any more.
    fn is_broken(&self) -> bool {
        self.fatal.borrow().is_some()
    }

    /// Says that a checkpoint failed in such a way that no further one may be made.
    pub(super) fn log_is_broken(&self, error: &Error) {
        tracing::error!("The log was not written into the database: {}", error.chain());
        self.fatal.send_replace(Some(error.chain()));
    }
}

/// The way to the writer thread.
pub(super) struct Writer {
    queue: Mutex<Option<Sender<Entry>>>,
    places: Arc<Semaphore>,
    vitals: Arc<Vitals>,
    signals: Arc<Signals>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

pub(super) enum Entry {
    Job {
        job: Job,
        answer: oneshot::Sender<Result<Bytes>>,
        _place: OwnedSemaphorePermit,
    },
    Note {
        job: Job,
        _place: OwnedSemaphorePermit,
    },
    Fence(Option<Error>),
    NoRoom(Option<Error>),
    /// Somebody may have taken the files away.
    Look,
    /// Nothing was asked for a while.
    Rest,
}

impl Writer {
    /// Starts the thread, which keeps the lock on the database as long as it lives.
    pub(super) fn start(
        mut engine: Engine,
        (lock, guard, log): (OwnerLock, Guard, Keeper),
        service: &Service,
        signals: Arc<Signals>,
        vitals: Arc<Vitals>,
    ) -> std::io::Result<Self> {
        let (name, gives_way, pace) = (service.name(), service.gives_way(), Pace::of(service));
        let (queue, waiting) = channel();
        let (own, told) = (Arc::clone(&vitals), Arc::clone(&signals));
        let span = tracing::Span::current();
        let thread = std::thread::Builder::new().name(format!("{name}-writer")).spawn(move || {
            let _in_service = span.entered();
            if gives_way {
                manners::give_way();
            }
            let _says = SaysPanic(Arc::clone(&told));
            engine.leave_log();
            work(engine, &guard, log, &waiting, &told, &own, pace);
            // Nobody else may write before the last job of this writer is done.
            drop(lock);
        })?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            places: Arc::new(Semaphore::new(WRITER_QUEUE_MAX)),
            vitals,
            signals,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Hands over a job; ready once its group has committed. A request that finds the queue full
    /// is refused, everything else waits for a place.
    pub(super) async fn submit(&self, job: Job) -> Result<Bytes> {
        self.enqueue(job).await?.await
    }

    /// Puts a job into the queue; what it answers is ready once its group has committed. Jobs are
    /// done in the order in which this returns.
    pub(super) async fn enqueue(&self, job: Job) -> Result<impl Future<Output = Result<Bytes>> + use<>> {
        let places = Arc::clone(&self.places);
        let place = if job.kind == "request" {
            places.try_acquire_owned().map_err(|_| {
                Error::new(
                    Kind::Overloaded,
                    reason::OVERLOADED,
                    "too much is waiting to be written; try again later",
                )
            })?
        } else {
            places.acquire_owned().await.map_err(|_| stopping())?
        };
        let (answer, answered) = oneshot::channel();
        let sent = self.send(Entry::Job { job, answer, _place: place });
        let fatal = self.signals.fatal.subscribe();
        if let Err(error) = sent {
            silent_if(&fatal).await;
            return Err(error);
        }
        Ok(async move {
            match answered.await {
                Ok(answer) => answer,
                Err(_) => {
                    silent_if(&fatal).await;
                    Err(stopping())
                }
            }
        })
    }

    /// Hands over a note for the journal; a full queue forgets it.
    pub(super) fn note(&self, job: Job) {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            let _ = self.send(Entry::Note { job, _place: place });
        }
    }

    /// Refuses every further job with this error, or accepts them again.
    pub(super) fn fence(&self, why: Option<Error>) {
        let _ = self.send(Entry::Fence(why));
    }

    /// Refuses with this error what would add something new, or accepts it again.
    pub(super) fn no_room(&self, why: Option<Error>) {
        let _ = self.send(Entry::NoRoom(why));
    }

    /// Sees that the files are still those that were opened, although there is nothing to write.
    pub(super) fn look_after(&self) {
        let _ = self.send(Entry::Look);
    }

    /// Gives back what the connection keeps in memory of its database.
    pub(super) fn rest(&self) {
        let _ = self.send(Entry::Rest);
    }

    /// Finishes what is waiting, and ends the thread.
    pub(super) async fn stop(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    fn send(&self, entry: Entry) -> Result<()> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().ok_or_else(stopping)?.send(entry).map_err(|_| stopping())?;
        self.vitals.queued.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Says that the writer is gone, if it went by a panic: without it nothing can be done any more.
struct SaysPanic(Arc<Signals>);

impl Drop for SaysPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fatal.send_replace(Some("the writer thread panicked".to_owned()));
        }
    }
}

/// Never ready if the database is broken: nobody is answered then.
pub(super) async fn silent_if(fatal: &watch::Receiver<Option<String>>) {
    if fatal.borrow().is_some() {
        std::future::pending::<()>().await;
    }
}

fn stopping() -> Error {
    Error::unavailable(reason::STOPPING, "the service is stopping; nothing was done, try again")
}

fn work(
    mut engine: Engine,
    guard: &Guard,
    mut log: Keeper,
    waiting: &Receiver<Entry>,
    signals: &Signals,
    vitals: &Vitals,
    mut pace: Pace,
) {
    let mut notes: Vec<Job> = Vec::new();
    loop {
        let first = if notes.is_empty() {
            waiting.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            waiting.recv_timeout(NOTE_WAIT)
        };
        let ended = matches!(first, Err(RecvTimeoutError::Disconnected));
        let flush = first.is_err();
        let mut jobs = Vec::new();
        let mut answers = Vec::new();
        let mut hold = None;
        let mut next = first.ok();
        while let Some(entry) = next {
            vitals.queued.fetch_sub(1, Ordering::Relaxed);
            match entry {
                Entry::Job { job: Job { work: Work::Hold(asked), .. }, answer, .. } => {
                    hold = Some((asked, answer));
                }
                Entry::Job { job, answer, .. } => {
                    jobs.push(job);
                    answers.push(answer);
                }
                Entry::Note { job, .. } => {
                    if notes.len() == NOTES_WAITING_MAX {
                        notes.remove(0);
                    }
                    notes.push(job);
                }
                Entry::Fence(why) => engine.fence(why),
                Entry::NoRoom(why) => {
                    // What the log takes is given back to whoever needs it now.
                    if why.is_some() && log.shorten(&engine) == Then::End {
                        return std::mem::forget(engine);
                    }
                    engine.no_room(why);
                }
                Entry::Look => {}
                Entry::Rest => {
                    engine.rest();
                    if log.rest(&engine) == Then::End {
                        return std::mem::forget(engine);
                    }
                }
            }
            let more = jobs.len() < GROUP_JOBS_MAX && hold.is_none();
            next = more.then(|| waiting.try_recv().ok()).flatten();
            if more && next.is_none() {
                next = pace.next(&jobs, waiting);
            }
        }
        pace.ends(&jobs);
        if signals.is_broken() {
            return std::mem::forget(engine);
        }
        if let Err(gone) = guard.check() {
            signals.fatal.send_replace(Some(leave(&engine, &mut log, gone)));
            return std::mem::forget(engine);
        }
        if !jobs.is_empty() || flush && !notes.is_empty() {
            // Notes come first: what they are about was done before the jobs of this group.
            let noted = notes.len();
            let all = notes.drain(..).chain(jobs).collect();
            let group = engine.commit(all);
            let finished = finish(group, noted, answers, signals, vitals);
            // Everybody is answered before anything is done about the log.
            if finished == Then::End || log.look(&engine) == Then::End {
                // Closing would write to the file, and might take away the log of whoever comes after.
                return std::mem::forget(engine);
            }
        }
        if let Some((hold, answer)) = hold {
            // What came before is committed and answered; what comes meanwhile waits.
            let kept: &'static [u8] = if hold.wait() { b"1" } else { b"" };
            let _ = answer.send(Ok(Bytes::from_static(kept)));
        }
        if ended {
            let _ = crash::point("checkpoint", "");
            // The file alone is the whole database then, for whoever copies it, and the next start sees
            // that this end was in order.
            if log.end(&engine) == Then::End {
                std::mem::forget(engine);
            }
            return;
        }
    }
}

/// What can still be saved when the files are gone, and why nothing more is written.
fn leave(engine: &Engine, log: &mut Keeper, gone: Gone) -> String {
    match gone {
        Gone::All(why) => why,
        Gone::Log(why) => match log.empty(engine) {
            Ok(()) => format!("{why}; what it held was written into the database"),
            Err(error) => format!("{why}, and what it held is lost: {}", error.chain()),
        },
    }
}

/// Whether the thread goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    GoOn,
    End,
}

fn finish(
    group: Group,
    noted: usize,
    waiting: Vec<oneshot::Sender<Result<Bytes>>>,
    signals: &Signals,
    vitals: &Vitals,
) -> Then {
    if signals.is_broken() {
        return Then::End;
    }
    vitals.group_jobs.store(group.answers.len() as u64, Ordering::Relaxed);
    vitals.groups.fetch_add(1, Ordering::Relaxed);
    match &group.failure {
        None => vitals.say("writer", "ok"),
        Some(error) => {
            tracing::error!(jobs = group.answers.len(), "Nothing was written: {}", error.chain());
            vitals.say("writer", error.message.as_str());
            if error.is_fatal() {
                signals.fatal.send_replace(Some(error.chain()));
                return Then::End;
            }
            signals.full.notify_one();
        }
    }
    signals.untold.put(group.told);
    if let Some(newest) = group.emitted {
        signals.emitted.send_replace(newest);
    }
    if group.wakes {
        signals.due.notify_one();
    }
    for begun in group.begun {
        // At the end of a service nobody makes it any more; the next start does.
        let _ = signals.begun.send(begun);
    }
    for (answer, waiting) in group.answers.into_iter().skip(noted).zip(waiting) {
        // Whoever asked may have gone; what was done stays done.
        let _ = waiting.send(answer);
    }
    Then::GoOn
}
