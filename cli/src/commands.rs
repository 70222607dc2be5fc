//! The list of commands. One file each: its options, and what it does.
//!
//! To add one: a file in this folder with `Args` and `run`, and one line in each of the three lists.

mod cart;
mod confirm;
mod customer;
mod down;
mod events;
mod keys;
mod login;
mod logout;
mod logs;
mod notification;
mod order;
mod password;
mod product;
mod register;
mod session;
mod status;
mod stock;
mod topics;
mod trace;
mod up;
mod user;
mod whoami;

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
    Keys(keys::Command),
    #[command(subcommand)]
    User(user::Command),
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
    Register(register::Args),
    Confirm(confirm::Args),
    Login(login::Args),
    Logout(logout::Args),
    Whoami(whoami::Args),
    #[command(subcommand)]
    Session(session::Command),
    #[command(subcommand)]
    Password(password::Command),
    #[command(subcommand)]
    Customer(customer::Command),
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
    if let Some(what) = for_operators(&command) {
        shop.for_operators(what)?;
    }
    match command {
        Command::Up(args) => up::run(shop, args).await,
        Command::Down(args) => down::run(shop, args).await,
        Command::Status(args) => status::run(shop, args).await,
        Command::Logs(args) => logs::run(shop, args).await,
        Command::Keys(command) => keys::run(shop, command).await,
        Command::User(command) => user::run(shop, command).await,
        Command::Product(command) => product::run(shop, command).await,
        Command::Stock(command) => stock::run(shop, command).await,
        Command::Cart(command) => cart::run(shop, command).await,
        Command::Order(command) => order::run(shop, command).await,
        Command::Notification(command) => notification::run(shop, command).await,
        Command::Events(command) => events::run(shop, command).await,
        Command::Trace(args) => trace::run(shop, args).await,
        Command::Register(args) => register::run(shop, args).await,
        Command::Confirm(args) => confirm::run(shop, args).await,
        Command::Login(args) => login::run(shop, args).await,
        Command::Logout(args) => logout::run(shop, args).await,
        Command::Whoami(args) => whoami::run(shop, args).await,
        Command::Session(command) => session::run(shop, command).await,
        Command::Password(command) => password::run(shop, command).await,
        Command::Customer(command) => customer::run(shop, command).await,
        Command::ExitCodes => shop.out.line(topics::exit_codes()),
        Command::Environment => shop.out.line(topics::ENVIRONMENT),
    }
}

/// What is asked of the broker too, which does not know who is signed in.
fn for_operators(command: &Command) -> Option<&'static str> {
    match command {
        Command::Status(_) => Some("the status"),
        Command::Events(_) => Some("events"),
        Command::Trace(_) => Some("traces"),
        _ => None,
    }
}
