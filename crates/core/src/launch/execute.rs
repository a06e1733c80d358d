//! Executing the plan in the child, which still runs in its parent's memory: raw system calls only.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};

use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, Uid, XattrFlags, chownat, fsetxattr, mknodat, openat, statat,
    symlinkat,
};
use rustix::io::Errno;
use rustix::mount::{MountAttrFlags, mount_change};

use super::change_root::change_root;
use super::mount::{
    READ_ONLY, attach, attach_as, clone_foreign_tmpfs, clone_host_tree, clone_of, is_directory, make_private,
    new_mount, view_of,
};
use super::over_proc::{is_on_proc, refuse_over_proc};
use super::overlay::mount_overlay;
use super::resolve::{open_existing, open_host, open_or_create, open_parent};
use super::terminal::open_terminal;
use super::trace::Moments;
use crate::plan::op::{Op, Param, Step};
use crate::plan::target::Target;
use crate::security::selinux;
use crate::sys::{self, MountAttr};

/// What the child holds while it works. The vectors live in the parent's memory and were sized there.
#[derive(Debug, Default)]
pub struct State {
    /// Detached trees by slot.
    pub slots: Vec<Option<OwnedFd>>,
    /// The container's root.
    pub root: Option<OwnedFd>,
    /// An empty read-only tmpfs that masks directories, once one is attached.
    pub empty_dir: Option<OwnedFd>,
    /// The terminal's two ends.
    pub terminal: Option<(OwnedFd, OwnedFd)>,
    /// The tmpfs that a container in a user namespace has its device nodes from.
    pub devices: Option<OwnedFd>,
    /// The container's user namespace, whose ids the owners of idmapped mounts are shifted to.
    pub user_namespace: Option<RawFd>,
    /// A network namespace that belongs to it.
    pub network_namespace: Option<RawFd>,
    /// What the parent learns about how it went.
    pub outcome: Outcome,
    /// When each step was done.
    pub moments: Moments,
}

impl State {
    /// To be called by the parent: the descriptors were the child's, in this process their numbers mean nothing or somebody
    /// else's files.
    pub fn disown(self) {
        self.slots.into_iter().flatten().chain(self.root).chain(self.empty_dir).for_each(std::mem::forget);
        std::mem::forget((self.terminal, self.devices));
    }
}

/// How the root came about.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// `MS_MOVE` and `chroot` were used instead of `pivot_root`.
    pub chrooted: bool,
    /// The overlay was mounted through `mount(2)`.
    pub legacy_overlay: bool,
}

/// Executes every step; on failure the index of the step and the errno.
pub fn execute(steps: &mut [Step], state: &mut State) -> Result<(), (usize, Errno)> {
    for (index, step) in steps.iter_mut().enumerate() {
        execute_one(&mut step.op, state).map_err(|errno| (index, errno))?;
        state.moments.mark();
    }
    Ok(())
}

fn execute_one(op: &mut Op, state: &mut State) -> Result<(), Errno> {
    match op {
        Op::JoinCgroup(procs) => write_all(procs.as_fd(), b"0"),
        Op::NewCgroupNamespace => sys::unshare_cgroup(),
        Op::EnterNamespace { fd, flag } => sys::setns(fd.as_fd(), *flag),
        Op::EnterOwnNetwork => {
            let namespace = state.network_namespace.ok_or(Errno::BADF)?;
            // SAFETY: the launcher keeps it open until this process has exec'd or ended.
            sys::setns(unsafe { BorrowedFd::borrow_raw(namespace) }, libc::CLONE_NEWNET as u64)
        }
        Op::CloneSharedMemory { mounts, root, path, slot } => {
            put_slot(state, *slot, clone_foreign_tmpfs(mounts.as_fd(), root.as_fd(), path)?)
        }
        Op::Hostname(name) => rustix::system::sethostname(name.as_bytes()),
        Op::Domainname(name) => rustix::system::setdomainname(name.as_bytes()),
        Op::LoopbackUp => super::loopback::bring_up(),
        Op::CloneTree { source, identity, below, recursive, slot } => {
            let tree = clone_host_tree(source, *identity, below.as_ref(), *recursive)?;
            put_slot(state, *slot, tree)
        }
        Op::Propagation(flags) => mount_change(c"/", *flags),
        Op::Overlay(overlay) => {
            state.outcome.legacy_overlay = mount_overlay(overlay)?;
            Ok(())
        }
        Op::AttachRoot { slot, at } => {
            let tree = take_slot(&mut state.slots, *slot)?;
            make_private(tree.as_fd())?;
            attach(tree.as_fd(), open_host(at)?.as_fd())
        }
        Op::AttachOverRoot(slot) => {
            let tree = take_slot(&mut state.slots, *slot)?;
            make_private(tree.as_fd())?;
            attach(tree.as_fd(), open_host(c"/")?.as_fd())?;
            state.root = Some(tree);
            Ok(())
        }
        Op::EnterRoot(at) => {
            state.root = Some(open_host(at)?);
            Ok(())
        }
        Op::ChangeRoot(how) => {
            let root = state.root.as_ref().ok_or(Errno::BADF)?;
            state.outcome.chrooted = change_root(root.as_fd(), how)?;
            Ok(())
        }
        Op::Outside(outside) => super::outside::execute(outside, state),
        inside => execute_inside(inside, state),
    }
}

