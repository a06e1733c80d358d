//! `rcx-init`: the one binary that is ever executed inside a container, from a sealed copy in memory. It holds nothing but what
//! it needs there.

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("init") => rcx_core::init::main(),
        Some("exec") => rcx_core::init::join::main(),
        _ => {
            eprintln!("rcx-init {}: started by rcx itself", env!("CARGO_PKG_VERSION"));
            ExitCode::from(125)
        }
    }
}
