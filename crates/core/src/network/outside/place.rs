//! What there is of the way out in the user's network namespace: a pair of devices, the routes to it, and the rules by which the kernel
//! accepts connections to others' addresses.

use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use rustix::io::Errno;
use rustix::net::{SocketFlags, SocketType, bind, listen, socket_with};

use super::super::filter::BRIDGES;
use super::super::netlink::Netlink;
use super::super::nft::rule::{Header, Meta, Rule, Verdict};
use super::super::nft::{Chain, Family, Hook, MANGLE, Nft, Ownership, RAW, Transaction};
use super::super::proxy::{family, set_option, set_transparent};
use super::super::{CODE, LOOPBACK, hinted, link};
use crate::error::{Context, Error, Result};
use crate::sys;

/// The device that everything goes out by.
pub const UPLINK: &str = "uplink";
/// Its other end.
const PEER: &str = "uplink-peer";
/// Addresses of what goes out, which nobody else can have: the IPv4 dummy address (RFC 7600), and one of the block for local use
/// (RFC 4193) with a number of its own.
const ADDRESS4: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 8);
const ADDRESS6: Ipv6Addr = Ipv6Addr::new(0xfd72, 0x6378, 0x6f75, 0, 0, 0, 0, 8);
/// No datagram is larger, and none has to be put together of pieces.
const MTU: u32 = 65_535;
/// By it the kernel takes packets for its own, whatever address they have.
const MARK: u32 = 0x7263;
const ROUTES: u8 = 114;
const TABLE: &str = "rcx-outside";
const TCP: u8 = 6;
const UDP: u8 = 17;
/// Of TCP's header (RFC 9293).
const FLAGS: u32 = 13;
const SYN: u8 = 0x02;
const SYN_OR_ACK: u8 = 0x12;

/// What is used of it outside.
#[derive(Debug)]
pub struct Place {
    /// Reads what goes out, and writes what comes in: IP packets.
    pub packets: OwnedFd,
    /// Where what comes in is written to.
    pub uplink: libc::sockaddr_ll,
    /// Accepts connections that are there outside.
    pub listener: TcpListener,
    /// What it has made in the packet filter ends with this.
    _filter: Nft,
}

/// Furnishes the network namespace that the calling thread is in.
///
/// # Errors
/// `ERR_RCX_NETWORK` with the kernel's errno.
pub fn furnish() -> Result<Place> {
    const STEP: &str = "make the device that leads out";
    let mut netlink = Netlink::open().step(CODE, "open a netlink socket")?;
    link::bring_up(&mut netlink, LOOPBACK).step_at(CODE, "bring the network device up", "lo")?;
    // Of one that was killed.
    link::remove(&mut netlink, UPLINK).step_at(CODE, "remove the network device", UPLINK)?;
    make_pair(&mut netlink).step_at(CODE, STEP, UPLINK)?;
    settings()?;
    let uplink = link::index_of(&mut netlink, UPLINK).step_at(CODE, STEP, UPLINK)?;
    let peer = link::index_of(&mut netlink, PEER).step_at(CODE, STEP, PEER)?;
    for index in [peer, uplink] {
        link::bring_up(&mut netlink, index).step_at(CODE, "bring the network device up", UPLINK)?;
    }
    for (address, prefix) in [(IpAddr::V4(ADDRESS4), 32), (IpAddr::V6(ADDRESS6), 128)] {
        if address.is_ipv6() && !has_ipv6() {
            continue;
        }
        link::add_address(&mut netlink, uplink, address, prefix).step_at(CODE, STEP, address)?;
        routes(&mut netlink, uplink, address).step_at(CODE, "set the ways out of the networks", address)?;
    }
    for name in [PEER, UPLINK] {
        link::settle(&mut netlink, name).step_at(CODE, STEP, name)?;
    }
    let listener = listener().step(CODE, "open a socket for others' addresses")?;
    let port = listener.local_addr().step(CODE, "find the port of a socket")?.port();
    let mut filter = Nft::open().step(CODE, "open a socket to the packet filter")?;
    filter.commit(rules(port)).step_at(CODE, super::super::FILTER_STEP, TABLE).map_err(hinted)?;
    let (packets, uplink) =
        packets(peer, &mac_of(&mut netlink)?).step_at(CODE, "read from the device", PEER)?;
    Ok(Place { packets, uplink, listener, _filter: filter })
}

fn has_ipv6() -> bool {
    std::path::Path::new("/proc/sys/net/ipv6/conf").exists()
}

