//! A container from outside: created, started, signalled, waited for. Neutral of its host, like the launch.

pub mod detach;
pub(crate) mod pump;
pub mod stdio;
pub mod terminal;

use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::io::Errno;

use self::pump::Pumps;
use self::stdio::{Connection, Ends, Stdio};
use crate::error::{Context, Error, Result};
use crate::launch::{self, Created, Exit, Outcome, Part};
use crate::plan::{self, join::JoinRequest, request::LaunchRequest};
use crate::{cgroup, sys};

const CODE: &str = "ERR_RCX_CONTAINER";

/// How a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// Of its init.
    pub exit: Exit,
    /// The kernel has killed a process of it for want of memory.
    pub oom_killed: bool,
}

/// What a container's end was, or why it cannot be told.
pub type Ended = Result<End>;
type Listener = Box<dyn FnOnce(Ended) + Send>;

/// A container that this process launched. It dies with this process.
#[derive(Clone)]
pub struct Container {
    shared: Arc<Shared>,
}

struct Shared {
    pid: i32,
    outcome: Outcome,
    cgroup: Option<String>,
    state: Mutex<State>,
}

/// What there is of a container in this process until its end.
struct Live {
    pidfd: OwnedFd,
    terminal: Option<OwnedFd>,
}

#[derive(Default)]
struct State {
    /// JavaScript may keep the container for longer than it lives.
    live: Option<Arc<Live>>,
    created: Option<(Created, Connection)>,
    ended: Option<Ended>,
    trace: Vec<Part>,
    listeners: Vec<Listener>,
}

impl Container {
    /// Prepares a container up to the point where only its program is missing. Call it through
    /// [`launch::on_lasting_thread`]. With `process.terminal` in the spec both outputs are `stdio.stdout`.
    pub fn create(request: &LaunchRequest, stdio: Stdio) -> Result<Self> {
        let spec = &request.spec;
        let terminal =
            spec.process().as_ref().and_then(oci_spec::runtime::Process::terminal).unwrap_or(false);
        let (connection, inner) = connect(terminal, stdio)?;
        let cgroup = spec.linux().as_ref().and_then(|linux| linux.cgroups_path().as_ref());
        let cgroup = cgroup.map(|path| path.to_string_lossy().into_owned());
        let plan = plan::build(request, inner)?;
        let created = launch::create(plan).inspect_err(|_| remove_cgroup(cgroup.as_deref()))?;
        Self::over(created, connection, cgroup)
    }

    /// Prepares a process in a container that runs already, up to the point where only its program is missing. It outlives this
    /// process.
    pub fn join(request: &JoinRequest, stdio: Stdio) -> Result<Self> {
        let process = request.launch.spec.process().as_ref();
        let terminal = process.and_then(oci_spec::runtime::Process::terminal).unwrap_or(false);
        let (connection, inner) = connect(terminal, stdio)?;
        let created = launch::join(plan::join::build(request, inner)?)?;
        Self::over(created, connection, None)
    }

