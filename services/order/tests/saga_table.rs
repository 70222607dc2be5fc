//! The table of the saga: every pair visited, and what must be true of all of them.

use std::collections::{BTreeMap, BTreeSet};

use contracts::order::Stage;
use order::checkout::Move::{Echo, Go, Impossible, Note, Refuse, Stay};
use order::checkout::{Move, Signal, Standing, Tell, step};

fn every_pair() -> impl Iterator<Item = (Standing, Signal, Move)> {
    Standing::ALL
        .into_iter()
        .flat_map(|standing| Signal::ALL.map(|signal| (standing, signal, step(standing, signal))))
}

/// Where a pair leads.
fn to(standing: Standing, becomes: Move) -> Standing {
    match becomes {
        Go(to, _) => to,
        Stay(_) | Note | Echo | Refuse | Impossible => standing,
    }
}

fn tell(becomes: Move) -> Tell {
    match becomes {
        Go(_, tell) | Stay(tell) => tell,
        Note | Echo | Refuse | Impossible => Tell::Nothing,
    }
}

/// Whether the card is known to be charged wherever an order stands like this.
fn is_sold(standing: Standing) -> bool {
    matches!(
        standing,
        Standing::Confirmed
            | Standing::ConfirmedOpen
            | Standing::RefundLost
            | Standing::SoldOut
            | Standing::Refunded
    )
}

fn has_ended(standing: Standing) -> bool {
    matches!(standing, Standing::Cancelled | Standing::CancelledOpen)
}

/// The whole table as a person would read it; a change of the saga shows here.
#[test]
fn the_table_says_this_and_nothing_else() {
    let mut rows: BTreeMap<Standing, Vec<String>> = BTreeMap::new();
    for (standing, signal, becomes) in every_pair() {
        let said = match becomes {
            Go(to, tell) => format!("{signal} -> {to}, {tell:?}"),
            Stay(tell) => format!("{signal}: {tell:?}"),
            Note => format!("{signal}: noted once"),
            Echo | Refuse | Impossible => continue,
        };
        rows.entry(standing).or_default().push(said);
    }
    let rows: Vec<String> =
        rows.into_iter().map(|(standing, moves)| format!("{standing}\n  {}", moves.join("\n  "))).collect();
    assert_eq!(
        rows.join("\n"),
        "\
placed
  stock_reserved -> awaiting_payment, PaymentDue
  stock_refused -> cancelled, Cancelled
  hold_expired -> cancelled, Cancelled
  asked_to_cancel -> cancelled, Cancelled
  too_late -> cancelled, Cancelled
awaiting_payment
  hold_expired -> cancelled, Cancelled
  payment_captured -> confirmed, Confirmed
  payment_declined -> cancelled, Cancelled
  outcome_unknown -> awaiting_outcome, Nothing
  outcome_given_up -> outcome_lost, NeedsAttention
  asked_to_cancel -> cancelled, Cancelled
  too_late -> cancelled, Cancelled
awaiting_outcome
  hold_expired: noted once
  payment_captured -> confirmed, Confirmed
  payment_declined -> cancelled, Cancelled
  outcome_given_up -> outcome_lost, NeedsAttention
  asked_to_cancel -> cancelled, Cancelled
  too_late -> outcome_lost, NeedsAttention
outcome_lost
  hold_expired: noted once
  payment_captured -> confirmed, Confirmed
  payment_declined -> cancelled, Cancelled
confirmed
  stock_refused -> sold_out, SoldOut
  part_refunded: Refunded
  all_refunded -> refunded, Refunded
  refund_failed -> confirmed_open, NeedsAttention
  refund_unknown -> refund_lost, RefundUnknown
  asked_to_refund: RefundDue
confirmed_open
  stock_refused -> sold_out, SoldOut
  part_refunded: Refunded
  refund_mended: Refunded
  all_refunded -> refunded, Refunded
  refund_failed: NeedsAttention
  refund_unknown: RefundUnknown
  asked_to_refund -> confirmed, RefundDue
  asked_to_refund_rest -> refund_lost, RefundDue
refund_lost
  stock_refused -> sold_out, SoldOut
  part_refunded: Refunded
  refund_mended -> confirmed, Refunded
  all_refunded -> refunded, Refunded
  refund_failed -> confirmed_open, NeedsAttention
  refund_unknown: RefundUnknown
  asked_to_refund_rest: RefundDue
sold_out
  part_refunded: Refunded
  refund_mended: Refunded
  all_refunded -> refunded, Refunded
  refund_failed: NeedsAttention
  refund_unknown: RefundUnknown
  asked_to_refund: RefundDue
  asked_to_refund_rest: RefundDue
cancelled
  payment_captured: RefundDue
  outcome_unknown: noted once
  outcome_given_up -> cancelled_open, NeedsAttention
  part_refunded: Refunded
  all_refunded: Refunded
  refund_failed -> cancelled_open, NeedsAttention
  refund_unknown -> cancelled_open, RefundUnknown
cancelled_open
  payment_captured -> cancelled, RefundDue
  payment_declined -> cancelled, Nothing
  part_refunded: Refunded
  refund_mended: Refunded
  all_refunded -> cancelled, Refunded
  refund_failed: NeedsAttention
  refund_unknown: RefundUnknown
  asked_to_refund: RefundDue
  asked_to_refund_rest: RefundDue"
    );
}

