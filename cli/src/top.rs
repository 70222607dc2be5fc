//! The whole shop, live: on a full screen at a terminal, as lines anywhere else.
//!
//! # Layout
//! - [`sample`]: what is asked of everybody at one moment; [`stuck`]: what does not go on by itself
//! - [`flow`]: orders as they are told: how many a second, and how long each took
//! - [`state`]: what the screen shows, made of samples, events and keys; no clock, nothing asked
//! - [`pane`]: a text in front of it, such as a trace
//! - [`view`]: from a state to the cells of a terminal; pure
//! - [`live`]: the loop that asks, listens and draws; [`screen`]: the terminal, and giving it back;
//!   [`keyboard`]: what is typed
//! - [`lines`]: what is written where there is no terminal

mod flow;
mod keyboard;
pub(crate) mod lines;
pub(crate) mod live;
mod pane;
mod sample;
mod screen;
#[cfg(test)]
mod shown;
mod state;
mod stuck;
mod view;
