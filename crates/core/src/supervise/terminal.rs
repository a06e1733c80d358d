//! This process' own terminal while a container uses it: raw, and restored whatever happens.

use std::sync::{Mutex, PoisonError};

use rustix::termios::{OptionalActions, Termios, Winsize, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};

use crate::error::{Context, Result};

const CODE: &str = "ERR_RCX_TERMINAL";

/// The settings from before, while the terminal is raw.
static SAVED: Mutex<Option<Termios>> = Mutex::new(None);

/// Puts the terminal on stdin into raw mode: keys reach the container as they are. Idempotent.
pub fn make_raw() -> Result<()> {
    let mut saved = SAVED.lock().unwrap_or_else(PoisonError::into_inner);
    if saved.is_some() {
        return Ok(());
    }
    let before = tcgetattr(rustix::stdio::stdin()).step(CODE, "read the terminal's settings")?;
    let mut raw = before.clone();
    raw.make_raw();
    tcsetattr(rustix::stdio::stdin(), OptionalActions::Flush, &raw).step(CODE, "make the terminal raw")?;
    *saved = Some(before);
    Ok(())
}

/// Restores the terminal, if it is raw. To be called on every way out.
pub fn restore() -> Result<()> {
    let mut saved = SAVED.lock().unwrap_or_else(PoisonError::into_inner);
    match saved.take() {
        Some(before) => tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, &before)
            .step(CODE, "restore the terminal"),
        None => Ok(()),
    }
}

/// The size of the terminal on stdout, if it is one: rows, then columns.
pub fn size() -> Option<(u16, u16)> {
    tcgetwinsize(rustix::stdio::stdout()).ok().map(|size| (size.ws_row, size.ws_col))
}

/// Gives a container's terminal a size; the kernel tells its processes (`SIGWINCH`).
pub fn resize(master: &std::os::fd::OwnedFd, rows: u16, columns: u16) -> Result<()> {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(master, size).step(CODE, "resize the container's terminal")
}
