//! Launching a container: plan in, a process that waits for its start out. Neutral of its host: the same code serves the
//! Node addon and the runtime binary.

mod change_root;
mod child;
mod clone;
mod execute;
mod idmap;
mod inside;
mod isolated;
mod loopback;
mod mount;
mod outside;
mod over_proc;
mod overlay;
mod resolve;
mod runtime;
mod terminal;
mod thread;
mod trace;
mod trial;
mod user_namespace;

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{MemfdFlags, Mode, OFlags, SeekFrom, memfd_create, open};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};

pub use child::{PAYLOAD_FD, SYNC_FD};
pub use execute::Outcome;
pub(crate) use execute::write_all;
pub use idmap::can_shift;
pub(crate) use outside::own_stdio;
pub(crate) use over_proc::is_on_proc;
pub(crate) use runtime::start_runtime;
pub use thread::on_lasting_thread;
pub use trace::Part;
pub use trial::clone_into;

use self::child::{Failure, Handover};
pub(crate) use self::clone::Child;
use self::clone::{CloneRequest, Stack, spawn};
use self::execute::State;
use self::inside::Inside;
use self::trace::{Moments, Watch};
use crate::error::{Context, Error, Result};
use crate::init::rlimits;
use crate::network::Held;
use crate::plan::Plan;
use crate::rootless::{self, Session};
use crate::wire::{self, Message};
use crate::{init_binary, sys};

const CODE: &str = "ERR_RCX_LAUNCH";

/// A container whose init has been prepared and waits for [`Created::start`].
#[derive(Debug)]
pub struct Created {
    child: Child,
    sync: OwnedFd,
    terminal: Option<OwnedFd>,
    outcome: Outcome,
    network: Option<Box<Held>>,
    watch: Watch,
}

/// What is to run in a container that runs already.
#[derive(Debug)]
pub struct Join {
    /// stdin, stdout and stderr of the process; `None` with a terminal.
    pub stdio: Option<[OwnedFd; 3]>,
    /// Configuration of `rcx-init exec`, as JSON.
    pub payload: Vec<u8>,
    /// The binary `rcx-init`.
    pub init_binary: PathBuf,
    /// The container's v2 cgroup.
    pub cgroup: Option<OwnedFd>,
    /// The namespace of an ordinary user, without which his containers are out of reach.
    pub session: Option<Session>,
}

/// Where a program is started.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// A cgroup of v2.
    pub cgroup: Option<BorrowedFd<'a>>,
    /// A user namespace, of which it is root.
    pub user: Option<BorrowedFd<'a>>,
}

/// Joins a container and waits until the process in it is ready to run the user's program. It goes on when this process ends.
pub fn join(join: Join) -> Result<Created> {
    let binary = init_binary::sealed(&join.init_binary)?;
    let payload = payload_file(&join.payload)?;
    let (sync, child_sync) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .step(CODE, "make a socket pair")?;
    let null = open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).step_at(
        CODE,
        "open",
        "/dev/null",
    )?;
    let stdio = join.stdio.as_ref().map_or([null.as_fd(); 3], |[a, b, c]| [a.as_fd(), b.as_fd(), c.as_fd()]);
    let words = [c"rcx-init".to_owned(), c"exec".to_owned()];
    let place = Place {
        cgroup: join.cgroup.as_ref().map(AsFd::as_fd),
        user: join.session.as_ref().map(|session| session.user.as_fd()),
    };
    let child = spawn_program(binary.as_fd(), &words, stdio, child_sync.as_fd(), payload.as_fd(), place)?;
    drop(child_sync);
    let created = Created {
        child,
        sync,
        terminal: None,
        outcome: Outcome::default(),
        network: None,
        watch: Watch::default(),
    };
    created.until_ready(false)
}

