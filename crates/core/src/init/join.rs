//! Joining a container: a process of the host that enters its namespaces, leaves a child there that becomes the user's program,
//! and ends. Everything that the container could get hold of is in the sealed memory of this binary.

use std::fs;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::fs::{Mode, OFlags, open, openat};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, unlockpt};
use serde::{Deserialize, Serialize};

use super::config::InitConfig;
use super::{CODE, Error, Result, exec_program, payload_text, prepared};
use crate::error::Context;
use crate::id_map::IdMaps;
use crate::identity::ProcessIdentity;
use crate::launch::{self, PAYLOAD_FD, SYNC_FD};
use crate::security::ids;
use crate::{sys, wire};

/// What a joining process is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JoinConfig {
    /// The container's init.
    pub target: ProcessIdentity,
    /// `CLONE_NEW…` flags of the namespaces that are not the host's.
    pub namespaces: u64,
    /// `cgroup.procs` of the container's cgroups of v1.
    pub cgroups: Vec<String>,
    /// It dies with its launcher.
    pub bound: bool,
    /// The ids of the container's user namespace, if it has one.
    #[serde(default)]
    pub user: Option<IdMaps>,
    /// What runs.
    pub init: InitConfig,
}

/// `rcx-init exec`; never returns.
pub fn main() -> ! {
    // SAFETY: the launcher put them there for this process alone; nobody else owns these numbers.
    let (sync, payload) = unsafe { (OwnedFd::from_raw_fd(SYNC_FD), OwnedFd::from_raw_fd(PAYLOAD_FD)) };
    let Err(error) = run(sync.as_fd(), payload) else { sys::exit_now(0) };
    let told = wire::send_error(sync.as_fd(), &error);
    sys::exit_now(if told.is_ok() { 1 } else { 125 })
}

/// Comes back without an error in the process that stays outside only.
fn run(sync: BorrowedFd<'_>, payload: OwnedFd) -> Result<()> {
    sys::close_from(SYNC_FD.unsigned_abs(), true).step(CODE, "mark descriptors close-on-exec")?;
    // From the moment when it is in the container's pid namespace, its processes may try to trace it (CVE-2016-9962).
    sys::prctl(libc::PR_SET_DUMPABLE, 0, 0).step(CODE, "make the process undumpable")?;
    let config: JoinConfig = serde_json::from_slice(&payload_text(payload)?)
        .map_err(|e| Error::new(CODE, format!("read the configuration of the process: {e}")))?;
    enter(&config)?;
    let terminal = if config.init.terminal { Some(open_terminal(sync)?) } else { None };
    match clone_sibling().step(CODE, "clone a process into the container")? {
        Some((pid, pidfd)) => wire::send_process(sync, pid, pidfd.as_fd()).step(CODE, "report the process"),
        None => {
            if let Some(slave) = terminal {
                become_stdio(slave).step(CODE, "connect the terminal")?;
            }
            let mut init = config.init;
            if config.user.is_some() {
                // Done already, with the host's privileges.
                (init.rlimits, init.oom_score_adj) = (Vec::new(), None);
            }
            let program = prepared(&init, sync)?;
            Err(exec_program(&init, program, config.bound.then_some(sync))?)
        }
    }
}

