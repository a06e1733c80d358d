//! What a container may send: only what carries its own addresses. Without that whoever may make packets by itself (`CAP_NET_RAW`, which
//! containers have by default) could answer ARP and neighbour discovery for others, and read what is meant for them.

use std::net::IpAddr;

use super::nft::rule::{Header, Meta, Rule, Verdict};
use super::nft::{Chain, FILTER, Family, Hook, Ownership, Transaction};
use super::request::Interface;

const CHAIN: &str = "sent";
/// EtherTypes, in network order.
const IPV4: [u8; 2] = [0x08, 0x00];
const ARP: [u8; 2] = [0x08, 0x06];
const IPV6: [u8; 2] = [0x86, 0xdd];
/// Offsets (RFC 826, RFC 791, RFC 8200, RFC 4861).
const ETHERNET_SOURCE: u32 = 6;
const ARP_SENDER_MAC: u32 = 8;
const ARP_SENDER: u32 = 14;
const IPV4_SOURCE: u32 = 12;
const IPV6_SOURCE: u32 = 8;
const ADVERTISED: u32 = 8;
const ICMPV6: u8 = 58;
const ROUTER_ADVERTISEMENT: u8 = 134;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
const REDIRECT: u8 = 137;

/// Adds a table that is called for all that comes from a container by one of its devices. It has the device's name.
pub fn add(transaction: &mut Transaction, interface: &Interface) {
    let device = interface.host_name.as_str();
    transaction.table(Family::Netdev, device, Ownership::Socket);
    let chain = Chain { name: CHAIN, kind: "filter", hook: Hook::Ingress(device), priority: FILTER };
    transaction.chain(Family::Netdev, device, chain);
    transaction.rules(Family::Netdev, device, CHAIN, rules(interface));
}

fn rules(interface: &Interface) -> Vec<Rule> {
    let mac = interface.mac.0;
    let of = |kind: [u8; 2]| Rule::default().equals(Meta::Protocol, &kind);
    let mut rules = vec![
        Rule::default().has_not(Header::Link, ETHERNET_SOURCE, &mac).then(Verdict::Drop),
        of(ARP).has_not(Header::Network, ARP_SENDER_MAC, &mac).then(Verdict::Drop),
        // Who asks whether an address is free has none yet (RFC 5227).
        of(ARP).has(Header::Network, ARP_SENDER, &[0; 4]).then(Verdict::Accept),
    ];
    let mut v6 = vec![link_local(mac)];
    for address in &interface.addresses {
        match address.ip {
            IpAddr::V4(ip) => {
                let ip = ip.octets();
                rules.push(of(IPV4).has(Header::Network, IPV4_SOURCE, &ip).then(Verdict::Accept));
                rules.push(of(ARP).has(Header::Network, ARP_SENDER, &ip).then(Verdict::Accept));
            }
            IpAddr::V6(ip) => v6.push(ip.octets()),
        }
    }
    // What is asked for is what follows the extension headers: others may stand before it.
    let icmp = |kind: u8| of(IPV6).equals(Meta::Transport, &[ICMPV6]).has(Header::Transport, 0, &[kind]);
    rules.extend([ROUTER_ADVERTISEMENT, REDIRECT].map(|kind| icmp(kind).then(Verdict::Drop)));
    let advertisement = || icmp(NEIGHBOUR_ADVERTISEMENT);
    for own in &v6 {
        let advertised = advertisement().has(Header::Transport, ADVERTISED, own);
        rules.push(advertised.has(Header::Network, IPV6_SOURCE, own).then(Verdict::Accept));
    }
    rules.push(advertisement().then(Verdict::Drop));
    // The unspecified one is that of a device that looks whether an address is free, or has none yet.
    for source in v6.iter().chain([&[0; 16]]) {
        rules.push(of(IPV6).has(Header::Network, IPV6_SOURCE, source).then(Verdict::Accept));
    }
    // Nothing else is known to be harmless, such as frames of a VLAN.
    rules.push(Rule::default().then(Verdict::Drop));
    rules
}

/// The address that the kernel makes of a MAC address (RFC 4291, appendix A).
fn link_local([a, b, c, d, e, f]: [u8; 6]) -> [u8; 16] {
    [0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f]
}
