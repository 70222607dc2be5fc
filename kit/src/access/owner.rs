//! What belongs to whom, and the check that a handler must not forget.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::who::Pass;
use crate::caller::{Caller, Role};
use crate::error::{Error, Result};

/// To whom something belongs, as a column keeps it: a customer, a guest, or nobody but the shop.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Owner(String);

impl Owner {
    /// The shop itself: only staff sees it.
    pub fn nobody() -> Self {
        Self::default()
    }

    /// The person with this number.
    pub fn user(id: impl fmt::Display) -> Self {
        Self(format!("user:{id}"))
    }

    /// Whoever asks. What an operator makes belongs to the shop.
    pub fn of(caller: &Caller) -> Self {
        match caller {
            Caller::Guest(_) => Self(caller.to_string()),
            Caller::User { id, role: Role::Customer, .. } => Self::user(id),
            _ => Self::nobody(),
        }
    }

    /// The text of the column.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Owner {
    type Err = std::convert::Infallible;

    /// Reads the text of a column. It is only ever compared.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

/// The one for whom a request is answered: whom a handler compares with the owner of things.
///
/// A handler whose contract says `owner` must ask one of these before it answers. If it never does,
/// its answer is withheld and nothing of it is recorded: forgetting the check cannot open a door.
#[derive(Debug, Clone)]
pub struct Asker {
    principal: Caller,
    pass: Pass,
    asked: Arc<AtomicBool>,
}

impl Asker {
    pub(crate) fn new(principal: Caller, pass: Pass) -> Self {
        Self { principal, pass, asked: Arc::default() }
    }

    /// Of a message that nobody signed: what it may be about is decided by where it was said.
    pub(crate) fn of_nobody() -> Self {
        Self::new(Caller::Anonymous, Pass::Free)
    }

    /// For whom it is done: the caller, or the one on whose behalf a service asks.
    pub fn principal(&self) -> &Caller {
        &self.principal
    }

    /// Whether this one may see and change what belongs to `owner`. If not, the answer must be the
    /// same as if there were no such thing.
    pub fn may_touch(&self, owner: &Owner) -> bool {
        self.asked.store(true, Ordering::Relaxed);
        match self.pass {
            Pass::Free => true,
            Pass::Own => *owner != Owner::nobody() && *owner == self.own(),
        }
    }

    /// To whom something new belongs that this one makes.
    pub fn owner(&self) -> Owner {
        self.asked.store(true, Ordering::Relaxed);
        self.own()
    }

    /// To whose things a list must be limited; none: this one may see everybody's.
    pub fn limited_to(&self) -> Option<Owner> {
        self.asked.store(true, Ordering::Relaxed);
        match self.pass {
            Pass::Free => None,
            Pass::Own => Some(self.own()),
        }
    }

    /// Staff owns nothing in the shop's name; with only their own to see, they are customers.
    fn own(&self) -> Owner {
        match (&self.principal, self.pass) {
            (Caller::User { id, .. }, Pass::Own) => Owner::user(id),
            (principal, _) => Owner::of(principal),
        }
    }

    /// Withholds the answer of a handler that never asked.
    pub(crate) fn must_have_asked(&self, subject: &str) -> Result<()> {
        match self.pass {
            Pass::Own if !self.asked.load(Ordering::Relaxed) => Err(Error::internal(format!(
                "{subject} did not look to whom it belongs, so its answer is withheld"
            ))),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::GuestId;

    fn customer(id: &str) -> Caller {
        Caller::User { id: id.into(), role: Role::Customer, session: String::new() }
    }

    #[test]
    fn only_what_is_ones_own_can_be_touched() {
        let guest = Caller::Guest(GuestId::of_secret("0123456789abcdefghijkl").unwrap());
        let ann = Asker::new(customer("cus_ann"), Pass::Own);
        let own = ann.owner();
        assert!(ann.may_touch(&own));
        assert!(!ann.may_touch(&Owner::of(&customer("cus_bob"))));
        assert!(!ann.may_touch(&Owner::of(&guest)));
        assert!(!ann.may_touch(&Owner::nobody()));
        assert!(!Asker::new(guest.clone(), Pass::Own).may_touch(&own));
        assert!(Asker::new(guest.clone(), Pass::Own).may_touch(&Owner::of(&guest)));
    }

    #[test]
    fn what_belongs_to_the_shop_is_nobodys_own() {
        let service = Asker::new(Caller::Service("order".into()), Pass::Own);
        assert!(!service.may_touch(&Owner::nobody()));
        assert!(!Asker::new(Caller::Anonymous, Pass::Own).may_touch(&Owner::nobody()));
    }

    #[test]
    fn an_operator_may_touch_everything_and_owns_nothing() {
        let operator = Caller::User { id: "ann".into(), role: Role::Operator, session: String::new() };
        let asker = Asker::new(operator, Pass::Free);
        assert!(asker.may_touch(&Owner::user("cus_bob")) && asker.may_touch(&Owner::nobody()));
        assert_eq!((asker.owner(), asker.limited_to()), (Owner::nobody(), None));
    }

    #[test]
    fn an_answer_without_the_check_is_withheld() {
        let asker = Asker::new(customer("cus_ann"), Pass::Own);
        assert!(asker.must_have_asked("thing.get").is_err());
        asker.may_touch(&Owner::nobody());
        assert!(asker.must_have_asked("thing.get").is_ok());
        assert!(Asker::new(customer("cus_ann"), Pass::Free).must_have_asked("thing.get").is_ok());
    }
}