/// Launches the plan's child and waits until its init is ready to run the user's program.
///
/// The kernel ends the container when the calling *thread* ends (`PR_SET_PDEATHSIG`): call it through
/// [`on_lasting_thread`].
pub fn create(mut plan: Plan) -> Result<Created> {
    let mut watch = Watch::new(plan.trace);
    let binary = init_binary::sealed(&plan.init_binary)?;
    let payload = payload_file(&plan.payload)?;
    let (sync, child_sync) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .step(CODE, "make a socket pair")?;
    let argv = [c"rcx-init".as_ptr(), c"init".as_ptr(), std::ptr::null()];
    let envp = [std::ptr::null()];
    let mut handover = Handover {
        state: State {
            slots: (0..plan.slots).map(|_| None).collect(),
            moments: if plan.trace { Moments::of(plan.steps.len()) } else { Moments::default() },
            ..State::default()
        },
        steps: &mut plan.steps,
        user: None,
        stdio: plan.stdio.as_ref().map(|[a, b, c]| [a.as_fd(), b.as_fd(), c.as_fd()]),
        sync: child_sync.as_fd(),
        payload: payload.as_fd(),
        binary: binary.as_fd(),
        argv: argv.as_ptr(),
        envp: envp.as_ptr(),
        failure: None,
        moments: Moments::default(),
    };
    let cgroup = plan.cgroup.as_ref().map(AsFd::as_fd);
    let pids = plan.pid_namespace.as_ref();
    let alone = |(child, outcome)| (child, outcome, None);
    watch.lap("prepare what the process takes along");
    let launched = match (&plan.user, &plan.session) {
        (Some(user), _) => isolated::launch(&mut handover, user, plan.namespaces, cgroup)?,
        (None, session) if session.is_some() || (pids.is_some() && !rootless::is_first_root()) => {
            let user = session.as_ref().map(|session| session.user.as_fd());
            let (pids, namespaces) = (pids.map(AsFd::as_fd), plan.namespaces);
            inside::launch(&mut handover, Inside { user, pids, namespaces, cgroup })?.map(alone)
        }
        (None, _) => launch_shared(&mut handover, plan.namespaces, pids, cgroup)?.map(alone),
    };
    plan.holder = None;
    let moments = std::mem::take(&mut handover.moments);
    watch.steps(&plan.steps, &moments);
    watch.lap("execute rcx-init");
    let (child, outcome, held) = launched.map_err(|failure| explain(&plan, failure))?;
    drop(child_sync);
    let created = Created { child, sync, terminal: None, outcome, network: held, watch };
    let mut created = created.until_ready(true)?;
    created.watch.lap("get rcx-init ready");
    if let Some(furnishing) = plan.network.take() {
        created.network = Some(Box::new(furnishing.done().inspect_err(|_| created.reap())?));
        created.watch.lap("wait for the networks");
    }
    if let Some(user) = &plan.user {
        rlimits::set(created.pid(), &user.rlimits).inspect_err(|_| created.reap())?;
    }
    Ok(created)
}

/// The child, how its root came about, and why it failed if it did; then it has been collected.
fn launch_shared(
    handover: &mut Handover<'_>,
    namespaces: u64,
    pid_namespace: Option<&OwnedFd>,
    cgroup: Option<BorrowedFd<'_>>,
) -> Result<std::result::Result<(Child, Outcome), Failure>> {
    let request = CloneRequest { namespaces, cgroup, ..CloneRequest::default() };
    let child = in_pid_namespace(pid_namespace, || spawn_blocked(request, handover))?;
    let (outcome, failure) = (handover.state.outcome, handover.failure);
    handover.take_back();
    Ok(match failure {
        None => Ok((child, outcome)),
        Some(failure) => {
            // Its exit code says nothing that the failure does not.
            let _collected = wait_exited(child.pidfd.as_fd());
            Err(failure)
        }
    })
}

