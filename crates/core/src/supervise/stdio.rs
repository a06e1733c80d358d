//! A container's stdin, stdout and stderr. The host's own descriptors are never passed in: a container that holds a terminal
//! of the host can type into it (`TIOCSTI`), one that holds a file can seek and truncate it.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags, open};
use rustix::pipe::{PipeFlags, pipe_with};

use super::pump;
use crate::error::{Context, Result};

const CODE: &str = "ERR_RCX_STDIO";

/// Where one stream of a container leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Copied from or to the same stream of this process.
    Inherit,
    /// A pipe whose other end the caller takes.
    Pipe,
    /// `/dev/null`.
    Null,
}

/// The three streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stdio {
    /// Standard input.
    pub stdin: Stream,
    /// Standard output.
    pub stdout: Stream,
    /// Standard error.
    pub stderr: Stream,
}

/// The caller's ends of [`Stream::Pipe`]s.
#[derive(Debug, Default)]
pub struct Ends {
    /// Write end of the container's stdin.
    pub stdin: Option<OwnedFd>,
    /// Read end of its stdout.
    pub stdout: Option<OwnedFd>,
    /// Read end of its stderr.
    pub stderr: Option<OwnedFd>,
}

/// This process' ends, until the container starts.
#[derive(Debug)]
pub struct Connection {
    stdio: Stdio,
    ends: Ends,
    /// What a terminal is copied from and to where the caller has the other ends.
    terminal: [Option<OwnedFd>; 2],
}

impl Connection {
    /// Makes the pipes; the container's three descriptors come second.
    pub fn open(stdio: Stdio) -> Result<(Self, [OwnedFd; 3])> {
        let (stdin, inner_stdin) = match stdio.stdin {
            Stream::Null => (None, null()?),
            _ => {
                let (read, write) = new_pipe()?;
                (Some(write), read)
            }
        };
        let (stdout, inner_stdout) = output(stdio.stdout)?;
        let (stderr, inner_stderr) = output(stdio.stderr)?;
        let connection = Self { stdio, ends: Ends { stdin, stdout, stderr }, terminal: [None, None] };
        Ok((connection, [inner_stdin, inner_stdout, inner_stderr]))
    }

    /// To a terminal, which has both outputs in one.
    pub fn to_terminal(stdio: Stdio) -> Result<Self> {
        let (mut ends, mut terminal) = (Ends::default(), [None, None]);
        if stdio.stdin == Stream::Pipe {
            let (read, write) = new_pipe()?;
            (ends.stdin, terminal[0]) = (Some(write), Some(read));
        }
        if stdio.stdout == Stream::Pipe {
            let (read, write) = new_pipe()?;
            (ends.stdout, terminal[1]) = (Some(read), Some(write));
        }
        Ok(Self { stdio, ends, terminal })
    }

    /// The ends that the caller asked for, once.
    pub fn take_pipes(&mut self) -> Ends {
        let wanted = |stream: Stream, end: &mut Option<OwnedFd>| {
            if stream == Stream::Pipe { end.take() } else { None }
        };
        Ends {
            stdin: wanted(self.stdio.stdin, &mut self.ends.stdin),
            stdout: wanted(self.stdio.stdout, &mut self.ends.stdout),
            stderr: wanted(self.stdio.stderr, &mut self.ends.stderr),
        }
    }

    /// Starts copying the inherited streams.
    pub fn run(self) -> Result<pump::Pumps> {
        let mut pumps = pump::Pumps::default();
        if self.stdio.stdin == Stream::Inherit
            && let Some(end) = self.ends.stdin
        {
            pumps.input(rustix::stdio::stdin(), end, None)?;
        }
        let outputs = [
            (self.stdio.stdout, self.ends.stdout, rustix::stdio::stdout()),
            (self.stdio.stderr, self.ends.stderr, rustix::stdio::stderr()),
        ];
        for (stream, end, to) in outputs {
            if let (Stream::Inherit, Some(end)) = (stream, end) {
                pumps.output(end, to, || ())?;
            }
        }
        Ok(pumps)
    }

    /// Starts copying between a container's terminal and the streams, piped ones too.
    pub fn run_terminal(self, master: &OwnedFd) -> Result<pump::Pumps> {
        let mut pumps = pump::Pumps::default();
        let duplicate =
            || master.as_fd().try_clone_to_owned().step(CODE, "duplicate the terminal's descriptor");
        let [from, to] = self.terminal;
        match (self.stdio.stdin, from) {
            (Stream::Inherit, _) => pumps.input(rustix::stdio::stdin(), duplicate()?, None)?,
            (_, Some(from)) => pumps.input(from, duplicate()?, None)?,
            _ => {}
        }
        match to {
            Some(to) => pumps.output(duplicate()?, to, || ())?,
            // Somebody has to read it, or the program would stand still when it is full.
            None => pumps.output(duplicate()?, rustix::stdio::stdout(), || ())?,
        }
        Ok(pumps)
    }
}

fn output(stream: Stream) -> Result<(Option<OwnedFd>, OwnedFd)> {
    if stream == Stream::Null {
        return Ok((None, null()?));
    }
    let (read, write) = new_pipe()?;
    Ok((Some(read), write))
}

fn new_pipe() -> Result<(OwnedFd, OwnedFd)> {
    pipe_with(PipeFlags::CLOEXEC).step(CODE, "make a pipe")
}

fn null() -> Result<OwnedFd> {
    open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).step_at(CODE, "open", "/dev/null")
}
