//! Measuring a shop by using it: how many a second, how long each took, and what it cost.
//!
//! # Layout
//! - [`pace`]: when the next one begins; [`drive`]: beginning and ending them; [`work`]: what one is
//! - [`times`]: many times as counts by class; [`tally`]: what is counted while it goes on
//! - [`orders`], [`requests`], [`mix`]: the kinds of work; [`events`]: times from the journals
//! - [`goods`]: products to order, with enough stock; [`consent`]: whether somebody means it
//! - [`run`]: all of it, from the beginning to the report; [`quiet`]: waiting until everybody has heard everything
//! - [`proc`], [`machine`]: processors, memory and disk; [`limit`]: what was probably used up
//! - [`report`]: what was measured, [`draw`]: for people
//! - [`results`]: reading what `scripts/bench` measured; [`page`]: as a page; [`chart`]: as a picture

pub(crate) mod chart;
pub(crate) mod consent;
pub(crate) mod draw;
pub(crate) mod drive;
pub(crate) mod events;
pub(crate) mod goods;
pub(crate) mod limit;
pub(crate) mod machine;
pub(crate) mod mix;
pub(crate) mod orders;
pub(crate) mod pace;
pub(crate) mod page;
pub(crate) mod proc;
pub(crate) mod quiet;
pub(crate) mod report;
pub(crate) mod requests;
pub(crate) mod results;
pub(crate) mod run;
pub(crate) mod tally;
pub(crate) mod times;
pub(crate) mod work;
