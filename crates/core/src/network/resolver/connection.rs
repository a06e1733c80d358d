//! A container's connection over TCP: one query after the other (RFC 7766, 6.2.1.1), the next one when the last is answered.

use std::io;
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use super::server::MOST_QUERY;
use super::stream::Stream;

/// A connection from a container.
#[derive(Debug)]
pub struct Connection {
    /// No other one ever has it.
    pub number: u64,
    stream: Stream,
    /// A query is on its way to a server.
    pub waiting: bool,
    idle: Duration,
    end: Instant,
}

impl Connection {
    /// Of a socket that was accepted; `idle` is how long it may do nothing.
    pub fn new(socket: TcpStream, number: u64, idle: Duration) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        // An answer is one small packet, and nothing follows that it could wait for.
        socket.set_nodelay(true)?;
        Ok(Self { number, stream: Stream::new(socket), waiting: false, idle, end: Instant::now() + idle })
    }

    /// What to wait for. While its query is on its way nothing is read: what a container sends stays its own memory.
    pub fn descriptor(&self) -> (BorrowedFd<'_>, PollFlags) {
        let events = match (self.stream.is_sending(), self.waiting) {
            (true, _) => PollFlags::OUT,
            (false, true) => PollFlags::empty(),
            (false, false) => PollFlags::IN,
        };
        (self.stream.as_fd(), events)
    }

    /// When it has done nothing for too long. A query that is on its way ends by itself.
    pub fn deadline(&self) -> Option<Instant> {
        (!self.waiting).then_some(self.end)
    }

    /// Goes on with what can be written or read; a query when all of it is there. An error ends the connection.
    pub fn advance(&mut self, found: PollFlags) -> io::Result<Option<Vec<u8>>> {
        if self.stream.is_sending() {
            self.stream.flush()?;
            return Ok(None);
        }
        if self.waiting {
            // Only these are reported unasked (poll(2)), and again and again: the client is gone.
            let gone = found.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
            return if gone { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(None) };
        }
        self.stream.next(MOST_QUERY)
    }

    /// Sends an answer; what does not go out now does later.
    pub fn answer(&mut self, message: &[u8]) -> io::Result<()> {
        (self.waiting, self.end) = (false, Instant::now() + self.idle);
        self.stream.put(message)?;
        self.stream.flush()
    }
}
