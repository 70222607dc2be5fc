//! Every row of an outbox against the message of its number, while the shop goes on.

use std::time::Duration;

use cli::books::UNTOLD_MAX;
use cli::books::compare::{Findings, Seen};
use futures_util::StreamExt;
use kit::admin::{GetHealth, ListOutbox, OutboxView};
use kit::client::StreamState;
use kit::engine::outbox::Digest;
use kit::limits::DIGESTS_MAX;
use kit::vitals::Health;
use kit::{Call, Client};
use serde::Serialize;

/// How often it is looked again whether a message that is missing was only on its way.
const LOOKS_AGAIN: u32 = 4;

/// How long it is waited before each.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(250);

/// How a stream compares with its outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It is what was told.
    Ok,
    /// Something is wrong with it.
    Wrong,
    /// Nobody can say: its service does not answer.
    Silent,
    /// No service tells it.
    Unowned,
}

/// A stream, compared with its outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Report {
    pub(crate) stream: String,
    pub(crate) service: String,
    pub(crate) verdict: Verdict,
    /// Why nobody can say, for people.
    pub(crate) why: String,
    /// Whether there is such a stream.
    pub(crate) exists: bool,
    /// Rows that the outbox holds.
    pub(crate) in_outbox: u64,
    /// Messages that the stream holds.
    pub(crate) in_stream: u64,
    /// Rows at the end of the outbox that are not told yet, which is no fault.
    pub(crate) not_told_yet: u64,
    /// Why nothing is told any more, if so.
    pub(crate) stuck: String,
    /// Messages from before the oldest row, of which only the origin was compared.
    pub(crate) older: u64,
    /// Messages that are gone between the first and the last.
    pub(crate) holes: u64,
    /// The database of the service.
    pub(crate) origin: String,
    /// The database that the stream says it mirrors.
    pub(crate) stream_origin: String,
    #[serde(flatten)]
    pub(crate) findings: Findings,
}

impl Report {
    /// A report on which nothing is known yet.
    pub(crate) fn empty(stream: &str, service: &str, verdict: Verdict) -> Self {
        Self {
            stream: stream.to_owned(),
            service: service.to_owned(),
            verdict,
            why: String::new(),
            exists: true,
            in_outbox: 0,
            in_stream: 0,
            not_told_yet: 0,
            stuck: String::new(),
            older: 0,
            holes: 0,
            origin: String::new(),
            stream_origin: String::new(),
            findings: Findings::default(),
        }
    }

    /// Whether the stream says that it mirrors another database.
    pub(crate) fn is_of_another(&self) -> bool {
        self.exists && self.stream_origin != self.origin
    }

    /// Whether the service says that its database is older than the stream.
    pub(crate) fn is_behind(&self) -> bool {
        self.stuck.contains("shopctl db recover")
    }

    fn judge(&mut self) {
        let whole = self.holes == 0 && self.exists && !self.is_of_another();
        let clean = self.findings.is_clean() && whole && self.stuck.is_empty();
        self.verdict = if clean { Verdict::Ok } else { Verdict::Wrong };
    }
}

/// Compares the stream of a service with its outbox. `looked` is told how many messages were looked at.
///
/// # Errors
/// 11 if the broker does not answer. A service that does not is a report that says so.
pub(crate) async fn verify(
    client: &Client,
    (stream, service): (&str, &str),
    answer_time: Duration,
    mut looked: impl FnMut(u64),
) -> kit::Result<Report> {
    let asking = Asking { client, stream, service, answer_time };
    // What the stream holds is read before the outbox: its rows were there before it held them.
    let before = asking.state().await?;
    let mut report = Report::empty(stream, service, Verdict::Silent);
    report.exists = before.is_some();
    let mut page = match asking.outbox(0).await {
        Ok(page) => page,
        Err(error) => {
            report.why = error.message;
            report.in_stream = before.map_or(0, |state| state.messages);
            return Ok(report);
        }
    };
    report.origin.clone_from(&page.origin);
    let (first, last) = before.as_ref().map_or((1, 0), |state| (state.first, state.last));
    let oldest = page.oldest;
    asking.note_older(&mut report, first..=last.min(oldest.saturating_sub(1)), &mut looked).await?;
    let (mut absent, mut newest_row) = (Vec::new(), oldest.saturating_sub(1));
    while let Some(row) = page.items.last() {
        // What is older than the oldest row by now was forgotten meanwhile.
        let told = std::mem::replace(&mut newest_row, row.sequence);
        report.in_outbox += page.items.len() as u64;
        report.findings.note_gaps(told.max(page.oldest.saturating_sub(1)), &page.items);
        asking.compare(&mut report, page.items, &mut absent, &mut looked).await?;
        page = match asking.outbox(newest_row).await {
            Ok(page) => page,
            Err(error) => {
                report.why = format!("it stopped answering at row {newest_row}: {}", error.message);
                return Ok(report);
            }
        };
    }
    // Nobody can have told what is in the stream behind the last row.
    asking.note_behind(&mut report, first.max(newest_row.saturating_add(1))..=last, &mut looked).await?;
    match asking.look_again(&mut report, absent).await? {
        Ok(health) => report.stuck = stuck(&health, report.not_told_yet),
        Err(error) => {
            report.why = format!("it stopped answering: {}", error.message);
            return Ok(report);
        }
    }
    let after = asking.state().await?;
    report.exists = after.is_some();
    if let Some(state) = after {
        report.in_stream = state.messages;
        report.holes = state.deleted;
        report.stream_origin = state.origin;
    }
    report.judge();
    Ok(report)
}

