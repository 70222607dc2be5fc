//! The notification service as a process of its own.

use std::process::ExitCode;

use kit::runtime::Ended;
use notification::{Settings, service};

fn main() -> ExitCode {
    kit::main(|options| {
        let settings =
            Settings::from_env(&options.data).map_err(|error| Ended::Configuration(error.to_string()))?;
        Ok(vec![service(settings)])
    })
}
