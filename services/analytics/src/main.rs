//! The analytics service as a process of its own.

fn main() -> std::process::ExitCode {
    kit::main(|_| Ok(vec![analytics::service()]))
}
