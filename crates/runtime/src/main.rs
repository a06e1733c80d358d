//! `rcx-runtime`: the one static binary that is ever executed inside a container.

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("init") => rcx_core::init::main(),
        Some("flush") => rcx_core::store::flush_main(),
        _ => {
            eprintln!(
                "rcx-runtime {}: the helper of rcx; it is started by rcx itself",
                env!("CARGO_PKG_VERSION")
            );
            ExitCode::from(125)
        }
    }
}
