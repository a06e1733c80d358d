//! A user namespace that nobody lives in yet. It is made by a short-lived child, because the maps of a user namespace can only be
//! written from outside of it, and because idmapped mounts need it before the container is there.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Signal, pidfd_send_signal};

use super::clone::{Child, CloneRequest, Stack, spawn_beside};
use super::wait_exited;
use crate::error::{Context, Error, Result};
use crate::id_map::{IdMaps, map_file};
use crate::sys;

const CODE: &str = "ERR_RCX_USER_NAMESPACE";

/// What the child waits for: the end of the pipe, which comes with this process' at the latest.
struct Waiting {
    read: RawFd,
    write: RawFd,
}

/// A user namespace, and a network namespace that belongs to it.
#[derive(Debug)]
pub struct Made {
    /// The user namespace.
    pub user: OwnedFd,
    /// The other one, where it was asked for.
    pub network: Option<OwnedFd>,
}

/// Makes a user namespace with these maps.
///
/// # Errors
/// `ERR_RCX_USER_NAMESPACE`.
pub fn make(maps: &IdMaps, network: bool) -> Result<Made> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).step(CODE, "make a pipe")?;
    let waiting = Waiting { read: read.as_raw_fd(), write: write.as_raw_fd() };
    let stack = Stack::map().step(CODE, "map a stack for a child")?;
    let child = clone(&waiting, &stack, network)?;
    let made = fill(&child, maps, network);
    // It shares this process' memory and must be gone before its stack is. ESRCH: it is.
    let killed = pidfd_send_signal(&child.pidfd, Signal::KILL);
    debug_assert!(matches!(killed, Ok(()) | Err(Errno::SRCH)), "{killed:?}");
    drop(write);
    let _ended = wait_exited(child.pidfd.as_fd());
    made
}

fn clone(waiting: &Waiting, stack: &Stack, network: bool) -> Result<Child> {
    const STEP: &str = "make a user namespace";
    // The kernel makes the user namespace first, which the other one then belongs to (user_namespaces(7)).
    let flags = if network { libc::CLONE_NEWUSER | libc::CLONE_NEWNET } else { libc::CLONE_NEWUSER };
    let namespaces = u64::from(flags.cast_unsigned());
    let request = CloneRequest { namespaces, ..CloneRequest::default() };
    let mask = sys::block_all_signals().step(CODE, "block signals around the clone")?;
    // SAFETY: `wait` makes raw system calls that touch nothing of this process' memory but its own stack, `errno` included; both
    // it and `waiting` stay until the child was collected. All signals are blocked.
    let child = unsafe { spawn_beside(request, stack, wait, std::ptr::from_ref(waiting).cast_mut()) };
    sys::set_signal_mask(mask).step(CODE, "restore the signal mask after the clone")?;
    child.map_err(|errno| {
        let error = Error::os(CODE, STEP, errno);
        match errno {
            Errno::NOSPC | Errno::USERS => error.hint("raise /proc/sys/user/max_user_namespaces"),
            Errno::PERM => {
                error.hint("it needs root outside of a chroot, and no policy of the machine against it")
            }
            Errno::INVAL => error.hint("the kernel was built without user namespaces (CONFIG_USER_NS)"),
            _ => error,
        }
    })
}

extern "C" fn wait(waiting: *mut Waiting) -> ! {
    // SAFETY: it lives until this process was collected, and nobody writes to it.
    let waiting = unsafe { &*waiting };
    // SAFETY: of this process' own descriptor table, in which nobody else uses the number.
    unsafe { rustix::io::close(waiting.write) };
    // SAFETY: open until this process ends.
    let end = unsafe { std::os::fd::BorrowedFd::borrow_raw(waiting.read) };
    let mut byte = [0u8; 1];
    while rustix::io::read(end, &mut byte[..]) == Err(Errno::INTR) {}
    sys::exit_now(0)
}

fn fill(child: &Child, maps: &IdMaps, network: bool) -> Result<Made> {
    for (file, ranges) in [("uid_map", &maps.uids), ("gid_map", &maps.gids)] {
        let path = format!("/proc/{}/{file}", child.pid);
        // The kernel takes all of it in one write.
        let written = File::options().write(true).open(&path);
        written.and_then(|mut to| to.write_all(map_file(ranges).as_bytes())).step_at(
            CODE,
            "map the container's ids",
            &path,
        )?;
    }
    let opened = |kind: &str| {
        let path = format!("/proc/{}/ns/{kind}", child.pid);
        let fd = open(&path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
        fd.step_at(CODE, "open a namespace", path)
    };
    Ok(Made { user: opened("user")?, network: if network { Some(opened("net")?) } else { None } })
}
