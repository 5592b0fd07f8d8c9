//! The handsetd program.

fn main() {}
