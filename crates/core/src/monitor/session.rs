//! One run of a container's program, from its launch to its end.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::config::Config;
use super::input::Input;
use super::log::Stream;
use super::{CODE, null, pipe};
use crate::cgroup::{self, OomWatch};
use crate::error::{Context, Error, Result};
use crate::launch::{self, Created, Exit, Outcome, Part, Running};
use crate::network::Held;
use crate::rootless::Left;
use crate::supervise::terminal;
use crate::{init_binary, plan, sys};

/// After everything of the container was killed, its pipes end at once; a process outside that was given one may keep it open.
const DRAIN: Duration = Duration::from_secs(2);
/// Read at once.
const PIECE: usize = 32 * 1024;

/// A container whose program runs.
#[derive(Debug)]
pub struct Session {
    running: Running,
    outcome: Outcome,
    terminal: Option<OwnedFd>,
    outputs: [Option<OwnedFd>; 2],
    /// Where its input goes; `None` when it has none or it was closed.
    pub input: Option<Input>,
    /// Hears of processes that the kernel kills for want of memory; `None` where nobody counts them.
    pub oom: Option<OomWatch>,
    cgroup: Option<String>,
    /// Of a container that nothing else ends all of.
    left: Option<Left>,
    begin: Instant,
}

/// A prepared container.
#[derive(Debug)]
pub struct Prepared {
    created: Created,
    outputs: [Option<OwnedFd>; 2],
    stdin: Option<OwnedFd>,
    terminal: Option<OwnedFd>,
    cgroup: Option<String>,
    own_pids: bool,
}

/// How a run ended.
#[derive(Debug, Clone, Copy)]
pub struct End {
    /// `None` when nobody can know.
    pub exit: Option<Exit>,
    /// The kernel has killed a process of it for want of memory.
    pub oom_killed: bool,
    /// One more than was heard of while it ran.
    pub oom_news: bool,
    /// How long it ran.
    pub ran: Duration,
}

impl Prepared {
    /// Launches the container up to the point where only its program is missing.
    pub fn new(config: &Config) -> Result<Self> {
        let request = &config.request;
        let process = request.spec.process().as_ref();
        let has_terminal = process.and_then(oci_spec::runtime::Process::terminal).unwrap_or(false);
        let linux = request.spec.linux().as_ref();
        let cgroup = linux
            .and_then(|linux| linux.cgroups_path().as_ref())
            .map(|path| path.to_string_lossy().into_owned());
        let (mut outputs, mut stdin, mut inner) = ([None, None], None, None);
        if !has_terminal {
            let input = if config.open_stdin {
                let (read, write) = pipe()?;
                stdin = Some(write);
                read
            } else {
                null()?
            };
            let ((out, inner_out), (err, inner_err)) = (pipe()?, pipe()?);
            outputs = [Some(out), Some(err)];
            inner = Some([input, inner_out, inner_err]);
        }
        let remove = |_: &Error| drop(cgroup.as_deref().map(cgroup::remove));
        let plan = plan::build(request, inner)?;
        let own_pids = plan.namespaces & u64::from(libc::CLONE_NEWPID.cast_unsigned()) != 0;
        let created = launch::create(plan).inspect_err(remove);
        // A restart is rare enough to read it again.
        init_binary::forget();
        let mut created = created?;
        let terminal = created.take_terminal();
        if let Some(master) = &terminal {
            let duplicate = || master.try_clone().step(CODE, "duplicate the terminal's descriptor");
            outputs = [Some(duplicate()?), None];
            stdin = if config.open_stdin { Some(duplicate()?) } else { None };
        }
        Ok(Self { created, outputs, stdin, terminal, cgroup, own_pids })
    }

    /// Process id of the container's init.
    pub fn pid(&self) -> i32 {
        self.created.pid()
    }

    /// Gives the terminal a size before the program can ask for it.
    pub fn resize(&self, rows: u16, columns: u16) {
        if let Some(master) = &self.terminal {
            drop(terminal::resize(master, rows, columns));
        }
    }

    /// Runs the program.
    pub fn start(self) -> Result<Session> {
        let Self { created, outputs, stdin, terminal, cgroup, own_pids } = self;
        let outcome = created.outcome();
        let running = created.start().inspect_err(|_| drop(cgroup.as_deref().map(cgroup::remove)))?;
        let input = match stdin {
            Some(to) => Some(Input::new(to, terminal.is_some()).step(CODE, "prepare the container's stdin")?),
            None => None,
        };
        let oom = cgroup.as_deref().and_then(OomWatch::new);
        let left = if own_pids || cgroup.is_some() { None } else { Left::of(running.pid) };
        let begin = Instant::now();
        Ok(Session { running, outcome, terminal, outputs, input, oom, cgroup, left, begin })
    }
}

