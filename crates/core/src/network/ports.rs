//! Published ports: connections to a port of the machine that the kernel redirects to a container. The table is the container's own and
//! ends with the process that launched it, as the container does.

use std::net::{IpAddr, SocketAddr};

use rustix::io::Errno;

use super::CODE;
use super::nft::rule::{Header, Meta, Rule};
use super::nft::{Chain, DESTINATION_NAT, Family, Hook, Ownership, Transaction};
use super::proxy::{self, Forward, Protocol};
use super::request::PublishedPort;
use crate::error::{Error, Result};

/// Of a port in TCP's and UDP's headers.
const DESTINATION_PORT: u32 = 2;
/// Of an address in those of IP (RFC 791, RFC 8200).
const IPV4_DESTINATION: u32 = 16;
const IPV4_SOURCE: u32 = 12;
const IPV6_DESTINATION: u32 = 24;
const IPV6_SOURCE: u32 = 8;
const LOOPBACK: u8 = 127;

/// Adds a table with that name. Some is left to the sockets at those ports: what comes for a loopback address, as the kernel sends
/// nothing elsewhere that comes from one, unless it takes what comes from elsewhere for one, too (`route_localnet`, CVE-2020-8558); and
/// what the container sends to itself, which a bridge with `br_netfilter` would have to send back by the port that it came by.
pub fn add(transaction: &mut Transaction, table: &str, ports: &[PublishedPort]) {
    let rules: Vec<Rule> = ports.iter().filter(|port| !port.at.ip().is_loopback()).filter_map(rule).collect();
    if rules.is_empty() {
        return;
    }
    transaction.table(Family::Inet, table, Ownership::Socket);
    // What comes from elsewhere, and what this machine itself sends.
    for (name, hook) in [("prerouting", Hook::Prerouting), ("output", Hook::Output)] {
        let chain = Chain { name, kind: "nat", hook, priority: DESTINATION_NAT };
        transaction.chain(Family::Inet, table, chain);
        transaction.rules(Family::Inet, table, name, rules.iter().cloned());
    }
}

/// The kernel changes no address into one of another family: those connections are the proxy's as well.
fn rule(port: &PublishedPort) -> Option<Rule> {
    let PublishedPort { at, last, to, protocol } = port;
    let (family, any, offset) = match at.ip() {
        IpAddr::V4(ip) => (libc::NFPROTO_IPV4, ip.is_unspecified(), IPV4_DESTINATION),
        IpAddr::V6(ip) => (libc::NFPROTO_IPV6, ip.is_unspecified(), IPV6_DESTINATION),
    };
    if at.is_ipv4() != to.is_ipv4() {
        return None;
    }
    let mut rule = Rule::default().equals(Meta::Family, &[u8::try_from(family).ok()?]);
    rule = rule.equals(Meta::Transport, &[number(*protocol)]).port(DESTINATION_PORT, at.port(), *last);
    rule = match (at.ip(), any) {
        (IpAddr::V4(ip), false) => rule.has(Header::Network, offset, &ip.octets()),
        (IpAddr::V6(ip), false) => rule.has(Header::Network, offset, &ip.octets()),
        // One byte tells 127.0.0.0/8; of IPv6 there is only ::1, with which nothing can be sent elsewhere.
        (IpAddr::V4(_), true) => rule.for_this_machine().has_not(Header::Network, offset, &[LOOPBACK]),
        (IpAddr::V6(_), true) => {
            let loopback = std::net::Ipv6Addr::LOCALHOST.octets();
            rule.for_this_machine().has_not(Header::Network, offset, &loopback)
        }
    };
    rule = match to.ip() {
        IpAddr::V4(own) => rule.has_not(Header::Network, IPV4_SOURCE, &own.octets()),
        IpAddr::V6(own) => rule.has_not(Header::Network, IPV6_SOURCE, &own.octets()),
    };
    let is_same = at.port() == to.port();
    Some(rule.redirect_to(to.ip(), (!is_same).then_some(to.port())))
}

/// `IPPROTO_…`.
fn number(protocol: Protocol) -> u8 {
    match protocol {
        Protocol::Tcp => 6,
        Protocol::Udp => 17,
    }
}

/// Takes the ports, and says where what the kernel does not redirect is to be passed on to.
///
/// # Errors
/// `ERR_RCX_PORT_IN_USE` for one that somebody else has, `ERR_RCX_NETWORK` with the kernel's errno.
pub fn hold(ports: &[PublishedPort]) -> Result<Vec<Forward>> {
    let single = ports.iter().flat_map(|port| {
        (port.at.port()..=port.last).zip(port.to.port()..).map(|(outer, inner)| {
            let (at, to) = (SocketAddr::new(port.at.ip(), outer), SocketAddr::new(port.to.ip(), inner));
            (port.protocol, at, to)
        })
    });
    single
        .map(|(protocol, at, to)| match proxy::bind(protocol, at) {
            Ok(listener) => Ok(Forward { listener, to }),
            Err(errno) => Err(taken(protocol, at, errno)),
        })
        .collect()
}

fn taken(protocol: Protocol, at: SocketAddr, errno: Errno) -> Error {
    let name = match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    let code = if errno == Errno::ADDRINUSE { "ERR_RCX_PORT_IN_USE" } else { CODE };
    let error = Error::os(code, "publish a port", errno).at(format!("{at}/{name}"));
    match errno {
        Errno::ADDRINUSE => {
            error.hint("another program or container has the port: end it, or choose another one")
        }
        Errno::ADDRNOTAVAIL => error.hint("this machine has no such address"),
        _ => error,
    }
}
