//! Everything that proves the whole shop: it running, and the repository being what it says.

mod repo;
mod system;
