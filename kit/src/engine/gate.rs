//! What may be done at the moment: everything, nothing but housekeeping, or nothing new.

use crate::engine::job::Work;
use crate::error::Error;

/// Why some work is refused, if it is.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    /// The database must not be added to. Housekeeping goes on.
    pub(crate) fence: Option<Error>,
    /// The disk has too little room. What was begun is still recorded, and housekeeping goes on.
    pub(crate) no_room: Option<Error>,
}

impl Gate {
    /// Why this work is not done, if it must not be.
    pub(crate) fn refusal(&self, work: &Work) -> Option<Error> {
        let housekeeping = matches!(work, Work::Note { .. } | Work::Chore(_) | Work::Hold(_));
        let begun = matches!(work, Work::Chore(_) | Work::Effect { .. } | Work::Hold(_));
        let fenced = self.fence.as_ref().filter(|_| !housekeeping);
        fenced.or(self.no_room.as_ref().filter(|_| !begun)).cloned()
    }
}
