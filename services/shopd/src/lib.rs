//! Every service of the shop in one binary: `shopd order` runs one, `shopd all` runs them all.

use std::process::ExitCode;

use clap::Parser;
use kit::Service;
use kit::runtime::{Ended, Options, main_with};

/// Runs services of the shop until it is told to stop
///
/// Exit codes: 0 after finishing what was accepted, 2 for bad options, 70 for a mistake of the
/// program, 74 if a database cannot be read or written, 78 if the configuration is wrong or a
/// database was written by a newer version.
#[derive(Parser)]
#[command(name = "shopd", version)]
struct Arguments {
    /// Which services, or `all`
    #[arg(required = true, value_parser = name, value_name = "SERVICE")]
    services: Vec<String>,

    #[command(flatten)]
    options: Options,
}

/// Builds a service; some need the folder of their data.
type Build = fn(&Options) -> Result<Service, Ended>;

/// Every service there is, in the order of an order's life.
const SERVICES: &[(&str, Build)] = &[
    (kit::streams::NAME, |options| {
        let link = options.link(kit::streams::NAME)?;
        Ok(kit::streams::service(link, contracts::shop().peers))
    }),
    ("auth", |_| Ok(auth::service())),
    ("catalog", |_| Ok(catalog::service())),
    ("cart", |_| Ok(cart::service())),
    ("order", |_| Ok(order::service())),
    ("inventory", |_| Ok(inventory::service())),
    ("payment", |_| Ok(payment::service())),
    ("notification", |options| {
        let settings = notification::Settings::from_env(&options.data);
        settings.map(notification::service).map_err(|error| Ended::Configuration(error.to_string()))
    }),
    ("analytics", |_| Ok(analytics::service())),
    ("ingest", |_| {
        let settings = ingest::Settings::from_env();
        settings.map(ingest::service).map_err(|error| Ended::Configuration(error.to_string()))
    }),
    ("telemetry", |_| {
        let settings = telemetry::Settings::from_env();
        settings.map(telemetry::service).map_err(|error| Ended::Configuration(error.to_string()))
    }),
    ("device", |options| Ok(device::service(device::issuer(options)?))),
    ("alert", |_| Ok(alert::service())),
];

/// Runs what its arguments say, until it is told to stop. The exit code is the one of the process.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    main_with(&arguments.options, |options| {
        let wanted = |name: &str| arguments.services.iter().any(|asked| asked == name || asked == "all");
        SERVICES.iter().filter(|(name, _)| wanted(name)).map(|(_, build)| build(options)).collect()
    })
}

fn name(text: &str) -> Result<String, String> {
    let known = || SERVICES.iter().map(|(name, _)| *name).chain(["all"]);
    if known().any(|name| name == text) {
        return Ok(text.to_owned());
    }
    Err(format!("there is no such service; there are {}", known().collect::<Vec<_>>().join(", ")))
}
