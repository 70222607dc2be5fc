//! What is stuck: events that could not be acted on, and work on the outside world that is not done.

use serde::{Deserialize, Serialize};

use crate::context::Ctx;
use crate::engine::effects::{self, EffectView};
use crate::engine::hearing::{self, DeadLetter};
use crate::error::Result;

/// Asks for the dead letters of a service, the oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListDeadLetters {
    /// Only those behind this number.
    #[serde(default)]
    pub after: i64,
    /// At most so many.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Dead letters, and what is parked behind them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetters {
    /// The oldest first.
    pub items: Vec<DeadLetter>,
}

/// Names a dead letter, to retry or to drop it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettleDeadLetter {
    /// Its number in the service.
    pub id: i64,
}

/// What became of a dead letter and those behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// How many were acted on or dropped. 0: it failed again.
    pub done: u64,
}

/// Asks for the work on the outside world that is not done, the oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListEffects {
    /// Only `due`, or only `given_up`; everything if not said.
    #[serde(default)]
    pub state: String,
    /// Only what is behind this number.
    #[serde(default)]
    pub after: i64,
    /// At most so many.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Work on the outside world that is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effects {
    /// The oldest first.
    pub items: Vec<EffectView>,
}

pub(super) async fn dead_letters(ctx: Ctx, asked: ListDeadLetters) -> Result<DeadLetters> {
    let limit = crate::page::limit(asked.limit)?;
    let items = ctx.read(move |sql| hearing::dead_letters(sql, asked.after, limit)).await?;
    let (items, _) = crate::page::cut(items, limit, |letter| letter.id);
    Ok(DeadLetters { items })
}

pub(super) async fn settle(ctx: Ctx, asked: SettleDeadLetter, retry: bool) -> Result<Settled> {
    let service = std::sync::Arc::clone(ctx.service());
    ctx.write(move |tx| Ok(Settled { done: hearing::settle(tx, &service, asked.id, retry)? })).await
}

pub(super) async fn effects(ctx: Ctx, asked: ListEffects) -> Result<Effects> {
    let limit = crate::page::limit(asked.limit)?;
    let items = ctx.read(move |sql| effects::list(sql, &asked.state, asked.after, limit)).await?;
    let (items, _) = crate::page::cut(items, limit, |effect| effect.id);
    Ok(Effects { items })
}
