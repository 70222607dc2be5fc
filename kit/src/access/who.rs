//! Who may ask a request, as its contract declares it.

use std::fmt;

use crate::caller::{Caller, Role};
use crate::error::{Error, Kind, Result, reason};

/// One kind of caller that may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody, signed in or not.
    Anyone,
    /// The customer or guest to whom it belongs. The handler knows what belongs to whom, and must say
    /// so: see [`Asker`](super::Asker).
    Owner,
    /// Everybody who is signed in.
    User,
    /// Operators and admins.
    Operator,
    /// Admins.
    Admin,
    /// The service with this name.
    Service(&'static str),
    /// Every service.
    AnyService,
}

/// Who may ask: any of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access(pub &'static [Who]);

/// How a caller may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Whatever it is about.
    Free,
    /// Only with what belongs to them.
    Own,
}

impl Access {
    /// What every service answers beside its own requests is for operators.
    pub const OPERATOR: Self = Self(&[Who::Operator]);

    /// Whether a service with this name is named here.
    pub fn names(&self, service: &str) -> bool {
        self.0.iter().any(|who| match who {
            Who::Service(name) => *name == service,
            Who::AnyService => true,
            _ => false,
        })
    }

    /// Whether anybody but a service may ask.
    pub fn is_for_people(&self) -> bool {
        self.0.iter().any(|who| !matches!(who, Who::Service(_) | Who::AnyService))
    }

    /// Decides whether a caller may ask at all. A service that asks on somebody's behalf may do what
    /// both may: it must be named, and what belongs to others stays closed to it.
    ///
    /// # Errors
    /// `unauthenticated` if signing in might help, `forbidden` if it would not.
    pub(crate) fn admits(&self, subject: &str, caller: &Caller, behalf: Option<&Caller>) -> Result<Pass> {
        if let (Caller::Service(name), Some(behalf)) = (caller, behalf) {
            if !self.names(name) && !self.has(Who::Anyone) {
                return Err(self.refusal(subject, caller));
            }
            let free = self.0.iter().any(|who| *who != Who::Owner && satisfies(*who, behalf));
            return Ok(if free || !self.has(Who::Owner) { Pass::Free } else { Pass::Own });
        }
        if self.0.iter().any(|who| *who != Who::Owner && satisfies(*who, caller)) {
            return Ok(Pass::Free);
        }
        if self.has(Who::Owner) && matches!(caller, Caller::Guest(_) | Caller::User { .. }) {
            return Ok(Pass::Own);
        }
        Err(self.refusal(subject, caller))
    }

    fn has(&self, who: Who) -> bool {
        self.0.contains(&who)
    }

    fn refusal(&self, subject: &str, caller: &Caller) -> Error {
        if *caller == Caller::Anonymous && self.is_for_people() {
            return Error::new(
                Kind::Unauthenticated,
                reason::UNAUTHENTICATED,
                format!("{subject} must know who asks, and nobody is signed in; it is for {self}"),
            );
        }
        let who = match caller {
            Caller::Anonymous => "nobody in particular".to_owned(),
            Caller::Guest(_) => "a guest".to_owned(),
            Caller::User { role, .. } => format!("a signed-in {role}"),
            Caller::Service(name) => format!("the service {name}"),
        };
        Error::new(
            Kind::Forbidden,
            reason::FORBIDDEN,
            format!("{who} may not ask {subject}; it is for {self}"),
        )
    }
}

fn satisfies(who: Who, caller: &Caller) -> bool {
    match (who, caller) {
        (Who::Anyone, _)
        | (Who::User, Caller::User { .. })
        | (Who::Operator, Caller::User { role: Role::Operator | Role::Admin, .. })
        | (Who::Admin, Caller::User { role: Role::Admin, .. })
        | (Who::AnyService, Caller::Service(_)) => true,
        (Who::Service(name), Caller::Service(caller)) => name == caller,
        _ => false,
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("anyone"),
            Self::Owner => f.write_str("whom it belongs to"),
            Self::User => f.write_str("whoever is signed in"),
            Self::Operator => f.write_str("operators"),
            Self::Admin => f.write_str("admins"),
            Self::Service(name) => write!(f, "the service {name}"),
            Self::AnyService => f.write_str("every service"),
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, who) in self.0.iter().enumerate() {
            let before = if place == 0 { "" } else { ", " };
            write!(f, "{before}{who}")?;
        }
        Ok(())
    }
}

/// Writes down who may ask: `access!(owner operator "order")`. A text names a service.
#[macro_export]
macro_rules! access {
    (@one anyone) => { $crate::access::Who::Anyone };
    (@one owner) => { $crate::access::Who::Owner };
    (@one user) => { $crate::access::Who::User };
    (@one operator) => { $crate::access::Who::Operator };
    (@one admin) => { $crate::access::Who::Admin };
    (@one services) => { $crate::access::Who::AnyService };
    (@one $service:literal) => { $crate::access::Who::Service($service) };
    ($($who:tt)+) => { $crate::access::Access(&[$($crate::access!(@one $who)),+]) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::GuestId;

    fn user(role: Role) -> Caller {
        Caller::User { id: "cus_1".into(), role, session: String::new() }
    }

    fn guest() -> Caller {
        Caller::Guest(GuestId::of_secret("0123456789abcdefghijkl").unwrap())
    }

    fn service(name: &str) -> Caller {
        Caller::Service(name.into())
    }

    fn verdict(access: Access, caller: &Caller, behalf: Option<&Caller>) -> Result<Pass, &'static str> {
        access.admits("thing.get", caller, behalf).map_err(|error| match error.kind {
            Kind::Unauthenticated => "unauthenticated",
            Kind::Forbidden => "forbidden",
            _ => "other",
        })
    }

    #[test]
    fn each_kind_of_caller_passes_where_it_is_named_and_nowhere_else() {
        let everybody = [
            Caller::Anonymous,
            guest(),
            user(Role::Customer),
            user(Role::Operator),
            user(Role::Admin),
            service("order"),
            service("cart"),
        ];
        let (free, own, no, who) = (Ok(Pass::Free), Ok(Pass::Own), Err("forbidden"), Err("unauthenticated"));
        for (access, expected) in [
            (crate::access!(anyone), [free, free, free, free, free, free, free]),
            (crate::access!(owner operator), [who, own, own, free, free, no, no]),
            (crate::access!(owner), [who, own, own, own, own, no, no]),
            (crate::access!(user), [who, no, free, free, free, no, no]),
            (crate::access!(operator), [who, no, no, free, free, no, no]),
            (crate::access!(admin), [who, no, no, no, free, no, no]),
            (crate::access!("order"), [no, no, no, no, no, free, no]),
            (crate::access!(services), [no, no, no, no, no, free, free]),
        ] {
            let verdicts: Vec<_> = everybody.iter().map(|caller| verdict(access, caller, None)).collect();
            assert_eq!(verdicts, expected, "{access}");
        }
    }

    #[test]
    fn a_service_may_do_no_more_than_the_one_it_asks_for() {
        let cart = crate::access!(owner operator "order");
        let order = service("order");
        assert_eq!(verdict(cart, &order, Some(&user(Role::Customer))), Ok(Pass::Own));
        assert_eq!(verdict(cart, &order, Some(&guest())), Ok(Pass::Own));
        assert_eq!(verdict(cart, &order, Some(&user(Role::Operator))), Ok(Pass::Free));
        assert_eq!(verdict(cart, &service("payment"), Some(&user(Role::Operator))), Err("forbidden"));
        assert_eq!(verdict(crate::access!(anyone), &order, Some(&Caller::Anonymous)), Ok(Pass::Free));
    }
}
