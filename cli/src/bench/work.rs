//! What is done again and again, and how one of it ended.

use std::borrow::Cow;
use std::time::Instant;

/// Something that can be done again and again, also many times at once.
pub(crate) trait Work {
    /// What is timed, by name, in the order of [`Done::kind`] and of its marks. The last is the one that
    /// is shown while it goes on.
    fn names(&self) -> Vec<&'static str>;

    /// Does it once.
    async fn once(&self) -> Done;
}

/// The moments of one that are noted.
pub(crate) const MARKS: usize = 2;

/// How one ended.
#[derive(Debug)]
pub(crate) struct Done {
    /// The place in [`Work::names`] of its first mark.
    pub(crate) kind: usize,
    /// When it came to each point of its way.
    pub(crate) marks: [Option<Instant>; MARKS],
    /// Why it did not come to the end, as a stable word.
    pub(crate) failed: Option<Cow<'static, str>>,
}

impl Done {
    /// One that failed before anything.
    pub(crate) fn failed(kind: usize, why: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, marks: [None; MARKS], failed: Some(why.into()) }
    }

    /// One with a single point, or why not.
    pub(crate) fn single(kind: usize, ended: Result<Instant, kit::Error>) -> Self {
        match ended {
            Ok(at) => Self { kind, marks: [Some(at), None], failed: None },
            Err(error) => Self::failed(kind, error.reason),
        }
    }
}