/// Starts a program in the host's namespaces, but for what `place` says: nothing but its standard streams, `extra` and `payload`,
/// as descriptors 3 and 4, is passed on.
pub(crate) fn spawn_program(
    binary: BorrowedFd<'_>,
    words: &[CString],
    stdio: [BorrowedFd<'_>; 3],
    extra: BorrowedFd<'_>,
    payload: BorrowedFd<'_>,
    place: Place<'_>,
) -> Result<Child> {
    let argv: Vec<*const libc::c_char> =
        words.iter().map(|word| word.as_ptr()).chain([std::ptr::null()]).collect();
    let envp = [std::ptr::null()];
    let mut handover = Handover {
        state: State::default(),
        steps: &mut [],
        user: place.user,
        stdio: Some(stdio),
        sync: extra,
        payload,
        binary,
        argv: argv.as_ptr(),
        envp: envp.as_ptr(),
        failure: None,
        moments: Moments::default(),
    };
    let request = CloneRequest { cgroup: place.cgroup, ..CloneRequest::default() };
    let child = spawn_blocked(request, &mut handover)?;
    match handover.failure {
        None => Ok(child),
        Some(
            Failure::Step(_, errno)
            | Failure::Descriptors(errno)
            | Failure::UserNamespace(errno)
            | Failure::Clone(errno)
            | Failure::Exec(errno),
        ) => {
            let _collected = wait_exited(child.pidfd.as_fd());
            Err(Error::os(CODE, "start a helper program", errno))
        }
    }
}

fn spawn_blocked(request: CloneRequest<'_>, handover: &mut Handover<'_>) -> Result<Child> {
    // SAFETY: `child::main` keeps the promises: raw system calls only, and it never returns.
    unsafe { spawn_into(request, child::main, std::ptr::from_mut(handover)) }
}

/// [`spawn`] with a stack, and with all signals blocked.
///
/// # Safety
/// As of [`spawn`].
unsafe fn spawn_into<T>(
    request: CloneRequest<'_>,
    entry: extern "C" fn(*mut T) -> !,
    argument: *mut T,
) -> Result<Child> {
    let stack = Stack::map().step(CODE, "map a stack for the child")?;
    let mask = sys::block_all_signals().step(CODE, "block signals around the clone")?;
    // SAFETY: the caller's promises; signals are blocked.
    let child = unsafe { spawn(request, &stack, entry, argument) };
    sys::set_signal_mask(mask).step(CODE, "restore the signal mask after the clone")?;
    child.map_err(clone_failed)
}

fn clone_failed(errno: Errno) -> Error {
    let error = Error::os(CODE, "clone a process into new namespaces", errno);
    match errno {
        Errno::PERM => error.hint("creating namespaces needs root; see: rcx info"),
        Errno::NOSPC | Errno::USERS => {
            error.hint("the limits in /proc/sys/user/max_*_namespaces are reached")
        }
        Errno::NOSYS => {
            error.hint("rcx needs Linux 5.12 or newer, and clone3 not blocked by an outer container")
        }
        _ => error,
    }
}

/// Clones with the calling thread's children in another pid namespace. It is the thread that is concerned, not its process.
fn in_pid_namespace(namespace: Option<&OwnedFd>, clone: impl FnOnce() -> Result<Child>) -> Result<Child> {
    const CODE: &str = "ERR_RCX_NAMESPACE";
    let Some(namespace) = namespace else { return clone() };
    let path = "/proc/thread-self/ns/pid";
    let own = open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).step_at(CODE, "open", path)?;
    let flag = libc::CLONE_NEWPID as u64;
    sys::setns(namespace.as_fd(), flag).step(CODE, "enter the pid namespace of a container")?;
    let child = clone();
    let back = sys::setns(own.as_fd(), flag).step(CODE, "leave the pid namespace of a container");
    if let (Ok(child), Err(_)) = (&child, &back) {
        // Nobody would know it.
        let _ended = pidfd_send_signal(&child.pidfd, Signal::KILL);
        let _collected = wait_exited(child.pidfd.as_fd());
    }
    back.and(child)
}

fn payload_file(payload: &[u8]) -> Result<OwnedFd> {
    let file = memfd_create(c"rcx-init", MemfdFlags::CLOEXEC)
        .step(CODE, "create a memfd for the init's configuration")?;
    let mut rest = payload;
    while !rest.is_empty() {
        let written = rustix::io::write(&file, rest).step(CODE, "write the init's configuration")?;
        rest = &rest[written..];
    }
    rustix::fs::seek(&file, SeekFrom::Start(0)).step(CODE, "rewind the init's configuration")?;
    Ok(file)
}

fn explain(plan: &Plan, failure: Failure) -> Error {
    match failure {
        Failure::Step(index, errno) => match plan.steps.get(index) {
            Some(step) => {
                let error = Error::os(step.code, step.what, errno).at(step.object.clone());
                match crate::plan::hints::hint(&step.op, errno) {
                    Some(hint) => error.hint(hint),
                    None => error,
                }
            }
            None => Error::os(CODE, "execute the launch plan", errno),
        },
        Failure::UserNamespace(errno) => {
            Error::os("ERR_RCX_USER_NAMESPACE", "enter the container's user namespace", errno)
        }
        Failure::Clone(errno) => clone_failed(errno),
        Failure::Descriptors(errno) => Error::os(CODE, "arrange the init's descriptors", errno),
        Failure::Exec(errno) => {
            Error::os(CODE, "execute the helper binary", errno).at(plan.init_binary.display().to_string())
        }
    }
}