#[test]
fn a_sale_is_never_cancelled() {
    for (standing, signal, becomes) in every_pair().filter(|(standing, ..)| is_sold(*standing)) {
        assert!(is_sold(to(standing, becomes)), "{standing} {signal}");
    }
}

#[test]
fn an_order_that_has_ended_is_never_sold() {
    for (standing, signal, becomes) in every_pair().filter(|(standing, ..)| has_ended(*standing)) {
        assert!(has_ended(to(standing, becomes)), "{standing} {signal}");
    }
}

#[test]
fn what_is_sold_out_ends_with_all_of_the_money_given_back() {
    for signal in Signal::ALL {
        let next = to(Standing::SoldOut, step(Standing::SoldOut, signal));
        let all = if signal == Signal::AllRefunded { Standing::Refunded } else { Standing::SoldOut };
        assert_eq!(next, all, "{signal}");
    }
}

#[test]
fn whatever_is_captured_is_a_sale_or_goes_back() {
    for standing in Standing::ALL {
        match step(standing, Signal::PaymentCaptured) {
            Go(to, Tell::Confirmed) => assert!(is_sold(to)),
            Go(to, Tell::RefundDue) => assert!(has_ended(to)),
            Stay(Tell::RefundDue) => assert!(has_ended(standing)),
            // Known already; or no payment was asked for, which a person must look at.
            Echo => assert!(is_sold(standing)),
            Impossible => assert_eq!(standing, Standing::Placed),
            other => panic!("{standing}: {other:?}"),
        }
    }
}

#[test]
fn an_order_that_may_be_paid_is_not_cancelled_by_itself() {
    for standing in [Standing::AwaitingOutcome, Standing::OutcomeLost] {
        for signal in [Signal::TooLate, Signal::HoldExpired, Signal::OutcomeGivenUp, Signal::OutcomeUnknown] {
            assert!(!has_ended(to(standing, step(standing, signal))), "{standing} {signal}");
        }
    }
}

#[test]
fn what_is_told_fits_where_it_leads() {
    for (standing, signal, becomes) in every_pair() {
        let (to, told) = (to(standing, becomes), tell(becomes));
        let fits = match told {
            Tell::Nothing => true,
            Tell::PaymentDue => to == Standing::AwaitingPayment,
            Tell::Confirmed => to == Standing::Confirmed,
            Tell::Cancelled => to == Standing::Cancelled,
            Tell::RefundDue | Tell::Refunded => is_sold(to) || has_ended(to),
            Tell::NeedsAttention | Tell::RefundUnknown => to.needs_attention(),
            Tell::SoldOut => to == Standing::SoldOut,
        };
        assert!(fits, "{standing} {signal} tells {told:?} and leads to {to}");
        // Nobody gets there unseen.
        if to.needs_attention() && !standing.needs_attention() {
            let seen = matches!(told, Tell::NeedsAttention | Tell::RefundUnknown | Tell::SoldOut);
            assert!(seen, "{standing} {signal}");
        }
        if has_ended(to) && !has_ended(standing) {
            assert_eq!(told, Tell::Cancelled, "{standing} {signal}");
        }
    }
}

#[test]
fn everything_that_waits_has_a_deadline_and_something_happens_then() {
    for standing in Standing::ALL {
        assert_eq!(standing.limit().is_none(), standing.stage().is_settled(), "{standing}");
        let late = step(standing, Signal::TooLate);
        match standing.limit() {
            Some(_) => assert!(to(standing, late) != standing, "{standing}"),
            None => assert_eq!(late, Echo, "{standing}"),
        }
    }
}

#[test]
fn only_who_asks_is_refused() {
    for (standing, signal, becomes) in every_pair().filter(|(.., becomes)| *becomes == Refuse) {
        let asked = matches!(signal, Signal::AskedToCancel | Signal::AskedToRefund);
        assert!(asked, "{standing} {signal} {becomes:?}");
    }
}

#[test]
fn every_standing_can_be_reached_and_nothing_waits_for_ever() {
    let mut reached = BTreeSet::from([Standing::Placed]);
    for _ in Standing::ALL {
        let next: Vec<_> = every_pair()
            .filter(|(from, ..)| reached.contains(from))
            .map(|(from, _, becomes)| to(from, becomes))
            .collect();
        reached.extend(next);
    }
    assert_eq!(reached, BTreeSet::from(Standing::ALL));
    for standing in Standing::ALL {
        let way = Signal::ALL.into_iter().any(|signal| to(standing, step(standing, signal)) != standing);
        assert_eq!(way, standing != Standing::Refunded, "{standing}");
    }
}

#[test]
fn every_stage_is_where_some_orders_stand_and_every_word_is_read_again() {
    let stages: BTreeSet<Stage> = Standing::ALL.into_iter().map(Standing::stage).collect();
    assert_eq!(stages, BTreeSet::from(Stage::ALL));
    for standing in Standing::ALL {
        assert_eq!(standing.word().parse(), Ok(standing));
    }
    let words: BTreeSet<&str> = Signal::ALL.into_iter().map(Signal::word).collect();
    assert_eq!(words.len(), Signal::ALL.len());
}