/// The operations whose targets lie below the root.
fn execute_inside(op: &Op, state: &mut State) -> Result<(), Errno> {
    let root = state.root.as_ref().ok_or(Errno::BADF)?.as_fd();
    match op {
        Op::Mount { fs, params, attr, target } => {
            let mount = new_mount(fs, params, *attr)?;
            let found = open_or_create(root, target, target.kind)?;
            refuse_over_proc(found.as_fd(), mount.as_fd(), target)?;
            attach(mount.as_fd(), found.as_fd())
        }
        Op::Attach { slot, attr, recursive, target } => {
            let tree = take_slot(&mut state.slots, *slot)?;
            if !*recursive {
                // What is mounted below is not to be seen outside either, whatever else it is.
                sys::mount_setattr(
                    tree.as_fd(),
                    true,
                    &MountAttr { propagation: attr.propagation, ..MountAttr::default() },
                )?;
            }
            sys::mount_setattr(tree.as_fd(), *recursive, attr)?;
            attach_as(root, tree.as_fd(), target)
        }
        Op::AttachView { at, below, target } => {
            let view = view_of(at, below.as_ref())?;
            attach_as(root, view.as_fd(), target)?;
            // What it was cut out of is not needed any more, and would stay where the root cannot be changed by pivot_root.
            rustix::mount::unmount(at.as_c_str(), rustix::mount::UnmountFlags::DETACH)
        }
        Op::Device { path, mode, rdev, uid, gid } => make_device(root, path, *mode, *rdev, (*uid, *gid)),
        Op::Symlink { path, to } => make_symlink(root, path, to),
        Op::Terminal { pts, console } => {
            state.terminal = Some(open_terminal(root, pts, console)?);
            Ok(())
        }
        Op::Sysctl { path, value } => write_sysctl(root, path, value),
        Op::Mask { path, null, params } => match open_existing(root, path) {
            Ok(found) => mask(root, found.as_fd(), (null, params), &mut state.empty_dir),
            Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(errno),
        },
        Op::Label { path, label } => set_label(root, path, label),
        Op::ReadOnly { path } => match open_existing(root, path) {
            Ok(found) => {
                let tree = clone_of(found.as_fd(), true)?;
                sys::mount_setattr(tree.as_fd(), true, &READ_ONLY)?;
                attach(tree.as_fd(), found.as_fd())
            }
            Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(errno),
        },
        Op::SealMount(target) => sys::mount_setattr(open_existing(root, target)?.as_fd(), false, &READ_ONLY),
        Op::ReadOnlyRoot => sys::mount_setattr(root, false, &READ_ONLY),
        _ => Err(Errno::INVAL),
    }
}

pub(super) fn put_slot(state: &mut State, slot: usize, tree: OwnedFd) -> Result<(), Errno> {
    *state.slots.get_mut(slot).ok_or(Errno::INVAL)? = Some(tree);
    Ok(())
}

pub(super) fn take_slot(slots: &mut [Option<OwnedFd>], slot: usize) -> Result<OwnedFd, Errno> {
    slots.get_mut(slot).and_then(Option::take).ok_or(Errno::INVAL)
}

