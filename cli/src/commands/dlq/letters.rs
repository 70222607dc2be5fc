//! Dead letters as the services tell of them, and how one is named.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use futures_util::future::join_all;
use kit::admin::{DeadLetters, ListDeadLetters};
use kit::engine::hearing::DeadLetter;
use kit::limits::PAGE_MAX;
use kit::text::is_name;
use kit::{Call, Client};
use serde::Serialize;

use crate::failure::{Failure, exit};
use crate::shop::Shop;
use crate::stack::services;

/// How long services that no contract knows have to say that they exist.
const DISCOVERY_TIME: Duration = Duration::from_millis(150);

/// The name of a dead letter: its service, and its number there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) service: String,
    pub(super) id: i64,
}

impl fmt::Display for Name {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}/{}", self.service, self.id)
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "wanted is SERVICE/ID, such as cart/3, not '{}'",
                kit::text::printable(&crate::show::cut(text, 60))
            )
        };
        let (service, id) = text.split_once('/').ok_or_else(wrong)?;
        let service = service.to_ascii_lowercase();
        let id = id.parse().ok().filter(|id| *id > 0).ok_or_else(wrong)?;
        if is_name(&service) { Ok(Self { service, id }) } else { Err(wrong()) }
    }
}

/// A dead letter, or what is parked behind one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Letter {
    /// How it is named: `cart/3`.
    pub(super) letter: String,
    pub(super) service: String,
    #[serde(flatten)]
    pub(super) facts: DeadLetter,
}

impl Letter {
    fn of(service: &str, facts: DeadLetter) -> Self {
        let name = Name { service: service.to_owned(), id: facts.id };
        Self { letter: name.to_string(), service: service.to_owned(), facts }
    }

    pub(super) fn name(&self) -> Name {
        Name { service: self.service.clone(), id: self.facts.id }
    }

    /// Whether it could not be acted on itself, rather than waiting behind one.
    pub(super) fn is_dead(&self) -> bool {
        self.facts.state == "dead"
    }

    /// Whether one of the two waits for the other: they are about the same thing.
    pub(super) fn is_with(&self, other: &Self) -> bool {
        (&self.service, &self.facts.source, &self.facts.key)
            == (&other.service, &other.facts.source, &other.facts.key)
    }
}

/// A service that does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Silent {
    pub(super) service: String,
    pub(super) why: String,
}

/// The letters of some services, the oldest of each first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Letters {
    pub(super) letters: Vec<Letter>,
    pub(super) silent: Vec<Silent>,
}

impl Letters {
    /// The dead ones, each with those that are parked behind it, in the order in which they wait.
    pub(super) fn dead(&self) -> impl Iterator<Item = (&Letter, Vec<&Letter>)> {
        let dead = self.letters.iter().filter(|letter| letter.is_dead());
        dead.map(|dead| (dead, self.behind(dead)))
    }

    /// What is parked behind a dead letter, in order.
    pub(super) fn behind(&self, dead: &Letter) -> Vec<&Letter> {
        let with =
            self.letters.iter().filter(|letter| letter.is_with(dead) && letter.facts.id > dead.facts.id);
        with.filter(|letter| !letter.is_dead()).collect()
    }
}

/// Asks every service at once, or one.
pub(super) async fn ask(shop: &Shop, service: Option<&str>) -> Result<Letters, Failure> {
    let client = shop.asker().await?;
    let all = services::of(&client, shop.timeout).await;
    let mut names: Vec<String> = all.into_iter().map(str::to_owned).collect();
    match service {
        Some(one) => names = vec![one.to_owned()],
        None => names.extend(others(&client, &names).await),
    }
    let asked = names.iter().map(|service| of_service(&client, service, shop.timeout));
    let mut found = Letters::default();
    for (service, answer) in names.iter().zip(join_all(asked).await) {
        match answer {
            Ok(letters) => found.letters.extend(letters),
            Err(error) => found.silent.push(Silent { service: service.clone(), why: error.message }),
        }
    }
    Ok(found)
}

/// One letter with all of its service.
///
/// # Errors
/// 3 if there is none, 10 if its service does not answer.
pub(super) async fn one(shop: &Shop, name: &Name) -> Result<(Letter, Letters), Failure> {
    let client = shop.asker().await?;
    let letters =
        of_service(&client, &name.service, shop.timeout).await.map_err(|error| shop.explained(error))?;
    let all = Letters { letters, silent: Vec::new() };
    let found = all.letters.iter().find(|letter| letter.facts.id == name.id).cloned();
    let letter = found.ok_or_else(|| {
        Failure::new(exit::NOT_FOUND, "dead_letter_unknown", format!("there is no dead letter {name}"))
            .why("it was retried or dropped, or never was")
            .mend(format!("shopctl dlq ls {}", name.service))
    })?;
    Ok((letter, all))
}

/// Every letter of a service, page by page.
async fn of_service(client: &Client, service: &str, wait: Duration) -> kit::Result<Vec<Letter>> {
    let (mut letters, mut after) = (Vec::new(), 0);
    loop {
        let call = Call { timeout: wait, ..Call::default() };
        let asked = ListDeadLetters { after, limit: Some(PAGE_MAX) };
        let page: DeadLetters = client.call_as(&format!("{service}.dead_letters"), &asked, call).await?;
        let Some(last) = page.items.last() else { return Ok(letters) };
        after = last.id;
        letters.extend(page.items.into_iter().map(|facts| Letter::of(service, facts)));
    }
}

/// Services that run here and that no contract knows, such as those of a newer version.
async fn others(client: &Client, known: &[String]) -> Vec<String> {
    let running = client.services(DISCOVERY_TIME).await.unwrap_or_default();
    let mut names: Vec<String> = running
        .into_iter()
        .filter(|info| {
            let subject = format!("{}.dead_letters", info.name);
            info.endpoints.iter().any(|endpoint| endpoint.subject == subject)
        })
        .map(|info| info.name)
        .filter(|name| is_name(name) && !known.contains(name))
        .collect();
    names.dedup();
    names
}

#[cfg(test)]
pub(super) mod tests {
    use kit::Example;

    use super::*;

    /// A letter as a test wants it.
    pub(crate) fn letter(service: &str, id: i64, state: &str, key: &str) -> Letter {
        let example = DeadLetters::example().items.remove(0);
        Letter::of(service, DeadLetter { id, state: state.into(), key: key.into(), ..example })
    }

    #[test]
    fn a_letter_is_named_by_its_service_and_its_number() {
        assert_eq!("Cart/3".parse(), Ok(Name { service: "cart".into(), id: 3 }));
        for wrong in ["", "cart", "3", "cart/", "/3", "cart/x", "cart/0", "cart/-1", "ca.rt/3", "\u{1b}/1"] {
            let error = wrong.parse::<Name>().unwrap_err();
            assert!(error.contains("SERVICE/ID") && !error.contains('\u{1b}'), "{wrong:?}: {error}");
        }
    }

    #[test]
    fn what_is_parked_stands_behind_the_one_of_its_key() {
        let letters = vec![
            letter("cart", 1, "dead", "a"),
            letter("cart", 2, "parked", "a"),
            letter("cart", 3, "dead", "b"),
            letter("cart", 4, "parked", "a"),
            letter("order", 5, "parked", "a"),
        ];
        let all = Letters { letters, silent: vec![] };
        let dead: Vec<(i64, Vec<i64>)> = all
            .dead()
            .map(|(dead, behind)| (dead.facts.id, behind.iter().map(|letter| letter.facts.id).collect()))
            .collect();
        assert_eq!(dead, [(1, vec![2, 4]), (3, vec![])]);
    }
}
