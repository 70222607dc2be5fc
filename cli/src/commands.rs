//! The list of commands. One file each: its options, and what it does.
//!
//! To add one: a file in this folder with `Args` and `run`, and one line in each of the three lists.

mod alert;
mod analytics;
mod audit;
mod backup;
mod bench;
mod cart;
mod completion;
mod confirm;
mod consumer;
mod context;
mod customer;
mod db;
mod device;
mod dlq;
mod doctor;
mod down;
mod events;
mod flows;
mod keys;
mod login;
mod logout;
mod logs;
mod man;
mod notification;
mod order;
mod password;
mod product;
mod register;
mod report;
mod schema;
mod service;
mod session;
mod status;
mod stock;
mod stream;
mod telemetry;
mod top;
mod topics;
mod trace;
mod up;
mod user;
mod whoami;

use clap::Subcommand;

use crate::context::settings::PASSWORD_IN_URL;
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
    Device(device::Command),
    #[command(subcommand)]
    Telemetry(telemetry::Command),
    #[command(subcommand)]
    Alert(alert::Command),
    #[command(subcommand)]
    Events(events::Command),
    Trace(trace::Args),
    Flows(flows::Args),
    #[command(subcommand)]
    Stream(stream::Command),
    #[command(subcommand)]
    Consumer(consumer::Command),
    #[command(subcommand)]
    Dlq(dlq::Command),
    #[command(subcommand)]
    Service(service::Command),
    Doctor(doctor::Args),
    Audit(audit::Args),
    #[command(subcommand)]
    Bench(bench::Command),
    #[command(subcommand)]
    Backup(backup::Command),
    #[command(subcommand)]
    Db(db::Command),
    Top(top::Args),
    #[command(subcommand)]
    Report(report::Command),
    #[command(subcommand)]
    Analytics(analytics::Command),
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
    #[command(subcommand)]
    Context(context::Command),
    #[command(subcommand)]
    Schema(schema::Command),
    Completion(completion::Args),
    Man(man::Args),
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
    let is_drawing = matches!(&command, Command::Trace(args) if args.is_drawing());
    if shop.out.format().is_export() && !is_drawing {
        let message = "-o otlp and -o mermaid are forms of one trace; this has none";
        return Err(Failure::invalid("usage", message)
            .mend("-o table, json or jsonl")
            .mend("shopctl trace ID -o otlp      writes a trace for OpenTelemetry"));
    }
    if let Some(what) = for_operators(&command) {
        shop.for_operators(what)?;
    }
    if is_of_this_machine(&command) {
        shop.tell_folder();
    }
    for outvoted in shop.settings.outvoted() {
        shop.out.warn(outvoted);
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
        Command::Device(command) => device::run(shop, command).await,
        Command::Telemetry(command) => telemetry::run(shop, command).await,
        Command::Alert(command) => alert::run(shop, command).await,
        Command::Events(command) => events::run(shop, command).await,
        Command::Trace(args) => trace::run(shop, args).await,
        Command::Flows(args) => flows::run(shop, args).await,
        Command::Stream(command) => stream::run(shop, command).await,
        Command::Consumer(command) => consumer::run(shop, command).await,
        Command::Dlq(command) => dlq::run(shop, command).await,
        Command::Service(command) => service::run(shop, command).await,
        Command::Doctor(args) => doctor::run(shop, args).await,
        Command::Audit(args) => audit::run(shop, args).await,
        Command::Bench(command) => bench::run(shop, command).await,
        Command::Backup(command) => backup::run(shop, command).await,
        Command::Db(command) => db::run(shop, command).await,
        Command::Top(args) => top::run(shop, args).await,
        Command::Report(command) => report::run(shop, command).await,
        Command::Analytics(command) => analytics::run(shop, command).await,
        Command::Register(args) => register::run(shop, args).await,
        Command::Confirm(args) => confirm::run(shop, args).await,
        Command::Login(args) => login::run(shop, args).await,
        Command::Logout(args) => logout::run(shop, args).await,
        Command::Whoami(args) => whoami::run(shop, args).await,
        Command::Session(command) => session::run(shop, command).await,
        Command::Password(command) => password::run(shop, command).await,
        Command::Customer(command) => customer::run(shop, command).await,
        Command::Context(command) => context::run(shop, command).await,
        Command::Schema(command) => schema::run(shop, command).await,
        Command::Completion(args) => completion::run(shop, args).await,
        Command::Man(args) => man::run(shop, args).await,
        Command::ExitCodes => shop.out.line(topics::exit_codes()),
        Command::Environment => shop.out.line(topics::ENVIRONMENT),
    }
}

/// Whether it makes no difference which context there is, if there is one at all.
pub(crate) fn goes_without_context(command: &Command, why: &Failure) -> bool {
    if matches!(command, Command::Context(_)) {
        // It is about what the address would be.
        return why.code() != PASSWORD_IN_URL;
    }
    if let Command::Bench(command) = command {
        return command.is_about_files();
    }
    matches!(
        command,
        Command::Schema(_)
            | Command::Completion(_)
            | Command::Man(_)
            | Command::ExitCodes
            | Command::Environment
    )
}

/// Whether it is about the data folder of this machine, whatever broker a context names.
fn is_of_this_machine(command: &Command) -> bool {
    matches!(
        command,
        Command::Up(_)
            | Command::Down(_)
            | Command::Logs(_)
            | Command::Keys(_)
            | Command::User(_)
            | Command::Backup(_)
    )
}

/// What is asked of the broker too, which does not know who is signed in.
fn for_operators(command: &Command) -> Option<&'static str> {
    match command {
        Command::Status(_) => Some("the status"),
        Command::Events(_) => Some("events"),
        Command::Trace(_) => Some("traces"),
        Command::Flows(_) => Some("flows"),
        Command::Stream(_) => Some("streams"),
        Command::Consumer(_) => Some("consumers"),
        Command::Dlq(_) => Some("dead letters"),
        Command::Service(_) => Some("the services"),
        Command::Doctor(_) => Some("the doctor"),
        Command::Audit(_) => Some("the audit"),
        Command::Bench(command) if !command.is_about_files() => Some("a benchmark"),
        Command::Top(_) => Some("the live view"),
        _ => None,
    }
}
