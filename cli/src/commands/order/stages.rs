//! What happens to an order, as lines for people and as values for programs.

use contracts::inventory::{HoldExpired, ShortLine, StockRefused, StockReserved};
use contracts::order::{
    OrderCancelled, OrderConfirmed, OrderMove, OrderNeedsAttention, OrderRefunded, OrderView, RefundDue,
    Stage,
};
use contracts::payment::{
    PaymentCaptured, PaymentDeclined, PaymentOutcomeUnknown, PaymentRefundFailed, PaymentRefunded,
};
use contracts::{OrderId, Sku};
use jiff::Timestamp;
use kit::Told;
use kit::message::Event;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::output::{Format, Tone};
use crate::shop::Shop;
use crate::show;

/// What can happen to an order more than once.
const REPEATED: [&str; 5] = ["unknown", "refund_due", "given_back", "refunded", "not_refunded"];

/// Something that happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Happening {
    /// The order.
    pub(super) order: OrderId,
    /// What happened: `accepted`, `reserved`, `paid`, `confirmed`, `cancelled`, ...
    pub(super) stage: String,
    /// Whether the order goes on well.
    pub(super) ok: bool,
    /// More, for people.
    pub(super) detail: String,
    /// How long after the beginning, in milliseconds.
    pub(super) after_ms: i64,
}

/// The stages of one order so far: shown as they happen, kept for the end.
pub(super) struct Stages<'a> {
    shop: &'a Shop,
    order: OrderId,
    began: Timestamp,
    happened: Vec<Happening>,
}

impl<'a> Stages<'a> {
    pub(super) fn new(shop: &'a Shop, order: OrderId, began: Timestamp) -> Self {
        Self { shop, order, began, happened: Vec::new() }
    }

    pub(super) fn order(&self) -> OrderId {
        self.order
    }

    /// Whether a stage was shown.
    pub(super) fn has(&self, stage: &str) -> bool {
        self.happened.iter().any(|happening| happening.stage == stage)
    }

    /// Everything that was shown.
    pub(super) fn into_happened(self) -> Vec<Happening> {
        self.happened
    }

    /// Shows that the order was accepted.
    pub(super) fn accepted(&mut self, order: &OrderView) -> Result<(), Failure> {
        let pieces = show::count(super::pieces(order), "piece", "pieces");
        self.show(self.shop.now(), "accepted", true, format!("{}, {pieces}", order.total))
    }

    /// Shows a move that happened before anybody watched.
    pub(super) fn moved(&mut self, one: &OrderMove) -> Result<(), Failure> {
        let (stage, ok) = match (one.from, one.to) {
            (Some(from), to) if from == to => (one.cause.clone(), true),
            (None, Stage::Placed) => ("accepted".to_owned(), true),
            (_, Stage::AwaitingPayment) => ("reserved".to_owned(), true),
            (_, to) => (to.word().to_owned(), !matches!(to, Stage::Cancelled | Stage::NeedsAttention)),
        };
        let note = if one.note.is_empty() { one.cause.replace('_', " ") } else { one.note.clone() };
        self.show(one.at, &stage, ok, note)
    }

    /// Shows an event, if it is about this order and says something about its stage. Answers
    /// whether the order has moved.
    pub(super) fn told(&mut self, told: &Told) -> Result<bool, Failure> {
        if told.key != self.order.to_string() {
            return Ok(false);
        }
        if let Some((stage, ok, detail)) = meaning(told) {
            self.show(self.shop.now(), stage, ok, detail)?;
        }
        Ok(told.subject.starts_with("events.order."))
    }

    /// Shows where the order stands, if no event has said so.
    pub(super) fn stands(&mut self, order: &OrderView) -> Result<(), Failure> {
        let stage = order.stage.word();
        if !order.stage.is_settled() || self.has(stage) {
            return Ok(());
        }
        let ok = matches!(order.stage, Stage::Confirmed | Stage::Refunded);
        self.show(self.shop.now(), stage, ok, order.message.clone())
    }

    fn show(&mut self, at: Timestamp, stage: &str, ok: bool, detail: String) -> Result<(), Failure> {
        // What the history of the order says is told as an event too, if it happened just now.
        if self.has(stage) && !REPEATED.contains(&stage) {
            return Ok(());
        }
        let out = &self.shop.out;
        let after_ms = at.as_millisecond().saturating_sub(self.began.as_millisecond()).max(0);
        let happening = Happening { order: self.order, stage: stage.to_owned(), ok, detail, after_ms };
        if out.format() == Format::Jsonl {
            out.json(&happening)?;
        }
        let (mark, tone) = if ok { ("✓", Tone::Good) } else { ("✗", Tone::Bad) };
        let time = match after_ms {
            ..1000 => format!("{after_ms} ms"),
            _ => show::duration(after_ms.saturating_mul(1000)),
        };
        let time = out.paint_note(Tone::Faint, &format!("{time:>9}"));
        let detail = kit::text::printable(&happening.detail);
        out.say(format!("{} {stage:<11} {time}   {detail}", out.paint_note(tone, mark)));
        self.happened.push(happening);
        Ok(())
    }
}

