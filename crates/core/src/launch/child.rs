//! Stage 1 of the child: executes the plan, then hands over to the sealed helper binary. It runs in the memory of the
//! process that launches: raw system calls only, no allocation, no lock, no panic, no return.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::process::umask;

use super::execute::{State, execute};
use super::trace::Moments;
use crate::plan::op::Step;
use crate::{sys, wire};

/// Descriptors of the helper binary after the hand-over; 0, 1 and 2 are the container's own.
pub const SYNC_FD: RawFd = 3;
/// The payload's memfd.
pub const PAYLOAD_FD: RawFd = 4;
const BINARY_FD: RawFd = 5;
/// Every descriptor is moved up here first, so that no target number is still somebody's source.
const SAFE_FD: RawFd = 16;

/// Where a failure happened that no step stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The step of this index.
    Step(usize, Errno),
    /// Arranging the descriptors.
    Descriptors(Errno),
    /// Entering the container's user namespace.
    UserNamespace(Errno),
    /// Cloning the process that begins the container's own namespaces.
    Clone(Errno),
    /// `execveat` of the helper binary.
    Exec(Errno),
}

/// Everything the child needs, prepared by its parent; the results are read from here too.
#[derive(Debug)]
pub struct Handover<'a> {
    /// The plan.
    pub steps: &'a mut [Step],
    /// A user namespace to be entered before anything else. Its owner's credentials lose nothing by it, so that the memory which he
    /// shares with his parent stays his to dump and trace (`commit_creds` in kernel/cred.c).
    pub user: Option<BorrowedFd<'a>>,
    /// Working state and outcome.
    pub state: State,
    /// stdin, stdout and stderr; absent with a terminal.
    pub stdio: Option<[BorrowedFd<'a>; 3]>,
    /// The child's end of the pair.
    pub sync: BorrowedFd<'a>,
    /// The init configuration.
    pub payload: BorrowedFd<'a>,
    /// The sealed helper binary.
    pub binary: BorrowedFd<'a>,
    /// Null-terminated argument vector.
    pub argv: *const *const libc::c_char,
    /// Null-terminated environment: empty, nothing of the host's is inherited.
    pub envp: *const *const libc::c_char,
    /// Set when the child gave up.
    pub failure: Option<Failure>,
    /// Those of [`State`], once that is the child's no more.
    pub moments: Moments,
}

impl Handover<'_> {
    /// To be called by the parent when the child has memory of its own, or has ended.
    pub fn take_back(&mut self) {
        let mut state = std::mem::take(&mut self.state);
        self.moments = std::mem::take(&mut state.moments);
        state.disown();
    }
}

/// Entry of the child.
pub extern "C" fn main(handover: *mut Handover<'_>) -> ! {
    // SAFETY: the parent is suspended until this process execs or ends, so the reference is the only one.
    let handover = unsafe { &mut *handover };
    handover.failure = Some(run(handover));
    sys::exit_now(1)
}

/// Comes back only with the reason why the helper binary does not run.
fn run(handover: &mut Handover<'_>) -> Failure {
    let entered = handover.user.map_or(Ok(()), |user| sys::setns(user, libc::CLONE_NEWUSER as u64));
    if let Err(errno) = entered {
        return Failure::UserNamespace(errno);
    }
    // Modes of directories and devices are exactly what the plan says.
    umask(rustix::fs::Mode::empty());
    handover.state.moments.mark();
    if let Err((index, errno)) = execute(handover.steps, &mut handover.state) {
        return Failure::Step(index, errno);
    }
    hand_over(handover)
}

/// Comes back only with the reason why the helper binary does not run.
pub fn hand_over(handover: &Handover<'_>) -> Failure {
    if let Err(errno) = arrange(handover) {
        return Failure::Descriptors(errno);
    }
    // SAFETY: both vectors were made by the parent from C strings that outlive the child's use of them.
    Failure::Exec(unsafe { sys::fexecve(BINARY_FD, handover.argv, handover.envp) })
}

fn arrange(handover: &Handover<'_>) -> Result<(), Errno> {
    let stdio = match (&handover.state.terminal, &handover.stdio) {
        (Some((master, slave)), _) => {
            wire::send_fd(handover.sync, wire::TERMINAL, master.as_fd())?;
            [slave.as_fd(), slave.as_fd(), slave.as_fd()]
        }
        (None, Some(stdio)) => *stdio,
        (None, None) => return Err(Errno::BADF),
    };
    let sources = [stdio[0], stdio[1], stdio[2], handover.sync, handover.payload, handover.binary];
    let mut moved = [-1; 6];
    for (to, from) in moved.iter_mut().zip(sources) {
        *to = std::mem::ManuallyDrop::new(fcntl_dupfd_cloexec(from, SAFE_FD)?).as_raw_fd();
    }
    for (target, from) in [0, 1, 2, SYNC_FD, PAYLOAD_FD, BINARY_FD].into_iter().zip(moved) {
        dup_to(from, target)?;
    }
    sys::close_from(BINARY_FD.unsigned_abs() + 1, false)
}

/// `dup2` without close-on-exec: the helper binary is meant to have it.
fn dup_to(from: RawFd, to: RawFd) -> Result<(), Errno> {
    // SAFETY: raw dup3 on numbers of this process' own descriptor table; nothing in it has a Rust owner that runs again.
    let result = unsafe { libc::syscall(libc::SYS_dup3, from, to, 0) };
    crate::sys::check(result).map(drop)
}
