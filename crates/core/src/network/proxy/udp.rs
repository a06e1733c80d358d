//! The UDP ports. Each client has a socket of its own to the container, by which replies find their way back.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventFlags};
use rustix::io::{Errno, Result, retry_on_intr};
use rustix::net::{RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with};

use super::Token;
use super::datagram::{self, Received};
use super::listen::{family, speak_as};
use super::sessions::{Session, Sessions};

/// Most clients at once.
const MOST: usize = 1024;
/// After such a silence a client is forgotten; docker's proxy has the same.
const IDLE: Duration = Duration::from_secs(90);
/// How many datagrams of a socket are taken in a row.
const ROUNDS: usize = 64;
/// No datagram is larger: its length has 16 bits (RFC 768).
const LARGEST: usize = 65535;

/// All of them.
pub struct Clients {
    listeners: Vec<(UdpSocket, SocketAddr)>,
    pub(super) sessions: Sessions<Peer>,
    /// Number of the next one. None is given twice.
    next: u64,
    /// Containers see their clients' addresses.
    pub(super) transparent: bool,
    /// For everything that comes and goes; empty without listeners.
    buffer: Vec<u8>,
}

/// Who talks to whom. A client that talks to two of our addresses is two: each expects its replies from where it has sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Peer {
    listener: usize,
    client: SocketAddr,
    local: Option<IpAddr>,
}

impl Clients {
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
            sessions: Sessions::new(descriptors.clamp(1, MOST), IDLE),
            next: 0,
            transparent: false,
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
            let open = || open(peer, to, self.transparent);
            let Ok(session) = self.sessions.of(epoll, &mut self.next, peer, now, open) else { continue };
            pass_on(session, self.buffer.get(..length).unwrap_or_default());
        }
    }

    /// Passes on what the container has sent to a client.
    pub fn hear_container(&mut self, id: u64, now: Instant) {
        let Some(session) = self.sessions.get(id) else { return };
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
}

/// A socket to the container for a client.
fn open(peer: Peer, to: SocketAddr, transparent: bool) -> Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family(to), SocketType::DGRAM, flags, None)?;
    if transparent {
        speak_as(&socket, peer.client, to);
    }
    // From now on it hears from the container alone.
    connect(&socket, &to)?;
    Ok(socket)
}

fn pass_on(session: &Session<Peer>, bytes: &[u8]) {
    let send = || retry_on_intr(|| send(&session.socket, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL));
    // That nobody was there the last time is told instead of sending (udp(7)); it says nothing of this time.
    if send() == Err(Errno::CONNREFUSED) {
        let _lost = send();
    }
}