    fn over(mut created: Created, connection: Connection, cgroup: Option<String>) -> Result<Self> {
        let live = Live {
            pidfd: created.pidfd().try_clone_to_owned().step(CODE, "duplicate the container's pidfd")?,
            terminal: created.take_terminal(),
        };
        let shared = Shared {
            pid: created.pid(),
            outcome: created.outcome(),
            cgroup,
            state: Mutex::new(State {
                live: Some(Arc::new(live)),
                created: Some((created, connection)),
                ..State::default()
            }),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Process id of the container's init.
    pub fn pid(&self) -> i32 {
        self.shared.pid
    }

    /// How the launch went.
    pub fn outcome(&self) -> Outcome {
        self.shared.outcome
    }

    /// How long each part of its launch took, where that was asked for; once it runs.
    pub fn trace(&self) -> Vec<Part> {
        self.state().trace.clone()
    }

    /// This process' ends of the streams that are pipes, once, before the start.
    pub fn take_pipes(&self) -> Ends {
        let mut state = self.state();
        state.created.as_mut().map(|(_, connection)| connection.take_pipes()).unwrap_or_default()
    }

    /// Runs the program. `started` is called once it runs or could not be started, on a thread that then waits for its end.
    pub fn start(&self, started: impl FnOnce(Result<()>) + Send + 'static) -> Result<()> {
        let Some((created, connection)) = self.state().created.take() else {
            return Err(Error::new(CODE, "start the container: it was started before"));
        };
        let container = self.clone();
        thread::Builder::new()
            .name("rcx-wait".to_owned())
            .spawn(move || container.run(created, connection, started))
            .step(CODE, "start a thread that waits for the container")?;
        Ok(())
    }

    /// Ends a container that is not going to be started; nothing of it is left when this returns.
    pub fn abandon(&self) {
        let created = self.state().created.take();
        if let Some((created, _)) = created {
            created.abandon();
            remove_cgroup(self.shared.cgroup.as_deref());
        }
    }

    fn run(&self, created: Created, connection: Connection, started: impl FnOnce(Result<()>)) {
        let launched =
            self.connect(connection).and_then(|pumps| created.start().map(|running| (running, pumps)));
        match launched {
            Err(error) => {
                remove_cgroup(self.shared.cgroup.as_deref());
                self.end(Err(error.clone()));
                started(Err(error));
            }
            Ok((mut running, pumps)) => {
                self.state().trace = std::mem::take(&mut running.trace);
                started(Ok(()));
                let exit = launch::wait_exited(running.pidfd.as_fd()).ok_or_else(|| {
                    Error::new(
                        CODE,
                        "learn the container's exit status: another part of this process collected it",
                    )
                });
                if let Some(network) = &mut running.network {
                    network.release();
                }
                let cgroup = self.shared.cgroup.as_deref();
                let oom_killed = cgroup.is_some_and(cgroup::oom_killed);
                let flushed = pumps.finish();
                let removed = cgroup.map_or(Ok(()), cgroup::remove);
                self.end(exit.and_then(|exit| flushed.and(removed).map(|()| End { exit, oom_killed })));
            }
        }
    }

    fn connect(&self, connection: Connection) -> Result<Pumps> {
        let live = self.live();
        match live.as_ref().and_then(|live| live.terminal.as_ref()) {
            Some(master) => connection.run_terminal(master),
            None => connection.run(),
        }
    }

    fn end(&self, ended: Ended) {
        let mut state = self.state();
        state.ended = Some(ended.clone());
        state.live = None;
        let listeners = std::mem::take(&mut state.listeners);
        drop(state);
        for listener in listeners {
            listener(ended.clone());
        }
    }

    /// Calls `listener` when the container has ended and all its output is written; at once when it has already.
    pub fn on_exit(&self, listener: impl FnOnce(Ended) + Send + 'static) {
        let mut state = self.state();
        match state.ended.clone() {
            Some(ended) => {
                drop(state);
                listener(ended);
            }
            None => state.listeners.push(Box::new(listener)),
        }
    }

    /// Sends a signal to the container's init. One that has ended already is no error: its exit is on the way.
    pub fn kill(&self, signal: i32) -> Result<()> {
        let Some(live) = self.live() else { return Ok(()) };
        match sys::pidfd_signal(live.pidfd.as_fd(), signal) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(errno) => Err(Error::os(CODE, "signal the container", errno)),
        }
    }

    /// Gives the container's terminal a size; a container without one is left alone.
    pub fn resize(&self, rows: u16, columns: u16) -> Result<()> {
        let live = self.live();
        let master = live.as_ref().and_then(|live| live.terminal.as_ref());
        master.map_or(Ok(()), |master| terminal::resize(master, rows, columns))
    }

    fn live(&self) -> Option<Arc<Live>> {
        self.state().live.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The container's three descriptors come second; with a terminal it makes them itself.
fn connect(terminal: bool, stdio: Stdio) -> Result<(Connection, Option<[OwnedFd; 3]>)> {
    if terminal {
        return Ok((Connection::to_terminal(stdio)?, None));
    }
    let (connection, inner) = Connection::open(stdio)?;
    Ok((connection, Some(inner)))
}

/// A container that was never started and that nobody can start any more.
impl Drop for Shared {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some((created, _)) = state.created.take() {
            created.abandon();
            remove_cgroup(self.cgroup.as_deref());
        }
    }
}

/// After a failed launch the first error is what the caller must hear; a cgroup that could not be removed is collected with
/// the container's folder.
fn remove_cgroup(path: Option<&str>) {
    if let Some(path) = path {
        drop(cgroup::remove(path));
    }
}
