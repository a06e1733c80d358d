//! One place of a container in a network: a device inside, whose other end is a port of a bridge.

use std::os::fd::BorrowedFd;

use rustix::io::Errno;

use super::netlink::Netlink;
use super::nft::Nft;
use super::request::{Address, Interface};
use super::{CODE, FILTER_STEP, filter, foreign, forwarding, hinted, link};
use crate::error::{Context, Result};

/// The bridge, and what the machine does with what comes from it. The filter is there first. What comes by an `uplink` is for containers
/// and nobody else.
pub fn prepare_bridge(
    outside: &mut Netlink,
    nft: &mut Nft,
    interface: &Interface,
    uplink: Option<&str>,
) -> Result<()> {
    let bridge = &interface.bridge;
    filter::ensure(nft, &bridge.name, uplink, forwarding::led_nowhere)
        .step_at(CODE, FILTER_STEP, &bridge.name)
        .map_err(hinted)?;
    link::ensure_bridge(outside, &bridge.name, bridge.mac, interface.mtu).step_at(
        CODE,
        "make the bridge",
        &bridge.name,
    )?;
    if bridge.internal {
        forwarding::keep_inside(&bridge.name)
    } else {
        let gateways: Vec<_> = bridge.addresses.iter().map(|address| address.ip).collect();
        foreign::pass(nft, &gateways).step_at(
            CODE,
            "have the machine's other packet filter pass it",
            &bridge.name,
        )?;
        forwarding::turn_on(&gateways)
    }
}

/// Makes the device, as one that works when this returns.
pub fn attach(
    outside: &mut Netlink,
    inside: &mut Netlink,
    interface: &Interface,
    namespace: BorrowedFd<'_>,
) -> Result<()> {
    let Interface { bridge, name, .. } = interface;
    let port = link::index_of(outside, &bridge.name).step_at(CODE, "find the bridge", &bridge.name)?;
    give(outside, (port, &bridge.name), "give the bridge its address", &bridge.addresses)?;
    make_pair(outside, interface, port, namespace).step_at(
        CODE,
        "make the network device",
        format!("{name} at {}", bridge.name),
    )?;
    let device = link::index_of(inside, name).step_at(CODE, "find the network device", name)?;
    give(inside, (device, name), "give the network device its address", &interface.addresses)?;
    link::bring_up(inside, device).step_at(CODE, "bring the network device up", name)?;
    link::settle(inside, name).step_at(CODE, "wait for the network device", name)?;
    // The bridge has a carrier since one of its ports has.
    for name in [&interface.host_name, &bridge.name] {
        link::settle(outside, name).step_at(CODE, "wait for the network device", name)?;
    }
    lead_out(inside, interface)
}

/// Has everything that has no other way go by a device; whatever went by another one does no more.
pub fn lead_out(inside: &mut Netlink, interface: &Interface) -> Result<()> {
    let name = &interface.name;
    for gateway in &interface.gateways {
        let device = link::index_of(inside, name).step_at(CODE, "find the network device", name)?;
        link::add_default_route(inside, device, *gateway).step_at(
            CODE,
            "set the way out of the network",
            format!("{name}: {gateway}"),
        )?;
    }
    Ok(())
}

fn give(
    netlink: &mut Netlink,
    (index, name): (u32, &str),
    step: &'static str,
    addresses: &[Address],
) -> Result<()> {
    addresses.iter().try_for_each(|Address { ip, prefix }| {
        link::add_address(netlink, index, *ip, *prefix).step_at(CODE, step, format!("{name}: {ip}/{prefix}"))
    })
}

/// The name of the other end is the container's own. One that has it already is of its last run: the kernel takes a namespace apart
/// some time after its last process.
fn make_pair(
    outside: &mut Netlink,
    interface: &Interface,
    port: u32,
    namespace: BorrowedFd<'_>,
) -> rustix::io::Result<()> {
    match link::make_pair(outside, interface, port, namespace) {
        Err(Errno::EXIST) => {
            link::remove(outside, &interface.host_name)?;
            link::make_pair(outside, interface, port, namespace)
        }
        other => other,
    }
}
