//! The TCP ports, and the connections to them.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventFlags};
use rustix::io::Result;

use super::Token;
use super::connection::{Connection, Side, State};

/// Most connections at once.
const MOST: usize = 2000;
/// How long nobody is accepted after descriptors or memory ran out, unless a connection ends before: what is missing may as well come
/// from elsewhere in the process.
const PAUSE: Duration = Duration::from_secs(1);

/// All of them.
pub struct Connections {
    listeners: Vec<(TcpListener, SocketAddr)>,
    open: BTreeMap<u64, Connection>,
    /// Number of the next one. None is given twice.
    next: u64,
    pub(super) most: usize,
    /// Containers see their clients' addresses.
    pub(super) transparent: bool,
    /// Until when nobody is accepted.
    pause: Option<Instant>,
    /// The listeners are watched for clients.
    accepting: bool,
}

impl Connections {
    /// With the descriptors that connections may take.
    ///
    /// # Errors
    /// The errno of epoll_ctl(2).
    pub fn new(
        epoll: &OwnedFd,
        listeners: Vec<(TcpListener, SocketAddr)>,
        descriptors: usize,
    ) -> Result<Self> {
        for (at, (listener, _)) in listeners.iter().enumerate() {
            epoll::add(epoll, listener, Token::TcpListener(at).data(), EventFlags::IN)?;
        }
        let most = (descriptors / Connection::DESCRIPTORS).clamp(1, MOST);
        let (open, transparent) = (BTreeMap::new(), false);
        Ok(Self { listeners, open, next: 0, most, transparent, pause: None, accepting: true })
    }

    /// Accepts one client: the next has an event of its own.
    pub fn accept(&mut self, epoll: &OwnedFd, at: usize, now: Instant) {
        let Some((listener, to)) = self.listeners.get(at) else { return };
        if !self.may_accept() {
            return;
        }
        match Connection::accept(listener, *to, self.transparent) {
            Ok(Some(connection)) => {
                self.open.insert(self.next, connection);
                self.next += 1;
                self.watch(epoll, self.next - 1);
            }
            Ok(None) => {}
            // The listener stays readable: trying again at once would take all of a processor.
            Err(_) => self.pause = Some(now + PAUSE),
        }
    }

    /// Takes one that was made elsewhere; it is reset when there are too many.
    pub fn add(&mut self, epoll: &OwnedFd, connection: Connection) {
        if self.open.len() >= self.most {
            connection.reset();
            return;
        }
        self.open.insert(self.next, connection);
        self.next += 1;
        self.watch(epoll, self.next - 1);
    }

    /// Does what an event of a connection calls for.
    pub fn hear(&mut self, epoll: &OwnedFd, id: u64, side: Side, ready: EventFlags) {
        match self.open.get_mut(&id).map(|connection| connection.hear(side, ready)) {
            Some(State::Open) => self.watch(epoll, id),
            Some(State::Over) => self.close(epoll, id),
            None => {}
        }
    }

    fn watch(&mut self, epoll: &OwnedFd, id: u64) {
        let Some(connection) = self.open.get_mut(&id) else { return };
        if connection.watch(epoll, id).is_err() {
            connection.reset();
            self.close(epoll, id);
        }
    }

    fn close(&mut self, epoll: &OwnedFd, id: u64) {
        if let Some(connection) = self.open.remove(&id) {
            connection.forget(epoll);
            self.pause = None;
        }
    }

    fn may_accept(&self) -> bool {
        self.pause.is_none() && self.open.len() < self.most
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.open.len()
    }

    /// When [`Self::keep_time`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.pause
    }

    /// Begins or ceases to accept.
    ///
    /// # Errors
    /// The errno of epoll_ctl(2); there is no known one.
    pub fn keep_time(&mut self, epoll: &OwnedFd, now: Instant) -> Result<()> {
        if self.pause.is_some_and(|until| until <= now) {
            self.pause = None;
        }
        let accepting = self.may_accept();
        if accepting != self.accepting {
            let events = if accepting { EventFlags::IN } else { EventFlags::empty() };
            for (at, (listener, _)) in self.listeners.iter().enumerate() {
                epoll::modify(epoll, listener, Token::TcpListener(at).data(), events)?;
            }
            self.accepting = accepting;
        }
        Ok(())
    }

    /// Passes on what can go at once and ends all of them.
    pub fn end(&mut self) {
        for connection in self.open.values_mut() {
            connection.end();
        }
        self.open.clear();
    }
}