impl Created {
    /// `known`: the process is the one that was launched.
    fn until_ready(mut self, mut known: bool) -> Result<Self> {
        let mut ready = false;
        while !(known && ready) {
            match wire::receive(self.sync.as_fd()).step(CODE, "hear from the container's init")? {
                Message::Terminal(master) => self.terminal = Some(master),
                Message::Ready => ready = true,
                Message::Process(pid, pidfd) => {
                    let joiner = std::mem::replace(&mut self.child, Child { pid, pidfd });
                    // It has nothing more to do.
                    let _ended = wait_exited(joiner.pidfd.as_fd());
                    known = true;
                }
                Message::Failed(error) => {
                    self.reap();
                    return Err(error);
                }
                Message::Closed => {
                    self.reap();
                    return Err(Error::new(CODE, "prepare the container: its init ended without a word")
                        .hint("it may have been killed; see the kernel's log for an out-of-memory kill"));
                }
            }
        }
        Ok(self)
    }

    /// Process id of the container's init in this process' pid namespace.
    pub fn pid(&self) -> i32 {
        self.child.pid
    }

    /// Descriptor of the init process: never another one, even when the pid is used again.
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.child.pidfd.as_fd()
    }

    /// How the launch went.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The terminal's master, once.
    pub fn take_terminal(&mut self) -> Option<OwnedFd> {
        self.terminal.take()
    }

    /// Lets the init run the user's program; returns once it runs, or says why it does not (the init is then gone).
    pub fn start(mut self) -> Result<Running> {
        self.watch.lap("wait to be started");
        let told = wire::send(self.sync.as_fd(), wire::GO);
        match wire::receive(self.sync.as_fd()).step(CODE, "hear from the container's init")? {
            Message::Closed if told.is_ok() => {
                self.watch.lap("confine the program and execute it");
                let Self { child: Child { pid, pidfd }, network, watch, .. } = self;
                Ok(Running { pid, pidfd, network, trace: watch.parts() })
            }
            Message::Failed(error) => {
                self.reap();
                Err(error)
            }
            _ => {
                self.reap();
                Err(Error::new(CODE, "start the container: its init ended before it was started"))
            }
        }
    }

    /// Ends an init that will not be started.
    pub fn abandon(self) {
        self.reap();
    }

    /// Ends the child, if it still runs, and collects it, so that a failed launch leaves no process behind.
    fn reap(&self) {
        match pidfd_send_signal(self.pidfd(), Signal::KILL) {
            // ESRCH: it is dead already and only waits to be collected.
            Ok(()) | Err(Errno::SRCH) => drop(wait_exited(self.pidfd())),
            // Waiting for a process that could not be killed would hang the caller; its death signal still holds.
            Err(errno) => debug_assert!(false, "kill a failed init: {errno}"),
        }
    }
}

/// A container whose program runs.
#[derive(Debug)]
pub struct Running {
    /// Process id in this process' pid namespace.
    pub pid: i32,
    /// Descriptor of the process.
    pub pidfd: OwnedFd,
    /// What there is of its networks outside of it; to be kept as long as it runs.
    pub network: Option<Box<Held>>,
    /// How long each part of its launch took, where somebody wanted to know.
    pub trace: Vec<Part>,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// `exit(n)`.
    Code(i32),
    /// Killed by this signal.
    Signal(i32),
}

impl Exit {
    /// The shell's and Docker's number: the code itself, or 128 + signal.
    pub fn status(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128 + signal,
        }
    }
}

/// Waits for the process and collects it. `None` when somebody else in this process collected it first.
pub fn wait_exited(pidfd: BorrowedFd<'_>) -> Option<Exit> {
    loop {
        match waitid(WaitId::PidFd(pidfd), WaitIdOptions::EXITED) {
            Err(Errno::INTR) => {}
            Err(_) | Ok(None) => return None,
            Ok(Some(status)) => {
                return match (status.exit_status(), status.terminating_signal()) {
                    (Some(code), _) => Some(Exit::Code(code)),
                    (None, Some(signal)) => Some(Exit::Signal(signal)),
                    (None, None) => None,
                };
            }
        }
    }
}

/// Opens a descriptor for a process of another launcher.
pub fn open_pidfd(pid: i32) -> Result<OwnedFd> {
    let pid = rustix::process::Pid::from_raw(pid).ok_or_else(|| {
        Error::new("ERR_RCX_NO_SUCH_PROCESS", format!("open a process: {pid} is no process id"))
    })?;
    rustix::process::pidfd_open(pid, PidfdFlags::empty()).step("ERR_RCX_NO_SUCH_PROCESS", "open a process")
}
