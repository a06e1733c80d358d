//! A container from outside: created, started, signalled, waited for. Neutral of its host, like the launch.

mod pump;
pub mod stdio;
pub mod terminal;

use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::io::Errno;
use rustix::process::{Signal, pidfd_send_signal};

use self::pump::Pumps;
use self::stdio::{Connection, Ends, Stdio};
use crate::cgroup;
use crate::error::{Context, Error, Result};
use crate::launch::{self, Created, Exit, Outcome};
use crate::plan::{self, request::LaunchRequest};

const CODE: &str = "ERR_RCX_CONTAINER";

/// What a container's end was, or why it cannot be told.
pub type Ended = Result<Exit>;
type Listener = Box<dyn FnOnce(Ended) + Send>;

/// A container that this process launched. It dies with this process.
#[derive(Clone)]
pub struct Container {
    shared: Arc<Shared>,
}

struct Shared {
    pid: i32,
    pidfd: OwnedFd,
    outcome: Outcome,
    terminal: Option<OwnedFd>,
    stdin: bool,
    cgroup: Option<String>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    created: Option<(Created, Option<Connection>)>,
    ended: Option<Ended>,
    listeners: Vec<Listener>,
}

impl Container {
    /// Prepares a container up to the point where only its program is missing. Call it through
    /// [`launch::on_lasting_thread`]. With `process.terminal` in the spec, `stdio.stdin` alone says whether input is copied.
    pub fn create(request: &LaunchRequest, stdio: Stdio) -> Result<Self> {
        let spec = &request.spec;
        let terminal =
            spec.process().as_ref().and_then(oci_spec::runtime::Process::terminal).unwrap_or(false);
        let (connection, inner) = if terminal {
            (None, None)
        } else {
            let (connection, inner) = Connection::open(stdio)?;
            (Some(connection), Some(inner))
        };
        let cgroup = spec.linux().as_ref().and_then(|linux| linux.cgroups_path().as_ref());
        let cgroup = cgroup.map(|path| path.to_string_lossy().into_owned());
        let plan = plan::build(request, inner)?;
        let mut created = launch::create(plan).inspect_err(|_| remove_cgroup(cgroup.as_deref()))?;
        let shared = Shared {
            pid: created.pid(),
            pidfd: created.pidfd().try_clone_to_owned().step(CODE, "duplicate the container's pidfd")?,
            outcome: created.outcome(),
            terminal: created.take_terminal(),
            stdin: stdio.stdin == stdio::Stream::Inherit,
            cgroup,
            state: Mutex::new(State { created: Some((created, connection)), ..State::default() }),
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

    /// This process' ends of the streams that are pipes, once, before the start.
    pub fn take_pipes(&self) -> Ends {
        let mut state = self.state();
        let connection = state.created.as_mut().and_then(|(_, connection)| connection.as_mut());
        connection.map(Connection::take_pipes).unwrap_or_default()
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

    fn run(&self, created: Created, connection: Option<Connection>, started: impl FnOnce(Result<()>)) {
        let launched =
            self.connect(connection).and_then(|pumps| created.start().map(|running| (running, pumps)));
        match launched {
            Err(error) => {
                remove_cgroup(self.shared.cgroup.as_deref());
                self.end(Err(error.clone()));
                started(Err(error));
            }
            Ok((running, pumps)) => {
                started(Ok(()));
                let exit = launch::wait_exited(running.pidfd.as_fd()).ok_or_else(|| {
                    Error::new(
                        CODE,
                        "learn the container's exit status: another part of this process collected it",
                    )
                });
                let flushed = pumps.finish();
                let removed = self.shared.cgroup.as_deref().map_or(Ok(()), cgroup::remove);
                self.end(exit.and_then(|exit| flushed.and(removed).map(|()| exit)));
            }
        }
    }

    fn connect(&self, connection: Option<Connection>) -> Result<Pumps> {
        match (&self.shared.terminal, connection) {
            (Some(master), _) => stdio::run_terminal(master, self.shared.stdin),
            (None, Some(connection)) => connection.run(),
            (None, None) => Ok(Pumps::default()),
        }
    }

    fn end(&self, ended: Ended) {
        let mut state = self.state();
        state.ended = Some(ended.clone());
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
        let signal = Signal::from_named_raw(signal)
            .ok_or_else(|| Error::new(CODE, format!("signal the container: {signal} is no signal")))?;
        match pidfd_send_signal(&self.shared.pidfd, signal) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(errno) => Err(Error::os(CODE, "signal the container", errno)),
        }
    }

    /// Gives the container's terminal a size; a container without one is left alone.
    pub fn resize(&self, rows: u16, columns: u16) -> Result<()> {
        self.shared.terminal.as_ref().map_or(Ok(()), |master| terminal::resize(master, rows, columns))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