/// What an event says about the stage of its order: the stage, whether that is well, and more.
fn meaning(told: &Told) -> Option<(&'static str, bool, String)> {
    match told.subject.as_str() {
        StockReserved::SUBJECT => {
            let said: StockReserved = body(told)?;
            Some(("reserved", true, format!("held until {}", show::time(said.expires_at))))
        }
        StockRefused::SUBJECT => Some(("refused", false, short(&body::<StockRefused>(told)?.short))),
        HoldExpired::SUBJECT => Some(("hold_expired", false, "what was held is free again".to_owned())),
        PaymentCaptured::SUBJECT => Some(("paid", true, body::<PaymentCaptured>(told)?.amount.to_string())),
        PaymentDeclined::SUBJECT => {
            let said: PaymentDeclined = body(told)?;
            Some(("declined", false, format!("{} ({})", said.message, said.code)))
        }
        PaymentOutcomeUnknown::SUBJECT => {
            let said: PaymentOutcomeUnknown = body(told)?;
            let more = if said.given_up { "; a person must look" } else { "; it is being found out" };
            Some(("unknown", false, format!("{}{more}", said.message)))
        }
        PaymentRefunded::SUBJECT => {
            Some(("given_back", true, body::<PaymentRefunded>(told)?.amount.to_string()))
        }
        PaymentRefundFailed::SUBJECT => {
            Some(("not_refunded", false, body::<PaymentRefundFailed>(told)?.message))
        }
        OrderConfirmed::SUBJECT => Some(("confirmed", true, body::<OrderConfirmed>(told)?.total.to_string())),
        OrderCancelled::SUBJECT => Some(("cancelled", false, body::<OrderCancelled>(told)?.message)),
        OrderNeedsAttention::SUBJECT => {
            Some(("needs_attention", false, body::<OrderNeedsAttention>(told)?.message))
        }
        RefundDue::SUBJECT => Some(("refund_due", true, body::<RefundDue>(told)?.amount.to_string())),
        OrderRefunded::SUBJECT => {
            let said: OrderRefunded = body(told)?;
            let whole = if said.in_full { "everything is given back" } else { "a part is given back" };
            Some(("refunded", true, format!("{}, {whole}", said.amount)))
        }
        _ => None,
    }
}

/// An event of a newer version may not be understood; then it is not shown, and looking at the
/// order tells where it stands.
fn body<E: DeserializeOwned>(told: &Told) -> Option<E> {
    serde_json::from_value(told.body.clone()).ok()
}

/// Every line that is short.
fn short(lines: &[ShortLine]) -> String {
    let say = |sku: &Sku, available: u64, asked: u32| match available {
        0 => format!("no {sku} is left, {asked} asked"),
        left => format!("only {left} of {sku} left, {asked} asked"),
    };
    let lines: Vec<String> =
        lines.iter().map(|line| say(&line.sku, line.available, line.asked.get())).collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::Quantity;
    use contracts::order::OrderPlaced;
    use kit::Example;
    use serde_json::{Value, json};

    fn told<E: Event>(event: &E) -> Told {
        Told {
            subject: E::SUBJECT.to_owned(),
            id: "evt_1".to_owned(),
            key: event.key(),
            time: "2026-02-01T12:00:00Z".to_owned(),
            trace: String::new(),
            body: serde_json::to_value(event).unwrap(),
        }
    }

    #[test]
    fn every_event_about_a_stage_is_understood() {
        let stage = |told: Told| meaning(&told).map(|(stage, ok, _)| (stage, ok));
        assert_eq!(stage(told(&StockReserved::example())), Some(("reserved", true)));
        assert_eq!(stage(told(&StockRefused::example())), Some(("refused", false)));
        assert_eq!(stage(told(&PaymentCaptured::example())), Some(("paid", true)));
        assert_eq!(stage(told(&PaymentDeclined::example())), Some(("declined", false)));
        assert_eq!(stage(told(&PaymentOutcomeUnknown::example())), Some(("unknown", false)));
        assert_eq!(stage(told(&OrderConfirmed::example())), Some(("confirmed", true)));
        assert_eq!(stage(told(&OrderCancelled::example())), Some(("cancelled", false)));
        assert_eq!(stage(told(&OrderNeedsAttention::example())), Some(("needs_attention", false)));
        assert_eq!(stage(told(&OrderRefunded::example())), Some(("refunded", true)));
        assert_eq!(stage(told(&PaymentRefundFailed::example())), Some(("not_refunded", false)));
        assert_eq!(stage(told(&OrderPlaced::example())), None, "the answer has said so");
    }

    #[test]
    fn every_short_line_is_named() {
        let asked = Quantity::example();
        let line = |sku: &str, available| ShortLine { sku: sku.parse().unwrap(), asked, available };
        assert_eq!(
            short(&[line("mug-blue", 1), line("tee", 0)]),
            "only 1 of mug-blue left, 2 asked; no tee is left, 2 asked"
        );
    }

    #[test]
    fn a_body_that_is_not_understood_is_not_shown() {
        for body in [Value::Null, json!("text"), json!({ "order": 7 })] {
            assert_eq!(meaning(&Told { body, ..told(&StockReserved::example()) }), None);
        }
    }
}