fn make_pair(netlink: &mut Netlink) -> rustix::io::Result<()> {
    let mut peer = LinkMessage::default();
    peer.attributes = vec![LinkAttribute::IfName(PEER.to_owned()), LinkAttribute::Mtu(MTU)];
    // Nobody there has an address to be asked for.
    peer.header.flags = LinkFlags::Noarp;
    peer.header.change_mask = LinkFlags::Noarp;
    let mut message = LinkMessage::default();
    message.header.flags = LinkFlags::Noarp;
    message.header.change_mask = LinkFlags::Noarp;
    message.attributes = vec![
        LinkAttribute::IfName(UPLINK.to_owned()),
        LinkAttribute::Mtu(MTU),
        LinkAttribute::LinkInfo(vec![
            LinkInfo::Kind(InfoKind::Veth),
            LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer))),
        ]),
    ];
    netlink.request(RouteNetlinkMessage::NewLink(message), NLM_F_CREATE | NLM_F_EXCL)
}

fn mac_of(netlink: &mut Netlink) -> Result<[u8; 6]> {
    let mut message = LinkMessage::default();
    message.attributes = vec![LinkAttribute::IfName(UPLINK.to_owned())];
    let found =
        netlink.get(RouteNetlinkMessage::GetLink(message)).step_at(CODE, "find the device", UPLINK)?;
    let address = match found {
        Some(RouteNetlinkMessage::NewLink(found)) => {
            found.attributes.into_iter().find_map(|attribute| match attribute {
                LinkAttribute::Address(bytes) => <[u8; 6]>::try_from(bytes).ok(),
                _ => None,
            })
        }
        _ => None,
    };
    address.ok_or_else(|| Error::new(CODE, "find the address of the device").at(UPLINK))
}

/// What comes back by the device comes from everywhere, and is passed on.
fn settings() -> Result<()> {
    for (file, value) in [
        ("ipv4/conf/all/rp_filter".to_owned(), "0"),
        (format!("ipv4/conf/{UPLINK}/rp_filter"), "0"),
        ("ipv4/ip_forward".to_owned(), "1"),
        ("ipv6/conf/all/forwarding".to_owned(), "1"),
        (format!("ipv6/conf/{UPLINK}/accept_ra"), "0"),
        (format!("ipv6/conf/{PEER}/disable_ipv6"), "1"),
    ] {
        let path = format!("/proc/sys/net/{file}");
        match fs::write(&path, value) {
            // A machine without IPv6.
            Err(error) if file.starts_with("ipv6") && error.kind() == ErrorKind::NotFound => {}
            other => other.step_at(CODE, "prepare the device that leads out", path)?,
        }
    }
    Ok(())
}

/// Everything that has no other way goes by the device; what is marked is taken for the machine's own.
fn routes(netlink: &mut Netlink, uplink: u32, address: IpAddr) -> rustix::io::Result<()> {
    let family = if address.is_ipv6() { AddressFamily::Inet6 } else { AddressFamily::Inet };
    let route = |table: u8, kind: RouteType, scope: RouteScope, device: u32| {
        let mut message = RouteMessage::default();
        message.header.address_family = family;
        message.header.table = table;
        message.header.protocol = RouteProtocol::Boot;
        message.header.scope = scope;
        message.header.kind = kind;
        message.attributes = vec![RouteAttribute::Oif(device)];
        message
    };
    let mut out = route(RouteHeader::RT_TABLE_MAIN, RouteType::Unicast, RouteScope::Link, uplink);
    out.attributes.push(RouteAttribute::PrefSource(match address {
        IpAddr::V4(address) => RouteAddress::Inet(address),
        IpAddr::V6(address) => RouteAddress::Inet6(address),
    }));
    let local = route(ROUTES, RouteType::Local, RouteScope::Host, LOOPBACK);
    for message in [out, local] {
        netlink.request(RouteNetlinkMessage::NewRoute(message), NLM_F_CREATE | NLM_F_REPLACE)?;
    }
    let mut rule = RuleMessage::default();
    rule.header.family = family;
    rule.header.table = ROUTES;
    rule.header.action = RuleAction::ToTable;
    rule.attributes = vec![RuleAttribute::FwMark(MARK), RuleAttribute::Priority(u32::from(ROUTES))];
    match netlink.request(RouteNetlinkMessage::NewRule(rule), NLM_F_CREATE | NLM_F_EXCL) {
        Err(Errno::EXIST) => Ok(()),
        other => other,
    }
}

