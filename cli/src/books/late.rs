//! What waits past its deadline.

use std::time::Duration;

use contracts::inventory::HoldView;
use contracts::order::RefundState;
use contracts::payment::PaymentState;
use kit::Timestamp;
use kit::vitals::Health;

use super::{Fault, OrderFile, Rule};

/// How much later than its deadline something may be before it counts as late: a timer needs its
/// moment, and clocks differ.
pub const GRACE: Duration = Duration::from_secs(60);
/// How long nobody may know whether a card was charged, or money went back. After a day the services
/// themselves give up finding out.
pub const UNKNOWN_MAX: Duration = Duration::from_secs(24 * 60 * 60 + 10 * 60);

/// What of an order waits for too long.
pub fn of_order(file: &OrderFile, now: Timestamp) -> Vec<Fault> {
    let order = &file.order;
    let mut faults = Vec::new();
    let mut late = |says: String| faults.push(Fault::of_order(Rule::Deadlines, order.order, says));
    if let Some(deadline) = order.deadline.filter(|deadline| is_late(*deadline, now)) {
        late(format!("is {} since {deadline}, when that should have ended", order.stage));
    }
    if order.refunds.iter().any(|refund| refund.state == RefundState::Pending)
        && is_older(order.changed_at, now)
    {
        late(format!("has had money on its way back since {}", order.changed_at));
    }
    let unknown = file.payments.iter().filter(|payment| payment.state == PaymentState::Unknown);
    for payment in unknown.filter(|payment| is_older(payment.created_at, now)) {
        let id = payment.payment;
        late(format!(
            "has a payment {id} of which nobody knows since {} whether it was made",
            payment.created_at
        ));
    }
    faults
}

/// Stock that should be free again by now.
pub fn of_hold(hold: &HoldView, now: Timestamp) -> Option<Fault> {
    let late = hold.state == "held" && !hold.pinned && is_late(hold.expires_at, now);
    late.then(|| {
        let says = format!("has stock held that should have been free again at {}", hold.expires_at);
        Fault::of_order(Rule::Deadlines, hold.order, says)
    })
}

/// What of a service's work waits for too long, or for a person.
pub fn of_service(health: &Health) -> Vec<Fault> {
    let (name, now) = (&health.service, health.now);
    let mut faults = Vec::new();
    let mut late = |says: String, look: String| {
        faults.push(Fault { rule: Rule::Deadlines, about: name.clone(), says, look });
    };
    if let Some(since) = health.timers_late_since.filter(|since| is_late(*since, now)) {
        late(format!("has a timer that should have rung at {since}"), format!("shopctl service info {name}"));
    }
    if let Some(since) = health.effects_late_since.filter(|since| is_late(*since, now)) {
        let says = format!("has work on the outside world that should have been tried at {since}");
        late(says, format!("shopctl service info {name}"));
    }
    if health.dead_letters > 0 {
        let says = format!(
            "could not act on {} events; {} more wait behind them",
            health.dead_letters, health.parked
        );
        late(says, "shopctl dlq ls".to_owned());
    }
    if health.effects_given_up > 0 {
        let says = format!("gave up {} pieces of work on the outside world", health.effects_given_up);
        late(says, format!("shopctl service info {name}"));
    }
    faults
}

fn is_late(deadline: Timestamp, now: Timestamp) -> bool {
    deadline + GRACE < now
}

fn is_older(since: Timestamp, now: Timestamp) -> bool {
    since + UNKNOWN_MAX < now
}

#[cfg(test)]
mod tests {
    use contracts::payment::PaymentView;
    use kit::Example;

    use super::super::orders::tests::{held, waiting};
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(2_000_000_000).unwrap()
    }

    #[test]
    fn an_order_past_the_deadline_of_its_stage_is_late_after_a_moment() {
        let mut file = waiting();
        file.order.deadline = Some(now() - GRACE);
        assert_eq!(of_order(&file, now()), []);
        file.order.deadline = Some(now() - GRACE * 2);
        assert_eq!(of_order(&file, now()).len(), 1);
    }

    #[test]
    fn a_payment_of_which_nobody_knows_is_late_after_a_day() {
        let mut file = waiting();
        file.order.deadline = None;
        let unknown =
            |created_at| PaymentView { state: PaymentState::Unknown, created_at, ..PaymentView::example() };
        file.payments = vec![unknown(now() - UNKNOWN_MAX / 2)];
        assert_eq!(of_order(&file, now()), []);
        file.payments = vec![unknown(now() - UNKNOWN_MAX * 2)];
        assert_eq!(of_order(&file, now()).len(), 1);
    }

    #[test]
    fn a_hold_that_is_over_is_late_unless_a_person_decides_about_it() {
        let over = HoldView { expires_at: now() - GRACE * 2, ..held() };
        assert!(of_hold(&over, now()).is_some());
        assert_eq!(of_hold(&HoldView { pinned: true, ..over.clone() }, now()), None);
        assert_eq!(of_hold(&HoldView { state: "sold".into(), ..over.clone() }, now()), None);
        assert_eq!(of_hold(&HoldView { expires_at: now(), ..over }, now()), None);
    }

    #[test]
    fn a_service_names_what_is_late_and_what_waits_for_a_person() {
        let well = Health { now: now(), timers_late_since: Some(now()), ..Health::example() };
        assert_eq!(of_service(&well), []);
        let long_ago = Some(now() - GRACE * 2);
        let ill = Health {
            timers_late_since: long_ago,
            effects_late_since: long_ago,
            dead_letters: 2,
            parked: 1,
            effects_given_up: 1,
            ..well
        };
        let faults = of_service(&ill);
        assert_eq!(faults.len(), 4);
        assert!(faults.iter().any(|fault| fault.look == "shopctl dlq ls"), "{faults:?}");
    }
}
