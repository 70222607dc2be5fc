//! Engines without files and processes, for a simulator that needs thousands of them.

use std::sync::Arc;

use super::commit::Engine;
use super::schema;
use crate::clock::{Chance, Clock};
use crate::service::Service;

impl Engine {
    /// A database in memory that is a copy of another, for a simulator.
    ///
    /// # Errors
    /// [`schema::OpenError`].
    pub fn copy_of(
        other: &Self,
        service: Arc<Service>,
        clock: Arc<dyn Clock>,
        chance: Box<dyn Chance>,
    ) -> Result<Self, schema::OpenError> {
        let connection = schema::copy_in_memory(&other.connection)?;
        Ok(Self::over(connection, other.origin.clone(), service, clock, chance))
    }

    /// What the next process finds that opens the same database: all but what stood in memory.
    #[must_use]
    pub fn reopened(self, service: Arc<Service>, chance: Box<dyn Chance>) -> Self {
        Self::over(self.connection, self.origin, service, self.clock, chance)
    }
}
