//! The built-in provider: an outside world of its own, for tests and demonstrations.
//!
//! It behaves as Stripe does where it matters here. Each request is carried out in one transaction
//! of its own, apart from the one that records its outcome in our books, so that an answer can be
//! lost between the two. A time-out is a real one: it does not answer.

use std::future::pending;
use std::time::Duration;

use kit::engine::port::Waiting;
use kit::{EffectCtx, Result, Timestamp, Trouble, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::methods::{Manner, Refunding, TestMethod};
use super::store::{self, MadeCharge, MadeRefund};
use super::{Charge, ChargeAnswer, GiveBack, Provider, RefundAnswer};

/// How long the first answer under a key is kept.
pub const ANSWERS_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a key is used again: an hour less, so that what begins in time also ends in time.
pub const KEY_LIFE: Duration = Duration::from_secs(23 * 60 * 60);
/// How long a slow answer takes.
pub const SLOW: Duration = Duration::from_secs(1);
/// How long a pending refund takes.
pub const PENDING_REFUND: Duration = Duration::from_secs(5);

kit::id_type!(
    /// A charge in the world of the built-in provider.
    ChargeId,
    "ch"
);
kit::id_type!(
    /// A refund in the world of the built-in provider.
    ReversalId,
    "re"
);

/// The built-in provider.
#[derive(Debug, Clone, Copy, Default)]
pub struct TestProvider;

impl Provider for TestProvider {
    fn charge<'a>(
        &'a self,
        ctx: &'a EffectCtx,
        charge: &'a Charge,
    ) -> Waiting<'a, Result<ChargeAnswer, Trouble>> {
        Box::pin(async move {
            let (asked, method) = (charge.clone(), TestMethod::named(&charge.method));
            let manner = method.on_charge;
            let received = ctx
                .write(move |tx| once(tx, &asked.key, &asked, manner, |tx| make_charge(tx, &asked, &method)))
                .await;
            say(received, manner).await
        })
    }

    fn refund<'a>(
        &'a self,
        ctx: &'a EffectCtx,
        refund: &'a GiveBack,
    ) -> Waiting<'a, Result<RefundAnswer, Trouble>> {
        Box::pin(async move {
            let (asked, charge) = (refund.clone(), refund.charge.clone());
            let found = ctx.look_up(move |sql| store::find_charge(sql, &charge)).await.map_err(trouble)?;
            let Some(charge) = found else {
                return Ok(RefundAnswer::Failed { message: "the provider does not know this charge".into() });
            };
            let method = TestMethod::named(&charge.method);
            let manner = method.on_refund;
            let received = ctx
                .write(move |tx| {
                    once(tx, &asked.key, &asked, manner, |tx| make_refund(tx, &asked, &charge, &method))
                })
                .await;
            say(received, manner).await
        })
    }

    fn look_up_charge<'a>(
        &'a self,
        ctx: &'a EffectCtx,
        key: &'a str,
    ) -> Waiting<'a, Result<Option<ChargeAnswer>, Trouble>> {
        Box::pin(async move {
            let key = key.to_owned();
            let found = ctx.look_up(move |sql| store::find_charge_under(sql, &key)).await.map_err(trouble)?;
            Ok(found.map(|charge| charge.answer()))
        })
    }

    fn look_up_refund<'a>(
        &'a self,
        ctx: &'a EffectCtx,
        key: &'a str,
    ) -> Waiting<'a, Result<Option<RefundAnswer>, Trouble>> {
        Box::pin(async move {
            let (key, now) = (key.to_owned(), ctx.now());
            let found = ctx.look_up(move |sql| store::find_refund_under(sql, &key)).await.map_err(trouble)?;
            Ok(found.map(|refund| refund.answer(now)))
        })
    }

    fn key_life(&self) -> Duration {
        KEY_LIFE
    }
}

/// What the provider makes of a request, before it says anything.
enum Received<T> {
    Answer(T),
    Silence,
    TurnedAway,
    OtherParameters,
}

