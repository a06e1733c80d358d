//! A TCP connection of a client, and the one to the container that belongs to it.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, EventFlags};
use rustix::io::{Errno, Result};
use rustix::net::sockopt::{
    set_socket_keepalive, set_socket_linger, set_socket_oobinline, set_tcp_keepidle, set_tcp_nodelay,
    socket_error,
};
use rustix::net::{SocketFlags, SocketType, accept_with, connect, getpeername, socket_with};

use super::flow::{Broken, Flow};
use super::listen::{family, speak_as};
use super::{Token, forget};

/// How often in a row one direction is served: about 1 MiB.
const ROUNDS: usize = 16;
/// Enough for all that a receive buffer holds.
const LAST_ROUNDS: usize = 1024;
/// After such a silence a client is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(60);

/// Two sockets and what flows between them.
#[derive(Debug)]
pub struct Connection {
    client: End,
    container: End,
    /// From the client to the container.
    up: Flow,
    /// From the container to the client.
    down: Flow,
    /// The container has not answered yet; what the client sends waits in the kernel.
    connecting: bool,
}

/// One of the sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Of the client.
    Client,
    /// Of the container.
    Container,
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Client => Self::Container,
            Self::Container => Self::Client,
        }
    }
}

/// What became of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It goes on.
    Open,
    /// To be forgotten.
    Over,
}

impl Connection {
    /// Descriptors that each takes: two sockets and two pipes.
    pub const DESCRIPTORS: usize = 6;