fn enter(config: &JoinConfig) -> Result<()> {
    const STEP: &str = "join the container";
    let pid = Pid::from_raw(config.target.pid).ok_or_else(|| gone(config.target.pid))?;
    let pidfd = pidfd_open(pid, PidfdFlags::empty()).step(CODE, STEP)?;
    let root = format!("/proc/{}/root", config.target.pid);
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = open(&root, flags, Mode::empty()).step_at(CODE, STEP, &root)?;
    // Both were opened by the pid: now it is known whose they are.
    if !config.target.exists() {
        return Err(gone(config.target.pid));
    }
    for procs in &config.cgroups {
        fs::write(procs, "0").step_at("ERR_RCX_CGROUP", "join the cgroup", procs)?;
    }
    if let Some(maps) = &config.user {
        before_user_namespace(config, maps)?;
    }
    sys::setns(pidfd.as_fd(), config.namespaces).step(CODE, "join the container's namespaces")?;
    if config.user.is_some() {
        ids::become_root().step(CODE, "become the root of the container's user namespace")?;
        // The change of ids has left it to fs.suid_dumpable.
        sys::prctl(libc::PR_SET_DUMPABLE, 0, 0).step(CODE, "make the process undumpable")?;
    }
    // Where the root was changed by chroot, the mount namespace's own root is another.
    rustix::process::fchdir(&root).step(CODE, "change to the container's root")?;
    rustix::process::chroot(".").step(CODE, "change to the container's root")
}

/// What takes privileges that are lost by entering a user namespace.
fn before_user_namespace(config: &JoinConfig, maps: &IdMaps) -> Result<()> {
    let stdio = [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()];
    launch::own_stdio(stdio, maps.root()).step(CODE, "give stdio to the container's root")?;
    if let Some(score) = config.init.oom_score_adj {
        super::set_oom_score(score)?;
    }
    super::rlimits::set(0, &config.init.rlimits)
}

fn gone(pid: i32) -> Error {
    Error::new("ERR_RCX_CONTAINER_NOT_RUNNING", format!("join the container: its process {pid} has ended"))
}

/// A terminal of the container's own devpts, with nothing on the way that a path could be led astray by.
fn open_terminal(sync: BorrowedFd<'_>) -> Result<OwnedFd> {
    const STEP: &str = "open a terminal";
    let pts = rustix::fs::openat2(
        rustix::fs::CWD,
        c"/dev/pts",
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
        rustix::fs::ResolveFlags::NO_SYMLINKS | rustix::fs::ResolveFlags::NO_MAGICLINKS,
    )
    .step_at(CODE, STEP, "/dev/pts")?;
    let kind = rustix::fs::fstatfs(&pts).step_at(CODE, STEP, "/dev/pts")?.f_type;
    if kind != DEVPTS_SUPER_MAGIC {
        return Err(Error::new(CODE, format!("{STEP}: it is no devpts")).at("/dev/pts"));
    }
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let master = openat(&pts, c"ptmx", flags, Mode::empty()).step_at(CODE, STEP, "/dev/pts/ptmx")?;
    unlockpt(&master).step(CODE, STEP)?;
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let slave = ioctl_tiocgptpeer(&master, flags).step(CODE, STEP)?;
    wire::send_fd(sync, wire::TERMINAL, master.as_fd()).step(CODE, STEP)?;
    Ok(slave)
}

/// linux/magic.h.
const DEVPTS_SUPER_MAGIC: i64 = 0x1cd1;

fn become_stdio(slave: OwnedFd) -> rustix::io::Result<()> {
    rustix::stdio::dup2_stdin(&slave)?;
    rustix::stdio::dup2_stdout(&slave)?;
    rustix::stdio::dup2_stderr(&slave)
}

/// A child in the pid namespace that was joined, whose parent is the launcher: only it can then learn how it ended. `None` in
/// the child.
fn clone_sibling() -> rustix::io::Result<Option<(i32, OwnedFd)>> {
    let mut pidfd: i32 = -1;
    let flags = libc::CLONE_PARENT | libc::CLONE_PIDFD;
    // SAFETY: like fork(2), and this process has a single thread. The arguments are those of clone(2) on both architectures:
    // flags, stack, and where the descriptor goes.
    let pid = sys::check(unsafe {
        libc::syscall(libc::SYS_clone, flags | libc::SIGCHLD, 0, std::ptr::from_mut(&mut pidfd), 0, 0)
    })?;
    if pid == 0 {
        return Ok(None);
    }
    // SAFETY: on success the kernel has stored a new descriptor that nobody else owns.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Some((i32::try_from(pid).map_err(|_| Errno::OVERFLOW)?, pidfd)))
}
