//! A query that was passed on to a server.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};

use super::query::{self, Query, code};
use super::random;
use super::stream::Stream;

/// So many datagrams are read at once that are no answer: whoever sends them must not hold up the others.
const MOST_STRAY: usize = 16;
/// The largest message over TCP.
const MOST_ANSWER: usize = 65535;

/// Who is waiting for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// Whoever sent a datagram from there.
    Datagram(SocketAddr),
    /// The connection of that number.
    Connection(u64),
}

/// A query on its way. It goes to one server after the other until one has an answer.
#[derive(Debug)]
pub struct Forward {
    /// Who has asked.
    pub client: Client,
    /// The query, as it came.
    pub query: Vec<u8>,
    question: Vec<u8>,
    servers: std::vec::IntoIter<SocketAddr>,
    patience: Duration,
    /// When the next server is asked.
    pub deadline: Instant,
    id: [u8; 2],
    link: Link,
}

/// What became of a query.
#[derive(Debug)]
pub enum Progress {
    /// It is on its way.
    Waiting(Forward),
    /// For the client, with the client's id.
    Answered(Client, Vec<u8>),
    /// No server has an answer.
    Failed(Client, Vec<u8>),
}

#[derive(Debug)]
enum Link {
    None,
    Datagram(UdpSocket),
    Stream(Stream),
}

impl Forward {
    /// Sends a query to the first server that can be reached.
    pub fn start(
        client: Client,
        query: &Query<'_>,
        servers: Vec<SocketAddr>,
        patience: Duration,
    ) -> Progress {
        let forward = Self {
            client,
            query: query.message.to_owned(),
            question: query.question.to_owned(),
            servers: servers.into_iter(),
            patience,
            deadline: Instant::now(),
            id: [0; 2],
            link: Link::None,
        };
        forward.ask_next()
    }

    /// What to wait for.
    pub fn descriptor(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        match &self.link {
            Link::None => None,
            Link::Datagram(socket) => Some((socket.as_fd(), PollFlags::IN)),
            Link::Stream(stream) if stream.is_sending() => Some((stream.as_fd(), PollFlags::OUT)),
            Link::Stream(stream) => Some((stream.as_fd(), PollFlags::IN)),
        }
    }

    /// Goes on: something can be read or written, or the server has had its time. `buffer` is for the largest datagram.
    pub fn advance(mut self, ready: bool, buffer: &mut [u8]) -> Progress {
        if ready {
            match self.receive(buffer) {
                Ok(None) => {}
                Ok(Some(answer)) => return self.judge(answer),
                // Nobody is there (ECONNREFUSED), or it has hung up.
                Err(_) => return self.ask_next(),
            }
        }
        if self.deadline <= Instant::now() { self.ask_next() } else { Progress::Waiting(self) }
    }

    /// Another server may know better, as Docker takes it: REFUSED may be about this server's other customers.
    fn judge(self, mut answer: Vec<u8>) -> Progress {
        let outcome = answer.get(3).map(|flags| flags & 0xf);
        if outcome == Some(code::SERVFAIL) || outcome == Some(code::REFUSED) {
            return self.ask_next();
        }
        if let (Some(to), Some(from)) = (answer.get_mut(..2), self.query.get(..2)) {
            to.copy_from_slice(from);
        }
        Progress::Answered(self.client, answer)
    }

    fn ask_next(mut self) -> Progress {
        // The socket of the last one ends first: there are no more sockets than queries.
        self.link = Link::None;
        while let Some(server) = self.servers.next() {
            if let Ok(link) = self.ask(server) {
                self.link = link;
                self.deadline = Instant::now() + self.patience;
                return Progress::Waiting(self);
            }
        }
        Progress::Failed(self.client, self.query)
    }

    /// With an id and, by a socket of its own, a source port that nobody can guess who wants to answer in the server's place
    /// (RFC 5452, 9.2).
    fn ask(&mut self, server: SocketAddr) -> io::Result<Link> {
        let [first, second, ..] = random().ok_or(ErrorKind::Other)?;
        self.id = [first, second];
        let mut message = self.query.clone();
        message.get_mut(..2).ok_or(ErrorKind::InvalidData)?.copy_from_slice(&self.id);
        match self.client {
            Client::Datagram(_) => {
                let any = if server.is_ipv4() {
                    Ipv4Addr::UNSPECIFIED.into()
                } else {
                    Ipv6Addr::UNSPECIFIED.into()
                };
                let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
                socket.set_nonblocking(true)?;
                // The kernel drops what comes from elsewhere, and says when nobody is there.
                socket.connect(server)?;
                socket.send(&message)?;
                Ok(Link::Datagram(socket))
            }
            Client::Connection(_) => {
                let mut stream = Stream::new(begin_connecting(server)?);
                stream.put(&message)?;
                Ok(Link::Stream(stream))
            }
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<Vec<u8>>> {
        match &mut self.link {
            Link::None => Err(ErrorKind::NotConnected.into()),
            Link::Datagram(socket) => {
                for _ in 0..MOST_STRAY {
                    match socket.recv(buffer) {
                        Ok(length) => {
                            let answer = buffer.get(..length).unwrap_or_default();
                            if is_answer(self.id, &self.question, answer) {
                                return Ok(Some(answer.to_owned()));
                            }
                        }
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                        Err(error) => return Err(error),
                    }
                }
                Ok(None)
            }
            Link::Stream(stream) => {
                if stream.is_sending() {
                    return stream.flush().map(|()| None);
                }
                match stream.next(MOST_ANSWER)? {
                    Some(answer) if !is_answer(self.id, &self.question, &answer) => {
                        Err(ErrorKind::InvalidData.into())
                    }
                    other => Ok(other),
                }
            }
        }
    }
}

/// What a datagram must have to be believed (RFC 5452, 3).
fn is_answer(id: [u8; 2], question: &[u8], answer: &[u8]) -> bool {
    answer.starts_with(&id) && query::answers(question, answer)
}

fn begin_connecting(server: SocketAddr) -> io::Result<TcpStream> {
    let family = if server.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    match connect(&socket, &server) {
        // Interrupted, it goes on all the same (connect(2)).
        Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => Ok(socket.into()),
        Err(errno) => Err(errno.into()),
    }
}
