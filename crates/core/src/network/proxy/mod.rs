//! Published ports: what the kernel cannot redirect to a container is passed on here, by one thread of the container's monitor.
//!
//! That are connections from the machine's own loopback, whose addresses must not leave it, and those over IPv6 to a container that
//! has only IPv4. The sockets also keep everybody else from the ports. Nothing here waits but for all at once, and bytes of a TCP
//! connection stay in the kernel: however many there are, the monitor does not grow.

pub(super) mod connection;
mod datagram;
mod flow;
mod listen;
pub(super) mod sessions;
pub(super) mod tcp;
mod udp;

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::io::{Errno, Result};
use rustix::process::{Resource, getrlimit};
use serde::{Deserialize, Serialize};

use self::connection::Side;
use self::tcp::Connections;
use self::udp::Clients;
use crate::sys;

pub use self::listen::{bind, family, set_option, set_transparent};

/// How many events are taken at once.
const EVENTS: usize = 64;

/// What is spoken at a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// tcp(7).
    Tcp,
    /// udp(7).
    Udp,
}

/// A published port that is held, made by [`bind`].
#[derive(Debug)]
pub enum Listener {
    /// Bound and listening.
    Tcp(TcpListener),
    /// Bound.
    Udp(UdpSocket),
}

/// A published port, and where in the container it leads.
#[derive(Debug)]
pub struct Forward {
    /// The machine's side.
    pub listener: Listener,
    /// The container's side; of either family.
    pub to: SocketAddr,
}

/// Passes on in the calling thread until `stop` becomes readable or is hung up. With `transparent` the container sees the addresses of
/// its clients: what it answers has to come by where the calling thread is.
///
/// What has come by then and finds room at once is still passed on. Connections that would miss something after that are reset: an
/// end of file would say that all has been sent. `SIGPIPE` stays blocked in the thread.
///
/// Connections take part of what `RLIMIT_NOFILE` allows the process, not all: who has no room waits in the listener's queue.
///
/// # Errors
/// The errno of epoll(7), when the thread cannot wait for anything; the ports are let go then, and connections to them refused.
pub fn serve(forwards: Vec<Forward>, stop: OwnedFd, transparent: bool) -> Result<()> {
    let mut proxy = Proxy::new(forwards, &stop, transparent)?;
    while proxy.turn()? {}
    proxy.end();
    Ok(())
}

/// All there is of the thread.
struct Proxy {
    epoll: OwnedFd,
    events: Vec<Event>,
    connections: Connections,
    clients: Clients,
}

impl Proxy {
    /// For the calling thread alone.
    fn new(forwards: Vec<Forward>, stop: &OwnedFd, transparent: bool) -> Result<Self> {
        // splice(2) to a socket whose peer is gone raises it, and has no MSG_NOSIGNAL: it would kill the monitor.
        let mask = sys::block_all_signals()?;
        sys::set_signal_mask(mask | 1 << (libc::SIGPIPE - 1))?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, stop, Token::Stop.data(), EventFlags::IN)?;
        let (mut streams, mut datagrams) = (Vec::new(), Vec::new());
        for Forward { listener, to } in forwards {
            match listener {
                Listener::Tcp(listener) => streams.push((listener, to)),
                Listener::Udp(socket) => datagrams.push((socket, to)),
            }
        }
        let descriptors = descriptors();
        let mut connections = Connections::new(&epoll, streams, descriptors / 2)?;
        let mut clients = Clients::new(&epoll, datagrams, descriptors / 4)?;
        (connections.transparent, clients.transparent) = (transparent, transparent);
        Ok(Self { epoll, events: Vec::with_capacity(EVENTS), connections, clients })
    }

    /// One wait and all that came of it; false when it was told to stop.
    fn turn(&mut self) -> Result<bool> {
        let timeout = self.timeout();
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        let now = Instant::now();
        let mut goes_on = true;
        for Event { flags, data } in self.events.iter().copied() {
            let epoll = &self.epoll;
            // An earlier event of this wait may have closed what a later one is about. Numbers are given once, so nothing is found.
            match Token::of(data) {
                Some(Token::Stop) => goes_on = false,
                Some(Token::TcpListener(at)) => self.connections.accept(epoll, at, now),
                Some(Token::UdpListener(at)) => self.clients.hear_clients(epoll, at, now),
                Some(Token::End(id, side)) => self.connections.hear(epoll, id, side, flags),
                Some(Token::Session(id)) => self.clients.hear_container(id, now),
                None => {}
            }
        }
        self.connections.keep_time(&self.epoll, now)?;
        self.clients.sessions.keep_time(&self.epoll, now);
        Ok(goes_on)
    }

    fn timeout(&self) -> Option<Timespec> {
        let deadline =
            [self.connections.deadline(), self.clients.sessions.deadline()].into_iter().flatten().min()?;
        // The kernel counts milliseconds; the rest of one is waited out, too.
        let left = deadline.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
        Timespec::try_from(left).ok()
    }

    fn end(&mut self) {
        self.connections.end();
    }
}

/// What an event is about. `u64` numbers given one after the other do not run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Stop,
    TcpListener(usize),
    UdpListener(usize),
    End(u64, Side),
    Session(u64),
}

impl Token {
    pub(super) fn data(self) -> EventData {
        let (kind, number) = match self {
            Self::Stop => (0, 0),
            Self::TcpListener(at) => (1, at as u64),
            Self::UdpListener(at) => (2, at as u64),
            Self::End(id, Side::Client) => (3, id),
            Self::End(id, Side::Container) => (4, id),
            Self::Session(id) => (5, id),
        };
        EventData::new_u64(number << 3 | kind)
    }

    pub(super) fn of(data: EventData) -> Option<Self> {
        let number = data.u64() >> 3;
        let at = usize::try_from(number).ok()?;
        match data.u64() & 7 {
            0 => Some(Self::Stop),
            1 => Some(Self::TcpListener(at)),
            2 => Some(Self::UdpListener(at)),
            3 => Some(Self::End(number, Side::Client)),
            4 => Some(Self::End(number, Side::Container)),
            5 => Some(Self::Session(number)),
            _ => None,
        }
    }
}

/// How many descriptors this process may have.
pub(super) fn descriptors() -> usize {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(descriptors).unwrap_or(usize::MAX)
}

/// Ends the registration of a descriptor that is about to be closed. Closing alone does not do it as long as a child of this process,
/// which has not executed its program yet, has a copy (epoll(7)): its events would come until then, and nobody could take them.
pub(super) fn forget(epoll: &OwnedFd, fd: BorrowedFd<'_>) {
    // Fails only when it was not registered.
    let _absent = epoll::delete(epoll, fd);
}

#[cfg(test)]
mod tests;
