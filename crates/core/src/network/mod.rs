//! Networks of containers: bridges of the machine, and the devices that lead to them.
//!
//! A container's network namespace is made and furnished before the container's process exists, so nothing has to wait for the other.
//! Devices of a namespace end with it, and their other ends with them: nothing is left when a container ends, whoever is there to see.

mod link;
mod netlink;
pub mod request;

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::thread::{UnshareFlags, unshare_unsafe};

use self::netlink::Netlink;
use self::request::{Address, Interface, NetworkRequest};
use crate::error::{Context, Error, Result};

const CODE: &str = "ERR_RCX_NETWORK";
const LOOPBACK: u32 = 1;

/// Makes a network namespace with the devices of a container, in the network namespace of the calling thread.
///
/// # Errors
/// `ERR_RCX_NETWORK` with the device and the kernel's errno.
pub fn namespace(request: &NetworkRequest) -> Result<OwnedFd> {
    let (namespace, mut inside) = new_namespace()?;
    let mut outside = Netlink::open().step(CODE, "open a netlink socket")?;
    link::bring_up(&mut inside, LOOPBACK).step_at(CODE, "bring the network device up", "lo")?;
    for interface in &request.interfaces {
        attach(&mut outside, &mut inside, interface, &namespace)?;
    }
    Ok(namespace)
}

/// Removes a bridge; the devices of containers that are its ports are left. One that is gone is no error.
///
/// # Errors
/// `ERR_RCX_NETWORK` with the kernel's errno.
pub fn remove_bridge(name: &str) -> Result<()> {
    let mut netlink = Netlink::open().step(CODE, "open a netlink socket")?;
    link::remove(&mut netlink, name).step_at(CODE, "remove the bridge", name)
}

fn attach(
    outside: &mut Netlink,
    inside: &mut Netlink,
    interface: &Interface,
    namespace: &OwnedFd,
) -> Result<()> {
    let Interface { bridge, name, .. } = interface;
    let failed = "make the bridge";
    link::ensure_bridge(outside, &bridge.name, bridge.mac, interface.mtu).step_at(
        CODE,
        failed,
        &bridge.name,
    )?;
    if bridge.internal {
        keep_inside(&bridge.name)?;
    }
    let port = link::index_of(outside, &bridge.name).step_at(CODE, failed, &bridge.name)?;
    give(outside, (port, &bridge.name), "give the bridge its address", &bridge.addresses)?;
    make_pair(outside, interface, port, namespace).step_at(
        CODE,
        "make the network device",
        format!("{name} at {}", bridge.name),
    )?;
    let device = link::index_of(inside, name).step_at(CODE, "find the network device", name)?;
    give(inside, (device, name), "give the network device its address", &interface.addresses)?;
    link::bring_up(inside, device).step_at(CODE, "bring the network device up", name)?;
    for gateway in &interface.gateways {
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

/// Has the machine forward nothing that comes from a bridge: a program that makes packets by itself (`CAP_NET_RAW`) needs no route to
/// send them to other networks. Said at each start, because whoever turns forwarding on for the machine turns it on for every device.
fn keep_inside(bridge: &str) -> Result<()> {
    for family in ["ipv4", "ipv6"] {
        let path = format!("/proc/sys/net/{family}/conf/{bridge}/forwarding");
        match std::fs::write(&path, "0") {
            // A machine without IPv6.
            Err(error) if family == "ipv6" && error.kind() == std::io::ErrorKind::NotFound => {}
            other => other.step_at(CODE, "keep what comes from the bridge on this machine", path)?,
        }
    }
    Ok(())
}

/// The name of the other end is the container's own. One that has it already is of its last run: the kernel takes a namespace apart
/// some time after its last process.
fn make_pair(
    outside: &mut Netlink,
    interface: &Interface,
    port: u32,
    namespace: &OwnedFd,
) -> rustix::io::Result<()> {
    match link::make_pair(outside, interface, port, namespace.as_fd()) {
        Err(Errno::EXIST) => {
            link::remove(outside, &interface.host_name)?;
            link::make_pair(outside, interface, port, namespace.as_fd())
        }
        other => other,
    }
}

/// A new network namespace, and a socket to it. A thread goes there, since this one has to stay where it is.
fn new_namespace() -> Result<(OwnedFd, Netlink)> {
    const STEP: &str = "make a network namespace";
    let made = std::thread::spawn(|| {
        // SAFETY: a network namespace is the thread's alone and has no part in memory or descriptors; the thread ends here.
        unsafe { unshare_unsafe(UnshareFlags::NEWNET) }.step(CODE, STEP)?;
        let path = "/proc/thread-self/ns/net";
        let fd = open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).step_at(CODE, STEP, path)?;
        Ok((fd, Netlink::open().step(CODE, "open a netlink socket")?))
    });
    made.join().unwrap_or_else(|_| Err(Error::new(CODE, format!("{STEP}: the thread for it died"))))
}

#[cfg(test)]
mod tests;
