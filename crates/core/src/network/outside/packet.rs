//! IP packets as they are read from the device, and as they are written to it.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU16, Ordering};

use etherparse::{IpNumber, NetSlice, PacketBuilder, SlicedPacket, TcpHeader, TransportSlice};
use rustix::io::{Errno, Result};

use super::place::Place;
use crate::sys;

/// Of the next packet, by which its pieces belong together (RFC 791).
static NUMBER: AtomicU16 = AtomicU16::new(1);
/// Routers on the way, for what comes in.
const TTL: u8 = 64;

/// What can be passed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The beginning of a TCP connection.
    Begin {
        /// Who begins it.
        from: SocketAddr,
        /// With whom.
        to: SocketAddr,
        /// Its number.
        sequence: u32,
    },
    /// A datagram of UDP.
    Datagram {
        /// Who sends it.
        from: SocketAddr,
        /// To whom.
        to: SocketAddr,
        /// What.
        payload: &'a [u8],
    },
    /// An echo request.
    Echo {
        /// Who sends it.
        from: IpAddr,
        /// To whom.
        to: IpAddr,
        /// Its sender's number for it.
        id: u16,
        /// Which of several.
        sequence: u16,
        /// What is to come back.
        payload: &'a [u8],
    },
}

impl<'a> Packet<'a> {
    /// Reads one; nothing for what cannot be passed on: other protocols, pieces, and what is for many.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let sliced = SlicedPacket::from_ip(bytes).ok()?;
        let (from, to) = ends(sliced.net.as_ref()?)?;
        match sliced.transport? {
            TransportSlice::Tcp(tcp) if tcp.syn() && !tcp.ack() && !tcp.rst() => Some(Self::Begin {
                from: SocketAddr::new(from, tcp.source_port()),
                to: SocketAddr::new(to, tcp.destination_port()),
                sequence: tcp.sequence_number(),
            }),
            TransportSlice::Udp(udp) => Some(Self::Datagram {
                from: SocketAddr::new(from, udp.source_port()),
                to: SocketAddr::new(to, udp.destination_port()),
                payload: udp.payload(),
            }),
            TransportSlice::Icmpv4(icmp) => match icmp.icmp_type() {
                etherparse::Icmpv4Type::EchoRequest(echo) => {
                    Some(Self::Echo { from, to, id: echo.id, sequence: echo.seq, payload: icmp.payload() })
                }
                _ => None,
            },
            TransportSlice::Icmpv6(icmp) => match icmp.icmp_type() {
                etherparse::Icmpv6Type::EchoRequest(echo) => {
                    Some(Self::Echo { from, to, id: echo.id, sequence: echo.seq, payload: icmp.payload() })
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// Who sends it to whom; nothing for what is for many, or for this machine alone.
pub fn ends(net: &NetSlice<'_>) -> Option<(IpAddr, IpAddr)> {
    let (from, to): (IpAddr, IpAddr) = match net {
        NetSlice::Ipv4(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        NetSlice::Ipv6(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        NetSlice::Arp(_) => return None,
    };
    let is_for_many =
        to.is_multicast() || to.is_unspecified() || matches!(to, IpAddr::V4(to) if to.is_broadcast());
    (!is_for_many && !to.is_loopback()).then_some((from, to))
}

/// A packet as it came, with its checksum: what one network device of this machine gives to another has none.
pub fn completed(bytes: &[u8]) -> Option<Vec<u8>> {
    let sliced = SlicedPacket::from_ip(bytes).ok()?;
    let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else { return None };
    let (mut header, payload): (TcpHeader, &[u8]) = (tcp.to_header(), tcp.payload());
    match &sliced.net? {
        NetSlice::Ipv4(ip) => {
            let (from, to) = (ip.header().source(), ip.header().destination());
            header.checksum = header.calc_checksum_ipv4_raw(from, to, payload).ok()?;
        }
        NetSlice::Ipv6(ip) => {
            let (from, to) = (ip.header().source(), ip.header().destination());
            header.checksum = header.calc_checksum_ipv6_raw(from, to, payload).ok()?;
        }
        NetSlice::Arp(_) => return None,
    }
    let length = bytes.len() - tcp.slice().len();
    Some([bytes.get(..length)?, &header.to_bytes()[..], payload].concat())
}

/// The refusal of a connection.
pub fn reset(from: SocketAddr, to: SocketAddr, sequence: u32) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    builder(from.ip(), to.ip())?
        .tcp(from.port(), to.port(), 0, 0)
        .rst()
        .ack(sequence.wrapping_add(1))
        .write(&mut bytes, &[])
        .ok()?;
    Some(bytes)
}

/// A datagram.
pub fn datagram(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    builder(from.ip(), to.ip())?.udp(from.port(), to.port()).write(&mut bytes, payload).ok()?;
    Some(bytes)
}

/// The answer to an echo request.
pub fn echo(from: IpAddr, to: IpAddr, (id, sequence): (u16, u16), payload: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let builder = builder(from, to)?;
    match from {
        IpAddr::V4(_) => builder.icmpv4_echo_reply(id, sequence).write(&mut bytes, payload).ok()?,
        IpAddr::V6(_) => builder.icmpv6_echo_reply(id, sequence).write(&mut bytes, payload).ok()?,
    }
    Some(bytes)
}

/// That what was sent by `to` did not get there, in the words of ICMP: `code` says why (RFC 792, RFC 4443).
pub fn unreachable(by: IpAddr, to: IpAddr, code: u8, sent: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let quoted = sent.get(..sent.len().min(512))?;
    let builder = builder(by, to)?;
    match by {
        IpAddr::V4(_) => builder.icmpv4_raw(3, code, [0; 4]).write(&mut bytes, quoted).ok()?,
        IpAddr::V6(_) => builder.icmpv6_raw(1, code, [0; 4]).write(&mut bytes, quoted).ok()?,
    }
    Some(bytes)
}

fn builder(from: IpAddr, to: IpAddr) -> Option<etherparse::PacketBuilderStep<etherparse::IpHeaders>> {
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let mut header =
                etherparse::Ipv4Header::new(0, TTL, IpNumber::TCP, from.octets(), to.octets()).ok()?;
            // The bridges take smaller ones than the device: the kernel takes it apart, by its number.
            header.dont_fragment = false;
            header.identification = NUMBER.fetch_add(1, Ordering::Relaxed);
            Some(PacketBuilder::ip(etherparse::IpHeaders::Ipv4(header, Default::default())))
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let header = etherparse::Ipv6Header {
                hop_limit: TTL,
                source: from.octets(),
                destination: to.octets(),
                ..Default::default()
            };
            Some(PacketBuilder::ip(etherparse::IpHeaders::Ipv6(header, Default::default())))
        }
        _ => None,
    }
}

impl Place {
    /// Takes the next packet that goes out.
    ///
    /// # Errors
    /// `EAGAIN` when there is none.
    pub fn read<'a>(&self, buffer: &'a mut [u8]) -> Result<&'a [u8]> {
        let (length, _) = rustix::net::recv(&self.packets, &mut *buffer, rustix::net::RecvFlags::DONTWAIT)?;
        buffer.get(..length).ok_or(Errno::MSGSIZE)
    }

    /// Has a packet come in. One that there is no room for is lost, which IP allows.
    pub fn write(&self, packet: Option<Vec<u8>>) {
        let Some(packet) = packet else { return };
        let is_ipv6 = packet.first().is_some_and(|byte| byte >> 4 == 6);
        let protocol = if is_ipv6 { libc::ETH_P_IPV6 } else { libc::ETH_P_IP };
        let mut to = self.uplink;
        to.sll_protocol = u16::try_from(protocol).unwrap_or_default().to_be();
        let length = libc::socklen_t::try_from(size_of::<libc::sockaddr_ll>()).unwrap_or_default();
        // SAFETY: bytes and an address of the lengths that are told.
        let _lost = sys::check(unsafe {
            libc::syscall(
                libc::SYS_sendto,
                self.packets.as_raw_fd(),
                packet.as_ptr(),
                packet.len(),
                libc::MSG_DONTWAIT,
                std::ptr::from_ref(&to),
                length,
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_made_is_read_as_it_was_meant() {
        for (from, to) in [("10.1.0.2:4000", "192.0.2.1:53"), ("[fd00::2]:4000", "[2001:db8::1]:53")] {
            let (from, to) = (at(from), at(to));
            let bytes = datagram(from, to, b"question").unwrap();
            assert_eq!(Packet::parse(&bytes), Some(Packet::Datagram { from, to, payload: b"question" }));
            let refused = reset(from, to, u32::MAX).unwrap();
            assert_eq!(Packet::parse(&refused), None);
            let answer = echo(from.ip(), to.ip(), (7, 3), b"data").unwrap();
            assert_eq!(Packet::parse(&answer), None, "it is no request");
            assert!(unreachable(to.ip(), from.ip(), 3, &bytes).unwrap().len() > bytes.len());
        }
        assert_eq!(datagram(at("10.1.0.2:1"), at("[fd00::2]:1"), b""), None);
    }

    #[test]
    fn a_beginning_gets_the_checksum_that_it_lacks() {
        for (from, to) in [("10.1.0.2:4000", "192.0.2.1:80"), ("[fd00::2]:4000", "[2001:db8::1]:80")] {
            let (from, to) = (at(from), at(to));
            let mut bytes = Vec::new();
            let syn = builder(from.ip(), to.ip()).unwrap().tcp(from.port(), to.port(), 77, 64240).syn();
            syn.write(&mut bytes, &[]).unwrap();
            assert_eq!(Packet::parse(&bytes), Some(Packet::Begin { from, to, sequence: 77 }));
            let at = bytes.len() - 4;
            let mut partial = bytes.clone();
            partial[at..at + 2].copy_from_slice(&[0xde, 0xad]);
            assert_eq!(completed(&partial), Some(bytes));
        }
    }

    #[test]
    fn what_is_for_many_or_broken_goes_nowhere() {
        for to in ["224.0.0.251:5353", "255.255.255.255:67", "127.0.0.1:80", "0.0.0.0:80"] {
            let bytes = datagram(at("10.1.0.2:4000"), at(to), b"x").unwrap();
            assert_eq!(Packet::parse(&bytes), None, "{to}");
        }
        let bytes = datagram(at("10.1.0.2:4000"), at("192.0.2.1:53"), b"question").unwrap();
        for length in 0..bytes.len() {
            assert_eq!(Packet::parse(&bytes[..length]), None);
        }
        let mut piece = bytes;
        piece[6] |= 0x20;
        assert_eq!(Packet::parse(&piece), None);
    }
}
