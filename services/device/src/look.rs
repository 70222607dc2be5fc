//! Comparing who is noted as connected with what the broker says: what it tells of comings and goings is told once,
//! and to nobody while this service is away.

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::device::wire;
use kit::{Attempt, Effect, EffectCtx, Policy, Result, Trouble, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::presence;
use crate::store::doors::{self, Connection};

/// How often it is done.
pub const EVERY: Duration = Duration::from_secs(60);

/// How long somebody who was let in may take to be connected: the broker waits for two seconds, and a look takes up to
/// five. Whoever came later is looked for once more.
pub const CONNECTING: Duration = Duration::from_secs(10);

/// The timer of looking once more.
pub const AGAIN: &str = "look_again";

/// Connections that the broker says at a time.
const PAGE: usize = 1000;

/// Connections that stand on a page and on the next one too: those that end between the two move all behind them
/// forward, and none may fall between.
const OVERLAP: usize = 100;

/// Pages that are asked for; with more connections nothing is concluded.
const PAGES_MAX: usize = 20;

/// Looking at the broker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Look {}

/// Who is connected: the server, and the numbers there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    server: String,
    numbers: BTreeSet<u64>,
}

impl Effect for Look {
    const NAME: &'static str = "look_at_connections";
    const POLICY: Policy = Policy {
        time_limit: Duration::from_secs(5),
        tries_max: 3,
        wait: Duration::from_secs(1),
        wait_max: Duration::from_secs(5),
        at_once: 1,
    };
    type Outcome = Option<Seen>;

    fn key(&self) -> String {
        "look".to_owned()
    }

    fn about(&self) -> String {
        "connections".to_owned()
    }
}

#[derive(Deserialize)]
struct Answer {
    server: Server,
    data: Data,
}

#[derive(Deserialize)]
struct Server {
    id: String,
}

#[derive(Deserialize)]
struct Data {
    total: usize,
    /// None, or nothing at all, if there are none.
    connections: Option<Vec<Numbered>>,
}

#[derive(Deserialize)]
struct Numbered {
    cid: u64,
}

/// It is time to look.
///
/// # Errors
/// If the row cannot be written.
pub fn due(tx: &mut Tx<'_>) -> Result<()> {
    tx.perform(&Look {})
}

/// Asks the broker who is connected.
///
/// # Errors
/// If it does not answer.
pub async fn look(ctx: EffectCtx, _: Look) -> Result<Option<Seen>, Trouble> {
    let mut gathered = Gathered::default();
    for _ in 0..PAGES_MAX {
        let asked = json!({ "limit": PAGE, "offset": gathered.offset, "sort": "cid" }).to_string();
        let answer = ctx.command(wire::CONNECTIONS.to_owned(), asked.into_bytes().into()).await;
        let answer = answer.map_err(|error| Trouble::Transient(error.message))?;
        // With an error in it, the account is one that the broker has not heard of: nobody was ever there.
        let Ok(answer) = serde_json::from_slice(&answer) else { return Ok(None) };
        match gathered.take(answer) {
            Next::Page => {}
            Next::End(seen) => return Ok(Some(seen)),
            Next::Nothing => return Ok(None),
        }
    }
    Ok(None)
}

/// What pages said so far. Connections come by their numbers, and a new one has the greatest.
#[derive(Debug, Default)]
struct Gathered {
    seen: Option<Seen>,
    offset: usize,
}

/// What follows a page.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Page,
    End(Seen),
    /// Pages that do not fit to each other: nothing can be concluded.
    Nothing,
}

impl Gathered {
    fn take(&mut self, Answer { server, data }: Answer) -> Next {
        let numbers: BTreeSet<u64> =
            data.connections.unwrap_or_default().into_iter().map(|connection| connection.cid).collect();
        let seen = self.seen.get_or_insert(Seen { server: server.id.clone(), numbers: BTreeSet::new() });
        let joined = match (seen.numbers.last(), numbers.first()) {
            (Some(last), Some(first)) => first <= last,
            (Some(_), None) => false,
            (None, _) => true,
        };
        if seen.server != server.id || !joined {
            return Next::Nothing;
        }
        let many = numbers.len();
        seen.numbers.extend(numbers);
        if many < PAGE || self.offset + many >= data.total {
            return Next::End(seen.clone());
        }
        self.offset += many - OVERLAP;
        Next::Page
    }
}

/// Forgets connections that are no more. The shop has one broker: what another server let in was let in by the one
/// before it, which has ended.
///
/// # Errors
/// If the rows cannot be written.
pub fn looked(tx: &mut Tx<'_>, _: Look, attempt: Attempt<Option<Seen>>) -> Result<()> {
    match attempt {
        Attempt::Answered(Some(seen)) => compare(tx, &seen),
        _ => Ok(()),
    }
}

fn compare(tx: &mut Tx<'_>, seen: &Seen) -> Result<()> {
    let gone = |connection: &Connection| {
        connection.server != seen.server || !seen.numbers.contains(&connection.number)
    };
    let (now, sure) = (tx.now(), tx.now() - CONNECTING);
    let mut again = false;
    for (connection, device, let_in) in doors::connections(tx)? {
        match (gone(&connection), let_in <= sure) {
            (true, true) => presence::ended(tx, &connection)?,
            (true, false) => again = true,
            (false, _) => presence::is_connected(tx, device)?,
        }
    }
    if again { tx.set_timer(AGAIN, "", now + CONNECTING) } else { Ok(()) }
}

/// Somebody was let in just before the last look, and was not there.
///
/// # Errors
/// If the row cannot be written.
pub fn once_more(tx: &mut Tx<'_>, _: &str) -> Result<()> {
    due(tx)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of a broker that has these connections.
    fn page(server: &str, all: &[u64], offset: usize) -> Answer {
        let connections = all.iter().skip(offset).take(PAGE).map(|cid| Numbered { cid: *cid }).collect();
        let data = Data { total: all.len(), connections: Some(connections) };
        Answer { server: Server { id: server.to_owned() }, data }
    }

    #[test]
    fn connections_that_end_while_pages_are_read_hide_none_that_live() {
        let mut all: Vec<u64> = (1..=1500).collect();
        let mut gathered = Gathered::default();
        assert_eq!(gathered.take(page("A", &all, 0)), Next::Page);
        all.drain(..50);
        let Next::End(seen) = gathered.take(page("A", &all, gathered.offset)) else { panic!("the end") };
        assert_eq!(seen.numbers, (1..=1500).collect());
    }

    #[test]
    fn from_pages_between_which_something_may_be_missing_nothing_is_concluded() {
        let all: Vec<u64> = (1..=2500).collect();
        for next in [page("A", &all[300..], 900), page("B", &all, 900), page("A", &[], 0)] {
            let mut gathered = Gathered::default();
            assert_eq!(gathered.take(page("A", &all, 0)), Next::Page);
            assert_eq!(gathered.take(next), Next::Nothing);
        }
        assert!(matches!(Gathered::default().take(page("A", &[], 0)), Next::End(_)));
    }
}
