//! UDP: who sends something has a socket outside for as long as it is used, and hears by it from whoever answers.

use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketFlags, SocketType, recvfrom, sendto, socket_with};

use super::errors;
use super::packet;
use super::place::Place;
use crate::network::proxy::family;
use crate::network::proxy::sessions::Sessions;

/// Most that are open at once.
const MOST: usize = 4096;
/// After such a silence one is closed, as the kernel forgets a connection of UDP at the latest (nf_conntrack_udp_timeout_stream).
const IDLE: Duration = Duration::from_secs(120);
/// How many datagrams of a socket are taken in a row.
const ROUNDS: usize = 64;

/// All of them, by who sends. Families are apart: a socket has one.
#[derive(Debug)]
pub struct Datagrams(pub Sessions<SocketAddr>);

impl Datagrams {
    /// None so far.
    pub fn new() -> Self {
        Self(Sessions::new(MOST, IDLE))
    }

    /// Passes one on. What cannot be is lost, which UDP allows.
    pub fn send(
        &mut self,
        epoll: &OwnedFd,
        next: &mut u64,
        (from, to): (SocketAddr, SocketAddr),
        payload: &[u8],
        now: Instant,
    ) {
        let Ok(session) = self.0.of(epoll, next, from, now, || open(from)) else { return };
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        if sendto(&session.socket, payload, flags, &to).is_err() {
            // What went wrong the last time may be told instead of sending (udp(7)).
            let _lost = sendto(&session.socket, payload, flags, &to);
        }
    }

    /// Passes on what comes back; `false` for what is none of these.
    pub fn hear(&mut self, place: &Place, id: u64, buffer: &mut [u8], now: Instant) -> bool {
        let Some(session) = self.0.get(id) else { return false };
        for _ in 0..ROUNDS {
            match recvfrom(&session.socket, &mut *buffer, RecvFlags::DONTWAIT) {
                Ok((length, _, Some(from))) => {
                    session.used = now;
                    let Ok(from) = SocketAddr::try_from(from) else { continue };
                    place.write(packet::datagram(
                        from,
                        session.peer,
                        buffer.get(..length).unwrap_or_default(),
                    ));
                }
                Err(Errno::AGAIN) => break,
                Ok(_) | Err(_) => {}
            }
        }
        while let Some((to, code)) = errors::next(session.socket.as_fd()) {
            // What it is about is told by its addresses alone.
            let sent = packet::datagram(session.peer, to, &[]).unwrap_or_default();
            place.write(packet::unreachable(to.ip(), session.peer.ip(), code, &sent));
        }
        true
    }
}

fn open(sender: SocketAddr) -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family(sender), SocketType::DGRAM, flags, None)?;
    errors::ask_for(&socket, sender.is_ipv6())?;
    Ok(socket)
}