/// Listens for connections to whatever address.
fn listener() -> rustix::io::Result<TcpListener> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let any: IpAddr = if has_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
    let any = SocketAddr::new(any, 0);
    let socket = socket_with(family(any), SocketType::STREAM, flags, None)?;
    if any.is_ipv6() {
        rustix::net::sockopt::set_ipv6_v6only(&socket, false)?;
    }
    set_transparent(&socket, any.is_ipv6())?;
    bind(&socket, &any)?;
    listen(&socket, 4096)?;
    Ok(TcpListener::from(socket))
}

fn rules(port: u16) -> Transaction {
    let mut made = Transaction::default();
    made.table(Family::Inet, TABLE, Ownership::Socket);
    let tcp = || Rule::default().equals(Meta::Transport, &[TCP]);
    let udp = Rule::default().equals(Meta::Transport, &[UDP]);
    let from = |device: &[u8]| tcp().equals(Meta::InputDevice, device);
    let uplink = [UPLINK.as_bytes(), &[0; 16 - UPLINK.len()]].concat();
    // A connection goes through here in two halves, of which none is one to the kernel's eyes.
    let chain = Chain { name: "raw-prerouting", kind: "filter", hook: Hook::Prerouting, priority: RAW };
    made.chain(Family::Inet, TABLE, chain);
    let untracked = [from(BRIDGES.as_bytes()).for_elsewhere().untracked(), from(&uplink).untracked()];
    made.rules(Family::Inet, TABLE, chain.name, untracked);
    let chain = Chain { name: "raw-output", kind: "filter", hook: Hook::Output, priority: RAW };
    made.chain(Family::Inet, TABLE, chain);
    let answers = tcp().equals(Meta::OutputDevice, BRIDGES.as_bytes()).comes_from_elsewhere().untracked();
    made.rules(Family::Inet, TABLE, chain.name, [answers]);
    let chain = Chain { name: "prerouting", kind: "filter", hook: Hook::Prerouting, priority: MANGLE };
    made.chain(Family::Inet, TABLE, chain);
    let rules = [
        // And answers to whom the proxy of published ports speaks for.
        tcp().has_transparent_socket().mark(MARK).then(Verdict::Accept),
        udp.has_transparent_socket().mark(MARK).then(Verdict::Accept),
        from(&uplink)
            .has_bits(Header::Transport, FLAGS, SYN_OR_ACK, SYN)
            .give_to_listener(port)
            .mark(MARK)
            .then(Verdict::Accept),
    ];
    made.rules(Family::Inet, TABLE, chain.name, rules);
    made
}

/// A socket that reads whatever goes out by the uplink, at its other end (packet(7)).
fn packets(peer: u32, mac: &[u8; 6]) -> rustix::io::Result<(OwnedFd, libc::sockaddr_ll)> {
    const PACKET_IGNORE_OUTGOING: libc::c_int = 23;
    let all = u16::try_from(libc::ETH_P_ALL).unwrap_or(3).to_be();
    let kind = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: plain integers.
    let fd = sys::check(unsafe { libc::syscall(libc::SYS_socket, libc::AF_PACKET, kind, i32::from(all)) })?;
    // SAFETY: a new descriptor that nobody else owns.
    let socket = unsafe { OwnedFd::from_raw_fd(i32::try_from(fd).map_err(|_| Errno::BADF)?) };
    // What is written here is not to be read again.
    set_option(&socket, libc::SOL_PACKET, PACKET_IGNORE_OUTGOING)?;
    rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, 4 << 20)
        .or_else(|_| rustix::net::sockopt::set_socket_recv_buffer_size(&socket, 4 << 20))?;
    let mut address = libc::sockaddr_ll {
        sll_family: libc::sa_family_t::try_from(libc::AF_PACKET).unwrap_or_default(),
        sll_protocol: all,
        sll_ifindex: peer.cast_signed(),
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 6,
        sll_addr: [0; 8],
    };
    address.sll_addr[..6].copy_from_slice(mac);
    let length = libc::socklen_t::try_from(size_of::<libc::sockaddr_ll>()).unwrap_or_default();
    // SAFETY: an address of the length that is told.
    sys::check(unsafe {
        libc::syscall(libc::SYS_bind, socket.as_raw_fd(), std::ptr::from_ref(&address), length)
    })?;
    Ok((socket, address))
}
