//! Everything a service believes, and who a request comes from.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::roster::{self, Position, Roster, public_bytes};
use super::token::{self, Claims, LEEWAY};
use super::words::{AUDIENCE, ISSUER};
use crate::caller::{Caller, GuestId, is_user_id};
use crate::error::{Error, Kind, Result, reason};
use crate::sql::{Sql, time};

/// How often a service looks whether the roster was changed.
const ROSTER_LOOKED_AT: Duration = Duration::from_secs(1);

/// Tokens whose signatures need not be verified again. Beyond it all are forgotten.
const VERIFIED_MAX: usize = 4096;

/// Keys of sign-in and ended sessions that are kept in memory. Beyond it the oldest are read no more,
/// which only happens if sign-in is not itself.
const KEYS_MAX: u32 = 32;
const REVOKED_MAX: u32 = 100_000;

/// What a request says about who asks, unproved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presented {
    /// A token, from `Authorization: Bearer ...`.
    pub token: Option<String>,
    /// A guest's secret, from `Shop-Guest`.
    pub guest: Option<String>,
    /// For whom a service asks, from `Shop-For`.
    pub behalf: Option<String>,
}

/// Who a request comes from, proved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asking {
    /// Who asks.
    pub caller: Caller,
    /// On whose behalf, if a service says so.
    pub behalf: Option<Caller>,
}

/// Whom a service believes.
#[derive(Debug, Default)]
pub struct Trust {
    learnt: RwLock<Learnt>,
    roster: RwLock<Listed>,
    verified: Mutex<HashMap<[u8; 32], Arc<Verified>>>,
}

/// What sign-in told.
#[derive(Debug, Default)]
struct Learnt {
    keys: BTreeMap<String, ([u8; 32], Timestamp)>,
    revoked: BTreeMap<String, Timestamp>,
}

/// The roster, and the file it came from.
#[derive(Debug, Default)]
struct Listed {
    roster: Roster,
    path: Option<PathBuf>,
    changed: Option<(SystemTime, u64)>,
    looked: Option<Instant>,
    /// Counts how often it was read.
    edition: u64,
}

/// A token whose signature was good.
#[derive(Debug)]
struct Verified {
    claims: Claims,
    kid: String,
    position: Option<Position>,
    /// The edition of the roster that its key stood in.
    edition: u64,
}

impl Trust {
    /// Believes the roster in this file from now on, also after it is changed.
    ///
    /// # Errors
    /// [`roster::RosterError`] if there is none that can be read.
    pub fn follow(&self, path: PathBuf) -> Result<(), roster::RosterError> {
        let changed = edition(&path);
        let roster = Roster::read(&path)?;
        let mut listed = self.roster.write().unwrap_or_else(PoisonError::into_inner);
        let edition = listed.edition + 1;
        *listed = Listed { roster, path: Some(path), changed, looked: Some(Instant::now()), edition };
        Ok(())
    }

    /// Reads what sign-in has told from the database.
    ///
    /// # Errors
    /// If the tables cannot be read.
    pub(crate) fn learn(&self, sql: &Sql<'_>) -> Result<()> {
        let keys = sql.list(
            "SELECT id, public_key, valid_until_ms FROM signing_key ORDER BY valid_until_ms DESC LIMIT ?1",
            [KEYS_MAX],
            |row| Ok((row.get(0)?, (row.get(1)?, time(row, "valid_until_ms")?))),
        )?;
        let revoked = sql.list(
            "SELECT id, until_ms FROM revoked_session ORDER BY until_ms DESC LIMIT ?1",
            [REVOKED_MAX],
            |row| Ok((row.get(0)?, time(row, "until_ms")?)),
        )?;
        *self.learnt.write().unwrap_or_else(PoisonError::into_inner) =
            Learnt { keys: keys.into_iter().collect(), revoked: revoked.into_iter().collect() };
        Ok(())
    }

    /// The names of the keys of sign-in that are known.
    pub fn keys(&self) -> Vec<String> {
        self.learnt.read().unwrap_or_else(PoisonError::into_inner).keys.keys().cloned().collect()
    }

