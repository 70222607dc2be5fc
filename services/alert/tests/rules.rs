//! Setting, listing and removing rules.

use contracts::alert::{GetRule, ListRules, RULES_MAX, RemoveRule, Rule, Severity, reason};

use crate::{Watchtower, above, device, rule};

fn named(name: &str) -> Rule {
    Rule { name: name.parse().unwrap(), ..rule(above(0, 0)) }
}

#[tokio::test]
async fn a_rule_is_shown_as_it_was_set() {
    let tower = Watchtower::empty();
    tower.sets(named("b")).await.unwrap();
    tower.sets(named("a")).await.unwrap();
    let shown = tower.ask(&GetRule { name: "b".parse().unwrap() }).await.unwrap();
    assert_eq!((shown.rule, shown.changed_at), (named("b"), tower.now()));
    let page = tower.ask(&ListRules { limit: Some(1), ..ListRules::default() }).await.unwrap();
    assert_eq!((page.items[0].rule.name.as_str(), page.next.as_deref()), ("a", Some("a")));
    let page = tower.ask(&ListRules { after: page.next, limit: None }).await.unwrap();
    assert_eq!((page.items.len(), page.next), (1, None));
}

#[tokio::test]
async fn a_rule_that_watches_something_else_clears_what_it_raised() {
    let tower = Watchtower::with(above(0, 0)).await;
    tower.hears(device(1), &[9.0]);
    tower.sets(Rule { severity: Severity::Critical, ..rule(above(0, 0)) }).await.unwrap();
    tower.waits(1).await;
    assert_eq!(tower.counts(), (1, 0));
    tower.sets(rule(above(5, 0))).await.unwrap();
    tower.waits(1).await;
    assert_eq!(tower.counts(), (1, 1));
    assert_eq!(tower.all().await[0].cleared_by, "rule_changed");
    tower.hears(device(1), &[9.0; 2]);
    tower.waits(5).await;
    assert_eq!(tower.counts(), (2, 1));
}

#[tokio::test]
async fn an_alarm_of_a_changed_rule_makes_room_for_the_next_at_once() {
    let tower = Watchtower::with(above(0, 0)).await;
    tower.hears(device(1), &[9.0]);
    tower.sets(rule(above(0, 5))).await.unwrap();
    // Heard before the timer that clears what was raised.
    tower.hears(device(1), &[9.0; 3]);
    assert_eq!((tower.counts(), tower.open().await.len()), ((2, 1), 1));
    tower.waits(1).await;
    assert_eq!(tower.counts(), (2, 1));
}

#[tokio::test]
async fn a_rule_that_is_switched_off_or_removed_raises_nothing_and_clears_what_it_raised() {
    let tower = Watchtower::with(above(0, 0)).await;
    for number in 1..=450 {
        tower.hears(device(number), &[9.0]);
    }
    tower.sets(Rule { enabled: false, ..rule(above(0, 0)) }).await.unwrap();
    tower.hears(device(1000), &[9.0]);
    tower.waits(1).await;
    assert_eq!(tower.counts(), (450, 450));
    tower.sets(rule(above(0, 0))).await.unwrap();
    tower.hears(device(1), &[9.0; 2]);
    tower.ask(&RemoveRule { name: "warm".parse().unwrap() }).await.unwrap();
    tower.waits(1).await;
    assert_eq!(tower.counts(), (451, 451));
    let remembered = "SELECT count(*) FROM watches";
    assert_eq!(tower.sql(|sql| sql.get(remembered, [], |row| row.get::<_, i64>(0))).unwrap(), 0);
    let error = tower.ask(&GetRule { name: "warm".parse().unwrap() }).await.unwrap_err();
    assert_eq!(error.reason, reason::UNKNOWN_RULE);
}

#[tokio::test]
async fn a_rule_that_cannot_be_is_refused_with_what_is_wrong() {
    let tower = Watchtower::empty();
    let error = tower.sets(Rule { escalate_after: u32::MAX, ..named("a") }).await.unwrap_err();
    assert_eq!(error.reason, reason::INVALID_RULE);
    assert!(error.message.starts_with("the rule was not set: escalate_after must be"), "{}", error.message);
    for body in [r#"{"rule":{"name":"A b"}}"#, r#"{"rule":{}}"#, "[]", r#"{"rule":{"name":"a","typo":1}}"#] {
        tower.ask_raw("alert.put_rule", Some("key"), body).await.unwrap_err();
    }
}

#[tokio::test]
async fn there_is_an_end_to_the_number_of_rules() {
    let tower = Watchtower::empty();
    for number in 0..RULES_MAX {
        tower.sets(named(&format!("r{number}"))).await.unwrap();
    }
    let error = tower.sets(named("one-more")).await.unwrap_err();
    assert_eq!(error.reason, reason::TOO_MANY_RULES);
    // One that is there can still be changed.
    tower.sets(Rule { severity: Severity::Critical, ..named("r0") }).await.unwrap();
}
