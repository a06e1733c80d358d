//! The server's loop.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::answer;
use super::connection::Connection;
use super::forward::{Client, Forward, Progress};
use super::names::Table;
use super::query::{Query, Unfit, code};
use super::upstream::Servers;
use super::{Settings, Sockets, Surroundings};

/// Longest query that is read, in bytes: as much as EDNS recommends for a datagram (DNS Flag Day 2020). One name and its options
/// are much shorter; what waits here is in the monitor's memory.
pub const MOST_QUERY: usize = 1232;
/// So many queries are on their way to servers at once; each has a descriptor and a copy of itself.
pub const MOST_FORWARDS: usize = 100;
/// So many connections a container has at most.
pub const MOST_CONNECTIONS: usize = 32;
/// So many queries are answered before anything else is looked at again.
const AT_ONCE: usize = 64;
/// Until something is tried again that there was too little memory or descriptors for.
const PAUSE: Duration = Duration::from_millis(100);
/// Of the largest datagram.
const BUFFER: usize = 65535;

/// All that goes on.
#[derive(Debug)]
pub struct Server<'a> {
    sockets: Sockets,
    settings: &'a RwLock<Settings>,
    patience: Duration,
    idle: Duration,
    table: Table,
    servers: Servers,
    forwards: Vec<Forward>,
    connections: Vec<Connection>,
    accepted: u64,
    /// No connection is accepted before.
    pause: Option<Instant>,
    buffer: Vec<u8>,
}

/// What is done with a query.
enum Reply {
    Nothing,
    Now(Vec<u8>),
    /// By a server, some time.
    Later,
}

/// What `poll` has said, in the order of what it was asked about.
struct Ready {
    stop: bool,
    udp: bool,
    tcp: bool,
    forwards: Vec<bool>,
    connections: Vec<PollFlags>,
}

impl<'a> Server<'a> {
    /// Nothing is read before the first [`Self::turn`].
    ///
    /// # Errors
    /// The kernel's, when the sockets cannot be made non-blocking.
    pub fn new(
        sockets: Sockets,
        settings: &'a RwLock<Settings>,
        surroundings: Surroundings,
    ) -> io::Result<Self> {
        sockets.udp.set_nonblocking(true)?;
        sockets.tcp.set_nonblocking(true)?;
        Ok(Self {
            sockets,
            settings,
            patience: surroundings.patience,
            idle: surroundings.idle,
            table: Table::default(),
            servers: Servers::new(&surroundings),
            forwards: Vec::new(),
            connections: Vec::new(),
            accepted: 0,
            pause: None,
            // Of pages that come from the kernel, only those that a datagram reaches are ever there.
            buffer: vec![0; BUFFER],
        })
    }

    /// Waits for something and does what it asks for. False when this is over.
    pub fn turn(&mut self, stop: &OwnedFd) -> bool {
        let ready = match self.wait(stop) {
            Ok(ready) => ready,
            Err(Errno::INTR) => return true,
            Err(Errno::NOMEM | Errno::AGAIN) => {
                std::thread::sleep(PAUSE);
                return true;
            }
            Err(_) => return false,
        };
        if ready.stop {
            return false;
        }
        // Answers first: they make room for more queries.
        self.advance_forwards(&ready.forwards);
        self.advance_connections(&ready.connections);
        if ready.udp {
            self.receive();
        }
        if ready.tcp {
            self.accept();
        }
        true
    }

    fn wait(&mut self, stop: &OwnedFd) -> rustix::io::Result<Ready> {
        let now = Instant::now();
        self.pause = self.pause.filter(|end| *end > now);
        let accepting = if self.pause.is_some() { PollFlags::empty() } else { PollFlags::IN };
        let mut fds = vec![
            PollFd::new(stop, PollFlags::IN),
            PollFd::new(&self.sockets.udp, PollFlags::IN),
            PollFd::new(&self.sockets.tcp, accepting),
        ];
        let forwards = self.forwards.iter().map(|forward| forward.descriptor());
        let own = (stop.as_fd(), PollFlags::empty());
        fds.extend(
            forwards
                .map(|found| found.unwrap_or(own))
                .map(|(fd, events)| PollFd::from_borrowed_fd(fd, events)),
        );
        let connections = self.connections.iter().map(Connection::descriptor);
        fds.extend(connections.map(|(fd, events)| PollFd::from_borrowed_fd(fd, events)));
        let timeout = self.next_deadline().map(|deadline| deadline.saturating_duration_since(now));
        poll(&mut fds, timeout.and_then(|timeout| Timespec::try_from(timeout).ok()).as_ref())?;
        let mut found = fds.iter().map(PollFd::revents);
        let mut next = || found.next().unwrap_or(PollFlags::empty());
        Ok(Ready {
            stop: !next().is_empty(),
            udp: !next().is_empty(),
            tcp: next().contains(PollFlags::IN),
            forwards: self.forwards.iter().map(|_| !next().is_empty()).collect(),
            connections: self.connections.iter().map(|_| next()).collect(),
        })
    }

