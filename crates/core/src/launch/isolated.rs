//! Launching a container with a user namespace of its own, in two processes. The first has the host's privileges: it joins the
//! cgroups, opens what is bound, mounts the overlay. Then it enters the user namespace and clones the second, whose namespaces
//! belong to that one, and which is the container. Both run in a copy of the launcher's memory, because they change their ids: in
//! memory that is shared, a process of the container's ids would have the launcher's.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr::NonNull;

use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use rustix::process::{Pid, PidfdFlags, WaitOptions, pidfd_open, umask, waitpid};

use super::child::{Failure, Handover, hand_over};
use super::clone::{Child, CloneRequest, Memory, Stack, spawn};
use super::execute::{Outcome, execute};
use super::{CODE, outside, spawn_into, user_namespace, wait_exited};
use crate::error::{Context, Error, Result};
use crate::network::{self, Held};
use crate::plan::user::UserPlan;
use crate::security::ids;
use crate::sys;

/// What the two processes report, in memory that is shared with the launcher.
#[derive(Debug, Default, Clone, Copy)]
struct Report {
    /// The container, in the launcher's pid namespace; 0 before there is one.
    pid: i32,
    failure: Option<Failure>,
    outcome: Outcome,
}

/// What both processes know.
struct Isolated<'a, 'h> {
    handover: &'a mut Handover<'h>,
    user: &'a UserPlan,
    namespace: BorrowedFd<'a>,
    /// `CLONE_NEW…` flags of the second.
    namespaces: u64,
    /// Of the second.
    stack: &'a Stack,
    report: *mut Report,
}

/// The container's process, how its root came about, and what there is of its networks outside of it.
pub type Launched = (Child, Outcome, Option<Box<Held>>);

/// Launches it, or says why it failed; then it has ended.
pub fn launch(
    handover: &mut Handover<'_>,
    user: &UserPlan,
    namespaces: u64,
    cgroup: Option<BorrowedFd<'_>>,
) -> Result<std::result::Result<Launched, Failure>> {
    let made = user_namespace::make(&user.maps, user.network.is_some())?;
    let namespace = made.user;
    let held = match (&user.network, made.network) {
        (Some(request), Some(network)) => {
            handover.state.network_namespace = Some(network.as_raw_fd());
            Some((network::furnish(&network, request)?, network))
        }
        _ => None,
    };
    let report = SharedReport::map().step(CODE, "map memory for the child's report")?;
    let stack = Stack::map().step(CODE, "map a stack for the container")?;
    handover.state.user_namespace = Some(namespace.as_raw_fd());
    let mut isolated = Isolated {
        handover,
        user,
        namespace: namespace.as_fd(),
        namespaces,
        stack: &stack,
        report: report.0.as_ptr(),
    };
    let request = CloneRequest {
        namespaces: u64::from(libc::CLONE_NEWNS.cast_unsigned()),
        cgroup,
        memory: Memory::Copied,
        sibling: false,
    };
    // SAFETY: `main` keeps the promises: raw system calls only, and it never returns.
    let first = unsafe { spawn_into(request, main, std::ptr::from_mut(&mut isolated)) }?;
    let _ended = wait_exited(first.pidfd.as_fd());
    let Report { pid, failure, outcome } = report.read();
    let Some(pid) = Pid::from_raw(pid) else {
        return failure.map_or_else(|| Err(killed()), |failure| Ok(Err(failure)));
    };
    if let Some(failure) = failure {
        // It ends by itself; only its parent, this process, can collect it.
        waitpid(Some(pid), WaitOptions::empty()).step(CODE, "collect a container that could not be made")?;
        return Ok(Err(failure));
    }
    // Nobody has collected it, so the number is its own.
    let pidfd = pidfd_open(pid, PidfdFlags::empty()).step(CODE, "open the container's process")?;
    let child = Child { pid: pid.as_raw_nonzero().get(), pidfd };
    Ok(Ok((child, outcome, held.map(|(held, _namespace)| Box::new(held)))))
}

