//! One direction of a connection: bytes go from a socket to another through a pipe, and never through our memory.

use std::os::fd::OwnedFd;

use rustix::io::{Errno, Result, retry_on_intr};
use rustix::net::{RecvFlags, Shutdown, recv, shutdown};
use rustix::pipe::{PipeFlags, SpliceFlags, pipe_with, splice};

/// Bytes that are taken from a socket at once. A pipe has room for 16 pieces, whose size the sender determines.
const CHUNK: usize = 64 * 1024;
/// Goes into an empty pipe in one piece, even into the smallest (`PIPE_BUF`, pipe(7)).
const PIECE: usize = 4096;

/// Which socket does not work any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The one that is read.
    From,
    /// The one that is written.
    To,
}

/// Pipe and state of a direction.
#[derive(Debug)]
pub struct Flow {
    exit: OwnedFd,
    entry: OwnedFd,
    /// Bytes in the pipe.
    held: usize,
    /// No more will come.
    ended: bool,
    /// The receiver has been told so.
    over: bool,
}

impl Flow {
    /// # Errors
    /// The errno of pipe2(2).
    pub fn new() -> Result<Self> {
        let (exit, entry) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Ok(Self { exit, entry, held: 0, ended: false, over: false })
    }

    /// More may be read: the receiver has taken all that came before.
    pub fn wants_more(&self) -> bool {
        self.held == 0 && !self.ended
    }

    /// The receiver has to make room.
    pub fn is_held_up(&self) -> bool {
        self.held > 0
    }

    /// The sender has ended.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// All was handed over, and the end of it.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Passes bytes on until there are no more, the receiver is full, or it was done `rounds` times: others have their turn, too.
    pub fn carry(&mut self, from: &OwnedFd, to: &OwnedFd, rounds: usize) -> std::result::Result<(), Broken> {
        for round in 0..rounds {
            if self.wants_more() {
                self.fill(from, round == 0).map_err(|_| Broken::From)?;
            }
            if self.held == 0 {
                break;
            }
            self.drain(to).map_err(|_| Broken::To)?;
            if self.held > 0 {
                break;
            }
        }
        Ok(())
    }

    /// Tells the receiver of the end, once it has everything.
    pub fn finish(&mut self, to: &OwnedFd) -> std::result::Result<(), Broken> {
        if self.ended && self.held == 0 && !self.over {
            shutdown(to, Shutdown::Write).map_err(|_| Broken::To)?;
            self.over = true;
        }
        Ok(())
    }

    /// Fills the empty pipe.
    ///
    /// splice(2) does not read beyond a mark of urgent data (`tcp_read_sock` of the kernel): it says that there is nothing, or even
    /// that the end has come, while the socket stays readable. A client could keep this thread busy with that, so that at the first
    /// try, which follows an event, recv(2) has the last word.
    fn fill(&mut self, from: &OwnedFd, first: bool) -> Result<()> {
        match retry_on_intr(|| splice(from, None, &self.entry, None, CHUNK, flags())) {
            Ok(0) => {}
            Ok(count) => {
                self.held = count;
                return Ok(());
            }
            Err(Errno::AGAIN) if first => {}
            Err(Errno::AGAIN) => return Ok(()),
            Err(errno) => return Err(errno),
        }
        let mut bytes = [0u8; PIECE];
        match retry_on_intr(|| recv(from, &mut bytes[..], RecvFlags::DONTWAIT)) {
            Ok((0, _)) => self.ended = true,
            Ok((count, _)) => {
                let written = rustix::io::write(&self.entry, bytes.get(..count).unwrap_or_default())?;
                self.held = written;
                // Cannot be: bytes would be lost.
                if written != count {
                    return Err(Errno::IO);
                }
            }
            Err(Errno::AGAIN) => {}
            Err(errno) => return Err(errno),
        }
        Ok(())
    }

    fn drain(&mut self, to: &OwnedFd) -> Result<()> {
        while self.held > 0 {
            // Not one byte more than there is: the kernel would wait for it with the last packet (MSG_MORE).
            match retry_on_intr(|| splice(&self.exit, None, to, None, self.held, flags())) {
                Ok(0) => return Err(Errno::PIPE),
                Ok(count) => self.held = self.held.saturating_sub(count),
                Err(Errno::AGAIN) => break,
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }
}

fn flags() -> SpliceFlags {
    SpliceFlags::NONBLOCK | SpliceFlags::MOVE
}
