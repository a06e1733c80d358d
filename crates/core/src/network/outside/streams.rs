//! TCP: connections that are being made outside, and wait to be accepted inside.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventFlags};
use rustix::io::Errno;
use rustix::net::sockopt::socket_error;
use rustix::net::{SocketFlags, SocketType, accept_with, connect, getpeername, getsockname, socket_with};

use super::packet;
use super::place::Place;
use crate::network::proxy::connection::Connection;
use crate::network::proxy::tcp::Connections;
use crate::network::proxy::{Token, family, forget};

/// Most that are on the way at once. What is more is asked for again by whoever wants it.
const MOST: usize = 4096;
/// How long one waits to be accepted that whoever asked for it may have given up.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many are accepted in a row.
const ROUNDS: usize = 64;
/// ICMP's words for that there is no way to a host, or to a network.
const NO_HOST: u8 = 1;
const NO_NETWORK: u8 = 0;

/// Whose connection it is, and with whom.
type Ends = (SocketAddr, SocketAddr);

/// All that are on the way.
#[derive(Debug, Default)]
pub struct Streams {
    by_ends: BTreeMap<Ends, u64>,
    pending: BTreeMap<u64, Pending>,
}

#[derive(Debug)]
struct Pending {
    socket: OwnedFd,
    ends: Ends,
    /// Its first packet.
    begin: Vec<u8>,
    sequence: u32,
    /// When it was there outside.
    ready: Option<Instant>,
}

impl Streams {
    /// Begins a connection outside.
    pub fn begin(
        &mut self,
        epoll: &OwnedFd,
        place: &Place,
        id: u64,
        ends: Ends,
        (sequence, bytes): (u32, &[u8]),
    ) {
        if let Some(pending) = self.by_ends.get(&ends).and_then(|id| self.pending.get(id)) {
            // Asked for again: what was put back may have been lost.
            if pending.ready.is_some() {
                place.write(packet::completed(bytes));
            }
            return;
        }
        if self.pending.len() >= MOST {
            return;
        }
        let (from, to) = ends;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        // Without a descriptor it is as if the packet was lost.
        let Ok(socket) = socket_with(family(to), SocketType::STREAM, flags, None) else { return };
        match connect(&socket, &to) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(errno) => return refuse(place, (from, to), (sequence, bytes), errno),
        }
        if epoll::add(epoll, &socket, Token::Session(id).data(), EventFlags::OUT).is_err() {
            return;
        }
        self.by_ends.insert(ends, id);
        self.pending.insert(id, Pending { socket, ends, begin: bytes.to_vec(), sequence, ready: None });
    }

    /// One is there outside, or will not be; `false` for what is none of these.
    pub fn hear(&mut self, epoll: &OwnedFd, place: &Place, id: u64, now: Instant) -> bool {
        let Some(pending) = self.pending.get_mut(&id) else { return false };
        forget(epoll, pending.socket.as_fd());
        match socket_error(&pending.socket) {
            Ok(Ok(())) => {
                pending.ready = Some(now);
                place.write(packet::completed(&pending.begin));
            }
            Ok(Err(errno)) | Err(errno) => {
                let Some(Pending { ends, sequence, begin, .. }) = self.take(id) else { return true };
                refuse(place, ends, (sequence, &begin), errno);
            }
        }
        true
    }

    /// Joins what is accepted inside with what is there outside.
    pub fn accept(&mut self, epoll: &OwnedFd, listener: &TcpListener, connections: &mut Connections) {
        for _ in 0..ROUNDS {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            let client = match accept_with(listener, flags) {
                Ok(client) => client,
                Err(Errno::CONNABORTED | Errno::INTR) => continue,
                // With no descriptor left it waits in the queue until a connection ends.
                Err(_) => return,
            };
            let ends = || Some((address(getpeername(&client).ok()??)?, address(getsockname(&client).ok()?)?));
            let id = ends().and_then(|ends| self.by_ends.get(&ends).copied());
            // Nobody asks for what was given up: it is closed, and that is seen.
            let Some(pending) = id.and_then(|id| self.take(id)) else { continue };
            if let Ok(connection) = Connection::between(client, pending.socket) {
                connections.add(epoll, connection);
            }
        }
    }

    /// Forgets what nobody has taken.
    pub fn keep_time(&mut self, now: Instant) {
        let late = |pending: &Pending| pending.ready.is_some_and(|ready| ready + PATIENCE <= now);
        let late: Vec<u64> =
            self.pending.iter().filter(|(_, pending)| late(pending)).map(|(id, _)| *id).collect();
        for id in late {
            self.take(id);
        }
    }

    /// When [`Self::keep_time`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.pending.values().filter_map(|pending| pending.ready).min().map(|ready| ready + PATIENCE)
    }

    fn take(&mut self, id: u64) -> Option<Pending> {
        let pending = self.pending.remove(&id)?;
        self.by_ends.remove(&pending.ends);
        Some(pending)
    }
}

/// Says inside what was said outside. Silence there is silence here.
fn refuse(place: &Place, (from, to): Ends, (sequence, bytes): (u32, &[u8]), errno: Errno) {
    let unreachable = |code| packet::unreachable(to.ip(), from.ip(), code, bytes);
    place.write(match errno {
        Errno::TIMEDOUT => None,
        Errno::HOSTUNREACH | Errno::HOSTDOWN => unreachable(NO_HOST),
        Errno::NETUNREACH | Errno::NETDOWN => unreachable(NO_NETWORK),
        _ => packet::reset(to, from, sequence),
    });
}

/// IPv4 in the words of IPv6 is IPv4.
fn address(any: rustix::net::SocketAddrAny) -> Option<SocketAddr> {
    let address = SocketAddr::try_from(any).ok()?;
    Some(SocketAddr::new(address.ip().to_canonical(), address.port()))
}
