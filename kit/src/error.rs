//! What went wrong, for whoever has to act on it.
//!
//! An [`Error`] has two faces: a kind, a stable reason and one line for people, which travel to the
//! caller; and a source, which stays in the log of the process in which it happened.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

/// Shorthand for a result whose error is this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Who has to act, and whether asking again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request itself is wrong; only changing it helps.
    Invalid,
    /// Nobody is signed in, or no longer.
    Unauthenticated,
    /// Whoever asks may not do this.
    Forbidden,
    /// The thing asked about does not exist.
    NotFound,
    /// Somebody else was there first: a stale version, a taken name, a stage that has moved on.
    Conflict,
    /// The request was understood, and a rule says no.
    Refused,
    /// More is waiting than we accept; the same request may be sent again later.
    Overloaded,
    /// Our mistake. The caller is told no more than that.
    Internal,
    /// Something we need is not there at the moment.
    Unavailable,
    /// Time ran out. Whether it was done is not known; the same key may be used again.
    TimedOut,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Invalid,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::Refused,
        Self::Overloaded,
        Self::Internal,
        Self::Unavailable,
        Self::TimedOut,
    ];

    /// The number in `Nats-Service-Error-Code`, with the meaning HTTP gives it.
    pub fn code(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Refused => 422,
            Self::Overloaded => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
            Self::TimedOut => 504,
        }
    }

    /// The kind behind a code; codes we do not know count as our own mistake.
    pub fn from_code(code: u16) -> Self {
        Self::ALL.into_iter().find(|kind| kind.code() == code).unwrap_or(Self::Internal)
    }

    /// Whether the same request, sent again unchanged, may succeed.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Overloaded | Self::Unavailable | Self::TimedOut)
    }

    /// Whether this answer belongs to the request for good, so that its idempotency key keeps it.
    ///
    /// A failure of ours is never remembered, and neither is a request that was malformed or that
    /// named something which may exist tomorrow: nothing has begun in either case.
    pub fn is_remembered(self) -> bool {
        matches!(self, Self::Conflict | Self::Refused)
    }
}

/// A failure with a stable reason. See [`Kind`] for who has to act.
#[derive(Debug)]
pub struct Error {
    /// Who has to act.
    pub kind: Kind,
    /// Stable, for programs: `out_of_stock`. Lower case letters, digits and `_`.
    pub reason: Cow<'static, str>,
    /// One line for people, without a full stop.
    pub message: String,
    /// What a program may want to know beyond the reason, such as each line that is short.
    pub details: Option<Value>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of a kind, with its stable reason and a line for people.
    pub fn new(kind: Kind, reason: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), message: message.into(), details: None, source: None }
    }

    /// The request is wrong in itself.
    pub fn invalid(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, reason, message)
    }

    /// There is no such thing.
    pub fn not_found(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, reason, message)
    }

    /// Somebody else was there first.
    pub fn conflict(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, reason, message)
    }

    /// A rule says no.
    pub fn refused(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, reason, message)
    }

    /// Something we need is not there at the moment.
    pub fn unavailable(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, reason, message)
    }

    /// Our mistake; the message is for our log, callers see "internal error".
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, reason::INTERNAL, message)
    }

    fn disk_full() -> Self {
        Self::unavailable(
            reason::DISK_FULL,
            "nothing was written: the disk is full; free some space, the service goes on by itself",
        )
    }

    /// Adds what a program may want to know beyond the reason.
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// Keeps the cause for our own log. It never leaves the process.
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Whether the database could not write, so that nothing that shared the transaction happened.
    pub fn is_storage(&self) -> bool {
        matches!(&*self.reason, reason::DISK_FULL | reason::STORAGE_FAILED)
    }

    /// Whether the database file can no longer be trusted, so that this process must end.
    pub fn is_fatal(&self) -> bool {
        self.reason == reason::STORAGE_FAILED
    }

    /// The chain of causes as one line, for a log.
    pub fn chain(&self) -> String {
        let mut line = format!("{}: {}", self.reason, self.message);
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            line.push_str(": ");
            line.push_str(&error.to_string());
            cause = error.source();
        }
        line
    }

    /// What a caller may see of it: a mistake of ours keeps its insides to itself.
    pub fn for_caller(&self) -> (u16, &str, &str) {
        match self.kind {
            Kind::Internal => (500, reason::INTERNAL, "internal error; the log of the service says more"),
            kind => (kind.code(), &self.reason, &self.message),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl Clone for Error {
    /// The copy has no source: a cause is logged once, by whoever holds the original.
    fn clone(&self) -> Self {
        Self {
            kind: self.kind,
            reason: self.reason.clone(),
            message: self.message.clone(),
            details: self.details.clone(),
            source: None,
        }
    }
}

/// `SQLITE_IOERR_SHMSIZE`.
const IOERR_SHMSIZE: std::ffi::c_int = 10 | 19 << 8;

/// Whether the disk has no room. That the index of the log cannot grow is said in words of its own.
pub(crate) fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
        || error.sqlite_error().is_some_and(|error| error.extended_code == IOERR_SHMSIZE)
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{CannotOpen, DatabaseCorrupt, NotADatabase, ReadOnly, SystemIoFailure};
        match error.sqlite_error_code() {
            _ if is_full(&error) => Self::disk_full(),
            Some(SystemIoFailure | DatabaseCorrupt | NotADatabase | CannotOpen | ReadOnly) => {
                Self::unavailable(
                    reason::STORAGE_FAILED,
                    "nothing was written: the database cannot be read or written",
                )
            }
            _ => Self::internal("a statement failed"),
        }
        .caused_by(error)
    }
}

