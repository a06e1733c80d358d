//! Network devices, their addresses and routes, by name or index (rtnetlink(7)).

use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use netlink_packet_route::address::{AddressAttribute, AddressHeaderFlags, AddressMessage};
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use rustix::io::{Errno, Result};

use super::netlink::Netlink;
use super::request::{Interface, MacAddress};

/// Makes a bridge that forwards nothing to the machine's own network by itself; one that is there is left as it is.
pub fn ensure_bridge(netlink: &mut Netlink, name: &str, mac: MacAddress, mtu: Option<u32>) -> Result<()> {
    let mut message = LinkMessage::default();
    message.attributes = vec![
        LinkAttribute::IfName(name.to_owned()),
        // One that it does not take over from the lowest of its ports, and lose with it.
        LinkAttribute::Address(mac.0.to_vec()),
        LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Bridge)]),
    ];
    message.attributes.extend(mtu.map(LinkAttribute::Mtu));
    up(&mut message);
    match netlink.request(RouteNetlinkMessage::NewLink(message), NLM_F_CREATE | NLM_F_EXCL) {
        // Somebody else was faster, or it was there before.
        Err(Errno::EXIST) => Ok(()),
        other => other,
    }
}

/// Makes a pair of devices: one end here as a port of a bridge and up, the other in a network namespace, where it is down.
pub fn make_pair(
    netlink: &mut Netlink,
    interface: &Interface,
    bridge: u32,
    namespace: BorrowedFd<'_>,
) -> Result<()> {
    let mut peer = LinkMessage::default();
    peer.attributes = vec![
        LinkAttribute::IfName(interface.name.clone()),
        LinkAttribute::Address(interface.mac.0.to_vec()),
        LinkAttribute::NetNsFd(namespace.as_raw_fd()),
    ];
    peer.attributes.extend(interface.mtu.map(LinkAttribute::Mtu));
    let data = InfoData::Veth(InfoVeth::Peer(peer));
    let mut message = LinkMessage::default();
    message.attributes = vec![
        LinkAttribute::IfName(interface.host_name.clone()),
        LinkAttribute::Controller(bridge),
        LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Veth), LinkInfo::Data(data)]),
    ];
    message.attributes.extend(interface.mtu.map(LinkAttribute::Mtu));
    up(&mut message);
    netlink.request(RouteNetlinkMessage::NewLink(message), NLM_F_CREATE | NLM_F_EXCL)
}

/// The index of a device.
pub fn index_of(netlink: &mut Netlink, name: &str) -> Result<u32> {
    let mut message = LinkMessage::default();
    message.attributes = vec![LinkAttribute::IfName(name.to_owned())];
    match netlink.get(RouteNetlinkMessage::GetLink(message))? {
        Some(RouteNetlinkMessage::NewLink(found)) => Ok(found.header.index),
        _ => Err(Errno::NODEV),
    }
}

/// Brings a device up.
pub fn bring_up(netlink: &mut Netlink, index: u32) -> Result<()> {
    let mut message = LinkMessage::default();
    message.header.index = index;
    up(&mut message);
    netlink.request(RouteNetlinkMessage::SetLink(message), 0)
}

/// Has the kernel notice now that a device has a carrier. It would do so some time later, up to a second on a busy machine, and drop
/// what is sent until then; but it does not show a state that does not hold yet (`rtnl_getlink`, `linkwatch_sync_dev`).
pub fn settle(netlink: &mut Netlink, name: &str) -> Result<()> {
    index_of(netlink, name).map(drop)
}

/// Removes a device, and the other end of a pair with it. One that is gone is no error.
pub fn remove(netlink: &mut Netlink, name: &str) -> Result<()> {
    let mut message = LinkMessage::default();
    message.attributes = vec![LinkAttribute::IfName(name.to_owned())];
    match netlink.request(RouteNetlinkMessage::DelLink(message), 0) {
        Err(Errno::NODEV) => Ok(()),
        other => other,
    }
}

/// Gives a device an address; one that it has is no error.
pub fn add_address(netlink: &mut Netlink, index: u32, address: IpAddr, prefix: u8) -> Result<()> {
    let mut message = AddressMessage::default();
    message.header.family = family(address);
    message.header.prefix_len = prefix;
    message.header.index = index;
    if address.is_ipv6() {
        // Nobody else has it: it was given out by one hand. Without that a program cannot use it for a second.
        message.header.flags = AddressHeaderFlags::Nodad;
    }
    message.attributes = vec![AddressAttribute::Local(address), AddressAttribute::Address(address)];
    match netlink.request(RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_EXCL) {
        Err(Errno::EXIST) => Ok(()),
        other => other,
    }
}

/// Sends everything that has no other way by a gateway, instead of another one that it went by.
pub fn add_default_route(netlink: &mut Netlink, index: u32, gateway: IpAddr) -> Result<()> {
    let mut message = RouteMessage::default();
    message.header.address_family = family(gateway);
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Boot;
    message.header.scope = RouteScope::Universe;
    message.header.kind = RouteType::Unicast;
    let address = match gateway {
        IpAddr::V4(address) => RouteAddress::Inet(address),
        IpAddr::V6(address) => RouteAddress::Inet6(address),
    };
    message.attributes = vec![RouteAttribute::Gateway(address), RouteAttribute::Oif(index)];
    netlink.request(RouteNetlinkMessage::NewRoute(message), NLM_F_CREATE | NLM_F_REPLACE)
}

fn up(message: &mut LinkMessage) {
    message.header.flags = LinkFlags::Up;
    message.header.change_mask = LinkFlags::Up;
}

fn family(address: IpAddr) -> AddressFamily {
    if address.is_ipv6() { AddressFamily::Inet6 } else { AddressFamily::Inet }
}