/// Carries a request out, unless an answer under its key is kept.
fn once<T: Serialize + DeserializeOwned>(
    tx: &mut Tx<'_>,
    key: &str,
    parameters: &impl Serialize,
    manner: Manner,
    carry_out: impl FnOnce(&mut Tx<'_>) -> Result<T>,
) -> Result<Received<T>> {
    let parameters = store::to_json(parameters)?;
    store::forget_requests(tx, tx.now() - ANSWERS_KEPT)?;
    let before = store::find_request(tx, key)?;
    let is_first = before.is_none();
    if let Some(before) = before {
        if before.parameters != parameters {
            return Ok(Received::OtherParameters);
        }
        if let Some(kept) = before.answer {
            return Ok(Received::Answer(store::from_json(&kept)?));
        }
    }
    let unanswered = match manner {
        Manner::Silent => Some(Received::Silence),
        Manner::SilentBefore if is_first => Some(Received::Silence),
        Manner::Busy => Some(Received::TurnedAway),
        Manner::BusyOnce if is_first => Some(Received::TurnedAway),
        _ => None,
    };
    if let Some(unanswered) = unanswered {
        store::note_request(tx, key, &parameters, "")?;
        return Ok(unanswered);
    }
    let answer = carry_out(tx)?;
    store::note_request(tx, key, &parameters, &store::to_json(&answer)?)?;
    Ok(if manner == Manner::SilentAfter { Received::Silence } else { Received::Answer(answer) })
}

fn make_charge(tx: &mut Tx<'_>, asked: &Charge, method: &TestMethod) -> Result<ChargeAnswer> {
    let charge = MadeCharge {
        id: tx.new_id::<ChargeId>().to_string(),
        amount: asked.amount,
        method: asked.method.clone(),
        decline: method.decline(),
    };
    store::insert_charge(tx, &charge, asked)?;
    Ok(charge.answer())
}

fn make_refund(
    tx: &mut Tx<'_>,
    asked: &GiveBack,
    charge: &MadeCharge,
    method: &TestMethod,
) -> Result<RefundAnswer> {
    let given = store::sum_refunds(tx, &charge.id)?;
    let exceeded = asked.amount.currency() != charge.amount.currency()
        || charge.decline.is_some()
        || given + asked.amount.amount() > charge.amount.amount();
    let failure = match method.refund {
        _ if exceeded => "the refund is more than what is left of the charge",
        Refunding::Fails => "the bank of the card does not take the money back",
        Refunding::Made | Refunding::MadeLater => "",
    };
    let wait = if method.refund == Refunding::MadeLater { PENDING_REFUND } else { Duration::ZERO };
    let refund = MadeRefund {
        id: tx.new_id::<ReversalId>().to_string(),
        failure: failure.into(),
        settles_at: tx.now() + wait,
    };
    store::insert_refund(tx, &refund, asked)?;
    Ok(refund.answer(tx.now()))
}

impl MadeCharge {
    fn answer(self) -> ChargeAnswer {
        match self.decline {
            None => ChargeAnswer::Approved { charge: self.id },
            Some(decline) => ChargeAnswer::Declined(decline),
        }
    }
}

impl MadeRefund {
    fn answer(self, now: Timestamp) -> RefundAnswer {
        if !self.failure.is_empty() {
            RefundAnswer::Failed { message: self.failure }
        } else if self.settles_at > now {
            RefundAnswer::Pending
        } else {
            RefundAnswer::Done { refund: self.id }
        }
    }
}

async fn say<T>(received: Result<Received<T>>, manner: Manner) -> Result<T, Trouble> {
    if manner == Manner::Slow {
        tokio::time::sleep(SLOW).await;
    }
    match received.map_err(trouble)? {
        Received::Answer(answer) => Ok(answer),
        Received::Silence => pending().await,
        Received::TurnedAway => Err(Trouble::Transient("the provider is busy and did nothing".into())),
        // Something else may have been done under this key, so it cannot be called not done.
        Received::OtherParameters => {
            Err(Trouble::Unknown("idempotency_error: the key was used before with other parameters".into()))
        }
    }
}

/// A transaction that failed did nothing; only of a broken file is that not certain.
fn trouble(error: kit::Error) -> Trouble {
    if error.is_fatal() { Trouble::Unknown(error.message) } else { Trouble::Transient(error.message) }
}
