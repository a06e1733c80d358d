//! Those who are connected to a container: the `rcx` that runs it in the foreground, `rcx attach`, whoever waits.

use std::os::fd::{AsFd, OwnedFd};

use rustix::event::PollFlags;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

use super::log::Stream;
use super::protocol::{self, Reply};

/// One client.
#[derive(Debug)]
pub struct Client {
    socket: OwnedFd,
    /// Where its input comes from.
    pub stdin: Option<OwnedFd>,
    outlets: [Option<Outlet>; 2],
    /// It wants to hear of the end.
    pub waits: bool,
    /// The container ends with it.
    pub bound: bool,
    /// It has closed the connection.
    pub gone: bool,
}

impl Client {
    /// A connection that has asked for nothing yet.
    pub fn new(socket: OwnedFd) -> Self {
        Self { socket, stdin: None, outlets: [None, None], waits: false, bound: false, gone: false }
    }

    /// Connects the pipes that came: those of stdin, stdout and stderr that are `wanted`, in this order.
    pub fn attach(&mut self, wanted: [bool; 3], fds: Vec<OwnedFd>) {
        let mut fds = fds.into_iter();
        let [stdin, stdout, stderr] = wanted.map(|wanted| if wanted { fds.next() } else { None });
        self.stdin = stdin;
        self.outlets = [stdout, stderr].map(|end| end.and_then(Outlet::new));
        self.waits = true;
    }

    /// The connection itself.
    pub fn socket(&self) -> &OwnedFd {
        &self.socket
    }

    /// Sends a reply; a client that does not hear any more is about to be noticed.
    pub fn tell(&self, reply: &Reply) {
        let _unheard = protocol::send(self.socket.as_fd(), reply, &[]);
    }

    /// The outlets that are open, for polling.
    pub fn outlets(&self) -> impl Iterator<Item = (Stream, &Outlet)> {
        let [stdout, stderr] = &self.outlets;
        stdout
            .iter()
            .map(|each| (Stream::Stdout, each))
            .chain(stderr.iter().map(|each| (Stream::Stderr, each)))
    }

    /// Hands output on.
    pub fn give(&mut self, stream: Stream, bytes: &[u8]) {
        self.with_outlet(stream, |outlet| outlet.give(bytes));
    }

    /// Goes on with what a slow reader has not taken yet.
    pub fn flush(&mut self, stream: Stream, events: PollFlags) {
        self.with_outlet(stream, |outlet| {
            if events.contains(PollFlags::OUT) {
                outlet.flush()
            } else if events.intersects(PollFlags::ERR) {
                Err(Errno::PIPE)
            } else {
                Ok(())
            }
        });
    }

    /// A reader that went away wants no more.
    fn with_outlet(&mut self, stream: Stream, act: impl FnOnce(&mut Outlet) -> Result<(), Errno>) {
        let slot = &mut self.outlets[stream as usize];
        if slot.as_mut().is_some_and(|outlet| act(outlet).is_err()) {
            *slot = None;
        }
    }

    /// All that came was taken.
    pub fn is_drained(&self) -> bool {
        self.outlets().all(|(_, outlet)| outlet.pending.is_empty())
    }

    /// Ends its streams: the readers see end of file.
    pub fn close_streams(&mut self) {
        self.outlets = [None, None];
        self.stdin = None;
    }
}

/// The write end of a client's pipe, with what did not go into it yet.
#[derive(Debug)]
pub struct Outlet {
    pipe: OwnedFd,
    pending: Vec<u8>,
}

impl Outlet {
    /// `None` when the descriptor cannot be made non-blocking: it would hold up everybody.
    fn new(pipe: OwnedFd) -> Option<Self> {
        let flags = fcntl_getfl(&pipe).ok()?;
        fcntl_setfl(&pipe, flags | OFlags::NONBLOCK).ok()?;
        Some(Self { pipe, pending: Vec::new() })
    }

    /// The pipe.
    pub fn pipe(&self) -> &OwnedFd {
        &self.pipe
    }

    /// There is something that the reader has not taken: the container has to wait, as it would without us in between.
    pub fn is_full(&self) -> bool {
        !self.pending.is_empty()
    }

    fn give(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        if !self.pending.is_empty() {
            self.pending.extend_from_slice(bytes);
            return Ok(());
        }
        let written = write_some(&self.pipe, bytes)?;
        self.pending.extend_from_slice(&bytes[written..]);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Errno> {
        let written = write_some(&self.pipe, &self.pending)?;
        self.pending.drain(..written);
        if self.pending.is_empty() {
            self.pending = Vec::new();
        }
        Ok(())
    }
}

/// Writes until all is written or the other side is full.
pub fn write_some(to: &OwnedFd, bytes: &[u8]) -> Result<usize, Errno> {
    let mut done = 0;
    while done < bytes.len() {
        match rustix::io::write(to, &bytes[done..]) {
            Ok(written) => done += written,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => break,
            Err(errno) => return Err(errno),
        }
    }
    Ok(done)
}