    /// Accepts a client, if there is one. All that it will need is there before it is taken from the queue: when something is missing,
    /// it just waits there.
    ///
    /// # Errors
    /// The errno of what could not be had: `EMFILE`, `ENFILE`, `ENOBUFS` or `ENOMEM`, as a rule.
    pub fn accept(listener: &TcpListener, to: SocketAddr, transparent: bool) -> Result<Option<Self>> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let container = socket_with(family(to), SocketType::STREAM, flags, None)?;
        let (up, down) = (Flow::new()?, Flow::new()?);
        let client = match accept_with(listener, flags) {
            Ok(client) => client,
            // It has gone again.
            Err(Errno::AGAIN | Errno::CONNABORTED | Errno::INTR) => return Ok(None),
            Err(errno) => return Err(errno),
        };
        let peer = getpeername(&client).ok().flatten().map(SocketAddr::try_from);
        if let (true, Some(Ok(peer))) = (transparent, peer) {
            speak_as(&container, peer, to);
        }
        let (client, container) = (End::new(client), End::new(container));
        let made = Self { client, container, up, down, connecting: true };
        if made.prepare(to).is_err() {
            made.reset();
            return Ok(None);
        }
        Ok(Some(made))
    }

    /// Of two sockets that are connected.
    ///
    /// # Errors
    /// The errno of what could not be had.
    pub fn between(client: OwnedFd, server: OwnedFd) -> Result<Self> {
        let (up, down) = (Flow::new()?, Flow::new()?);
        let made =
            Self { client: End::new(client), container: End::new(server), up, down, connecting: false };
        made.tune()?;
        Ok(made)
    }

    fn prepare(&self, to: SocketAddr) -> Result<()> {
        self.tune()?;
        match connect(&self.container.socket, &to) {
            Ok(()) | Err(Errno::INPROGRESS) => Ok(()),
            Err(errno) => Err(errno),
        }
    }

    fn tune(&self) -> Result<()> {
        for end in [&self.client, &self.container] {
            // Bytes are to go on as they come: it was the sender's to wait for more.
            set_tcp_nodelay(&end.socket, true)?;
            // Urgent bytes stay in their place; the mark is not passed on, as RFC 6093 has it of machines in between.
            set_socket_oobinline(&end.socket, true)?;
        }
        // One of another machine may vanish without a word and would take a place for ever.
        set_tcp_keepidle(&self.client.socket, SILENCE)?;
        set_socket_keepalive(&self.client.socket, true)
    }

    /// Does what an event of one of the sockets calls for.
    pub fn hear(&mut self, side: Side, ready: EventFlags) -> State {
        self.end_mut(side).hung_up |= ready.contains(EventFlags::HUP);
        let done = if ready.contains(EventFlags::ERR) {
            Err(side)
        } else if self.connecting {
            self.connected(side, ready)
        } else {
            self.pass_on(side, ready)
        };
        match done {
            Err(side) => {
                self.fail(side);
                State::Over
            }
            Ok(()) if self.up.is_over() && self.down.is_over() => State::Over,
            Ok(()) => State::Open,
        }
    }

    fn connected(&mut self, side: Side, ready: EventFlags) -> std::result::Result<(), Side> {
        if side == Side::Client {
            return Ok(());
        }
        if !ready.contains(EventFlags::OUT) || !matches!(socket_error(&self.container.socket), Ok(Ok(()))) {
            return Err(Side::Container);
        }
        self.connecting = false;
        Ok(())
    }

    fn pass_on(&mut self, side: Side, ready: EventFlags) -> std::result::Result<(), Side> {
        if ready.intersects(EventFlags::IN | EventFlags::HUP) {
            self.carry(side)?;
        }
        if ready.intersects(EventFlags::OUT | EventFlags::HUP) {
            self.carry(side.other())?;
        }
        Ok(())
    }

    /// Passes on what comes from a side; `Err` is the side that is broken.
    fn carry(&mut self, from: Side) -> std::result::Result<(), Side> {
        let at_fault = |broken| if broken == Broken::From { from } else { from.other() };
        let (flow, source, target) = self.flow(from);
        let had_ended = flow.has_ended();
        flow.carry(source, target, ROUNDS).and_then(|()| flow.finish(target)).map_err(at_fault)?;
        if from == Side::Client && flow.has_ended() && !had_ended {
            // A closed client's machine forgets it after a minute and would answer a question with a reset, which would cost
            // the container what it has not read yet.
            set_socket_keepalive(source, false).map_err(|_| Side::Client)?;
        }
        Ok(())
    }

    /// One side is broken. As without us in between, the other gets what has come before, as far as it has room, and then a reset.
    fn fail(&mut self, side: Side) {
        if !self.connecting {
            let (flow, source, target) = self.flow(side);
            let _broken = flow.carry(source, target, LAST_ROUNDS);
        }
        self.reset();
    }

    /// Has both sides see a reset when the connection is dropped.
    pub fn reset(&self) {
        reset(&self.client.socket);
        reset(&self.container.socket);
    }

    /// Passes on what can go at once, and has the sides that will miss something see a reset when the connection is dropped.
    pub fn end(&mut self) {
        if !self.connecting {
            for side in [Side::Client, Side::Container] {
                if let Err(broken) = self.carry(side) {
                    self.fail(broken);
                    return;
                }
            }
        }
        for (flow, end) in [(&self.up, &self.container), (&self.down, &self.client)] {
            if !flow.is_over() {
                reset(&end.socket);
            }
        }
    }

    /// Waits for what can happen next.
    ///
    /// # Errors
    /// The errno of epoll_ctl(2): `ENOMEM`, or `ENOSPC` when the user watches too much already.
    pub fn watch(&mut self, epoll: &OwnedFd, id: u64) -> Result<()> {
        let wanted = |incoming: &Flow, outgoing: &Flow| {
            let mut events = EventFlags::empty();
            events.set(EventFlags::IN, incoming.wants_more());
            events.set(EventFlags::OUT, outgoing.is_held_up());
            events
        };
        let (client, container) = if self.connecting {
            (EventFlags::empty(), EventFlags::OUT)
        } else {
            (wanted(&self.up, &self.down), wanted(&self.down, &self.up))
        };
        self.client.watch(epoll, Token::End(id, Side::Client), client)?;
        self.container.watch(epoll, Token::End(id, Side::Container), container)
    }

    /// Waits for nothing any more.
    pub fn forget(&self, epoll: &OwnedFd) {
        for end in [&self.client, &self.container] {
            forget(epoll, end.socket.as_fd());
        }
    }

    fn flow(&mut self, from: Side) -> (&mut Flow, &OwnedFd, &OwnedFd) {
        match from {
            Side::Client => (&mut self.up, &self.client.socket, &self.container.socket),
            Side::Container => (&mut self.down, &self.container.socket, &self.client.socket),
        }
    }

    fn end_mut(&mut self, side: Side) -> &mut End {
        match side {
            Side::Client => &mut self.client,
            Side::Container => &mut self.container,
        }
    }
}

/// A socket, and what is waited for at it.
#[derive(Debug)]
struct End {
    socket: OwnedFd,
    watched: Option<EventFlags>,
    hung_up: bool,
}

impl End {
    fn new(socket: OwnedFd) -> Self {
        Self { socket, watched: None, hung_up: false }
    }

    /// A socket that is closed in both directions always has an event, wanted or not (`EPOLLHUP`, epoll_ctl(2)). While nothing can be
    /// done about it, because the other side does not read, it must not be watched at all. Any other stays watched for errors.
    fn watch(&mut self, epoll: &OwnedFd, token: Token, wanted: EventFlags) -> Result<()> {
        let wanted = if wanted.is_empty() && self.hung_up { None } else { Some(wanted) };
        match (self.watched, wanted) {
            (before, after) if before == after => {}
            (None, Some(events)) => epoll::add(epoll, &self.socket, token.data(), events)?,
            (Some(_), Some(events)) => epoll::modify(epoll, &self.socket, token.data(), events)?,
            (_, None) => epoll::delete(epoll, &self.socket)?,
        }
        self.watched = wanted;
        Ok(())
    }
}

/// A socket closed with nothing to linger for sends a reset (`SO_LINGER`, socket(7)): its peer sees a failure, not an end.
fn reset(socket: &OwnedFd) {
    // Can only fail for what is no socket.
    let _impossible = set_socket_linger(socket, Some(Duration::ZERO));
}
