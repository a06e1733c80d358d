//! The container's input, as the monitor holds it.

use std::os::fd::OwnedFd;

use super::client::write_some;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

/// Where input goes.
#[derive(Debug)]
pub struct Input {
    to: OwnedFd,
    terminal: bool,
    pending: Vec<u8>,
    ends: bool,
}

/// What became of an attempt to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// There may be more.
    Open,
    /// Nothing can be written any more.
    Closed,
}

impl Input {
    /// Over the write end of the program's stdin, or a terminal's master.
    pub fn new(to: OwnedFd, terminal: bool) -> rustix::io::Result<Self> {
        fcntl_setfl(&to, fcntl_getfl(&to)? | OFlags::NONBLOCK)?;
        Ok(Self { to, terminal, pending: Vec::new(), ends: false })
    }

    /// What to poll.
    pub fn fd(&self) -> &OwnedFd {
        &self.to
    }

    /// The program has not read what came before: no more is taken from clients.
    pub fn is_full(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Hands input on.
    pub fn give(&mut self, bytes: &[u8]) -> Flow {
        self.pending.extend_from_slice(bytes);
        self.flush()
    }

    /// Goes on with what the program had no room for.
    pub fn flush(&mut self) -> Flow {
        match write_some(&self.to, &self.pending) {
            Ok(written) => {
                self.pending.drain(..written);
                if self.pending.is_empty() {
                    self.pending = Vec::new();
                }
                if self.ends && self.pending.is_empty() { Flow::Closed } else { Flow::Open }
            }
            // The program has closed its stdin, or is gone.
            Err(_) => Flow::Closed,
        }
    }

    /// No more will come: the program sees end of file behind what it has not read yet. A terminal goes on without anybody at
    /// it: its window was closed, which is not for the program to end by.
    pub fn end(&mut self) -> Flow {
        if self.terminal {
            return Flow::Open;
        }
        self.ends = true;
        self.flush()
    }
}
