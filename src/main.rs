//! The `muxtape` program.

fn main() {}
