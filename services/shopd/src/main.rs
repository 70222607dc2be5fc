//! Every service of the shop as one program.

/// Each job allocates some hundred small pieces, in Rust and in SQLite: docs/performance.md says what this
/// allocator makes of it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    shopd::main()
}
