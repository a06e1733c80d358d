//! Echo requests, by sockets that an ordinary user may have where `net.ipv4.ping_group_range` allows it (icmp(7)).

use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::net::{RecvFlags, SendFlags, SocketFlags, SocketType, ipproto, recvfrom, sendto, socket_with};

use super::packet;
use super::place::Place;
use crate::network::proxy::sessions::Sessions;

/// Most that are open at once.
const MOST: usize = 256;
/// After such a silence one is closed.
const IDLE: Duration = Duration::from_secs(30);
/// Type, code, checksum, number, sequence.
const HEADER: usize = 8;
const REQUEST4: u8 = 8;
const REQUEST6: u8 = 128;

/// Who asks, and his number for it.
type Sender = (IpAddr, u16);

/// All of them.
#[derive(Debug)]
pub struct Echoes(pub Sessions<Sender>);

impl Echoes {
    /// None so far.
    pub fn new() -> Self {
        Self(Sessions::new(MOST, IDLE))
    }

    /// Passes one on. Where this user may not, nobody answers.
    pub fn send(
        &mut self,
        epoll: &OwnedFd,
        next: &mut u64,
        (sender, to): (Sender, IpAddr),
        (sequence, payload): (u16, &[u8]),
        now: Instant,
    ) {
        let Ok(session) = self.0.of(epoll, next, sender, now, || open(sender)) else { return };
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
        let Some(session) = self.0.get(id) else { return false };
        while let Ok((length, _, from)) = recvfrom(&session.socket, &mut *buffer, RecvFlags::DONTWAIT) {
            session.used = now;
            let answer = buffer.get(..length).unwrap_or_default();
            let (Some(Ok(from)), Some(payload), [_, _, _, _, _, _, high, low, ..]) =
                (from.map(SocketAddr::try_from), answer.get(HEADER..), answer)
            else {
                continue;
            };
            let (to, number) = session.peer;
            place.write(packet::echo(from.ip(), to, (number, u16::from_be_bytes([*high, *low])), payload));
        }
        true
    }
}

fn open((sender, _): Sender) -> rustix::io::Result<OwnedFd> {
    let (family, protocol) = if sender.is_ipv6() {
        (rustix::net::AddressFamily::INET6, ipproto::ICMPV6)
    } else {
        (rustix::net::AddressFamily::INET, ipproto::ICMP)
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socket_with(family, SocketType::DGRAM, flags, Some(protocol))
}
