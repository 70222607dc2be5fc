//! Tickets: what a code in a mail is good for, once and for a time.
//!
//! The code of a ticket is derived from its number, its purpose and the secret of the database, so it
//! stands nowhere: neither in the database nor in the event that a mail is due.
//!
//! Each registration has a ticket of its own, which keeps the password chosen with it. Confirming the
//! ticket makes that password the account's. Were the newest password that of the account, a stranger
//! could register the address again just before its owner confirms, and know the password then. As it
//! is, the code that came with an owner's own registration never sets another password than theirs,
//! and a code that came unasked must be left alone, as the mail says. Once one is confirmed, all others
//! of the account are worthless.

use std::time::Duration;

use contracts::auth::MailPurpose;
use contracts::{CustomerId, TicketId};
use kit::Timestamp;
use kit::id::{Id, SUFFIX_CHARS, decode_suffix, encode};

use crate::password::Hash;
use crate::secret::{Secret, same};

/// How long an address can be confirmed.
pub const CONFIRMED_WITHIN: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a password can be set anew.
pub const RESET_WITHIN: Duration = Duration::from_secs(60 * 60);

/// Tickets of one account, one kind and one [`TICKETS_TIME`]: whoever else is asked to write to this
/// address meanwhile does not, so nobody can be flooded with mail. Nobody is told.
pub const TICKETS_MAX: usize = 5;

/// The time over which tickets are counted.
pub const TICKETS_TIME: Duration = Duration::from_secs(60 * 60);

/// How long after a code was used the same request is answered in the same way again, since a request
/// that nobody answered is sent again. Nothing is done then.
pub const SENT_TWICE_WITHIN: Duration = Duration::from_secs(60);

/// A ticket, as its row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its number.
    pub id: TicketId,
    /// About which account.
    pub account: CustomerId,
    /// What for.
    pub purpose: MailPurpose,
    /// The password that was chosen with it; none for a reset.
    pub password: Option<Hash>,
    /// Until when it is good.
    pub valid_until: Timestamp,
    /// When it was used, if it was.
    pub used_at: Option<Timestamp>,
    /// Whether another one was used instead.
    pub closed: bool,
}

/// What the holder of a code may do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is good.
    Good,
    /// It was used a moment ago.
    SentTwice,
    /// It is worthless.
    Over,
}

impl Ticket {
    /// The code.
    pub fn code(&self, secret: &Secret) -> String {
        format!("{}.{}", encode(self.id.bits()), encode(proof(secret, self.id, self.purpose)))
    }

    /// What can still be done with it.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match self.used_at {
            Some(used) if used + SENT_TWICE_WITHIN >= now => Standing::SentTwice,
            None if !self.closed && self.valid_until > now => Standing::Good,
            _ => Standing::Over,
        }
    }
}

/// How long a ticket is good.
pub fn life(purpose: MailPurpose) -> Duration {
    match purpose {
        MailPurpose::ResetPassword => RESET_WITHIN,
        _ => CONFIRMED_WITHIN,
    }
}

/// A code, read but not proved.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The ticket it names.
    pub ticket: TicketId,
    proof: u128,
}

impl Code {
    /// Reads a code; none if it is not one that we could have written. Space around it is what
    /// copying from a mail leaves.
    pub fn read(text: &str) -> Option<Self> {
        let (ticket, proof) = text.trim().split_once('.')?;
        if ticket.len() != SUFFIX_CHARS {
            return None;
        }
        let bits = decode_suffix(TicketId::PREFIX, ticket).ok()?;
        Some(Self { ticket: TicketId::from_bits(bits), proof: decode_suffix("", proof).ok()? })
    }

    /// Whether it is the code of its ticket, for a purpose.
    pub fn is_for(&self, purpose: MailPurpose, secret: &Secret) -> bool {
        same(self.proof, proof(secret, self.ticket, purpose))
    }
}

fn proof(secret: &Secret, ticket: TicketId, purpose: MailPurpose) -> u128 {
    secret.derive("code", &[&ticket.bits().to_be_bytes(), purpose.word().as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn ticket() -> Ticket {
        Ticket {
            id: TicketId::from_bits(7),
            account: CustomerId::from_bits(8),
            purpose: MailPurpose::ResetPassword,
            password: None,
            valid_until: at(100),
            used_at: None,
            closed: false,
        }
    }

    #[test]
    fn a_code_is_of_one_ticket_for_one_purpose_in_one_database() {
        let secret = Secret::new([1; 32]);
        let code = Code::read(&ticket().code(&secret)).unwrap();
        assert_eq!(code.ticket, ticket().id);
        assert!(code.is_for(MailPurpose::ResetPassword, &secret));
        assert!(!code.is_for(MailPurpose::ConfirmAddress, &secret));
        assert!(!code.is_for(MailPurpose::ResetPassword, &Secret::new([2; 32])));
        let other = Code { ticket: TicketId::from_bits(6), ..code };
        assert!(!other.is_for(MailPurpose::ResetPassword, &secret));
    }

    #[test]
    fn what_is_no_code_is_not_read() {
        let code = ticket().code(&Secret::new([1; 32]));
        assert!(Code::read(&format!(" {code}\r\n")).is_some());
        for bad in ["", ".", &code[1..], &format!("{code}x"), &code.replace('.', "-"), &format!("tkt_{code}")]
        {
            assert!(Code::read(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_code_is_good_once_and_for_a_time() {
        assert_eq!(ticket().standing(at(99)), Standing::Good);
        assert_eq!(ticket().standing(at(100)), Standing::Over);
        assert_eq!(Ticket { closed: true, ..ticket() }.standing(at(1)), Standing::Over);
        let used = Ticket { used_at: Some(at(10)), ..ticket() };
        assert_eq!(used.standing(at(70)), Standing::SentTwice);
        assert_eq!(used.standing(at(71)), Standing::Over);
    }
}
