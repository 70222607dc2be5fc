//! The alert service as a process of its own.

fn main() -> std::process::ExitCode {
    kit::main(|_| Ok(vec![alert::service()]))
}
