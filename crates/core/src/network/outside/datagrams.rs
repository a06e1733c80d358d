//! UDP: who sends something has a socket outside for as long as it is used, and hears by it from whoever answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketFlags, SocketType, recvfrom, sendto, socket_with};

use super::errors;
use super::packet;
use super::place::Place;
use crate::network::proxy::{Token, forget};

/// Most that are open at once.
const MOST: usize = 4096;
/// After such a silence one is closed, as the kernel forgets a connection of UDP at the latest (nf_conntrack_udp_timeout_stream).
const IDLE: Duration = Duration::from_secs(120);
/// How many datagrams of a socket are taken in a row.
const ROUNDS: usize = 64;

/// All of them.
#[derive(Debug, Default)]
pub struct Datagrams {
    /// Families are apart: a socket has one.
    by_sender: BTreeMap<SocketAddr, u64>,
    open: BTreeMap<u64, Session>,
}

#[derive(Debug)]
struct Session {
    socket: OwnedFd,
    sender: SocketAddr,
    used: Instant,
}

impl Datagrams {
    /// Passes one on. What cannot be is lost, which UDP allows.
    pub fn send(
        &mut self,
        epoll: &OwnedFd,
        next: &mut u64,
        (from, to): (SocketAddr, SocketAddr),
        payload: &[u8],
        now: Instant,
    ) {
        let Ok(id) = self.session(epoll, next, from, now) else { return };
        let Some(session) = self.open.get_mut(&id) else { return };
        session.used = now;
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        if sendto(&session.socket, payload, flags, &to).is_err() {
            // What went wrong the last time may be told instead of sending (udp(7)).
            let _lost = sendto(&session.socket, payload, flags, &to);
        }
    }

    /// Passes on what comes back; `false` for what is none of these.
    pub fn hear(&mut self, place: &Place, id: u64, buffer: &mut [u8], now: Instant) -> bool {
        let Some(session) = self.open.get_mut(&id) else { return false };
        for _ in 0..ROUNDS {
            match recvfrom(&session.socket, &mut *buffer, RecvFlags::DONTWAIT) {
                Ok((length, _, Some(from))) => {
                    session.used = now;
                    let Ok(from) = SocketAddr::try_from(from) else { continue };
                    place.write(packet::datagram(
                        from,
                        session.sender,
                        buffer.get(..length).unwrap_or_default(),
                    ));
                }
                Err(Errno::AGAIN) => break,
                Ok(_) | Err(_) => {}
            }
        }
        while let Some((to, code)) = errors::next(session.socket.as_fd()) {
            // What it is about is told by its addresses alone.
            let sent = packet::datagram(session.sender, to, &[]).unwrap_or_default();
            place.write(packet::unreachable(to.ip(), session.sender.ip(), code, &sent));
        }
        true
    }

    fn session(
        &mut self,
        epoll: &OwnedFd,
        next: &mut u64,
        sender: SocketAddr,
        now: Instant,
    ) -> rustix::io::Result<u64> {
        if let Some(id) = self.by_sender.get(&sender) {
            return Ok(*id);
        }
        if self.open.len() >= MOST
            && let Some(oldest) = self.open.iter().min_by_key(|(_, session)| session.used).map(|(id, _)| *id)
        {
            self.close(epoll, oldest);
        }
        let family = if sender.is_ipv6() {
            rustix::net::AddressFamily::INET6
        } else {
            rustix::net::AddressFamily::INET
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(family, SocketType::DGRAM, flags, None)?;
        errors::ask_for(&socket, sender.is_ipv6())?;
        let id = *next;
        epoll::add(epoll, &socket, Token::Session(id).data(), EventFlags::IN)?;
        *next += 1;
        self.open.insert(id, Session { socket, sender, used: now });
        self.by_sender.insert(sender, id);
        Ok(id)
    }

    fn close(&mut self, epoll: &OwnedFd, id: u64) {
        if let Some(session) = self.open.remove(&id) {
            self.by_sender.remove(&session.sender);
            forget(epoll, session.socket.as_fd());
        }
    }

    /// Closes those that have been silent.
    pub fn keep_time(&mut self, epoll: &OwnedFd, now: Instant) {
        let silent = self.open.iter().filter(|(_, session)| session.used + IDLE <= now);
        let silent: Vec<u64> = silent.map(|(id, _)| *id).collect();
        for id in silent {
            self.close(epoll, id);
        }
    }

    /// When [`Self::keep_time`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.open.values().map(|session| session.used).min().map(|used| used + IDLE)
    }
}
