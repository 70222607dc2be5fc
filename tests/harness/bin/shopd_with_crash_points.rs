//! `shopd`, in which the crash points of the kit can be armed: for the walk over them.

fn main() -> std::process::ExitCode {
    kit::crash::may_be_armed();
    shopd::main()
}
