//! Writing to the owner of an address: tickets, and telling their codes to whoever writes.

use contracts::auth::{MailDue, MailPurpose, RevealCode, Revealed, Secret};
use kit::{Ctx, Result, Sql, Tx};

use crate::account::Account;
use crate::password::Hash;
use crate::refusal::Refusal;
use crate::store;
use crate::ticket::{self, Code, Standing, TICKETS_MAX, TICKETS_TIME, Ticket};

/// Lets the owner of an account be written to because somebody asked for it, unless that was asked too
/// often. It goes to the address as it stands in the account, however it was spelt this time.
pub(super) fn write(
    tx: &mut Tx<'_>,
    account: &Account,
    purpose: MailPurpose,
    password: Option<Hash>,
) -> Result<()> {
    tx.about(account.id);
    let since = tx.now() - TICKETS_TIME;
    let resets = purpose == MailPurpose::ResetPassword;
    if store::count_tickets(tx, account.id, resets, since)? >= TICKETS_MAX {
        tracing::info!(customer.id = %account.id, "Customer {} was written to often enough", account.id);
        return Ok(());
    }
    let ticket = Ticket {
        id: tx.new_id(),
        account: account.id,
        purpose,
        password,
        valid_until: tx.now() + ticket::life(purpose),
        used_at: None,
        closed: false,
    };
    store::insert_ticket(tx, &ticket)?;
    // Whoever was shut out is left in peace.
    if account.disabled {
        return Ok(());
    }
    tx.emit(&MailDue { ticket: ticket.id, email: account.email.clone(), purpose })
}

/// Lets the owner of an account know that the password was changed.
pub(super) fn tell_of_new_password(tx: &mut Tx<'_>, account: &Account) -> Result<()> {
    let ticket = tx.new_id();
    tx.emit(&MailDue { ticket, email: account.email.clone(), purpose: MailPurpose::PasswordChanged })
}

/// The ticket of a code that is really its own.
pub(super) fn find_proved(sql: &Sql<'_>, code: &Code, purpose: MailPurpose) -> Result<Ticket> {
    let secret = store::get_secret(sql)?;
    let ticket = store::find_ticket(sql, code.ticket)?;
    let ticket = ticket.filter(|ticket| ticket.purpose == purpose && code.is_for(purpose, &secret));
    ticket.ok_or_else(|| Refusal::InvalidCode.into())
}

/// Tells the code of a ticket to the service that writes the mail.
pub async fn reveal_code(ctx: Ctx, asked: RevealCode) -> Result<Revealed> {
    let now = ctx.now();
    ctx.read(move |sql| {
        let ticket = store::find_ticket(sql, asked.ticket)?
            .filter(|ticket| ticket.purpose.has_code() && ticket.standing(now) == Standing::Good)
            .ok_or(Refusal::UnknownTicket(asked.ticket))?;
        let code = Secret::new(ticket.code(&store::get_secret(sql)?));
        Ok(Revealed { code, valid_until: ticket.valid_until })
    })
    .await
}
