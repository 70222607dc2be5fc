//! Mails about alarms: each alarm once, a few a rule and hour, and one about the others.

use contracts::AlarmId;
use contracts::alert::{AlarmEscalated, AlarmRaised, Severity};
use kit::id::Id;
use kit::{Event, Example};

use crate::letterbox::{OPERATOR, Post};

fn raised(number: u128) -> AlarmRaised {
    AlarmRaised { alarm: AlarmId::from_bits(number), ..AlarmRaised::example() }
}

#[tokio::test]
async fn the_operator_hears_of_an_alarm_once_and_what_to_do() {
    let post = Post::open();
    let event = raised(1);
    let number = post.service.hear(&event);
    let body = serde_json::to_vec(&event).unwrap();
    post.service.hear_at(number, AlarmRaised::SUBJECT, &event.key(), body).unwrap();
    post.hears(&event).await;
    assert_eq!(post.work().await, 1);
    let [letter] = &post.letters()[..] else { panic!("not one letter") };
    assert_eq!(letter.recipient, OPERATOR);
    assert_eq!(letter.subject, "Alarm (major): temperature is 9.3, above 8 for 10 minutes");
    for line in [
        "\nSite: seattle\n",
        "\nRule: cold-store-warm\n",
        "\nThe stock of mug-blue cannot be sold until you release it: shopctl stock release mug-blue\n",
        &format!("\n  shopctl alert ack {}\n", event.alarm),
    ] {
        assert!(letter.text.contains(line), "{line} is not in {}", letter.text);
    }
}

#[tokio::test]
async fn many_alarms_of_a_rule_are_a_few_mails_and_one_about_the_others() {
    let post = Post::open();
    for number in 1..=100 {
        post.hears(&raised(number)).await;
    }
    let other = AlarmRaised { rule: "other".parse().unwrap(), ..raised(200) };
    post.hears(&other).await;
    // Heard of again: neither written about nor counted again.
    post.hears(&raised(1)).await;
    assert_eq!(post.work().await, 6);
    post.service.advance(notification::throttle::HOUR).await;
    assert_eq!(post.work().await, 1);
    let last = post.letters().pop().unwrap();
    assert_eq!(last.subject, "95 more alarms of rule cold-store-warm");
    assert!(last.text.contains("\n  shopctl alert ls --rule cold-store-warm\n"), "{}", last.text);
    // Then it is quiet.
    post.service.advance(10 * notification::throttle::HOUR).await;
    assert_eq!(post.work().await, 0);
    post.hears(&raised(300)).await;
    assert_eq!(post.work().await, 1);
}

#[tokio::test]
async fn the_operator_is_told_again_of_an_alarm_that_nobody_looks_after() {
    let post = Post::open();
    for escalation in [1, 2, 2] {
        let severity = Severity::Critical;
        post.hears(&AlarmEscalated { escalation, severity, ..AlarmEscalated::example() }).await;
    }
    assert_eq!(post.work().await, 2);
    let letters = post.letters();
    assert!(
        letters[0].subject.starts_with("Nobody looks after an alarm (critical): "),
        "{}",
        letters[0].subject
    );
    assert!(letters[1].text.contains("for the 3rd time"), "{}", letters[1].text);
}
