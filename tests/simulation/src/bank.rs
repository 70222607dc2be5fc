//! A model of the payment provider: a ledger of its own, and every way of not answering.

use std::collections::BTreeMap;
use std::time::Duration;

use cli::books::provider::Provided;
use contracts::{Money, OrderId};
use kit::engine::port::Waiting;
use kit::{EffectCtx, Trouble};
use payment::provider::builtin::{ANSWERS_KEPT, KEY_LIFE};
use payment::provider::{Charge, ChargeAnswer, Decline, GiveBack, Provider, RefundAnswer};
use tokio::sync::oneshot;

use crate::chance::micros;
use crate::port::{Note, Notes};

/// A card that pays.
pub const GOOD_CARD: &str = "pm_card_visa";
/// The number that stands on that card. Now and then somebody types it where it does not belong.
pub const GOOD_CARD_NUMBER: &str = "4242424242424242";
/// A card that is declined.
pub const EMPTY_CARD: &str = "pm_card_visa_chargeDeclinedInsufficientFunds";

/// What is asked of the bank.
pub struct Asked {
    /// What.
    pub what: What,
    /// Who waits for the answer.
    pub answer: oneshot::Sender<Result<Answer, Trouble>>,
}

/// A request to the bank.
#[derive(Clone)]
pub enum What {
    /// Take money.
    Charge(Charge),
    /// Give money back.
    Refund(GiveBack),
    /// What became of the charge under a key?
    FindCharge(String),
    /// What became of the refund under a key?
    FindRefund(String),
}

/// What the bank says.
#[derive(Clone)]
pub enum Answer {
    /// Of a charge.
    Charge(ChargeAnswer),
    /// Of a refund.
    Refund(RefundAnswer),
    /// There is nothing under that key.
    Nothing,
}

/// How the bank treats one request. Drawn by the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Does it and answers.
    Prompt,
    /// Does nothing and says nothing.
    SilentBefore,
    /// Does it and says nothing.
    SilentAfter,
    /// Says nothing, and does it when nobody waits any more.
    Late,
    /// Does nothing and says so.
    Busy,
    /// Does it, and says that something went wrong.
    BrokenAfter,
}

/// The bank's own books.
#[derive(Debug, Default)]
pub struct Bank {
    charges: BTreeMap<String, Taken>,
    /// What was first answered under a key, with when and to what.
    answers: BTreeMap<String, (i64, String, Kept)>,
    next: u64,
    /// Things that a shop must never do, as they were seen.
    pub complaints: Vec<String>,
}

#[derive(Debug)]
struct Taken {
    key: String,
    order: OrderId,
    amount: Money,
    refunds: Vec<Given>,
}

#[derive(Debug)]
struct Given {
    key: String,
    number: String,
    amount: i64,
}

#[derive(Debug, Clone)]
enum Kept {
    Charge(ChargeAnswer),
    Refund(RefundAnswer),
}

impl Bank {
    /// Carries a request out. The answer under a key is kept for a day, and then forgotten.
    pub fn carry_out(&mut self, what: &What, now_us: i64) -> Answer {
        let (key, parameters) = match what {
            What::Charge(charge) => (&charge.key, format!("{charge:?}")),
            What::Refund(refund) => (&refund.key, format!("{refund:?}")),
            What::FindCharge(key) => {
                let found = self.charges.iter().find(|(_, charge)| charge.key == *key);
                let number = found.map(|(number, _)| number.clone());
                return number
                    .map_or(Answer::Nothing, |charge| Answer::Charge(ChargeAnswer::Approved { charge }));
            }
            What::FindRefund(key) => {
                let mut all = self.charges.values().flat_map(|charge| &charge.refunds);
                let found = all.find(|refund| refund.key == *key).map(|refund| refund.number.clone());
                return found.map_or(Answer::Nothing, |refund| Answer::Refund(RefundAnswer::Done { refund }));
            }
        };
        self.answers.retain(|_, (at, ..)| *at + micros(ANSWERS_KEPT) > now_us);
        if let Some((_, before, kept)) = self.answers.get(key) {
            if *before != parameters {
                self.complaints.push(format!("the key {key} was used with other parameters"));
            }
            return kept.clone().into();
        }
        let (key, kept) = (key.clone(), self.first_time(what));
        self.answers.insert(key, (now_us, parameters, kept.clone()));
        kept.into()
    }