/// Reasons that any service may give. Those of one service stand beside its contract.
pub mod reason {
    /// A mistake of ours.
    pub const INTERNAL: &str = "internal";
    /// The disk is full; nothing was written.
    pub const DISK_FULL: &str = "disk_full";
    /// The database file cannot be read or written; the service ends.
    pub const STORAGE_FAILED: &str = "storage_failed";
    /// The database is older than what its stream already says; nothing may be added to it.
    pub const DATABASE_BEHIND_STREAM: &str = "database_behind_stream";
    /// The broker has not said yet whether the database is older than its stream; nothing may be added to it.
    pub const STREAM_UNKNOWN: &str = "stream_unknown";
    /// A row of the outbox is missing or no longer says what was written.
    pub const OUTBOX_DAMAGED: &str = "outbox_damaged";
    /// An event that was told before did not come; it comes once its teller has made its stream whole again.
    pub const EVENT_MISSING: &str = "event_missing";
    /// The broker has not confirmed that it stored an event; the event waits in the outbox.
    pub const NOT_STORED: &str = "not_stored";
    /// More is waiting than is accepted.
    pub const OVERLOADED: &str = "overloaded";
    /// Nobody answers this subject at the moment.
    pub const NO_RESPONDERS: &str = "no_responders";
    /// No answer within the time limit.
    pub const TIMED_OUT: &str = "timed_out";
    /// There is no connection to the broker.
    pub const BROKER_UNREACHABLE: &str = "broker_unreachable";
    /// The service is about to stop.
    pub const STOPPING: &str = "stopping";
    /// The body is not JSON, or not of the declared shape.
    pub const INVALID_BODY: &str = "invalid_body";
    /// The body is longer than [`REQUEST_BYTES_MAX`](crate::limits::REQUEST_BYTES_MAX).
    pub const BODY_TOO_LARGE: &str = "body_too_large";
    /// A header is malformed.
    pub const INVALID_HEADER: &str = "invalid_header";
    /// An identifier is malformed or of another kind.
    pub const INVALID_ID: &str = "invalid_id";
    /// A text is too long or holds characters that do not belong there.
    pub const INVALID_TEXT: &str = "invalid_text";
    /// A cursor of a list that this service did not give.
    pub const INVALID_CURSOR: &str = "invalid_cursor";
    /// A request that changes something came without `Idempotency-Key`.
    pub const IDEMPOTENCY_KEY_MISSING: &str = "idempotency_key_missing";
    /// The same `Idempotency-Key` was used before with another request.
    pub const IDEMPOTENCY_KEY_REUSED: &str = "idempotency_key_reused";
    /// A page of a list that is empty or too long.
    pub const INVALID_LIMIT: &str = "invalid_limit";
    /// There is no such dead letter, or no longer.
    pub const DEAD_LETTER_UNKNOWN: &str = "dead_letter_unknown";
    /// The request must know who asks, and nobody is signed in.
    pub const UNAUTHENTICATED: &str = "unauthenticated";
    /// Whoever asks may not ask this.
    pub const FORBIDDEN: &str = "forbidden";
    /// The token is malformed, forged, or meant for somebody else.
    pub const INVALID_TOKEN: &str = "invalid_token";
    /// The time of the token is over.
    pub const TOKEN_EXPIRED: &str = "token_expired";
    /// The session of the token was ended.
    pub const SESSION_ENDED: &str = "session_ended";
    /// The service has not heard yet with which keys sign-in signs.
    pub const KEYS_NOT_LEARNT: &str = "keys_not_learnt";
    /// The broker does not know the key with which a connection was to be opened.
    pub const NOT_ADMITTED: &str = "not_admitted";
    /// A public key is malformed.
    pub const INVALID_KEY: &str = "invalid_key";
    /// The broker does not let this service do what it has to.
    pub const PERMISSION_MISSING: &str = "permission_missing";
    /// Another backup is being made.
    pub const BACKUP_BUSY: &str = "backup_busy";
    /// There is no such backup in the making, or no longer.
    pub const BACKUP_UNKNOWN: &str = "backup_unknown";
    /// Too much was written while a copy was made.
    pub const BACKUP_TOO_SLOW: &str = "backup_too_slow";
    /// A file or a folder of a backup cannot be read or written.
    pub const BACKUP_FAILED: &str = "backup_failed";
    /// A folder holds no backup that is understood.
    pub const NO_BACKUP: &str = "no_backup";
    /// A file is no database of a service.
    pub const NO_DATABASE: &str = "no_database";
    /// A restore has begun and not ended.
    pub const RESTORE_UNFINISHED: &str = "restore_unfinished";
    /// The database cannot take up what its stream has and it has not.
    pub const NOT_RECOVERABLE: &str = "not_recoverable";
    /// A handler panicked.
    pub const PANICKED: &str = "panicked";
}