    /// Names of roster members at a position, to whom something is to be given.
    pub fn members(&self, position: Position) -> Vec<String> {
        self.look_at_roster();
        let listed = self.roster.read().unwrap_or_else(PoisonError::into_inner);
        let members = listed.roster.members.iter();
        members.filter(|member| member.position == position).map(|member| member.name.clone()).collect()
    }

    /// Finds out who asks `service`.
    ///
    /// # Errors
    /// `invalid_token`, `token_expired`, `session_ended` or `invalid_header`; `keys_not_learnt` if
    /// this service has not heard of any key of sign-in yet.
    pub fn who(&self, presented: &Presented, service: &str, now: Timestamp) -> Result<Asking> {
        let caller = match (&presented.token, &presented.guest) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid(
                    reason::INVALID_HEADER,
                    "a request is asked with a token or as a guest, not both",
                ));
            }
            (Some(token), None) => self.bearer(token, service, now)?,
            (None, Some(secret)) => Caller::Guest(GuestId::of_secret(secret)?),
            (None, None) => Caller::Anonymous,
        };
        let behalf = match (&presented.behalf, &caller) {
            (None, _) => None,
            (Some(text), Caller::Service(_)) => Some(Caller::parse(text)?),
            (Some(_), _) => {
                return Err(Error::new(
                    Kind::Forbidden,
                    reason::FORBIDDEN,
                    "only a service may ask on somebody's behalf",
                ));
            }
        };
        Ok(Asking { caller, behalf })
    }

    fn bearer(&self, token: &str, service: &str, now: Timestamp) -> Result<Caller> {
        let verified = self.verified(token, service, now)?;
        let claims = &verified.claims;
        // A token that is remembered grows old all the same.
        if claims.exp.saturating_add(LEEWAY) <= now.as_second() {
            let what = "the token has expired; a new one is needed, nothing was done";
            return Err(Error::new(Kind::Unauthenticated, reason::TOKEN_EXPIRED, what));
        }
        if let Some(position) = verified.position {
            return Ok(match position.role() {
                Some(role) => Caller::User { id: claims.sub.clone(), role, session: String::new() },
                None if position == Position::Service => Caller::Service(claims.sub.clone()),
                None => Caller::Anonymous,
            });
        }
        let revoked = self.learnt.read().unwrap_or_else(PoisonError::into_inner);
        if revoked.revoked.contains_key(&claims.sid) {
            return Err(Error::new(
                Kind::Unauthenticated,
                reason::SESSION_ENDED,
                "the session of this token was ended; sign in again, nothing was done",
            ));
        }
        let role = claims.role.parse().map_err(|_| token::invalid("names no role"))?;
        if !is_user_id(&claims.sub) || claims.sid.is_empty() {
            return Err(token::invalid("names nobody"));
        }
        Ok(Caller::User { id: claims.sub.clone(), role, session: claims.sid.clone() })
    }

    fn verified(&self, token: &str, service: &str, now: Timestamp) -> Result<Arc<Verified>> {
        self.look_at_roster();
        let digest: [u8; 32] =
            Sha256::new().chain_update(service).chain_update([0]).chain_update(token).finalize().into();
        let known = self.verified.lock().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned();
        if let Some(known) = known.filter(|known| self.still_believes(known)) {
            return Ok(known);
        }
        let verified = Arc::new(self.verify(token, service, now)?);
        let mut all = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= VERIFIED_MAX {
            all.clear();
        }
        all.insert(digest, Arc::clone(&verified));
        Ok(verified)
    }

    fn still_believes(&self, known: &Verified) -> bool {
        match known.position {
            Some(_) => self.roster.read().unwrap_or_else(PoisonError::into_inner).edition == known.edition,
            None => self.learnt.read().unwrap_or_else(PoisonError::into_inner).keys.contains_key(&known.kid),
        }
    }

    fn verify(&self, token: &str, service: &str, now: Timestamp) -> Result<Verified> {
        let kid = token::key_of(token)?;
        if public_bytes(&kid).is_some() && !self.lists(&kid) {
            // Whoever was written down a moment ago need not wait until somebody looks.
            self.look_unless_within(Duration::ZERO);
        }
        {
            let listed = self.roster.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(member) = listed.roster.holder(&kid) {
                let public = public_bytes(&kid).ok_or_else(|| token::invalid("names a broken key"))?;
                let claims = token::verify(token, &public, roster::ISSUER, service, now)?;
                if claims.sub != member.name {
                    return Err(token::invalid("speaks for somebody else than the holder of its key"));
                }
                let (position, edition) = (Some(member.position), listed.edition);
                return Ok(Verified { claims, kid, position, edition });
            }
        }
        let (public, until) = {
            let learnt = self.learnt.read().unwrap_or_else(PoisonError::into_inner);
            match learnt.keys.get(&kid) {
                Some(key) => *key,
                None if learnt.keys.is_empty() && public_bytes(&kid).is_none() => {
                    return Err(Error::unavailable(
                        reason::KEYS_NOT_LEARNT,
                        "this service has not heard yet with which keys sign-in signs; try again in a moment",
                    ));
                }
                None => return Err(token::invalid("names a key that nobody here knows")),
            }
        };
        if until.as_second().saturating_add(LEEWAY) <= now.as_second() {
            return Err(token::invalid("was signed with a key that is not used any more"));
        }
        let claims = token::verify(token, &public, ISSUER, AUDIENCE, now)?;
        Ok(Verified { claims, kid, position: None, edition: 0 })
    }

    /// Reads the roster again if its file has changed. One that cannot be read leaves the old one in
    /// force: a file that is being replaced must not shut everybody out.
    fn look_at_roster(&self) {
        self.look_unless_within(ROSTER_LOOKED_AT);
    }

    fn lists(&self, key: &str) -> bool {
        self.roster.read().unwrap_or_else(PoisonError::into_inner).roster.holder(key).is_some()
    }

    fn look_unless_within(&self, time: Duration) {
        {
            let listed = self.roster.read().unwrap_or_else(PoisonError::into_inner);
            let fresh = listed.looked.is_some_and(|looked| looked.elapsed() < time);
            if listed.path.is_none() || fresh {
                return;
            }
        }
        let mut listed = self.roster.write().unwrap_or_else(PoisonError::into_inner);
        listed.looked = Some(Instant::now());
        let Some(path) = listed.path.clone() else { return };
        let changed = edition(&path);
        if changed.is_none() || changed == listed.changed {
            return;
        }
        match Roster::read(&path) {
            Ok(roster) => {
                tracing::info!("The roster {} was read again", path.display());
                (listed.roster, listed.changed) = (roster, changed);
                listed.edition += 1;
            }
            Err(error) => tracing::error!("The roster was changed, but {error}; the old one stays in force"),
        }
    }
}

/// What tells a file from the one that was there before: its time, and its number, because two may be
/// written within one tick of the clock of files.
fn edition(path: &Path) -> Option<(SystemTime, u64)> {
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Identity, Member};

    #[test]
    fn whoever_was_written_down_a_moment_ago_is_known() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join(roster::FILE);
        let mut all = Roster::default();
        let mut write = |name: &str| {
            let identity = Identity::generate(name).unwrap();
            let keys = vec![identity.public_key().to_owned()];
            all.members.push(Member { name: name.to_owned(), position: Position::Admin, keys });
            let new = path.with_extension("new");
            std::fs::write(&new, serde_json::to_string(&all).unwrap()).unwrap();
            std::fs::rename(&new, &path).unwrap();
            identity
        };
        let (trust, now) = (Trust::default(), Timestamp::UNIX_EPOCH);
        let first = write("ann");
        trust.follow(path.clone()).unwrap();
        for identity in [first, write("bob")] {
            let token = Some(identity.token_for("order", now).unwrap());
            let asking = trust.who(&Presented { token, ..Presented::default() }, "order", now).unwrap();
            assert!(matches!(asking.caller, Caller::User { id, .. } if id == identity.name()));
        }
    }
}
