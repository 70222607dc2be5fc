//! A running instance of a service: what it announces, joined with what it says of itself.

use jiff::{SignedDuration, Timestamp};
use kit::client::{EndpointStats, ServiceStats};
use kit::vitals::Health;
use serde::Serialize;

/// How much later than its process an instance may announce itself.
const STARTING: SignedDuration = SignedDuration::from_secs(30);

/// Whether a service is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Ok,
    /// It answers, and something is wrong.
    Trouble,
    /// It is announced, and does not say how it is.
    Mute,
    /// It does not answer at all.
    Silent,
}

/// An instance of a service; one that does not answer if nobody does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Instance {
    pub(super) name: String,
    pub(super) state: State,
    /// Why it does not answer; empty if it does.
    pub(super) why: String,
    /// Its identifier; empty if none is announced.
    pub(super) id: String,
    pub(super) version: String,
    pub(super) started: Option<Timestamp>,
    /// Requests answered since it started.
    pub(super) requests: u64,
    /// How many of them with an error, refusals included.
    pub(super) errors: u64,
    /// How long half of the answers of the busiest endpoint took at most, in microseconds.
    pub(super) p50_us: u64,
    /// How long 99 of 100 answers of the slowest endpoint took at most, in microseconds.
    pub(super) p99_us: u64,
    pub(super) endpoints: Vec<EndpointStats>,
    pub(super) health: Option<Health>,
}

impl Instance {
    /// A service of which there is no instance.
    pub(super) fn absent(name: &str, why: &str) -> Self {
        Self {
            name: name.to_owned(),
            state: State::Silent,
            why: why.to_owned(),
            id: String::new(),
            version: String::new(),
            started: None,
            requests: 0,
            errors: 0,
            p50_us: 0,
            p99_us: 0,
            endpoints: Vec::new(),
            health: None,
        }
    }

    fn of(stats: ServiceStats, health: Option<Health>, why: &str) -> Self {
        let state = match &health {
            None => State::Mute,
            Some(health) if health.is_well() => State::Ok,
            Some(_) => State::Trouble,
        };
        let busiest = stats.endpoints.iter().max_by_key(|endpoint| endpoint.requests);
        Self {
            state,
            why: if health.is_none() { why.to_owned() } else { String::new() },
            started: stats.started.parse().ok(),
            requests: stats.endpoints.iter().map(|endpoint| endpoint.requests).sum(),
            errors: stats.endpoints.iter().map(|endpoint| endpoint.errors).sum(),
            p50_us: busiest.map_or(0, |endpoint| endpoint.data.p50_us),
            p99_us: stats.endpoints.iter().map(|endpoint| endpoint.data.p99_us).max().unwrap_or(0),
            name: stats.name,
            id: stats.id,
            version: stats.version,
            endpoints: stats.endpoints,
            health,
        }
    }

    fn said(health: Health) -> Self {
        Self {
            state: if health.is_well() { State::Ok } else { State::Trouble },
            version: health.version.clone(),
            started: Some(health.started_at),
            health: Some(health.clone()),
            ..Self::absent(&health.service, "")
        }
    }

    /// How many rows of its outbox are not told yet.
    pub(super) fn untold(&self) -> Option<u64> {
        self.health.as_ref().map(|health| health.outbox_newest.saturating_sub(health.outbox_published))
    }

    /// How long it runs, in seconds.
    pub(super) fn up(&self, now: Timestamp) -> Option<i64> {
        self.started.map(|started| now.duration_since(started).as_secs().max(0))
    }
}

/// Joins what the instances of one service announce with what they say of themselves. Which said what
/// is known from when they started.
pub(super) fn join(
    name: &str,
    announced: Vec<ServiceStats>,
    mut healths: Vec<Health>,
    why: &str,
) -> Vec<Instance> {
    if announced.is_empty() && healths.is_empty() {
        return vec![Instance::absent(name, why)];
    }
    let mut instances: Vec<Instance> = announced
        .into_iter()
        .map(|stats| {
            let health = nearest(&stats, &healths).map(|place| healths.remove(place));
            Instance::of(stats, health, why)
        })
        .collect();
    // Somebody may answer who announces nothing, such as while it starts or ends.
    instances.extend(healths.into_iter().map(Instance::said));
    instances.sort_by_key(|instance| (instance.started, instance.id.clone()));
    instances
}

fn nearest(stats: &ServiceStats, healths: &[Health]) -> Option<usize> {
    let started: Timestamp = stats.started.parse().ok()?;
    let apart = |health: &Health| started.duration_since(health.started_at).abs();
    let nearest = healths.iter().enumerate().min_by_key(|(_, health)| apart(health));
    nearest.filter(|(_, health)| apart(health) <= STARTING).map(|(place, _)| place)
}

#[cfg(test)]
pub(super) mod tests {
    use kit::Example;
    use kit::client::Latency;

    use super::*;

    /// The figures of an instance that started at a second.
    pub(crate) fn stats(id: &str, second: i64) -> ServiceStats {
        let endpoint = |name: &str, requests, p50_us, p99_us| EndpointStats {
            name: name.to_owned(),
            subject: name.replace('-', "."),
            requests,
            errors: 2,
            last_error: None,
            data: Latency { p50_us, p99_us, max_us: p99_us * 2 },
        };
        ServiceStats {
            name: "order".to_owned(),
            id: id.to_owned(),
            version: "0.1.0".to_owned(),
            started: Timestamp::from_second(second).unwrap().to_string(),
            endpoints: vec![endpoint("order-place", 90, 800, 4_000), endpoint("order-get", 10, 90, 9_000)],
        }
    }

    pub(crate) fn health(pid: u32, second: i64) -> Health {
        let started_at = Timestamp::from_second(second).unwrap();
        Health { pid, started_at, ..Health::example() }
    }

    #[test]
    fn two_instances_of_a_service_are_told_apart() {
        let joined =
            join("order", vec![stats("a", 100), stats("b", 900)], vec![health(2, 899), health(1, 98)], "");
        let found: Vec<(&str, Option<u32>)> = joined
            .iter()
            .map(|one| (one.id.as_str(), one.health.as_ref().map(|health| health.pid)))
            .collect();
        assert_eq!(found, [("a", Some(1)), ("b", Some(2))]);
        assert_eq!(
            (joined[0].requests, joined[0].errors, joined[0].p50_us, joined[0].p99_us),
            (100, 4, 800, 9_000)
        );
    }

    #[test]
    fn who_is_absent_and_who_says_nothing_is_a_row_that_says_so() {
        let absent = join("order", vec![], vec![], "nobody answers");
        assert_eq!((absent[0].state, absent[0].why.as_str()), (State::Silent, "nobody answers"));
        let mute = join("order", vec![stats("a", 100)], vec![], "no answer in time");
        assert_eq!((mute[0].state, mute[0].why.as_str()), (State::Mute, "no answer in time"));
        let quick = join("order", vec![], vec![health(1, 98)], "");
        assert_eq!((quick.len(), quick[0].state), (1, State::Ok));
    }
}
