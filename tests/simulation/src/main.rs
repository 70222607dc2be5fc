//! Runs seeds and tells what was found.

fn main() {}
