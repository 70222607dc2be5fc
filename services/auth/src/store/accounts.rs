//! The table of accounts.

use contracts::CustomerId;
use kit::id::Id;
use kit::sql::{parsed, time};
use kit::{Result, Role, Sql, Tx};
use rusqlite::{Row, named_params, params};

use crate::account::{Account, address_of};
use crate::password::Hash;
use crate::refusal::Refusal;

const SELECT: &str =
    "SELECT id, email, role, confirmed, disabled, password_hash, password_set_at_ms, created_at_ms
     FROM accounts";

pub(crate) fn insert_account(tx: &Tx<'_>, account: &Account) -> Result<()> {
    tx.execute(
        "INSERT INTO accounts (id, address, email, role, confirmed, disabled, password_hash,
                               password_set_at_ms, created_at_ms)
         VALUES (:id, :address, :email, :role, 0, 0, '', 0, :created_at)",
        named_params! {
            ":id": account.id.to_string(),
            ":address": address_of(&account.email),
            ":email": account.email.as_str(),
            ":role": account.role.word(),
            ":created_at": account.created_at.as_millisecond(),
        },
    )?;
    Ok(())
}

pub(crate) fn find_account(sql: &Sql<'_>, id: CustomerId) -> Result<Option<Account>> {
    sql.find(&format!("{SELECT} WHERE id = ?1"), [id.to_string()], account)
}

/// The account that must be there.
pub(crate) fn get_account(sql: &Sql<'_>, id: CustomerId) -> Result<Account> {
    find_account(sql, id)?.ok_or_else(|| Refusal::UnknownAccount(id).into())
}

/// The account with an address, as [`address_of`] writes it.
pub(crate) fn find_account_at(sql: &Sql<'_>, address: &str) -> Result<Option<Account>> {
    sql.find(&format!("{SELECT} WHERE address = ?1"), [address], account)
}

/// The newest accounts before one, perhaps only with a role.
pub(crate) fn list_accounts(
    sql: &Sql<'_>,
    role: Option<Role>,
    before: Option<CustomerId>,
    rows_max: usize,
) -> Result<Vec<Account>> {
    let before = before.unwrap_or(CustomerId::from_bits(u128::MAX)).to_string();
    match role {
        Some(role) => sql.list(
            &format!("{SELECT} WHERE role = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"),
            params![role.word(), before, rows_max],
            account,
        ),
        None => sql.list(
            &format!("{SELECT} WHERE id < ?1 ORDER BY id DESC LIMIT ?2"),
            params![before, rows_max],
            account,
        ),
    }
}

/// Sets the password; from then on the address counts as confirmed.
pub(crate) fn set_password(tx: &Tx<'_>, id: CustomerId, password: &Hash) -> Result<()> {
    tx.execute(
        "UPDATE accounts SET password_hash = ?2, password_set_at_ms = ?3, confirmed = 1 WHERE id = ?1",
        params![id.to_string(), password.as_str(), tx.now().as_millisecond()],
    )?;
    Ok(())
}

pub(crate) fn set_role(tx: &Tx<'_>, id: CustomerId, role: Role) -> Result<()> {
    tx.execute("UPDATE accounts SET role = ?2 WHERE id = ?1", params![id.to_string(), role.word()])?;
    Ok(())
}

pub(crate) fn set_disabled(tx: &Tx<'_>, id: CustomerId, disabled: bool) -> Result<()> {
    tx.execute("UPDATE accounts SET disabled = ?2 WHERE id = ?1", params![id.to_string(), disabled])?;
    Ok(())
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    let password: Hash = parsed(row, "password_hash")?;
    Ok(Account {
        id: parsed(row, "id")?,
        email: parsed(row, "email")?,
        role: parsed(row, "role")?,
        confirmed: row.get("confirmed")?,
        disabled: row.get("disabled")?,
        password: Some(password).filter(|hash| !hash.as_str().is_empty()),
        password_set_at: time(row, "password_set_at_ms")?,
        created_at: time(row, "created_at_ms")?,
    })
}
