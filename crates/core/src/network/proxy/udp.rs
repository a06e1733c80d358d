//! The UDP ports. Each client has a socket of its own to the container, by which replies find their way back.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventFlags};
use rustix::io::{Errno, Result, retry_on_intr};
use rustix::net::{RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with};

use super::datagram::{self, Received};
use super::listen::{family, speak_as};
use super::{Token, forget};

/// Most clients at once.
const MOST: usize = 1024;
/// After such a silence a client is forgotten; docker's proxy has the same.
const IDLE: Duration = Duration::from_secs(90);
/// How many datagrams of a socket are taken in a row.
const ROUNDS: usize = 64;
/// No datagram is larger: its length has 16 bits (RFC 768).
const LARGEST: usize = 65535;

/// All of them.
pub struct Sessions {
    listeners: Vec<(UdpSocket, SocketAddr)>,
    open: BTreeMap<u64, Session>,
    by_peer: BTreeMap<Peer, u64>,
    /// Number of the next one. None is given twice.
    next: u64,
    pub(super) most: usize,
    pub(super) idle: Duration,
    /// Containers see their clients' addresses.
    pub(super) transparent: bool,
    /// No session expires before.
    sweep: Option<Instant>,
    /// For everything that comes and goes; empty without listeners.
    buffer: Vec<u8>,
}

/// Who talks to whom. A client that talks to two of our addresses is two: each expects its replies from where it has sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Peer {
    listener: usize,
    client: SocketAddr,
    local: Option<IpAddr>,
}

#[derive(Debug)]
struct Session {
    socket: OwnedFd,
    peer: Peer,
    used: Instant,
}

impl Sessions {
    /// With the descriptors that sessions may take.
    ///
    /// # Errors
    /// The errno of epoll_ctl(2).
    pub fn new(epoll: &OwnedFd, listeners: Vec<(UdpSocket, SocketAddr)>, descriptors: usize) -> Result<Self> {
        for (at, (listener, _)) in listeners.iter().enumerate() {
            epoll::add(epoll, listener, Token::UdpListener(at).data(), EventFlags::IN)?;
        }
        let buffer = vec![0; if listeners.is_empty() { 0 } else { LARGEST }];
        Ok(Self {
            listeners,
            open: BTreeMap::new(),
            by_peer: BTreeMap::new(),
            next: 0,
            most: descriptors.clamp(1, MOST),
            idle: IDLE,
            transparent: false,
            sweep: None,
            buffer,
        })
    }

    /// Passes on what clients have sent. What cannot be passed on is lost, which UDP allows.
    pub fn hear_clients(&mut self, epoll: &OwnedFd, at: usize, now: Instant) {
        for _ in 0..ROUNDS {
            let Some((listener, to)) = self.listeners.get(at) else { return };
            let Ok(Received { length, client, local }) = datagram::receive(listener, &mut self.buffer) else {
                return;
            };
            let (peer, to) = (Peer { listener: at, client, local }, *to);
            let Ok(id) = self.session(epoll, peer, to, now) else { continue };
            let (Some(session), Some(bytes)) = (self.open.get_mut(&id), self.buffer.get(..length)) else {
                continue;
            };
            session.used = now;
            session.send(bytes);
        }
    }

    /// Passes on what the container has sent to a client.
    pub fn hear_container(&mut self, id: u64, now: Instant) {
        let Some(session) = self.open.get_mut(&id) else { return };
        let Peer { listener, client, local } = session.peer;
        let Some((listener, _)) = self.listeners.get(listener) else { return };
        for _ in 0..ROUNDS {
            match recv(&session.socket, &mut self.buffer[..], RecvFlags::DONTWAIT) {
                Ok((length, _)) => {
                    session.used = now;
                    // A client that is gone, or has no room, misses it.
                    let bytes = self.buffer.get(..length).unwrap_or_default();
                    let _lost = datagram::send(listener, bytes, client, local);
                }
                Err(Errno::AGAIN) => return,
                // Nobody is there (`ECONNREFUSED` and other errors of ICMP): it may be the next time, and having been told
                // once is all.
                Err(_) => {}
            }
        }
    }

    /// The session of a client, made when there is none.
    fn session(&mut self, epoll: &OwnedFd, peer: Peer, to: SocketAddr, now: Instant) -> Result<u64> {
        if let Some(id) = self.by_peer.get(&peer) {
            return Ok(*id);
        }
        if self.open.len() >= self.most
            && let Some(oldest) = self.open.iter().min_by_key(|(_, session)| session.used).map(|(id, _)| *id)
        {
            self.close(epoll, oldest);
        }
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(family(to), SocketType::DGRAM, flags, None)?;
        if self.transparent {
            speak_as(&socket, peer.client, to);
        }
        // From now on it hears from the container alone.
        connect(&socket, &to)?;
        let id = self.next;
        epoll::add(epoll, &socket, Token::Session(id).data(), EventFlags::IN)?;
        self.next += 1;
        self.open.insert(id, Session { socket, peer, used: now });
        self.by_peer.insert(peer, id);
        self.sweep.get_or_insert(now + self.idle);
        Ok(id)
    }

    fn close(&mut self, epoll: &OwnedFd, id: u64) {
        if let Some(session) = self.open.remove(&id) {
            self.by_peer.remove(&session.peer);
            forget(epoll, session.socket.as_fd());
        }
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.open.len()
    }

    /// When [`Self::keep_time`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.sweep
    }

    /// Forgets those who have been silent.
    pub fn keep_time(&mut self, epoll: &OwnedFd, now: Instant) {
        if self.sweep.is_none_or(|sweep| now < sweep) {
            return;
        }
        let idle = self.idle;
        let silent = self.open.iter().filter(|(_, session)| session.used + idle <= now);
        let silent: Vec<u64> = silent.map(|(id, _)| *id).collect();
        for id in silent {
            self.close(epoll, id);
        }
        self.sweep = self.open.values().map(|session| session.used + idle).min();
    }
}

impl Session {
    fn send(&self, bytes: &[u8]) {
        let send = || retry_on_intr(|| send(&self.socket, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL));
        // That nobody was there the last time is told instead of sending (udp(7)); it says nothing of this time.
        if send() == Err(Errno::CONNREFUSED) {
            let _lost = send();
        }
    }
}
