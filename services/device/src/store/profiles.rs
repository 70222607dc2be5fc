//! The SQL of the kinds of devices.

use contracts::device::{ProfileView, PutProfile};
use contracts::readings::Site;
use kit::sql::{parsed, time};
use kit::{Result, Sql, Timestamp, Tx};
use rusqlite::{Row, params};

use crate::refusal::Refusal;
use crate::secret::Digest;

/// Kinds of devices; a further one is refused.
pub const PROFILES_MAX: usize = 200;

/// A kind of devices, as its row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Where its devices stand if nobody says.
    pub site: Site,
    /// After how many seconds without a reading a device counts as gone; 0: never.
    pub silence_s: u32,
    /// Whether its devices may offer themselves to customers.
    pub offers: bool,
    /// The digest of what devices register themselves with; empty: they may not.
    pub secret: Vec<u8>,
    /// Since when registrations are counted.
    pub window_from: Timestamp,
    /// How many there were since.
    pub registered: u32,
    /// When it last changed.
    pub changed_at: Timestamp,
}

impl Profile {
    /// As it is shown.
    pub fn into_view(self) -> ProfileView {
        ProfileView {
            name: self.name,
            site: self.site,
            silence_s: self.silence_s,
            provisioning: !self.secret.is_empty(),
            offers: self.offers,
            changed_at: self.changed_at,
        }
    }
}

/// A kind of devices.
pub fn find(sql: &Sql<'_>, name: &str) -> Result<Option<Profile>> {
    sql.find(
        "SELECT name, site, silence_s, offers, secret, window_from_ms, registered, changed_at_ms FROM profiles
         WHERE name = ?1",
        [name],
        row_to_profile,
    )
}

/// A kind of devices that must be there.
///
/// # Errors
/// [`Refusal::UnknownProfile`].
pub fn get(sql: &Sql<'_>, name: &str) -> Result<Profile> {
    let unknown = || Refusal::UnknownProfile(kit::text::printable(name).into_owned());
    find(sql, name)?.ok_or_else(|| unknown().into())
}

/// All kinds of devices, by name.
pub fn list(sql: &Sql<'_>) -> Result<Vec<Profile>> {
    sql.list(
        "SELECT name, site, silence_s, offers, secret, window_from_ms, registered, changed_at_ms FROM profiles
         ORDER BY name LIMIT ?1",
        [PROFILES_MAX],
        row_to_profile,
    )
}

/// Makes or changes a kind of devices.
///
/// # Errors
/// [`Refusal::TooManyProfiles`].
pub fn put(tx: &Tx<'_>, put: &PutProfile) -> Result<Profile> {
    let others: usize =
        tx.get("SELECT count(*) FROM profiles WHERE name <> ?1", [&put.name], |row| row.get(0))?;
    if others >= PROFILES_MAX {
        return Err(Refusal::TooManyProfiles(PROFILES_MAX).into());
    }
    tx.execute(
        "INSERT INTO profiles (name, site, silence_s, offers, secret, window_from_ms, registered, changed_at_ms)
         VALUES (?1, ?2, ?3, ?4, x'', 0, 0, ?5)
         ON CONFLICT (name) DO UPDATE SET site = ?2, silence_s = ?3, offers = ?4, changed_at_ms = ?5",
        params![put.name, put.site.as_str(), put.silence_s, put.offers, tx.now().as_millisecond()],
    )?;
    get(tx, &put.name)
}

/// Lets devices of a kind register themselves with a secret, or not any more.
pub fn set_secret(tx: &Tx<'_>, name: &str, secret: Option<&Digest>) -> Result<()> {
    let secret: &[u8] = secret.map_or(&[], |digest| digest);
    tx.execute(
        "UPDATE profiles SET secret = ?2, changed_at_ms = ?3 WHERE name = ?1",
        params![name, secret, tx.now().as_millisecond()],
    )?;
    Ok(())
}

/// Notes how many devices of a kind registered themselves since a time.
pub fn set_count(tx: &Tx<'_>, name: &str, from: Timestamp, registered: u32) -> Result<()> {
    tx.execute(
        "UPDATE profiles SET window_from_ms = ?2, registered = ?3 WHERE name = ?1",
        params![name, from.as_millisecond(), registered],
    )?;
    Ok(())
}

fn row_to_profile(row: &Row<'_>) -> rusqlite::Result<Profile> {
    Ok(Profile {
        name: row.get("name")?,
        site: parsed(row, "site")?,
        silence_s: row.get("silence_s")?,
        offers: row.get("offers")?,
        secret: row.get("secret")?,
        window_from: time(row, "window_from_ms")?,
        registered: row.get("registered")?,
        changed_at: time(row, "changed_at_ms")?,
    })
}
