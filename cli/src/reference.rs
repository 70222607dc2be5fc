//! The reference page: every command with its options, as clap knows them.
