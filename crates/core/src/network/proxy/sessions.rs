//! Sockets that datagrams are passed on by: each peer has one, by which answers find their way back, until it has been silent.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventFlags};
use rustix::io::Result;

use super::{Token, forget};

/// Those of peers that `P` tells apart.
#[derive(Debug)]
pub struct Sessions<P> {
    open: BTreeMap<u64, Session<P>>,
    by_peer: BTreeMap<P, u64>,
    /// Most at once. With one more the one that was silent for longest is closed.
    pub most: usize,
    /// After such a silence one is closed.
    pub idle: Duration,
    /// None expires before: who hears much does not look at all of them each time.
    sweep: Option<Instant>,
}

/// One of them.
#[derive(Debug)]
pub struct Session<P> {
    /// Watched for what comes back.
    pub socket: OwnedFd,
    /// Whose it is.
    pub peer: P,
    /// When something came by for the last time.
    pub used: Instant,
}

impl<P: Copy + Ord> Sessions<P> {
    /// None so far.
    pub fn new(most: usize, idle: Duration) -> Self {
        Self { open: BTreeMap::new(), by_peer: BTreeMap::new(), most, idle, sweep: None }
    }

    /// By its number.
    pub fn get(&mut self, id: u64) -> Option<&mut Session<P>> {
        self.open.get_mut(&id)
    }

    /// That of a peer, which is used now. Where there is none, `open` makes its socket, and it gets the number `next`.
    ///
    /// # Errors
    /// Those of `open`, and of epoll_ctl(2).
    pub fn of(
        &mut self,
        epoll: &OwnedFd,
        next: &mut u64,
        peer: P,
        now: Instant,
        open: impl FnOnce() -> Result<OwnedFd>,
    ) -> Result<&mut Session<P>> {
        let id = match self.by_peer.get(&peer) {
            Some(id) => *id,
            None => {
                self.make_room(epoll);
                let socket = open()?;
                let id = *next;
                epoll::add(epoll, &socket, Token::Session(id).data(), EventFlags::IN)?;
                *next += 1;
                self.by_peer.insert(peer, id);
                self.open.insert(id, Session { socket, peer, used: now });
                self.sweep.get_or_insert(now + self.idle);
                id
            }
        };
        // Both maps have it, or none.
        let session = self.open.get_mut(&id).ok_or(rustix::io::Errno::NOENT)?;
        session.used = now;
        Ok(session)
    }

    fn make_room(&mut self, epoll: &OwnedFd) {
        if self.open.len() >= self.most
            && let Some(oldest) = self.open.iter().min_by_key(|(_, session)| session.used).map(|(id, _)| *id)
        {
            self.close(epoll, oldest);
        }
    }

    fn close(&mut self, epoll: &OwnedFd, id: u64) {
        if let Some(session) = self.open.remove(&id) {
            self.by_peer.remove(&session.peer);
            forget(epoll, session.socket.as_fd());
        }
    }

    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.open.len()
    }

    /// When [`Self::keep_time`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.sweep
    }

    /// Closes those that have been silent.
    pub fn keep_time(&mut self, epoll: &OwnedFd, now: Instant) {
        if self.sweep.is_none_or(|sweep| now < sweep) {
            return;
        }
        let silent = self.open.iter().filter(|(_, session)| session.used + self.idle <= now);
        let silent: Vec<u64> = silent.map(|(id, _)| *id).collect();
        for id in silent {
            self.close(epoll, id);
        }
        self.sweep = self.open.values().map(|session| session.used + self.idle).min();
    }
}
