//! Launching a container from outside of the user's namespace, which a process of many threads cannot enter (setns(2)), and in
//! which alone its owner may make other namespaces. A first child, in its launcher's memory as that of every launch, enters it and
//! clones the container as its sibling. So it is where a container joins the pid namespace of another: without root's privileges the
//! launcher itself could not come back from there.

use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, WaitOptions, pidfd_open, waitpid};

use super::child::{self, Failure, Handover};
use super::clone::{Child, CloneRequest, Memory, Stack, spawn};
use super::{CODE, Outcome, spawn_into, wait_exited};
use crate::error::{Context, Error, Result};
use crate::sys;

/// Where a container is launched.
#[derive(Debug, Clone, Copy)]
pub struct Inside<'a> {
    /// The user's namespace, unless this process is in it.
    pub user: Option<BorrowedFd<'a>>,
    /// A pid namespace that exists, to be cloned in.
    pub pids: Option<BorrowedFd<'a>>,
    /// `CLONE_NEW…` flags of the container.
    pub namespaces: u64,
    /// A cgroup of v2.
    pub cgroup: Option<BorrowedFd<'a>>,
}

struct First<'a, 'h> {
    handover: &'a mut Handover<'h>,
    inside: Inside<'a>,
    /// Of the container's process.
    stack: &'a Stack,
    pid: i32,
}

/// The container's process and how its root came about, or why it failed; then it has been collected.
pub fn launch(
    handover: &mut Handover<'_>,
    inside: Inside<'_>,
) -> Result<std::result::Result<(Child, Outcome), Failure>> {
    let stack = Stack::map().step(CODE, "map a stack for the container")?;
    let mut first = First { handover, inside, stack: &stack, pid: 0 };
    let request = CloneRequest { cgroup: inside.cgroup, ..CloneRequest::default() };
    // SAFETY: `enter` keeps the promises: raw system calls only, and it never returns.
    let child = unsafe { spawn_into(request, enter, std::ptr::from_mut(&mut first)) }?;
    let _ended = wait_exited(child.pidfd.as_fd());
    let pid = Pid::from_raw(first.pid);
    let (outcome, failure) = (handover.state.outcome, handover.failure);
    handover.take_back();
    match (pid, failure) {
        (Some(pid), None) => {
            // Nobody has collected it, so the number is its own.
            let pidfd = pidfd_open(pid, PidfdFlags::empty()).step(CODE, "open the container's process")?;
            Ok(Ok((Child { pid: pid.as_raw_nonzero().get(), pidfd }, outcome)))
        }
        (pid, Some(failure)) => {
            if let Some(pid) = pid {
                waitpid(Some(pid), WaitOptions::empty())
                    .step(CODE, "collect a container that could not be made")?;
            }
            Ok(Err(failure))
        }
        (None, None) => Err(Error::new(CODE, "prepare the container: its first process was killed")
            .hint("see the kernel's log for an out-of-memory kill")),
    }
}

extern "C" fn enter(first: *mut First<'_, '_>) -> ! {
    // SAFETY: the launcher is suspended until this process ends, so the reference is the only one.
    let first = unsafe { &mut *first };
    match clone_inside(first) {
        Ok(pid) => first.pid = pid,
        Err(failure) => first.handover.failure = Some(failure),
    }
    sys::exit_now(0)
}

fn clone_inside(first: &mut First<'_, '_>) -> std::result::Result<i32, Failure> {
    let Inside { user, pids, namespaces, .. } = first.inside;
    let enter = |fd, flag: i32| sys::setns(fd, u64::from(flag.cast_unsigned()));
    user.map_or(Ok(()), |user| enter(user, libc::CLONE_NEWUSER)).map_err(Failure::UserNamespace)?;
    pids.map_or(Ok(()), |pids| enter(pids, libc::CLONE_NEWPID)).map_err(Failure::Clone)?;
    let request = CloneRequest { namespaces, cgroup: None, memory: Memory::Shared, sibling: true };
    let argument = std::ptr::from_mut(&mut *first.handover);
    // SAFETY: `child::main` keeps the promises; signals are blocked still, and this process is suspended meanwhile.
    let second: std::result::Result<Child, Errno> =
        unsafe { spawn(request, first.stack, child::main, argument) };
    second.map(|child| child.pid).map_err(Failure::Clone)
}
