//! The whole shop, running: every service, a real broker, real files.

mod access;
mod audit;
mod backups;
mod bad_input;
mod broker_loss;
mod carts;
mod checkout;
mod crashes;
mod figures;
mod hostile;
mod mail;
mod races;
mod recoveries;
mod streams;
mod traces;
