//! The whole shop, running: every service, a real broker, real files.

mod access;
mod audit;
mod bad_input;
mod broker_loss;
mod carts;
mod chaos;
mod checkout;
mod crashes;
mod figures;
mod full_log;
mod hostile;
mod lines;
mod mail;
mod purged;
mod races;
mod streams;
mod traces;
