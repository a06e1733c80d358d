//! `rcx-runtime`: what outlives the command that started it, the monitor of a container most of all.

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("monitor") => rcx_core::monitor::main(std::env::args().skip(2)),
        Some("namespace") => rcx_core::rootless::holder_main(std::env::args().skip(2)),
        Some("enter") => rcx_core::rootless::enter_main(std::env::args().skip(2)),
        Some("outside") => rcx_core::network::outside_main(std::env::args().skip(2)),
        Some("remove") => rcx_core::rootless::remove_main(std::env::args().skip(2)),
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
