//! The rules, kept ready in memory: read again only after one of them has changed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use contracts::DeviceId;
use contracts::alert::{Condition, Rule, RuleName, Scope};
use contracts::readings::{Metric, Site};
use kit::{Result, Sql, Timestamp};

use crate::hours::Hours;
use crate::store;

/// A rule that counts, ready to be used.
#[derive(Debug)]
pub struct Ready {
    /// The rule.
    pub rule: Rule,
    /// What its watches and alarms must have been made under.
    pub edition: String,
    hours: Option<Hours>,
}

impl Ready {
    /// A rule as it is kept. A zone that is not known any more, on another machine, counts as always.
    pub fn of(kept: store::Kept) -> Self {
        let hours = kept.rule.schedule.as_ref().map(Hours::of).and_then(|hours| match hours {
            Ok(hours) => Some(hours),
            Err(error) => {
                tracing::warn!(rule = %kept.rule.name, "Rule {} counts at all times: {error}", kept.rule.name);
                None
            }
        });
        Self { rule: kept.rule, edition: kept.edition, hours }
    }

    /// Whether it counts at a time.
    pub fn counts_at(&self, time: Timestamp) -> bool {
        self.hours.as_ref().is_none_or(|hours| hours.contain(time))
    }

    /// The same for milliseconds since 1970.
    pub fn counts_at_ms(&self, time: i64) -> bool {
        self.hours.is_none() || Timestamp::from_millisecond(time).is_ok_and(|time| self.counts_at(time))
    }

    /// Whether it is for a device. The profile is asked for only if that decides.
    ///
    /// # Errors
    /// If the profile cannot be read.
    pub fn is_for(
        &self,
        device: DeviceId,
        site: &Site,
        profile: impl FnOnce() -> Result<String>,
    ) -> Result<bool> {
        Ok(match &self.rule.of {
            Scope::All => true,
            Scope::Site(wanted) => wanted == site,
            Scope::Devices(wanted) => wanted.contains(&device),
            Scope::Profile(wanted) => profile()? == *wanted,
        })
    }
}

/// All rules that count.
#[derive(Debug, Default)]
pub struct Rules {
    by_name: BTreeMap<RuleName, Arc<Ready>>,
    by_metric: HashMap<Metric, Vec<Arc<Ready>>>,
    /// About any reading at all.
    any: Vec<Arc<Ready>>,
    offline: Vec<Arc<Ready>>,
}

impl Rules {
    fn of(kept: Vec<store::Kept>) -> Self {
        let mut rules = Self::default();
        for ready in kept.into_iter().filter(|kept| kept.rule.enabled).map(Ready::of).map(Arc::new) {
            let list = match (&ready.rule.when, ready.rule.when.metric()) {
                (Condition::Offline { .. }, _) => &mut rules.offline,
                (_, Some(metric)) => rules.by_metric.entry(metric.clone()).or_default(),
                (_, None) => &mut rules.any,
            };
            list.push(Arc::clone(&ready));
            rules.by_name.insert(ready.rule.name.clone(), ready);
        }
        rules
    }

    /// One by its name.
    pub fn named(&self, name: &RuleName) -> Option<&Arc<Ready>> {
        self.by_name.get(name)
    }

    /// Those that are for one site only, and for another than this.
    pub fn of_other_sites(&self, site: &Site) -> impl Iterator<Item = &Arc<Ready>> {
        self.by_name
            .values()
            .filter(move |ready| matches!(&ready.rule.of, Scope::Site(wanted) if wanted != site))
    }

    /// Those about a metric, and those about any.
    pub fn about(&self, metric: &Metric) -> impl Iterator<Item = &Arc<Ready>> {
        self.by_metric.get(metric).into_iter().flatten().chain(&self.any)
    }

    /// Those about being online.
    pub fn about_presence(&self) -> &[Arc<Ready>] {
        &self.offline
    }
}

/// The rules as they were read last.
#[derive(Debug, Default)]
pub struct Rulebook(Mutex<Option<(String, Arc<Rules>)>>);

impl Rulebook {
    /// The rules of now. The edition of the book is a new identifier at each change, not a number: so rules that
    /// were read in a transaction that came to nothing are never taken for others.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn rules(&self, sql: &Sql<'_>) -> Result<Arc<Rules>> {
        let edition = store::book_edition(sql)?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((of, rules)) if *of == edition => Ok(Arc::clone(rules)),
            _ => {
                let rules = Arc::new(Rules::of(store::all_rules(sql)?));
                *known = Some((edition, Arc::clone(&rules)));
                Ok(rules)
            }
        }
    }
}
