//! What the stores in TypeScript need of the kernel besides locks and tree removal.

use std::path::Path;

use rustix::fs::{self, CWD, Mode, OFlags};

use crate::error::{Context, Result};

/// Writes everything of the file system that holds `path` to the disk, data and names.
///
/// # Errors
/// `ERR_RCX_SYNC` with the kernel's errno: `EIO` and `ENOSPC` say that what was written is not on the disk.
pub fn sync_filesystem(path: &Path) -> Result<()> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let fd = fs::openat(CWD, path, flags, Mode::empty()).step_at("ERR_RCX_SYNC", "open", path.display())?;
    fs::syncfs(&fd).step_at("ERR_RCX_SYNC", "flush the file system to the disk", path.display())
}
