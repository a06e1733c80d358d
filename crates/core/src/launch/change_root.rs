//! Changing the root of the mount namespace. Runs in the child: no allocation, no panic.

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::mount::{MountPropagationFlags, UnmountFlags, mount_change, mount_move, unmount};
use rustix::process::{chdir, chroot, fchdir, pivot_root};

use crate::plan::op::ChangeRoot;

/// Makes `root` the namespace's root; true when it had to be moved and chrooted into.
pub fn change_root(root: BorrowedFd<'_>, how: &ChangeRoot) -> Result<bool, Errno> {
    if !how.no_pivot {
        match pivot(root) {
            // pivot_root(2): the current root is the initramfs, which cannot be put anywhere else.
            Err(Errno::INVAL) if !how.pivot_only => {}
            other => return other.map(|()| false),
        }
    }
    move_and_chroot(root, how).map(|()| true)
}

/// The old root is stacked onto the new one (`pivot_root(".", ".")`, see the NOTES of the man page) and detached at once:
/// no directory is needed for it and no path leads back to it.
fn pivot(root: BorrowedFd<'_>) -> Result<(), Errno> {
    let old = open(c"/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    fchdir(root)?;
    pivot_root(c".", c".")?;
    fchdir(old.as_fd())?;
    // The unmount below must not propagate to the host, whatever the tree's propagation is by now.
    mount_change(c".", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC)?;
    unmount(c".", UnmountFlags::DETACH)?;
    chdir(c"/")
}

/// After the move the old tree lies under the new root and stays in the namespace, so everything mounted in it goes first:
/// a full procfs or sysfs of the host must not be within reach of an escape from the chroot.
fn move_and_chroot(root: BorrowedFd<'_>, how: &ChangeRoot) -> Result<(), Errno> {
    fchdir(root)?;
    mount_move(c".", c"/")?;
    detach(&how.host_mounts)?;
    chroot(c".")?;
    chdir(c"/")
}

/// A mount may hide others: two on one directory, or one on a directory above. A path names the uppermost only, so the list is
/// gone through, last mounted first, until nothing of it is mounted.
fn detach(paths: &[CString]) -> Result<(), Errno> {
    loop {
        let mut found = false;
        for path in paths.iter().rev() {
            match unmount(path.as_c_str(), UnmountFlags::DETACH | UnmountFlags::NOFOLLOW) {
                Ok(()) => found = true,
                // Gone, or hidden still.
                Err(Errno::INVAL | Errno::NOENT | Errno::NOTDIR) => {}
                Err(errno) => return Err(errno),
            }
        }
        if !found {
            return Ok(());
        }
    }
}
