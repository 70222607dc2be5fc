//! The ingest service as a process of its own.

use kit::runtime::Ended;

fn main() -> std::process::ExitCode {
    kit::main(|_| {
        let settings = ingest::Settings::from_env();
        let settings = settings.map_err(|error| Ended::Configuration(error.to_string()))?;
        Ok(vec![ingest::service(settings)])
    })
}
