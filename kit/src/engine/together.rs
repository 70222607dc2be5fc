//! Hearing many events at once: one savepoint for all of them, and each position read and written once.
//!
//! Nearly every group in which events are heard ends well, so they are first acted on as if all did. If one
//! does not, all of them are taken back and acted on again, each in a savepoint of its own, in the same
//! order. A reaction has no effect but its rows, so acting on an event again is acting on it once.

use std::collections::BTreeMap;

use crate::crash;
use crate::engine::commit::{Engine, Ran};
use crate::engine::hearing::Heard;
use crate::engine::job::Job;
use crate::engine::standing;
use crate::error::Result;
use crate::sql::Sql;

/// How an event is acted on.
pub(crate) enum Way<'a> {
    /// By itself: what it did is taken back alone, and it becomes a dead letter.
    Alone,
    /// With others: whatever goes wrong takes all of them back.
    Together(&'a mut Positions),
}

/// Where the hearer stands in each source, while events are heard together.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    of: BTreeMap<String, Standing>,
    /// Whether there is any dead letter behind which an event could have to wait.
    letters: bool,
}

#[derive(Debug)]
struct Standing {
    origin: String,
    position: u64,
    moved: bool,
}

impl Positions {
    fn read(sql: &Sql<'_>) -> Result<Self> {
        let letters = sql.find("SELECT 1 FROM dead_letter LIMIT 1", [], |_| Ok(()))?.is_some();
        Ok(Self { of: BTreeMap::new(), letters })
    }

    /// Whether some event may have to wait behind a dead letter.
    pub(crate) fn letters(&self) -> bool {
        self.letters
    }

    /// The position before an event; none if the source has another database than before in this group.
    pub(crate) fn before(&mut self, sql: &Sql<'_>, heard: &Heard) -> Result<Option<u64>> {
        if let Some(standing) = self.of.get(&heard.source) {
            return Ok((standing.origin == heard.origin).then_some(standing.position));
        }
        let position = standing::position(sql, &heard.source, &heard.origin)?;
        let standing = Standing { origin: heard.origin.clone(), position, moved: false };
        self.of.insert(heard.source.clone(), standing);
        Ok(Some(position))
    }

    /// Notes that an event was acted on, to be written at the end.
    pub(crate) fn moves(&mut self, heard: &Heard) {
        if let Some(standing) = self.of.get_mut(&heard.source) {
            (standing.position, standing.moved) = (heard.sequence, true);
        }
    }

    fn write(&self, sql: &Sql<'_>) -> Result<()> {
        for (source, standing) in self.of.iter().filter(|(_, standing)| standing.moved) {
            standing::note(sql, source, &standing.origin, standing.position)?;
        }
        Ok(())
    }
}

impl Engine {
    /// Acts on the events of a group, named by their places in it, in order.
    ///
    /// # Errors
    /// If the whole group must fail.
    pub(super) fn hear_all(
        &mut self,
        jobs: &mut [Job],
        heard: &[usize],
        group: i64,
    ) -> Result<Vec<(usize, Ran)>> {
        // An armed place must fail where it was said, and not a second time somewhere else.
        if heard.len() > 1 && !crash::are_armed() {
            self.connection.prepare_cached("SAVEPOINT together")?.execute([])?;
            let ran = self.hear_together(jobs, heard, group)?;
            if ran.is_none() {
                self.told_so_far.forget();
                self.connection.prepare_cached("ROLLBACK TO together")?.execute([])?;
            }
            self.connection.prepare_cached("RELEASE together")?.execute([])?;
            if let Some(ran) = ran {
                return Ok(ran);
            }
        }
        heard.iter().map(|at| Ok((*at, self.run(&mut jobs[*at], group, Way::Alone)?))).collect()
    }

    /// None if one of them did not end well.
    fn hear_together(
        &mut self,
        jobs: &mut [Job],
        heard: &[usize],
        group: i64,
    ) -> Result<Option<Vec<(usize, Ran)>>> {
        let mut positions = Positions::read(&self.sql())?;
        let mut all = Vec::with_capacity(heard.len());
        for at in heard {
            let ran = self.run(&mut jobs[*at], group, Way::Together(&mut positions))?;
            if ran.answer.is_err() {
                return Ok(None);
            }
            all.push((*at, ran));
        }
        positions.write(&self.sql())?;
        Ok(Some(all))
    }
}