fn make_device(
    root: BorrowedFd<'_>,
    path: &Target,
    mode: u32,
    rdev: u64,
    owner: (u32, u32),
) -> Result<(), Errno> {
    let parent = open_parent(root, path)?;
    let above = parent.as_ref().map_or(root, AsFd::as_fd);
    let Some((_, name)) = path.chain.last() else { return Err(Errno::INVAL) };
    let kind = FileType::from_raw_mode(mode);
    // The umask is empty, and the node belongs to root by itself.
    match mknodat(above, name.as_c_str(), kind, Mode::from_raw_mode(mode & 0o7777), rdev) {
        // Outside of /dev it is still there from an earlier start. Anything else is the container's own and stays.
        Err(Errno::EXIST) => {
            let found = statat(above, name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW)?;
            let same = FileType::from_raw_mode(found.st_mode) == kind && found.st_rdev == rdev;
            return if same { Ok(()) } else { Err(Errno::EXIST) };
        }
        made => made?,
    }
    if owner == (0, 0) {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(owner.0), Gid::from_raw(owner.1));
    chownat(above, name.as_c_str(), Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)
}

fn make_symlink(root: BorrowedFd<'_>, path: &Target, to: &std::ffi::CStr) -> Result<(), Errno> {
    let parent = open_parent(root, path)?;
    let above = parent.as_ref().map_or(root, AsFd::as_fd);
    let Some((_, name)) = path.chain.last() else { return Err(Errno::INVAL) };
    match symlinkat(to, above, name.as_c_str()) {
        Err(Errno::EXIST) => Ok(()),
        other => other,
    }
}

/// Only ever a real procfs is written to: a file that an image put in its place must not receive the write nor, worse,
/// lead it elsewhere (CVE-2025-52881).
fn write_sysctl(root: BorrowedFd<'_>, path: &Target, value: &[u8]) -> Result<(), Errno> {
    let found = open_existing(root, path)?;
    if !is_on_proc(found.as_fd())? {
        return Err(Errno::XDEV);
    }
    let parent = open_parent(root, path)?.ok_or(Errno::INVAL)?;
    let Some((_, name)) = path.chain.last() else { return Err(Errno::INVAL) };
    let file =
        openat(&parent, name.as_c_str(), OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    write_all(file.as_fd(), value)
}

/// The cover of a file is our own `/dev/null`, verified to be the null device: an image or a racing process that swaps it
/// would otherwise choose what is mounted over `/proc` (CVE-2025-31133).
fn mask(
    root: BorrowedFd<'_>,
    found: BorrowedFd<'_>,
    (null, params): (&Target, &[Param]),
    empty_dir: &mut Option<OwnedFd>,
) -> Result<(), Errno> {
    if !is_directory(found)? {
        let null = open_existing(root, null)?;
        let device = statat(&null, c"", AtFlags::EMPTY_PATH)?;
        let is_null = FileType::from_raw_mode(device.st_mode) == FileType::CharacterDevice
            && device.st_rdev == rustix::fs::makedev(1, 3);
        if !is_null {
            return Err(Errno::NODEV);
        }
        return attach(clone_of(null.as_fd(), false)?.as_fd(), found);
    }
    if let Some(empty) = empty_dir {
        return attach(clone_of(empty.as_fd(), false)?.as_fd(), found);
    }
    let attr = MountAttrFlags::MOUNT_ATTR_RDONLY
        | MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let empty = new_mount(c"tmpfs", params, attr)?;
    attach(empty.as_fd(), found)?;
    *empty_dir = Some(empty);
    Ok(())
}

fn set_label(root: BorrowedFd<'_>, path: &Target, label: &CStr) -> Result<(), Errno> {
    let found = open_existing(root, path)?;
    // What is open by its path alone takes no attributes.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = openat(&found, c".", flags, Mode::empty())?;
    fsetxattr(&directory, selinux::ATTRIBUTE, label.to_bytes(), XattrFlags::empty())
}

/// Files of procfs and cgroupfs take a value in one write or not at all.
pub fn write_all(fd: BorrowedFd<'_>, bytes: &[u8]) -> Result<(), Errno> {
    if rustix::io::write(fd, bytes)? == bytes.len() { Ok(()) } else { Err(Errno::IO) }
}