    fn first_time(&mut self, what: &What) -> Kept {
        self.next += 1;
        match what {
            What::Charge(charge) if charge.method != GOOD_CARD => {
                let (code, decline_code) = ("card_declined".into(), "insufficient_funds".into());
                Kept::Charge(ChargeAnswer::Declined(Decline {
                    code,
                    decline_code,
                    message: "declined".into(),
                }))
            }
            What::Charge(charge) => {
                let number = format!("ch_{}", self.next);
                let (key, order, amount) = (charge.key.clone(), charge.order, charge.amount);
                self.charges.insert(number.clone(), Taken { key, order, amount, refunds: Vec::new() });
                Kept::Charge(ChargeAnswer::Approved { charge: number })
            }
            What::Refund(refund) => {
                let number = format!("re_{}", self.next);
                let (key, amount) = (refund.key.clone(), refund.amount.amount());
                let charge = self.charges.get_mut(&refund.charge);
                let left = charge.as_ref().map_or(0, |charge| charge.amount.amount() - charge.given());
                match charge {
                    Some(charge) if amount <= left => {
                        charge.refunds.push(Given { key, number: number.clone(), amount });
                        Kept::Refund(RefundAnswer::Done { refund: number })
                    }
                    _ => {
                        self.complaints.push(format!("{key} would give back more than was taken"));
                        Kept::Refund(RefundAnswer::Failed { message: "more than is left".into() })
                    }
                }
            }
            What::FindCharge(_) | What::FindRefund(_) => unreachable!("finding is no first time"),
        }
    }

    /// What was taken and given back for each order, in minor units: the bank's word, not ours.
    pub fn figures(&self) -> BTreeMap<OrderId, Provided> {
        let mut all: BTreeMap<OrderId, Provided> = BTreeMap::new();
        for charge in self.charges.values() {
            let order = charge.order;
            let nothing = Provided { order, charges: 0, charged: 0, refunds: 0, refunded: 0 };
            let figures = all.entry(order).or_insert(nothing);
            figures.charges += 1;
            figures.charged += charge.amount.amount();
            figures.refunds += u32::try_from(charge.refunds.len()).unwrap_or(u32::MAX);
            figures.refunded += charge.given();
        }
        all
    }
}

impl Taken {
    fn given(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.amount).sum()
    }
}

impl From<Kept> for Answer {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Charge(answer) => Self::Charge(answer),
            Kept::Refund(answer) => Self::Refund(answer),
        }
    }
}

/// The way of the payment service to the bank.
#[derive(Clone)]
pub struct Teller {
    /// Where it asks the world.
    pub notes: Notes,
    /// For a broken shop: a new key for each try.
    pub new_keys: bool,
}

impl Teller {
    async fn ask(&self, what: What) -> Result<Answer, Trouble> {
        let (answer, answered) = oneshot::channel();
        self.notes.leave(Note::Bank(Asked { what, answer }));
        match answered.await {
            Ok(answer) => answer,
            // The world has thrown the answer away: nobody will ever hear it.
            Err(_) => std::future::pending().await,
        }
    }

    fn key(&self, key: &str, ctx: &EffectCtx) -> String {
        if self.new_keys { format!("{key}-{}", ctx.attempt) } else { key.to_owned() }
    }
}

impl Provider for Teller {
    fn charge<'a>(
        &'a self,
        ctx: &'a EffectCtx,
        charge: &'a Charge,
    ) -> Waiting<'a, Result<ChargeAnswer, Trouble>> {
        let charge = Charge { key: self.key(&charge.key, ctx), ..charge.clone() };
        Box::pin(async move {
            match self.ask(What::Charge(charge)).await? {
                Answer::Charge(answer) => Ok(answer),
                _ => Err(Trouble::Unknown("an answer to another question".into())),
            }
        })
    }

    fn refund<'a>(
        &'a self,
        ctx: &'a EffectCtx,
        refund: &'a GiveBack,
    ) -> Waiting<'a, Result<RefundAnswer, Trouble>> {
        let refund = GiveBack { key: self.key(&refund.key, ctx), ..refund.clone() };
        Box::pin(async move {
            match self.ask(What::Refund(refund)).await? {
                Answer::Refund(answer) => Ok(answer),
                _ => Err(Trouble::Unknown("an answer to another question".into())),
            }
        })
    }

    fn look_up_charge<'a>(
        &'a self,
        _: &'a EffectCtx,
        key: &'a str,
    ) -> Waiting<'a, Result<Option<ChargeAnswer>, Trouble>> {
        let what = What::FindCharge(key.to_owned());
        Box::pin(async move {
            match self.ask(what).await? {
                Answer::Charge(answer) => Ok(Some(answer)),
                _ => Ok(None),
            }
        })
    }

    fn look_up_refund<'a>(
        &'a self,
        _: &'a EffectCtx,
        key: &'a str,
    ) -> Waiting<'a, Result<Option<RefundAnswer>, Trouble>> {
        let what = What::FindRefund(key.to_owned());
        Box::pin(async move {
            match self.ask(what).await? {
                Answer::Refund(answer) => Ok(Some(answer)),
                _ => Ok(None),
            }
        })
    }

    fn key_life(&self) -> Duration {
        KEY_LIFE
    }
}
