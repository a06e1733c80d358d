//! The process that passes on: one thread that waits for everything at once.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, Event, EventFlags};
use rustix::io::{Errno, Result};

use super::datagrams::Datagrams;
use super::echo::Echoes;
use super::packet::Packet;
use super::pieces::Pieces;
use super::place::Place;
use super::streams::Streams;
use crate::network::proxy::tcp::Connections;
use crate::network::proxy::{Token, descriptors};
use crate::sys;

const EVENTS: usize = 64;
/// No packet is larger.
const LARGEST: usize = 65_536;
/// How many packets are taken in a row.
const ROUNDS: usize = 256;

/// All there is of it.
pub struct Server {
    epoll: OwnedFd,
    events: Vec<Event>,
    place: Place,
    streams: Streams,
    connections: Connections,
    datagrams: Datagrams,
    echoes: Echoes,
    pieces: Pieces,
    /// Number of the next socket. None is given twice.
    next: u64,
    buffer: Vec<u8>,
}

impl Server {
    /// For the calling thread alone.
    ///
    /// # Errors
    /// The errno of epoll(7).
    pub fn new(place: Place) -> Result<Self> {
        // splice(2) to a socket whose peer is gone raises SIGPIPE, and has no MSG_NOSIGNAL.
        sys::set_signal_mask(1 << (libc::SIGPIPE - 1))?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &place.packets, Token::UdpListener(0).data(), EventFlags::IN)?;
        epoll::add(&epoll, &place.listener, Token::TcpListener(0).data(), EventFlags::IN)?;
        let connections = Connections::new(&epoll, Vec::new(), descriptors() / 2)?;
        Ok(Self {
            epoll,
            events: Vec::with_capacity(EVENTS),
            place,
            streams: Streams::default(),
            connections,
            datagrams: Datagrams::new(),
            echoes: Echoes::new(),
            pieces: Pieces::new(),
            next: 0,
            buffer: vec![0; LARGEST],
        })
    }

    /// Passes on until epoll(7) fails.
    ///
    /// # Errors
    /// Its errno.
    pub fn serve(mut self) -> Result<()> {
        loop {
            self.turn()?;
        }
    }

    fn turn(&mut self) -> Result<()> {
        let timeout = self.timeout();
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        let now = Instant::now();
        for Event { flags, data } in std::mem::take(&mut self.events) {
            match Token::of(data) {
                Some(Token::UdpListener(_)) => self.read(now),
                Some(Token::TcpListener(_)) => {
                    self.streams.accept(&self.epoll, &self.place.listener, &mut self.connections);
                }
                Some(Token::End(id, side)) => self.connections.hear(&self.epoll, id, side, flags),
                Some(Token::Session(id)) => self.hear(id, now),
                Some(Token::Stop) | None => {}
            }
        }
        self.events.reserve(EVENTS);
        self.streams.keep_time(now);
        self.datagrams.0.keep_time(&self.epoll, now);
        self.echoes.0.keep_time(&self.epoll, now);
        self.pieces.keep_time(now);
        Ok(())
    }

    /// Takes what goes out.
    fn read(&mut self, now: Instant) {
        let Self { epoll, place, streams, datagrams, echoes, pieces, next, buffer, .. } = self;
        for _ in 0..ROUNDS {
            let Ok(bytes) = place.read(buffer) else { return };
            match Packet::parse(bytes) {
                Some(Packet::Begin { from, to, sequence }) => {
                    let id = *next;
                    *next += 1;
                    streams.begin(epoll, place, id, (from, to), (sequence, bytes));
                }
                Some(Packet::Datagram { from, to, payload }) => {
                    datagrams.send(epoll, next, (from, to), payload, now);
                }
                Some(Packet::Echo { from, to, id, sequence, payload }) => {
                    echoes.send(epoll, next, ((from, id), to), (sequence, payload), now);
                }
                None => {
                    if let Some((from, to, payload)) = pieces.add(bytes, now) {
                        datagrams.send(epoll, next, (from, to), &payload, now);
                    }
                }
            }
        }
    }

    /// Something came of a socket outside.
    fn hear(&mut self, id: u64, now: Instant) {
        let heard = self.streams.hear(&self.epoll, &self.place, id, now)
            || self.datagrams.hear(&self.place, id, &mut self.buffer, now);
        if !heard {
            self.echoes.hear(&self.place, id, &mut self.buffer, now);
        }
    }

    fn timeout(&self) -> Option<Timespec> {
        let deadlines = [self.streams.deadline(), self.datagrams.0.deadline(), self.echoes.0.deadline()];
        let deadline = deadlines.into_iter().chain([self.pieces.deadline()]).flatten().min()?;
        let left = deadline.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
        Timespec::try_from(left).ok()
    }
}
