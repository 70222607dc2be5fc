//! Asking the services for their journals: what each did, by a flow, a key, or a time.
//!
//! What they answer is joined and drawn by [`cli::trace`], which the tests of the whole shop use too.
//!
//! # Layout
//! - [`lookup`]: what is meant, by an identifier or the end of one
//! - [`ask`]: asks every service at once; [`gather`]: for what it did; [`search`]: for which flows there were

pub(crate) mod ask;
pub(crate) mod gather;
pub(crate) mod lookup;
pub(crate) mod search;
