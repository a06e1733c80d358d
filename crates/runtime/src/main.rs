//! `rcx-runtime`: the one static binary that is ever executed inside a container.

fn main() {}
