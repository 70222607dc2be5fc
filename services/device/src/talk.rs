//! What devices say of their state, and ask of it.

use contracts::DeviceId;
use contracts::device::{reason, wire};
use kit::listen::{Return, Said};
use kit::{Ctx, Error, Kind, Result};
use serde::Serialize;

use crate::refusal::Refusal;
use crate::shadow::State;
use crate::store::{self, states};

/// Who says it, which the broker lets nobody else say.
pub(crate) fn speaker(said: &Said) -> Result<DeviceId> {
    said.subject.split('.').nth(1).unwrap_or_default().parse().map_err(Error::from)
}

/// Where a device awaits its answer: in its own inbox if it says so, else at the usual subject.
pub(crate) fn answered_at(said: &Said, device: DeviceId, usual: &str) -> String {
    let inbox = wire::of(wire::INBOX, device);
    let own = inbox.trim_end_matches('>');
    let in_own = said.reply.as_deref().filter(|reply| {
        reply
            .strip_prefix(own)
            .is_some_and(|rest| !rest.split('.').any(|token| matches!(token, "" | "*" | ">")))
    });
    in_own.map_or_else(|| wire::of(usual, device), str::to_owned)
}

/// A device says what it is like.
///
/// # Errors
/// If the subject is none of ours, which the broker does not let through.
pub async fn reported(ctx: Ctx, said: Said) -> Result<Return> {
    let device = speaker(&said)?;
    let report = match read::<wire::Report>(&said.body) {
        Ok(report) => report,
        Err(error) => return answer(&said, device, Err(error), None),
    };
    let token = report.token.clone();
    let done = ctx
        .write(move |tx| {
            tx.about(device);
            store::get(tx, device)?;
            let mut state = states::get(tx, device)?;
            state.must_be_at(report.version)?;
            let now_ms = tx.now().as_millisecond();
            state.reported.change(&report.reported, now_ms)?;
            state.version += 1;
            state.changed_at_ms = now_ms;
            states::put(tx, device, &state)?;
            Ok(accepted(&state, false))
        })
        .await;
    answer(&said, device, done, token)
}

/// A device asks for its state.
///
/// # Errors
/// As [`reported`].
pub async fn asked(ctx: Ctx, said: Said) -> Result<Return> {
    let device = speaker(&said)?;
    let empty = said.body.trim_ascii().is_empty();
    let ask = if empty { Ok(wire::Ask::default()) } else { read::<wire::Ask>(&said.body) };
    let ask = match ask {
        Ok(ask) => ask,
        Err(error) => return answer(&said, device, Err(error), None),
    };
    let done = ctx
        .look_up(move |sql| {
            store::get(sql, device)?;
            Ok(accepted(&states::get(sql, device)?, true))
        })
        .await;
    answer(&said, device, done, ask.token)
}

fn accepted(state: &State, whole: bool) -> wire::Accepted {
    let reported = whole.then(|| state.reported.fields.clone());
    wire::Accepted { version: state.version, delta: state.delta(), reported, token: None }
}

fn read<T: serde::de::DeserializeOwned + Tokened>(body: &[u8]) -> Result<T> {
    let wrong = || Refusal::InvalidState("is not understood");
    let read: T = serde_json::from_slice(body).map_err(|_| wrong())?;
    match read.token() {
        Some(token) if token.chars().count() > wire::TOKEN_CHARS_MAX => {
            Err(Error::invalid(reason::INVALID_STATE, "the token is too long; nothing was done"))
        }
        _ => Ok(read),
    }
}

trait Tokened {
    fn token(&self) -> Option<&str>;
}

impl Tokened for wire::Report {
    fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }
}

impl Tokened for wire::Ask {
    fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }
}

fn answer(
    said: &Said,
    device: DeviceId,
    done: Result<wire::Accepted>,
    token: Option<String>,
) -> Result<Return> {
    let (usual, body) = match done {
        Ok(accepted) => (wire::STATE_ACCEPTED, as_json(&wire::Accepted { token, ..accepted })?),
        Err(error) => (wire::STATE_REJECTED, as_json(&rejected(&error, token))?),
    };
    Ok(vec![(answered_at(said, device, usual), body)])
}

/// What a device is told of a refusal. A mistake of ours is only said in the log.
pub(crate) fn rejected(error: &Error, token: Option<String>) -> wire::Rejected {
    if error.kind == Kind::Internal {
        tracing::error!("What a device said was not recorded: {}", error.chain());
    }
    let (_, reason, message) = error.for_caller();
    wire::Rejected { reason: reason.to_owned(), message: message.to_owned(), token }
}

pub(crate) fn as_json<B: From<Vec<u8>>>(value: &impl Serialize) -> Result<B> {
    serde_json::to_vec(value)
        .map(Into::into)
        .map_err(|error| Error::internal("an answer cannot be written as JSON").caused_by(error))
}