    fn next_deadline(&self) -> Option<Instant> {
        let forwards = self.forwards.iter().map(|forward| forward.deadline);
        let connections = self.connections.iter().filter_map(Connection::deadline);
        forwards.chain(connections).chain(self.pause).min()
    }

    fn advance_forwards(&mut self, ready: &[bool]) {
        for (forward, ready) in std::mem::take(&mut self.forwards).into_iter().zip(ready) {
            let progress = forward.advance(*ready, &mut self.buffer);
            self.follow(progress);
        }
    }

    /// Keeps what is on its way, and answers the client otherwise.
    fn follow(&mut self, progress: Progress) {
        match progress {
            Progress::Waiting(forward) => self.forwards.push(forward),
            Progress::Answered(client, answer) => self.answer(client, &answer),
            Progress::Failed(client, message) => {
                let query = Query::parse(&message).ok();
                let answer = query.and_then(|query| answer::failure(&query, code::SERVFAIL));
                self.answer(client, &answer.unwrap_or_default());
            }
        }
    }

    /// Who does not take it has lost it: a datagram may always be lost, and a connection that fails is ended by what `poll` says next.
    fn answer(&mut self, client: Client, message: &[u8]) {
        match client {
            Client::Datagram(address) => drop(self.sockets.udp.send_to(message, address)),
            Client::Connection(number) => {
                let mut connections = self.connections.iter_mut();
                if let Some(connection) = connections.find(|connection| connection.number == number) {
                    drop(connection.answer(message));
                }
            }
        }
    }

    fn advance_connections(&mut self, found: &[PollFlags]) {
        for (mut connection, found) in std::mem::take(&mut self.connections).into_iter().zip(found) {
            let overdue = connection.deadline().is_some_and(|deadline| deadline <= Instant::now());
            if !overdue && (found.is_empty() || self.advance_connection(&mut connection, *found).is_ok()) {
                self.connections.push(connection);
            }
        }
    }

    /// An error ends the connection.
    fn advance_connection(&mut self, connection: &mut Connection, found: PollFlags) -> io::Result<()> {
        let Some(message) = connection.advance(found)? else { return Ok(()) };
        match self.reply(Client::Connection(connection.number), &message) {
            Reply::Now(answer) => connection.answer(&answer),
            Reply::Later => {
                connection.waiting = true;
                Ok(())
            }
            // Whoever sends such things means another server.
            Reply::Nothing => Err(ErrorKind::InvalidData.into()),
        }
    }

    fn receive(&mut self) {
        // One byte more than a query may have shows that it has more.
        let mut message = [0; MOST_QUERY + 1];
        for _ in 0..AT_ONCE {
            match self.sockets.udp.recv_from(&mut message) {
                Ok((length, from)) => self.take_datagram(message.get(..length).unwrap_or_default(), from),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    fn take_datagram(&mut self, message: &[u8], from: SocketAddr) {
        if let Reply::Now(answer) = self.reply(Client::Datagram(from), message) {
            self.answer(Client::Datagram(from), &answer);
        }
    }

    fn accept(&mut self) {
        for _ in 0..AT_ONCE {
            match self.sockets.tcp.accept() {
                // Too many are closed at once: left in the queue, they would wake this up again and again.
                Ok(_) if self.connections.len() >= MOST_CONNECTIONS => {}
                Ok((socket, _)) => {
                    self.accepted += 1;
                    self.connections.extend(Connection::new(socket, self.accepted, self.idle));
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // No descriptors or memory: the connection stays in the queue.
                Err(_) => {
                    self.pause = Some(Instant::now() + PAUSE);
                    return;
                }
            }
        }
    }

    fn reply(&mut self, client: Client, message: &[u8]) -> Reply {
        let made = |answer: Option<Vec<u8>>| answer.map_or(Reply::Nothing, Reply::Now);
        let query = match Query::parse(message) {
            // Of a datagram that was cut off, this is only the beginning.
            Ok(_) if message.len() > MOST_QUERY => return made(answer::complaint(message, code::FORMERR)),
            Ok(query) => query,
            Err(Unfit::Silent) => return Reply::Nothing,
            Err(Unfit::Code(code)) => return made(answer::complaint(message, code)),
        };
        let settings = self.settings.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = self.table.find(&settings.networks, &query) {
            let stream = matches!(client, Client::Connection(_));
            let answer = answer::found(&query, &found, stream);
            return made(answer.or_else(|| answer::failure(&query, code::SERVFAIL)));
        }
        let servers = self.servers.of(&settings.upstream);
        drop(settings);
        if self.forwards.len() >= MOST_FORWARDS {
            return made(answer::failure(&query, code::REFUSED));
        }
        match Forward::start(client, &query, servers, self.patience) {
            Progress::Waiting(forward) => {
                self.forwards.push(forward);
                Reply::Later
            }
            Progress::Answered(_, answer) => Reply::Now(answer),
            Progress::Failed(..) => made(answer::failure(&query, code::SERVFAIL)),
        }
    }
}
