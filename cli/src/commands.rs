//! The list of commands. One file each: its options, and what it does.
//!
//! To add one: a file in this folder with `Args` and `run`, and one line in each of the three lists.

mod cart;
mod down;
mod events;
mod logs;
mod notification;
mod order;
mod product;
mod status;
mod stock;
mod topics;
mod trace;
mod up;

use clap::Subcommand;

use crate::failure::Failure;
use crate::shop::Shop;

/// What can be asked for.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Up(up::Args),
    Down(down::Args),
    Status(status::Args),
    Logs(logs::Args),
    #[command(subcommand)]
    Product(product::Command),
    #[command(subcommand)]
    Stock(stock::Command),
    #[command(subcommand)]
    Cart(cart::Command),
    #[command(subcommand)]
    Order(order::Command),
    #[command(subcommand)]
    Notification(notification::Command),
    #[command(subcommand)]
    Events(events::Command),
    Trace(trace::Args),
    /// Exit codes
    #[command(name = "exit-codes", hide = true, long_about = topics::exit_codes())]
    ExitCodes,
    /// Environment variables
    #[command(hide = true, long_about = topics::ENVIRONMENT)]
    Environment,
}

/// Does what was asked for.
///
/// # Errors
/// Why it could not be done.
pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Up(args) => up::run(shop, args).await,
        Command::Down(args) => down::run(shop, args).await,
        Command::Status(args) => status::run(shop, args).await,
        Command::Logs(args) => logs::run(shop, args).await,
        Command::Product(command) => product::run(shop, command).await,
        Command::Stock(command) => stock::run(shop, command).await,
        Command::Cart(command) => cart::run(shop, command).await,
        Command::Order(command) => order::run(shop, command).await,
        Command::Notification(command) => notification::run(shop, command).await,
        Command::Events(command) => events::run(shop, command).await,
        Command::Trace(args) => trace::run(shop, args).await,
        Command::ExitCodes => shop.out.line(topics::exit_codes()),
        Command::Environment => shop.out.line(topics::ENVIRONMENT),
    }
}
