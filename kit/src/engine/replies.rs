//! Stored replies: the same key and the same request get the same answer, also after a restart.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::named_params;
use sha2::{Digest, Sha256};

use crate::caller::Caller;
use crate::error::{Error, Kind, Result, reason};
use crate::limits::IDEMPOTENCY_KEY_CHARS_MAX;
use crate::sql::Sql;

/// Under which an answer is kept: whose key, and of which request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReplyKey {
    /// Keys of different callers never meet.
    pub caller: String,
    /// What the caller sent as `Idempotency-Key`.
    pub key: String,
    /// SHA-256 of subject and body, to notice another request under the same key.
    pub digest: [u8; 32],
}

impl ReplyKey {
    /// The key of a request.
    ///
    /// # Errors
    /// `invalid_header` unless it is 1 to 128 printable ASCII characters without spaces.
    pub fn of(caller: &Caller, key: &str, subject: &str, body: &[u8]) -> Result<Self> {
        check_key(key)?;
        let digest = Sha256::new().chain_update(subject).chain_update([0]).chain_update(body).finalize();
        Ok(Self { caller: caller.to_string(), key: key.to_owned(), digest: digest.into() })
    }

    /// The key of a change at a neighbour that this request causes: always the same, and of a length
    /// that does not grow with each service on the way.
    pub(crate) fn derived(&self, subject: &str) -> String {
        let parts = [self.caller.as_bytes(), self.key.as_bytes(), subject.as_bytes()];
        let hash = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part).chain_update([0]));
        crate::id::encode(u128::from_be_bytes(hash.finalize()[..16].try_into().unwrap_or_default()))
    }
}

/// Checks what is to stand in `Idempotency-Key`.
///
/// # Errors
/// `invalid_header` unless it is 1 to 128 printable ASCII characters without spaces.
pub(crate) fn check_key(key: &str) -> Result<()> {
    let plain = key.bytes().all(|byte| byte.is_ascii_graphic());
    if plain && (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&key.len()) {
        return Ok(());
    }
    Err(Error::invalid(
        reason::INVALID_HEADER,
        format!(
            "Idempotency-Key must be 1 to {IDEMPOTENCY_KEY_CHARS_MAX} printable ASCII characters without spaces"
        ),
    ))
}

/// The answer kept under a key: the reply, or the refusal.
///
/// # Errors
/// `idempotency_key_reused` if the key was used with another request; otherwise if the table
/// cannot be read.
pub fn find(sql: &Sql<'_>, key: &ReplyKey) -> Result<Option<Result<Bytes>>> {
    let stored = sql.find(
        "SELECT digest, code, reason, message, body FROM stored_reply WHERE caller = ?1 AND key = ?2",
        [&key.caller, &key.key],
        |row| {
            let digest: [u8; 32] = row.get("digest")?;
            let code: u16 = row.get("code")?;
            let body: Vec<u8> = row.get("body")?;
            let answer = if code == 200 {
                Ok(Bytes::from(body))
            } else {
                let reason: String = row.get("reason")?;
                let mut error =
                    Error::new(Kind::from_code(code), Cow::Owned(reason), row.get::<_, String>("message")?);
                error.details = serde_json::from_slice(&body).ok();
                Err(error)
            };
            Ok((digest, answer))
        },
    )?;
    match stored {
        None => Ok(None),
        Some((digest, answer)) if digest == key.digest => Ok(Some(answer)),
        Some(_) => Err(Error::refused(
            reason::IDEMPOTENCY_KEY_REUSED,
            "this Idempotency-Key was used before with another request; nothing was done",
        )),
    }
}

pub(crate) fn insert(
    sql: &Sql<'_>,
    key: &ReplyKey,
    answer: &Result<Bytes>,
    now: Timestamp,
    trace: u128,
) -> Result<()> {
    let (code, reason, message, body) = match answer {
        Ok(body) => (200, "", "", body.to_vec()),
        Err(error) => {
            let details = error.details.as_ref().map(|details| details.to_string().into_bytes());
            (error.kind.code(), &*error.reason, &*error.message, details.unwrap_or_default())
        }
    };
    sql.connection()
        .prepare_cached(
            "INSERT INTO stored_reply (caller, key, digest, code, reason, message, body, at_ms, trace_id)
             VALUES (:caller, :key, :digest, :code, :reason, :message, :body, :at_ms, :trace_id)",
        )?
        .execute(named_params! {
            ":caller": key.caller,
            ":key": key.key,
            ":digest": key.digest,
            ":code": code,
            ":reason": reason,
            ":message": message,
            ":body": body,
            ":at_ms": now.as_millisecond(),
            ":trace_id": trace.to_be_bytes(),
        })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_and_printable() {
        for good in ["k", "01h2e8kqvbfwea724h75qc655w", "a:b/c", &"k".repeat(IDEMPOTENCY_KEY_CHARS_MAX)] {
            assert!(check_key(good).is_ok(), "{good:?}");
        }
        for bad in ["", "two words", "line\r\nbreak", "ünïcode", &"k".repeat(IDEMPOTENCY_KEY_CHARS_MAX + 1)]
        {
            assert_eq!(check_key(bad).unwrap_err().reason, reason::INVALID_HEADER, "{bad:?}");
        }
    }

    #[test]
    fn the_key_of_what_a_request_causes_follows_from_its_own() {
        let key = |key: &str| ReplyKey::of(&Caller::Anonymous, key, "teller.tell", b"{}").unwrap();
        let long = "k".repeat(IDEMPOTENCY_KEY_CHARS_MAX);
        assert!(check_key(&key(&long).derived("listener.forget")).is_ok());
        assert_eq!(key("a").derived("listener.forget"), key("a").derived("listener.forget"));
        assert_ne!(key("a").derived("listener.forget"), key("b").derived("listener.forget"));
        assert_ne!(key("a").derived("listener.forget"), key("a").derived("listener.hear"));
    }
}
