//! The service of devices as a process of its own.

fn main() -> std::process::ExitCode {
    kit::main(|options| Ok(vec![device::service(device::issuer(options)?)]))
}
