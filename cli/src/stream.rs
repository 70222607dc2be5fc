//! Looking into streams: what stands in them, whether that is what was told, who has heard it.
//!
//! # Layout
//! - [`name`]: which stream is meant; [`grep`]: what is searched for
//! - [`message`]: a message decoded; [`draw`]: as people read it, with [`json`]; [`cells`]: what fits into a line
//! - [`since`]: where in a stream a time is; [`read`]: the messages that are wanted, in order
//! - [`verify`]: every row of an outbox against the message of its number, by the rules of [`cli::books::compare`];
//!   [`said`]: what is wrong, in words
//! - [`lag`]: how far behind somebody is, in messages and in time
//! - [`columns`]: tables that leave out what there is no room for

pub(crate) mod cells;
pub(crate) mod columns;
pub(crate) mod draw;
pub(crate) mod grep;
pub(crate) mod json;
pub(crate) mod lag;
pub(crate) mod message;
pub(crate) mod name;
pub(crate) mod read;
pub(crate) mod said;
pub(crate) mod since;
pub(crate) mod verify;
