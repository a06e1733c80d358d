//! The launch plan as data: what the child will do, complete before the child exists, so that it can be printed and
//! tested, and executed without a single allocation.

use std::ffi::CString;
use std::os::fd::OwnedFd;

use rustix::mount::{MountAttrFlags, MountPropagationFlags};

use super::target::Target;
use crate::sys::MountAttr;

/// One step of the child, with the words its failure is reported in.
#[derive(Debug)]
pub struct Step {
    /// Stable code of a failure.
    pub code: &'static str,
    /// What is being done: `mount proc`.
    pub what: &'static str,
    /// The object it is done to, as the user knows it.
    pub object: String,
    /// What the child executes.
    pub op: Op,
}

/// A mount that the child opened early and attaches later: an index into its slots.
pub type Slot = usize;

/// An operation of the child. Paths are absolute on the host or [`Target`]s inside the new root.
#[derive(Debug)]
pub enum Op {
    /// Moves the child into a cgroup by writing `0` to this open `cgroup.procs`.
    JoinCgroup(OwnedFd),
    /// Unshares the cgroup namespace, after every join: a v1 or v2 root above its own is never seen (CVE-2023-25809).
    NewCgroupNamespace,
    /// Enters a namespace that exists, by its `CLONE_NEW…` flag: the kernel makes sure that it is one of that kind.
    EnterNamespace { fd: OwnedFd, flag: u64 },
    /// Enters the network namespace that was made together with the container's user namespace.
    EnterOwnNetwork,
    /// Opens a detached copy of the tmpfs at `/dev/shm` of another container, in whose mount namespace one must be for that.
    CloneSharedMemory { mounts: OwnedFd, root: OwnedFd, path: Target, slot: Slot },
    /// `sethostname(2)` in the new uts namespace.
    Hostname(CString),
    /// `setdomainname(2)` in the new uts namespace.
    Domainname(CString),
    /// Brings `lo` up in the new network namespace; the kernel gives it 127.0.0.1 and ::1.
    LoopbackUp,
    /// Opens a detached copy of a host mount while its propagation is still the host's.
    CloneTree { source: CString, identity: Identity, below: Option<Target>, recursive: bool, slot: Slot },
    /// Changes the propagation of the whole tree, so that nothing mounted from here on is seen outside.
    Propagation(MountPropagationFlags),
    /// Mounts the container's overlay at a host path.
    Overlay(Overlay),
    /// Attaches an existing directory tree as the root at a host path.
    AttachRoot { slot: Slot, at: CString },
    /// Attaches the root's tree on the namespace's own root and opens it, as [`Op::EnterRoot`] does. No path leads there, which
    /// the ids of a user namespace might not be allowed to go.
    AttachOverRoot(Slot),
    /// Opens the mounted root: every later target is resolved below it.
    EnterRoot(CString),
    /// Mounts a new filesystem instance.
    Mount { fs: CString, params: Vec<Param>, attr: MountAttrFlags, target: Target },
    /// Gives a directory inside an SELinux label.
    Label { path: Target, label: CString },
    /// Attaches a tree that [`Op::CloneTree`] opened. A missing target is made as a directory or a file, as the tree is.
    Attach { slot: Slot, attr: MountAttr, recursive: bool, target: Target },
    /// Moves what is mounted at a host path, or the part of it below a path, read-only to a target.
    AttachView { at: CString, below: Option<Target>, target: Target },
    /// `mknod(2)` below `/dev`.
    Device { path: Target, mode: u32, rdev: u64, uid: u32, gid: u32 },
    /// `symlink(2)`; a link that is already there is left as it is.
    Symlink { path: Target, to: CString },
    /// Allocates a terminal from the container's own devpts and binds its slave to `/dev/console`.
    Terminal { pts: Target, console: Target },
    /// Writes a namespaced kernel setting through the procfs that this plan mounted.
    Sysctl { path: Target, value: Vec<u8> },
    /// Hides a path: `/dev/null` over a file, an empty read-only tmpfs over a directory. A missing path is no error.
    Mask { path: Target, null: Target, params: Vec<Param> },
    /// Makes a path read-only with everything below it. A missing path is no error.
    ReadOnly { path: Target },
    /// Makes a mount of this plan read-only, once it holds what it shall.
    SealMount(Target),
    /// Makes the root mount itself read-only.
    ReadOnlyRoot,
    /// Changes the root of the namespace.
    ChangeRoot(ChangeRoot),
    /// What takes the host's privileges and is therefore done before the user namespace is entered.
    Outside(Outside),
}

