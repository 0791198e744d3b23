//! The `losscope` program.

fn main() {}
