//! Virtual sensors, and readings from files: what is told in the name of devices.
//!
//! - [`sensor`]: what a sensor measures, the same for the same seed
//! - [`told`]: in which messages it tells that: in packs, with gaps, repeats, and some of them late
//! - [`senml`]: how a pack is written
//! - [`series`]: readings of a CSV file
//! - [`outlet`]: who takes the messages, and how many are under way; [`mqtt`]: as devices do
//! - [`plot`]: a curve in the terminal
//! - [`registry`]: virtual sensors as the registry knows them

pub(crate) mod mqtt;
pub(crate) mod outlet;
pub(crate) mod plot;
pub(crate) mod registry;
pub(crate) mod senml;
pub(crate) mod sensor;
pub(crate) mod series;
pub(crate) mod told;
