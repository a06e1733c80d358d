//! The other end of a monitor's connection: a container's streams on this process' own, its start, its end.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::io::Errno;
use rustix::net::RecvFlags;

use super::protocol::{self, Reply, Request};
use super::{CODE, launcher, pipe};
use crate::error::{Context, Error, Result};
use crate::launch::Part;
use crate::supervise::detach::DetachKeys;
use crate::supervise::pump::Pumps;
use crate::supervise::stdio::{Ends, Stdio, Stream};

/// How a container belongs to whoever launches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It goes on when the connection ends.
    Own,
    /// It ends with the connection.
    Bound,
}

/// A program that runs.
#[derive(Debug, Clone)]
pub struct Started {
    /// Process id of the container's init.
    pub pid: i32,
    /// How long each part of its launch took, where that was asked for.
    pub trace: Vec<Part>,
}

/// How an attachment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The container has ended; the code is absent when nobody knows it.
    Ended {
        /// 128 + n for signal n.
        exit_code: Option<i32>,
        /// Number of the signal that killed it.
        signal: Option<i32>,
        /// The kernel has killed a process of it for want of memory.
        oom_killed: bool,
    },
    /// The user has left the container by the detach keys.
    Detached,
    /// The connection broke: the monitor was killed.
    Lost,
}

type Listener<T> = Box<dyn FnOnce(T) + Send>;

/// A connection to a container.
#[derive(Clone)]
pub struct Attachment {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// This process' ends of the streams that are pipes.
    ends: Mutex<Ends>,
}

#[derive(Default)]
struct State {
    /// Until the end: JavaScript may keep the attachment for longer.
    socket: Option<Arc<OwnedFd>>,
    detached: bool,
    started: Option<Listener<Result<Started>>>,
    outcome: Option<Result<Outcome>>,
    listener: Option<Listener<Result<Outcome>>>,
}

impl Attachment {
    /// Starts a monitor for the container in `folder` and connects the streams; nothing of the container runs before
    /// [`Attachment::start`]. `user` as of [`launcher::spawn`].
    pub fn launch(
        runtime: &Path,
        (folder, run): (&Path, &Path),
        user: Option<&Path>,
        streams: Stdio,
        keys: Option<DetachKeys>,
        life: Life,
    ) -> Result<Self> {
        Self::over(launcher::spawn(runtime, folder, run, user)?, streams, keys, Some(life))
    }

    /// Connects streams to the container whose runtime directory is `own`.
    pub fn connect(own: &Path, streams: Stdio, keys: Option<DetachKeys>) -> Result<Self> {
        Self::over(launcher::connect(own)?, streams, keys, None)
    }

    /// `launched`: the container's output is this process' own, as that of a program which it runs.
    fn over(
        socket: OwnedFd,
        streams: Stdio,
        keys: Option<DetachKeys>,
        launched: Option<Life>,
    ) -> Result<Self> {
        let socket = Arc::new(socket);
        let attachment = Self { shared: Arc::default() };
        attachment.lock().socket = Some(Arc::clone(&socket));
        let mut pumps = Pumps::default();
        attachment.attach(streams, keys, launched, &mut pumps)?;
        let reader = attachment.clone();
        thread::Builder::new()
            .name("rcx-attach".to_owned())
            .spawn(move || reader.read(&socket, pumps))
            .step(CODE, "start a thread for the container's monitor")?;
        Ok(attachment)
    }

    fn attach(
        &self,
        streams: Stdio,
        keys: Option<DetachKeys>,
        launched: Option<Life>,
        pumps: &mut Pumps,
    ) -> Result<()> {
        let mut theirs: Vec<OwnedFd> = Vec::new();
        let mut ends = Ends::default();
        if streams.stdin != Stream::Null {
            let (read, write) = pipe()?;
            theirs.push(read);
            if streams.stdin == Stream::Pipe {
                ends.stdin = Some(write);
            } else {
                let leave = self.clone();
                let keys = keys.map(|keys| (keys, Box::new(move || leave.detach()) as _));
                pumps.input(rustix::stdio::stdin(), write, keys)?;
            }
        }
        let outputs = [
            (streams.stdout, rustix::stdio::stdout(), &mut ends.stdout, false),
            (streams.stderr, rustix::stdio::stderr(), &mut ends.stderr, true),
        ];
        for (stream, to, end, stderr) in outputs.into_iter().filter(|(stream, ..)| *stream != Stream::Null) {
            let (read, write) = pipe()?;
            theirs.push(write);
            if stream == Stream::Pipe {
                *end = Some(read);
                continue;
            }
            let reader = self.clone();
            pumps.output(read, to, move || {
                if launched.is_some() {
                    reader.close_output(stderr);
                }
            })?;
        }
        *self.shared.ends.lock().unwrap_or_else(PoisonError::into_inner) = ends;
        let fds: Vec<BorrowedFd<'_>> = theirs.iter().map(AsFd::as_fd).collect();
        let [stdin, stdout, stderr] =
            [streams.stdin, streams.stdout, streams.stderr].map(|stream| stream != Stream::Null);
        let request = Request::Attach { stdin, stdout, stderr, bound: launched == Some(Life::Bound) };
        // One that refused to launch the container and went has left the reason, which is there to be read.
        if launched.is_some() { self.send_if_there(&request, &fds) } else { self.send(&request, &fds) }
    }

