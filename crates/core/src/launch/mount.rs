//! Mounts by descriptor: made detached, configured, then attached to the very object that was resolved. Runs in the child: no
//! allocation, no panic.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags, open};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags,
    fsconfig_create, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, move_mount, open_tree,
};
use rustix::process::{chroot, fchdir};

use super::over_proc::refuse_over_proc;
use super::resolve::{open_existing, open_host, open_or_create};
use crate::plan::op::{Identity, Param};
use crate::plan::target::{Kind, Target};
use crate::sys::{self, MountAttr};

/// Read-only, as an argument of `mount_setattr(2)`.
pub const READ_ONLY: MountAttr = MountAttr {
    attr_set: MountAttrFlags::MOUNT_ATTR_RDONLY.bits() as u64,
    attr_clr: 0,
    propagation: 0,
    userns_fd: 0,
};

/// Takes a tree out of every propagation.
pub fn make_private(tree: BorrowedFd<'_>) -> Result<(), Errno> {
    let private = u64::from(MountPropagationFlags::PRIVATE.bits());
    sys::mount_setattr(tree, true, &MountAttr { propagation: private, ..MountAttr::default() })
}

/// Attaches a detached mount to the object that `target` stands for, whatever has become of its path since.
pub fn attach(mount: BorrowedFd<'_>, target: BorrowedFd<'_>) -> Result<(), Errno> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(mount, c"", target, c"", flags)
}

/// Attaches a detached mount to a target, which is made if there is none: a directory for a directory, else a file.
pub fn attach_as(root: BorrowedFd<'_>, mount: BorrowedFd<'_>, target: &Target) -> Result<(), Errno> {
    let is_dir = is_directory(mount)?;
    let found = open_or_create(root, target, if is_dir { Kind::Directory } else { Kind::File })?;
    refuse_over_proc(found.as_fd(), mount, target)?;
    // The kernel's own answer would be EINVAL, which can mean anything.
    if is_directory(found.as_fd())? != is_dir {
        return Err(Errno::NOTDIR);
    }
    attach(mount, found.as_fd())
}

/// A read-only, private copy of what is mounted at a host path, or of the part below a path in it.
pub fn view_of(at: &std::ffi::CStr, below: Option<&Target>) -> Result<OwnedFd, Errno> {
    let whole = open_host(at)?;
    let part = below.map(|path| open_existing(whole.as_fd(), path)).transpose()?;
    let view = clone_of(part.as_ref().map_or(whole.as_fd(), AsFd::as_fd), false)?;
    let private = u64::from(MountPropagationFlags::PRIVATE.bits());
    sys::mount_setattr(view.as_fd(), true, &MountAttr { propagation: private, ..READ_ONLY })?;
    Ok(view)
}

/// A detached copy of the mount that `fd` stands in, rooted at `fd`.
pub fn clone_of(fd: BorrowedFd<'_>, recursive: bool) -> Result<OwnedFd, Errno> {
    let mut flags =
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
    if recursive {
        flags |= OpenTreeFlags::AT_RECURSIVE;
    }
    open_tree(fd, c"", flags)
}

/// The path is opened in this namespace, then held against what the plan saw: a source that was swapped in between is
/// refused instead of mounted. What stands `below` it is opened by the kernel as if the source were the root: a container that has
/// the same volume may put links there, and change them at any moment.
pub fn clone_host_tree(
    source: &std::ffi::CStr,
    identity: Identity,
    below: Option<&Target>,
    recursive: bool,
) -> Result<OwnedFd, Errno> {
    let found = open_host(source)?;
    let stat = rustix::fs::fstat(&found)?;
    if (Identity { dev: stat.st_dev, ino: stat.st_ino }) != identity {
        return Err(Errno::STALE);
    }
    let part = below.map(|path| open_existing(found.as_fd(), path)).transpose()?;
    clone_of(part.as_ref().map_or(found.as_fd(), AsFd::as_fd), recursive)
}

/// A detached copy of the tmpfs at a path of another container. The kernel copies mounts of the caller's own namespace only, so
/// that one is entered and left again. The path is resolved below the container's root, which may not be its namespace's.
pub fn clone_foreign_tmpfs(
    mounts: BorrowedFd<'_>,
    root: BorrowedFd<'_>,
    path: &Target,
) -> Result<OwnedFd, Errno> {
    const TMPFS_MAGIC: i64 = 0x0102_1994;
    let own = open(c"/proc/self/ns/mnt", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let own_root = open(c"/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    // A failure from here on ends this process: it is never left in the other namespace.
    sys::setns(mounts, libc::CLONE_NEWNS as u64)?;
    let found = open_existing(root, path)?;
    if rustix::fs::fstatfs(&found)?.f_type as i64 != TMPFS_MAGIC {
        return Err(Errno::XDEV);
    }
    let tree = clone_of(found.as_fd(), false)?;
    sys::setns(own.as_fd(), libc::CLONE_NEWNS as u64)?;
    fchdir(&own_root)?;
    chroot(c".")?;
    Ok(tree)
}

/// A new, detached filesystem instance.
pub fn new_mount(fs: &std::ffi::CStr, params: &[Param], attr: MountAttrFlags) -> Result<OwnedFd, Errno> {
    let context = fsopen(fs, FsOpenFlags::FSOPEN_CLOEXEC)?;
    for param in params {
        match &param.value {
            Some(value) => fsconfig_set_string(context.as_fd(), param.key.as_c_str(), value.as_c_str())?,
            None => fsconfig_set_flag(context.as_fd(), param.key.as_c_str())?,
        }
    }
    fsconfig_create(context.as_fd())?;
    fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attr)
}

/// Whether an open file is a directory.
pub fn is_directory(fd: BorrowedFd<'_>) -> Result<bool, Errno> {
    Ok(FileType::from_raw_mode(rustix::fs::fstat(fd)?.st_mode) == FileType::Directory)
}
