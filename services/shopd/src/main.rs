//! Every service of the shop as one program.

fn main() -> std::process::ExitCode {
    shopd::main()
}
