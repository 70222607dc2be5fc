//! The whole shop, running: every service, a real broker, real files.

mod access;
mod audit;
mod backups;
mod bad_input;
mod benchmark;
mod broker_loss;
mod carts;
mod chaos;
mod checkout;
mod crash_points;
mod crashes;
mod damage;
mod disk;
mod figures;
mod frozen;
mod full_log;
mod hostile;
mod lines;
mod mail;
mod migrations;
mod purged;
mod races;
mod recoveries;
mod streams;
mod traces;
mod twice;