    /// This process' ends of the streams that are pipes, once.
    pub fn take_pipes(&self) -> Ends {
        std::mem::take(&mut self.shared.ends.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Nobody reads the program's output any more: it is to be told, as by a pipe.
    pub fn close_output(&self, stderr: bool) {
        // With the monitor gone so is the program.
        let _gone = self.send(&Request::CloseOutput { stderr }, &[]);
    }

    /// Has the monitor run the program; `started` hears how that went.
    pub fn start(&self, started: impl FnOnce(Result<Started>) + Send + 'static) -> Result<()> {
        let mut state = self.lock();
        if let Some(outcome) = state.outcome.clone() {
            drop(state);
            started(Err(not_started(outcome)));
            return Ok(());
        }
        state.started = Some(Box::new(started));
        drop(state);
        self.send_if_there(&Request::Start, &[])
    }

    /// Sends a signal to the container's init.
    pub fn signal(&self, number: i32) -> Result<()> {
        self.send_if_there(&Request::Signal { number }, &[])
    }

    /// The container is not run again when it ends.
    pub fn stop(&self) -> Result<()> {
        self.send_if_there(&Request::Stop, &[])
    }

    /// The monitor reads the container's record again.
    pub fn reload(&self) -> Result<()> {
        self.send_if_there(&Request::Reload, &[])
    }

    /// Sets the size of the container's terminal, in characters.
    pub fn resize(&self, rows: u16, columns: u16) -> Result<()> {
        self.send_if_there(&Request::Resize { rows, columns }, &[])
    }

    /// Leaves the container as it is.
    pub fn detach(&self) {
        let Some(socket) = self.socket() else { return };
        self.lock().detached = true;
        // Gone already is as good.
        let _gone = protocol::send(socket.as_fd(), &Request::Detach, &[]);
        let _gone = rustix::net::shutdown(&socket, rustix::net::Shutdown::Both);
    }

    /// Calls `listener` when all is over and all output is written; at once when it is already.
    pub fn on_end(&self, listener: impl FnOnce(Result<Outcome>) + Send + 'static) {
        let mut state = self.lock();
        match state.outcome.clone() {
            Some(outcome) => {
                drop(state);
                listener(outcome);
            }
            None => state.listener = Some(Box::new(listener)),
        }
    }

    /// Hears the monitor until it has no more to say.
    fn read(&self, socket: &OwnedFd, pumps: Pumps) {
        let outcome = loop {
            match protocol::receive::<Reply>(socket.as_fd(), RecvFlags::empty()) {
                Ok(Some((Reply::Started { pid, trace }, _))) => self.tell_started(Ok(Started { pid, trace })),
                Ok(Some((Reply::Ended { exit_code, signal, oom_killed }, _))) => {
                    break Ok(Outcome::Ended { exit_code, signal, oom_killed });
                }
                Ok(Some((failed @ Reply::Failed { .. }, _))) => break Err(Error::from(failed)),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => {
                    break Ok(if self.lock().detached { Outcome::Detached } else { Outcome::Lost });
                }
            }
        };
        // Their ends of the pipes are closed, so what is on the way comes to its end.
        let written = pumps.finish();
        let outcome = outcome.and_then(|outcome| written.map(|()| outcome));
        let mut state = self.lock();
        state.outcome = Some(outcome.clone());
        state.socket = None;
        let (started, listener) = (state.started.take(), state.listener.take());
        drop(state);
        if let Some(started) = started {
            started(Err(not_started(outcome.clone())));
        }
        if let Some(listener) = listener {
            listener(outcome);
        }
    }

    fn tell_started(&self, result: Result<Started>) {
        let listener = self.lock().started.take();
        if let Some(listener) = listener {
            listener(result);
        }
    }

    fn send(&self, request: &Request, fds: &[BorrowedFd<'_>]) -> Result<()> {
        let sent =
            self.socket().ok_or(Errno::PIPE).and_then(|socket| protocol::send(socket.as_fd(), request, fds));
        sent.step(CODE, "tell the container's monitor")
    }

    fn send_if_there(&self, request: &Request, fds: &[BorrowedFd<'_>]) -> Result<()> {
        match self.send(request, fds) {
            Err(error) if !matches!(error.errno, Some(Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN)) => {
                Err(error)
            }
            _ => Ok(()),
        }
    }

    fn socket(&self) -> Option<Arc<OwnedFd>> {
        self.lock().socket.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a container whose attachment is over was not started by it.
fn not_started(outcome: Result<Outcome>) -> Error {
    outcome.err().unwrap_or_else(|| Error::new(CODE, "start the container: its monitor ended before"))
}

impl From<Reply> for Error {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Failed { code, step, path, errno, hint } => {
                Self { code: code.into(), step, path, errno: errno.map(Errno::from_raw_os_error), hint }
            }
            other => Self::new(CODE, format!("hear from the container's monitor: {other:?}")),
        }
    }
}
