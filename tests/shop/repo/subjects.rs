//! `subjects.md` says what the code says, and the running shop offers what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kit::Access;
use kit::bus::Peer;
use kit::message::{WordKind, owner};
use tests::page::{MARKER, page};
use tests::{NAMES, shared, tables_of_contents};

use super::{read, top};

#[test]
fn subjects_md_says_what_the_code_says() {
    let written = read("subjects.md");
    let (prose, reference) = written.split_once(MARKER).expect("the marker line");
    let printed = page(&tables_of_contents());
    if reference == printed {
        return;
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(top().join("subjects.md"), format!("{prose}{MARKER}{printed}")).unwrap();
        return;
    }
    let line = reference.lines().zip(printed.lines()).find(|(old, new)| old != new);
    panic!(
        "subjects.md is out of date at {line:?}; UPDATE_EXPECT=1 cargo test -p tests subjects rewrites it"
    );
}

#[test]
fn every_request_is_answered_by_its_owner_and_nobody_else() {
    let services = tables_of_contents();
    for word in contracts::words().filter(|word| word.kind != WordKind::Event) {
        let answering: Vec<&str> = services
            .iter()
            .filter(|service| service.answered().any(|answer| answer.subject == word.subject))
            .map(|service| service.name())
            .collect();
        assert_eq!(answering, [word.owner()], "{}", word.subject);
    }
    for answer in services.iter().flat_map(|service| service.answered()) {
        let common = kit::admin::WORDS
            .iter()
            .any(|word| word.subject.replace("<service>", owner(&answer.subject)) == answer.subject);
        assert!(common || contracts::word(&answer.subject).is_some(), "{} is in no contract", answer.subject);
    }
}

#[test]
fn everything_heard_is_told_by_somebody() {
    for service in tables_of_contents() {
        for subject in service.heard() {
            let word = contracts::word(subject);
            assert!(
                word.is_some_and(|word| word.kind == WordKind::Event),
                "{} hears {subject}",
                service.name()
            );
        }
    }
}

#[test]
fn what_the_contracts_say_of_each_service_is_what_it_says_itself() {
    let written = contracts::shop();
    let own: Vec<Peer> = tables_of_contents().iter().map(Peer::of).collect();
    assert_eq!(written.peers, own);
    let answered: BTreeMap<String, Access> = tables_of_contents()
        .iter()
        .flat_map(|service| {
            service.answered().map(|answer| (answer.subject.clone(), answer.access)).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(written.requests.into_iter().collect::<BTreeMap<_, _>>(), answered);
}

#[test]
fn a_service_asks_only_what_it_may_ask() {
    for service in tables_of_contents() {
        for subject in service.called() {
            let word = contracts::word(subject).expect("a word");
            assert!(word.access.names(service.name()), "{} may not ask {subject}", service.name());
        }
    }
}

#[test]
fn no_stream_swallows_a_request() {
    for word in contracts::words() {
        assert_eq!(word.subject.starts_with("events."), word.kind == WordKind::Event, "{}", word.subject);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
        assert!(word.subject.chars().all(plain), "{}", word.subject);
    }
}

#[test]
fn every_example_is_understood_by_its_own_type() {
    for word in contracts::words() {
        assert!((word.example)().is_object(), "{}", word.subject);
        assert!(word.meaning.ends_with('.'), "{} is a sentence", word.subject);
    }
}

#[tokio::test]
async fn the_running_shop_listens_where_subjects_md_says() {
    let shop = shared().counter().await;
    let running = shop.client().services(Duration::from_millis(500)).await.unwrap();
    let names: Vec<&str> = running.iter().map(|service| &*service.name).collect();
    let mut expected = NAMES;
    expected.sort_unstable();
    assert_eq!(names, expected);
    let offered: BTreeSet<String> = running
        .iter()
        .flat_map(|service| &service.endpoints)
        .map(|endpoint| endpoint.subject.clone())
        .collect();
    let mut written: BTreeSet<String> = contracts::words()
        .filter(|word| word.kind != WordKind::Event && NAMES.contains(&owner(word.subject)))
        .map(|word| word.subject.to_owned())
        .collect();
    for name in NAMES {
        written.extend(kit::admin::WORDS.iter().map(|word| word.subject.replace("<service>", name)));
    }
    assert_eq!(offered, written);

    for service in tables_of_contents().into_iter().filter(|service| NAMES.contains(&service.name())) {
        for source in service.sources().keys().filter(|source| NAMES.contains(source)) {
            let consumers = shop.client().consumers(&source.to_uppercase()).await.unwrap();
            let own = consumers.iter().any(|consumer| consumer.name == service.name());
            assert!(own, "{} has a consumer on {source}: {consumers:?}", service.name());
        }
    }
}
