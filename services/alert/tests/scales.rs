//! A scale at rest says how many pieces lie on it.

use contracts::Sku;
use contracts::alert::{Action, AlarmRaised, Condition, Rule, StockCounted};
use contracts::readings::Metric;
use kit::Example;

use crate::{Watchtower, above, device, rule};

fn shelf() -> Rule {
    let action = Action::CountStock { sku: Sku::example(), piece_weight: 0.4, tare: 1.0 };
    let when = Condition::Settled { metric: Metric::example(), within: 0.05, seconds: 5 };
    Rule { action: Some(action), ..rule(when) }
}

fn counts(tower: &Watchtower) -> Vec<u64> {
    tower.told_of::<StockCounted>().iter().map(|told| told.pieces).collect()
}

#[tokio::test]
async fn a_scale_that_comes_to_rest_counts_once() {
    let tower = Watchtower::empty();
    tower.sets(shelf()).await.unwrap();
    tower.hears(device(1), &[1.0, 3.0, 5.2, 5.0, 5.01, 4.99, 5.0, 5.0, 5.0, 5.0]);
    assert_eq!(counts(&tower), [10]);
    tower.waits(60).await;
    tower.hears(device(1), &[5.0; 30]);
    tower.waits(60).await;
    // Somebody leans on it and goes again.
    tower.hears(device(1), &[9.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0]);
    assert_eq!(counts(&tower), [10]);
    assert_eq!(tower.told_of::<AlarmRaised>(), []);
}

#[tokio::test]
async fn a_scale_that_only_speaks_when_something_moves_is_at_rest_when_it_is_silent() {
    let tower = Watchtower::empty();
    tower.sets(shelf()).await.unwrap();
    tower.hears(device(1), &[4.6]);
    tower.waits(4).await;
    assert!(counts(&tower).is_empty());
    tower.waits(1).await;
    assert_eq!(counts(&tower), [9]);
}

#[tokio::test]
async fn what_is_no_whole_number_of_pieces_is_not_counted() {
    let tower = Watchtower::empty();
    tower.sets(shelf()).await.unwrap();
    tower.hears(device(1), &[1.2; 10]);
    tower.waits(60).await;
    tower.hears(device(1), &[0.0; 10]);
    assert!(counts(&tower).is_empty());
}

#[tokio::test]
async fn an_alarm_says_what_the_shop_is_to_do() {
    let tower = Watchtower::empty();
    let action = Some(Action::HoldLot { sku: Sku::example() });
    tower.sets(Rule { action: action.clone(), ..rule(above(0, 0)) }).await.unwrap();
    tower.hears(device(1), &[9.0]);
    assert_eq!(tower.told_of::<AlarmRaised>()[0].action, action);
}
