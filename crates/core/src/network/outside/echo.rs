//! Echo requests, by sockets that an ordinary user may have where `net.ipv4.ping_group_range` allows it (icmp(7)).

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventFlags};
use rustix::net::{RecvFlags, SendFlags, SocketFlags, SocketType, ipproto, recvfrom, sendto, socket_with};

use super::packet;
use super::place::Place;
use crate::network::proxy::{Token, forget};

/// Most that are open at once.
const MOST: usize = 256;
/// After such a silence one is closed.
const IDLE: Duration = Duration::from_secs(30);
/// Type, code, checksum, number, sequence.
const HEADER: usize = 8;
const REQUEST4: u8 = 8;
const REQUEST6: u8 = 128;

/// All of them.
#[derive(Debug, Default)]
pub struct Echoes {
    by_sender: BTreeMap<(IpAddr, u16), u64>,
    open: BTreeMap<u64, Session>,
}

#[derive(Debug)]
struct Session {
    socket: OwnedFd,
    sender: (IpAddr, u16),
    used: Instant,
}

impl Echoes {
    /// Passes one on. Where this user may not, nobody answers.
    pub fn send(
        &mut self,
        epoll: &OwnedFd,
        next: &mut u64,
        (sender, to): ((IpAddr, u16), IpAddr),
        (sequence, payload): (u16, &[u8]),
        now: Instant,
    ) {
        let Ok(id) = self.session(epoll, next, sender, now) else { return };
        let Some(session) = self.open.get_mut(&id) else { return };
        session.used = now;
        let kind = if to.is_ipv6() { REQUEST6 } else { REQUEST4 };
        // The kernel fills in the checksum and a number of its own.
        let mut request = vec![kind, 0, 0, 0, 0, 0];
        request.extend(sequence.to_be_bytes());
        request.extend(payload);
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        let _lost = sendto(&session.socket, &request, flags, &SocketAddr::new(to, 0));
    }

    /// Passes on what comes back; `false` for what is none of these.
    pub fn hear(&mut self, place: &Place, id: u64, buffer: &mut [u8], now: Instant) -> bool {
        let Some(session) = self.open.get_mut(&id) else { return false };
        while let Ok((length, _, from)) = recvfrom(&session.socket, &mut *buffer, RecvFlags::DONTWAIT) {
            session.used = now;
            let answer = buffer.get(..length).unwrap_or_default();
            let (Some(Ok(from)), Some(payload), [_, _, _, _, _, _, high, low, ..]) =
                (from.map(SocketAddr::try_from), answer.get(HEADER..), answer)
            else {
                continue;
            };
            let (to, number) = session.sender;
            place.write(packet::echo(from.ip(), to, (number, u16::from_be_bytes([*high, *low])), payload));
        }
        true
    }

    fn session(
        &mut self,
        epoll: &OwnedFd,
        next: &mut u64,
        sender: (IpAddr, u16),
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
        let (family, protocol) = if sender.0.is_ipv6() {
            (rustix::net::AddressFamily::INET6, ipproto::ICMPV6)
        } else {
            (rustix::net::AddressFamily::INET, ipproto::ICMP)
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(family, SocketType::DGRAM, flags, Some(protocol))?;
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