/// Whom to ask about one stream.
struct Asking<'a> {
    client: &'a Client,
    stream: &'a str,
    service: &'a str,
    answer_time: Duration,
}

impl Asking<'_> {
    async fn state(&self) -> kit::Result<Option<StreamState>> {
        Ok(self.client.streams().await?.into_iter().find(|state| state.name == self.stream))
    }

    async fn outbox(&self, after: u64) -> kit::Result<OutboxView> {
        let call = Call { timeout: self.answer_time, ..Call::default() };
        let asked = ListOutbox { after, limit: u32::try_from(DIGESTS_MAX).ok() };
        self.client.call_as(&format!("{}.outbox", self.service), &asked, call).await
    }

    async fn note_older(
        &self,
        report: &mut Report,
        numbers: std::ops::RangeInclusive<u64>,
        looked: &mut impl FnMut(u64),
    ) -> kit::Result<()> {
        let origin = report.origin.clone();
        let mut messages = std::pin::pin!(self.client.messages(self.stream, numbers));
        while let Some((number, stored)) = messages.next().await {
            if let Some(stored) = stored? {
                report.older += 1;
                report.findings.note_older(number, &Seen::from(&stored), &origin);
            }
            looked(1);
        }
        Ok(())
    }

    async fn note_behind(
        &self,
        report: &mut Report,
        numbers: std::ops::RangeInclusive<u64>,
        looked: &mut impl FnMut(u64),
    ) -> kit::Result<()> {
        let mut messages = std::pin::pin!(self.client.messages(self.stream, numbers));
        while let Some((number, stored)) = messages.next().await {
            if stored?.is_some() {
                report.findings.foreign.add(number);
            }
            looked(1);
        }
        Ok(())
    }

    /// Compares rows; those without a message are left for a second look.
    async fn compare(
        &self,
        report: &mut Report,
        rows: Vec<Digest>,
        absent: &mut Vec<Digest>,
        looked: &mut impl FnMut(u64),
    ) -> kit::Result<()> {
        let origin = report.origin.clone();
        if !report.exists {
            rows.iter().for_each(|row| report.findings.note(row, None, &origin));
            absent.extend(rows);
            return Ok(());
        }
        let numbers: Vec<u64> = rows.iter().map(|row| row.sequence).collect();
        let mut messages = std::pin::pin!(self.client.messages(self.stream, numbers.into_iter()));
        for row in rows {
            let Some((_, stored)) = messages.next().await else { break };
            let seen = stored?.as_ref().map(Seen::from);
            report.findings.note(&row, seen.as_ref(), &origin);
            if seen.is_none() {
                absent.push(row);
            }
            looked(1);
        }
        Ok(())
    }

    /// Looks again whether what was absent is there now, is not told yet, or was forgotten meanwhile.
    /// What remains is missing. Answers how the service was at the last look; inside, that it does not say.
    async fn look_again(
        &self,
        report: &mut Report,
        mut absent: Vec<Digest>,
    ) -> kit::Result<kit::Result<Health>> {
        let origin = report.origin.clone();
        let mut look = 0;
        loop {
            // First how much is told, then whether it is there: the other way round something told
            // between the two would seem to be missing.
            let call = Call { timeout: self.answer_time, ..Call::default() };
            let subject = format!("{}.health", self.service);
            let health: Health = match self.client.call_as(&subject, &GetHealth {}, call).await {
                Ok(health) => health,
                Err(error) => return Ok(Err(error)),
            };
            let Some(newest) = absent.last().map(|row| row.sequence) else { return Ok(Ok(health)) };
            let told = health.outbox_published;
            let kept = self.outbox(newest).await.map_or(0, |page| page.oldest);
            absent.retain(|row| row.sequence >= kept);
            let state = self.state().await?;
            let (first, last) = state.map_or((1, 0), |state| (state.first, state.last));
            let (there, mut still): (Vec<Digest>, Vec<Digest>) =
                absent.into_iter().partition(|row| (first..=last).contains(&row.sequence));
            let numbers: Vec<u64> = there.iter().map(|row| row.sequence).collect();
            let mut messages = std::pin::pin!(self.client.messages(self.stream, numbers.into_iter()));
            for row in there {
                let Some((_, stored)) = messages.next().await else { break };
                match stored?.as_ref().map(Seen::from) {
                    // Whether the row is intact was noted at the first look.
                    Some(seen) => {
                        report.findings.note(&Digest { intact: true, ..row }, Some(&seen), &origin);
                    }
                    None => still.push(row),
                }
            }
            report.not_told_yet += still.iter().filter(|row| row.sequence > told).count() as u64;
            still.retain(|row| row.sequence <= told);
            absent = still;
            if look == LOOKS_AGAIN {
                report.findings.missing = absent.iter().map(|row| row.sequence).collect();
                return Ok(Ok(health));
            }
            look += 1;
            if !absent.is_empty() {
                tokio::time::sleep(LOOK_AGAIN_AFTER).await;
            }
        }
    }
}

/// Why a service tells nothing any more, if something has waited for long, or its relay says so.
fn stuck(health: &Health, not_told_yet: u64) -> String {
    let relay = health.parts.get("relay").map_or("", String::as_str);
    let waits = not_told_yet > 0 && !["", "ok", "starting"].contains(&relay);
    if relay.contains("shopctl db recover") {
        return relay.to_owned();
    }
    match health.untold_since {
        Some(since) if waits || since + UNTOLD_MAX < health.now => {
            format!("since {since}; its relay says: {relay}")
        }
        _ => String::new(),
    }
}