fn killed() -> Error {
    Error::new(CODE, "prepare the container: its first process ended without a word")
        .hint("it may have been killed; see the kernel's log for an out-of-memory kill")
}

/// The first process.
extern "C" fn main(isolated: *mut Isolated<'_, '_>) -> ! {
    // SAFETY: a copy of the launcher's memory, which nobody else uses.
    let isolated = unsafe { &mut *isolated };
    match prepare(isolated) {
        Ok(()) => sys::exit_now(0),
        Err(failure) => isolated.fail(failure),
    }
}

fn prepare(isolated: &mut Isolated<'_, '_>) -> std::result::Result<(), Failure> {
    umask(rustix::fs::Mode::empty());
    let inner = isolated.user.inner;
    let handover = &mut *isolated.handover;
    let steps = handover.steps.get_mut(..inner).ok_or(Failure::UserNamespace(Errno::INVAL))?;
    execute(steps, &mut handover.state).map_err(|(index, errno)| Failure::Step(index, errno))?;
    if let Some(stdio) = handover.stdio {
        outside::own_stdio(stdio, isolated.user.maps.root()).map_err(Failure::Descriptors)?;
    }
    ids::enter_user_namespace(isolated.namespace).map_err(Failure::UserNamespace)?;
    let request =
        CloneRequest { namespaces: isolated.namespaces, cgroup: None, memory: Memory::Shared, sibling: true };
    let (stack, argument) = (isolated.stack, std::ptr::from_mut(isolated));
    // SAFETY: the memory is this process' own, which is suspended meanwhile; `begin` never returns. Signals are blocked still.
    let second = unsafe { spawn(request, stack, begin, argument) }.map_err(Failure::Clone)?;
    // SAFETY: mapped by the launcher, which reads it when this process is gone. The second has exec'd or ended.
    unsafe { (*isolated.report).pid = second.pid };
    Ok(())
}

/// The second process, in the container's own namespaces.
extern "C" fn begin(isolated: *mut Isolated<'_, '_>) -> ! {
    // SAFETY: the first process is suspended until this one execs or ends.
    let isolated = unsafe { &mut *isolated };
    let inner = isolated.user.inner;
    let handover = &mut *isolated.handover;
    let steps = handover.steps.get_mut(inner..).unwrap_or_default();
    let done = execute(steps, &mut handover.state);
    // SAFETY: as above.
    unsafe { (*isolated.report).outcome = handover.state.outcome };
    match done {
        Ok(()) => {
            let failure = hand_over(handover);
            isolated.fail(failure)
        }
        Err((index, errno)) => isolated.fail(Failure::Step(inner + index, errno)),
    }
}

impl Isolated<'_, '_> {
    fn fail(&self, failure: Failure) -> ! {
        // SAFETY: mapped by the launcher, which reads it when both processes are gone.
        unsafe { (*self.report).failure = Some(failure) };
        sys::exit_now(1)
    }
}

/// A page that the launcher and its children share.
struct SharedReport(NonNull<Report>);

impl SharedReport {
    fn map() -> std::result::Result<Self, Errno> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: an anonymous mapping at an address of the kernel's choice.
        let page = unsafe {
            mmap_anonymous(std::ptr::null_mut(), size_of::<Report>(), protection, MapFlags::SHARED)?
        };
        let report = NonNull::new(page.cast::<Report>()).ok_or(Errno::NOMEM)?;
        // SAFETY: fresh memory, aligned to a page.
        unsafe { report.write(Report::default()) };
        Ok(Self(report))
    }

    fn read(&self) -> Report {
        // SAFETY: written by `map`, and by nobody any more.
        unsafe { self.0.read_volatile() }
    }
}

impl Drop for SharedReport {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own.
        let unmapped = unsafe { munmap(self.0.as_ptr().cast(), size_of::<Report>()) };
        debug_assert!(unmapped.is_ok());
    }
}
