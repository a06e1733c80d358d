//! Operations that take the host's privileges, for a container with a user namespace. They run in the child, in memory of its
//! own, beside copies of locks that other threads may have held: no allocation, no lock, no panic.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Uid, chownat, mknodat, openat};
use rustix::io::Errno;
use rustix::mount::MountAttrFlags;

use super::execute::{State, put_slot, write_all};
use super::mount::{attach, clone_of, new_mount};
use super::resolve::open_host;
use crate::plan::op::Outside;
use crate::security::ids;
use crate::sys::{self, MountAttr};

/// Carries one out.
pub fn execute(op: &Outside, state: &mut State) -> Result<(), Errno> {
    let namespace = state.user_namespace.ok_or(Errno::BADF)?;
    match op {
        Outside::ShiftTree { slot, recursive } => {
            let tree = state.slots.get(*slot).and_then(Option::as_ref).ok_or(Errno::INVAL)?;
            shift(tree.as_fd(), *recursive, namespace)
        }
        Outside::ShiftLayer(path) => {
            let layer = open_host(path)?;
            let tree = clone_of(layer.as_fd(), false)?;
            shift(tree.as_fd(), false, namespace)?;
            attach(tree.as_fd(), layer.as_fd())
        }
        Outside::CreateAs { uid, gid } => ids::create_as(*uid, *gid),
        Outside::CloneMount { at, slot } => {
            let tree = clone_of(open_host(at)?.as_fd(), true)?;
            put_slot(state, *slot, tree)
        }
        Outside::Mount { fs, params, attr, slot } => {
            let mount = new_mount(fs, params, *attr)?;
            put_slot(state, *slot, mount)
        }
        Outside::DeviceStore { at, params } => {
            let store = new_mount(
                c"tmpfs",
                params,
                MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NOEXEC,
            )?;
            // Before Linux 6.15 only what is mounted in this namespace can be cloned.
            attach(store.as_fd(), open_host(at)?.as_fd())?;
            state.devices = Some(store);
            Ok(())
        }
        Outside::Device { name, mode, rdev, uid, gid, slot } => {
            let store = state.devices.as_ref().ok_or(Errno::BADF)?;
            let node = make_device(store.as_fd(), name, *mode, *rdev, (*uid, *gid))?;
            put_slot(state, *slot, clone_of(node.as_fd(), false)?)
        }
        Outside::OomScore(score) => {
            let flags = OFlags::WRONLY | OFlags::CLOEXEC;
            let file = rustix::fs::open(c"/proc/self/oom_score_adj", flags, Mode::empty())?;
            write_all(file.as_fd(), score)
        }
    }
}

/// `MOUNT_ATTR_IDMAP` on a detached tree: what is stored as 0 is shown as the host's id that the namespace has for its 0.
pub(super) fn shift(tree: BorrowedFd<'_>, recursive: bool, namespace: RawFd) -> Result<(), Errno> {
    let attr = MountAttr {
        attr_set: u64::from(MountAttrFlags::MOUNT_ATTR_IDMAP.bits()),
        userns_fd: u64::from(namespace.unsigned_abs()),
        ..MountAttr::default()
    };
    sys::mount_setattr(tree, recursive, &attr)
}

fn make_device(
    store: BorrowedFd<'_>,
    name: &CStr,
    mode: u32,
    rdev: u64,
    (uid, gid): (u32, u32),
) -> Result<OwnedFd, Errno> {
    // The umask is empty.
    mknodat(store, name, FileType::from_raw_mode(mode), Mode::from_raw_mode(mode & 0o7777), rdev)?;
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    chownat(store, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
    openat(store, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

/// A pipe or terminal of the launcher's becomes the container's root's: its init cannot give away what belongs to an id that is
/// not in its namespace.
pub(crate) fn own_stdio(stdio: [BorrowedFd<'_>; 3], (uid, gid): (u32, u32)) -> Result<(), Errno> {
    for fd in stdio {
        let kind = FileType::from_raw_mode(rustix::fs::fstat(fd)?.st_mode);
        if kind == FileType::Fifo || rustix::termios::isatty(fd) {
            rustix::fs::fchown(fd, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
        }
    }
    Ok(())
}