/// An operation of the child of a container with a user namespace, while it still has the host's privileges. What it makes waits
/// in a slot until the container's own mount namespace is there.
#[derive(Debug)]
pub enum Outside {
    /// Shifts the owners of a tree that waits in a slot by the container's mappings (`MOUNT_ATTR_IDMAP`).
    ShiftTree { slot: Slot, recursive: bool },
    /// Mounts a copy of a directory on itself whose owners are shifted: as overlayfs' layer it shows the container's ids and
    /// stores its own.
    ShiftLayer(CString),
    /// Has what is made from now on belong to these ids: overlayfs' own directory must have an owner that its layer can store.
    CreateAs { uid: u32, gid: u32 },
    /// Opens a detached copy of what is mounted at a host path.
    CloneMount { at: CString, slot: Slot },
    /// Mounts a new filesystem instance, of a namespace that is not the container's own.
    Mount { fs: CString, params: Vec<Param>, attr: MountAttrFlags, slot: Slot },
    /// Mounts a tmpfs at a host path, for device nodes.
    DeviceStore { at: CString, params: Vec<Param> },
    /// `mknod(2)` in that tmpfs, which is forbidden in a user namespace, and in every filesystem that was mounted there.
    Device { name: CString, mode: u32, rdev: u64, uid: u32, gid: u32, slot: Slot },
    /// Sets `/proc/self/oom_score_adj`, whose lowering a user namespace has no privilege for.
    OomScore(Vec<u8>),
}

/// A filesystem parameter: a flag, or a key with a value (`fsconfig(2)`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Key, e.g. `mode`.
    pub key: CString,
    /// Value, or `None` for a flag.
    pub value: Option<CString>,
}

/// Which file a path meant when the plan was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Device number of the filesystem.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
}

/// The union mount of a container.
#[derive(Debug)]
pub struct Overlay {
    /// Read-only layers, topmost first.
    pub lower: Vec<CString>,
    /// The read-write layer, and overlayfs' work directory on the same filesystem; without them the mount is read-only.
    pub writable: Option<(CString, CString)>,
    /// Host path of the mount point.
    pub at: CString,
    /// SELinux label of everything in it.
    pub label: Option<CString>,
    /// Leaves out every fsync of the upper filesystem (Linux 5.10), for a container that is removed at its end: at
    /// unmount the kernel would otherwise write back the whole filesystem that holds the store.
    pub volatile: bool,
    /// Marks are in attributes `user.overlay.*` (Linux 5.11): those of `trusted.*` are for the machine's root alone.
    pub userxattr: bool,
    /// Kernels before 6.8 have no `lowerdir+`: all layers must fit one page of options for `mount(2)`.
    pub api: OverlayApi,
    /// Room for the option page, allocated beforehand.
    pub options: Vec<u8>,
}

/// How the overlay is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OverlayApi {
    /// `fsconfig(lowerdir+)`, falling back to `mount(2)` where the kernel does not know it.
    #[default]
    Auto,
    /// `mount(2)` with descriptors for names, so that 127 layers fit.
    Legacy,
}

/// How the root is changed.
#[derive(Debug)]
pub struct ChangeRoot {
    /// Skip `pivot_root(2)` (`--no-pivot`).
    pub no_pivot: bool,
    /// The host's mounts directly below `/`: detached where the root can only be moved, because there the old tree stays
    /// in the namespace.
    pub host_mounts: Vec<CString>,
    /// Fails where the root cannot be pivoted: the host's mounts cannot be detached in a user namespace, where they are locked.
    pub pivot_only: bool,
}
