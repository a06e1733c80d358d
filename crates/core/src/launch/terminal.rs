//! The container's terminal. Runs in the child: no allocation, no panic.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, unlockpt};

use super::mount::{attach, clone_of};
use super::resolve::{open_existing, open_or_create};
use crate::plan::target::Target;

/// Opens a terminal of the container's own devpts; master first. The slave comes from the master itself (`TIOCGPTPEER`) and
/// is bound to `/dev/console` by descriptor: no path inside the container is trusted to name it (CVE-2025-52565).
pub fn open_terminal(
    root: BorrowedFd<'_>,
    pts: &Target,
    console: &Target,
) -> Result<(OwnedFd, OwnedFd), Errno> {
    let dir = open_existing(root, pts)?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let master = openat(&dir, c"ptmx", flags, Mode::empty())?;
    unlockpt(&master)?;
    let slave = ioctl_tiocgptpeer(&master, OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    let target = open_or_create(root, console, console.kind)?;
    attach(clone_of(slave.as_fd(), false)?.as_fd(), target.as_fd())?;
    Ok((master, slave))
}
