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

/// How long somebody who was let in may take to be connected.
const CONNECTING: Duration = Duration::from_secs(30);

/// Connections that the broker says at a time.
const PAGE: usize = 1000;

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
    let mut seen: Option<Seen> = None;
    for page in 0..PAGES_MAX {
        let asked = json!({ "limit": PAGE, "offset": page * PAGE }).to_string();
        let answer = ctx.command(wire::CONNECTIONS.to_owned(), asked.into_bytes().into()).await;
        let answer = answer.map_err(|error| Trouble::Transient(error.message))?;
        // With an error in it, the account is one that the broker has not heard of: nobody was ever there.
        let Ok(Answer { server, data }) = serde_json::from_slice(&answer) else { return Ok(None) };
        let seen = seen.get_or_insert(Seen { server: server.id, numbers: BTreeSet::new() });
        let connections = data.connections.unwrap_or_default();
        let many = connections.len();
        seen.numbers.extend(connections.into_iter().map(|connection| connection.cid));
        if many == 0 || (page + 1) * PAGE >= data.total {
            return Ok(Some(seen.clone()));
        }
    }
    Ok(None)
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
    for (connection, device) in doors::connections_before(tx, tx.now() - CONNECTING)? {
        if gone(&connection) {
            presence::ended(tx, &connection)?;
        } else {
            presence::is_connected(tx, device)?;
        }
    }
    Ok(())
}
