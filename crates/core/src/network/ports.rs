//! Published ports: connections to a port of the machine that the kernel redirects to a container. The table is the container's own and
//! ends with the process that launched it, as the container does.

use std::net::IpAddr;

use super::held_ports::{Mapping, Ports};
use super::nft::rule::{Header, Meta, Rule};
use super::nft::{Chain, DESTINATION_NAT, Family, Hook, Ownership, Transaction};
use super::proxy::Protocol;

/// Of a port in TCP's and UDP's headers.
const DESTINATION_PORT: u32 = 2;
/// Of an address in those of IP (RFC 791, RFC 8200).
const IPV4_DESTINATION: u32 = 16;
const IPV4_SOURCE: u32 = 12;
const IPV6_DESTINATION: u32 = 24;
const IPV6_SOURCE: u32 = 8;
const LOOPBACK: u8 = 127;

/// Name of a container's own table, as different from others as its short id is.
pub fn table(container: &str) -> String {
    format!("rcx-{}", container.get(..12).unwrap_or(container))
}

/// Adds a table with that name. Some is left to the sockets at those ports: what comes for a loopback address, as the kernel sends
/// nothing elsewhere that comes from one, unless it takes what comes from elsewhere for one, too (`route_localnet`, CVE-2020-8558); and
/// what the container sends to itself, which a bridge with `br_netfilter` would have to send back by the port that it came by.
pub fn add(transaction: &mut Transaction, table: &str, ports: &[Mapping]) {
    let rules: Vec<Rule> = Ports::of(ports).into_iter().filter_map(|ports| rule(&ports)).collect();
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
fn rule(ports: &Ports) -> Option<Rule> {
    let Ports { mapping: Mapping { protocol, at, to }, last } = ports;
    let (family, any, offset) = match at.ip() {
        IpAddr::V4(ip) => (libc::NFPROTO_IPV4, ip.is_unspecified(), IPV4_DESTINATION),
        IpAddr::V6(ip) => (libc::NFPROTO_IPV6, ip.is_unspecified(), IPV6_DESTINATION),
    };
    if at.is_ipv4() != to.is_ipv4() || at.ip().is_loopback() {
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
