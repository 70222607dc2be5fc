//! What was told so far, which every event says: kept in memory, so that it is not read for each of them.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::error::Result;
use crate::sql::Sql;

/// The newest row of the outbox by subject, also of rows that are not kept any more. Nothing until it is first asked
/// for, and after something was taken back: then the table says it.
#[derive(Debug, Default)]
pub(crate) struct ToldSoFar(Option<BTreeMap<String, u64>>);

impl ToldSoFar {
    /// As the next event says it: by the name of each event, the number of the newest row, in the order of names.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub(crate) fn text(&mut self, sql: &Sql<'_>) -> Result<String> {
        let told = match self.0.take() {
            Some(told) => told,
            None => sql
                .list("SELECT subject, seq FROM told", [], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?))
                })?
                .into_iter()
                .collect(),
        };
        let mut said = String::new();
        for (subject, seq) in &told {
            // events.order.placed: the name is what stands behind the second dot.
            let name = subject.splitn(3, '.').nth(2).unwrap_or_default();
            let gap = if said.is_empty() { "" } else { " " };
            let _ = write!(said, "{gap}{name}={seq}");
        }
        self.0 = Some(told);
        Ok(said)
    }

    /// Notes that a row was added.
    pub(crate) fn add(&mut self, subject: &str, seq: u64) {
        let Some(told) = &mut self.0 else { return };
        match told.get_mut(subject) {
            Some(newest) => *newest = seq,
            None => {
                told.insert(subject.to_owned(), seq);
            }
        }
    }

    /// What was added may have been taken back.
    pub(crate) fn forget(&mut self) {
        self.0 = None;
    }
}