impl Session {
    /// Process id of the container's init.
    pub fn pid(&self) -> i32 {
        self.running.pid
    }

    /// Becomes readable when the init has ended.
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.running.pidfd.as_fd()
    }

    /// What there is of its networks outside of it, for whoever keeps it until the end.
    pub fn take_network(&mut self) -> Option<Box<Held>> {
        self.running.network.take()
    }

    /// How long each part of the launch took, where that was asked for; once.
    pub fn take_trace(&mut self) -> Vec<Part> {
        std::mem::take(&mut self.running.trace)
    }

    /// How the launch went.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Limits were changed: the container may have got a cgroup that counts.
    pub fn limits_changed(&mut self) {
        if self.oom.is_none() {
            self.oom = self.cgroup().and_then(OomWatch::new);
        }
    }

    /// The container's cgroup.
    pub fn cgroup(&self) -> Option<&str> {
        self.cgroup.as_deref()
    }

    /// Streams that may still bring something.
    pub fn outputs(&self) -> impl Iterator<Item = (Stream, &OwnedFd)> {
        let [stdout, stderr] = &self.outputs;
        stdout.iter().map(|fd| (Stream::Stdout, fd)).chain(stderr.iter().map(|fd| (Stream::Stderr, fd)))
    }

    /// Reads what is there of a stream, and hands it on.
    pub fn read(&mut self, stream: Stream, mut give: impl FnMut(&[u8])) {
        let slot = &mut self.outputs[stream as usize];
        let Some(fd) = slot else { return };
        let mut buffer = [0u8; PIECE];
        match rustix::io::read(fd.as_fd(), &mut buffer) {
            Ok(length) if length > 0 => give(&buffer[..length]),
            Err(Errno::INTR | Errno::AGAIN) => {}
            // EIO: the last process with the terminal open is gone (pty(7)).
            Ok(_) | Err(_) => *slot = None,
        }
    }

    /// Reads no more of a stream: whoever writes to it gets SIGPIPE. A terminal stays, as it has more to it than output.
    pub fn close_output(&mut self, stream: Stream) {
        if self.terminal.is_none() {
            self.outputs[stream as usize] = None;
        }
    }

    /// Sends a signal to the container's init. One that has ended already is no error.
    pub fn signal(&self, number: i32) {
        // Sanitised by whoever asked; an unknown number reaches nobody.
        let _gone = sys::pidfd_signal(self.pidfd(), number);
    }

    /// Sets the terminal's size.
    pub fn resize(&self, rows: u16, columns: u16) {
        if let Some(master) = &self.terminal {
            drop(terminal::resize(master, rows, columns));
        }
    }

    /// Collects the init, which has ended: ends what is left of the container, hands on the last of its output, removes its
    /// cgroup.
    pub fn collect(mut self, mut give: impl FnMut(Stream, &[u8])) -> End {
        let exit = launch::wait_exited(self.pidfd());
        let ran = self.begin.elapsed();
        let oom_killed = self.cgroup().is_some_and(cgroup::oom_killed);
        let oom_news = self.oom.as_mut().map_or(oom_killed, OomWatch::has_news);
        // What stays is collected by whoever removes the container.
        drop(self.cgroup().map(cgroup::remove));
        if let Some(left) = self.left.take() {
            left.end();
        }
        (self.input, self.terminal) = (None, None);
        let deadline = Instant::now() + DRAIN;
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            let streams: Vec<Stream> = self.outputs().map(|(stream, _)| stream).collect();
            if streams.is_empty() || !self.wait_for_output(left) {
                break;
            }
            for stream in streams {
                if self.has_output(stream) {
                    self.read(stream, |bytes| give(stream, bytes));
                }
            }
        }
        End { exit, oom_killed, oom_news, ran }
    }

    fn wait_for_output(&self, most: Duration) -> bool {
        let mut fds: Vec<PollFd<'_>> = self.outputs().map(|(_, fd)| PollFd::new(fd, PollFlags::IN)).collect();
        poll(&mut fds, Timespec::try_from(most).ok().as_ref()).is_ok_and(|ready| ready > 0)
    }

    fn has_output(&self, stream: Stream) -> bool {
        let Some(fd) = &self.outputs[stream as usize] else { return false };
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&now)).is_ok_and(|ready| ready > 0)
    }
}
