//! Networks of containers: bridges of the machine, and the devices that lead to them.
//!
//! A container's network namespace is made and furnished before the container's process exists, so nothing has to wait for the other.
//! Devices of a namespace end with it, and their other ends with them: nothing is left when a container ends, whoever is there to see.

mod filter;
mod forwarding;
mod guard;
mod link;
mod netlink;
mod nft;
mod ports;
mod proxy;
pub mod request;
pub mod resolver;

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::thread::{UnshareFlags, unshare_unsafe};

use self::netlink::Netlink;
use self::nft::{Family, Nft, Transaction};
use self::request::{Address, Interface, NetworkRequest};
use crate::error::{Context, Error, Result};

const CODE: &str = "ERR_RCX_NETWORK";
const FILTER_STEP: &str = "set the packet filter up";
const LOOPBACK: u32 = 1;

/// What there is of a container's networks outside of its namespace, for as long as it runs. Nothing of it outlives this process.
#[derive(Debug)]
pub struct Held {
    /// What is the container's own in the packet filter ends with this socket.
    filter: Nft,
    tables: Vec<(Family, String)>,
}

impl Held {
    /// Lets everything go. That alone takes no time, but closing the socket of a table waits for the kernel's readers, some ten
    /// milliseconds: when this is dropped there is none left.
    pub fn release(&mut self) {
        let mut transaction = Transaction::default();
        for (family, name) in self.tables.drain(..) {
            transaction.remove_table(family, &name);
        }
        // Whatever is left ends with the socket.
        let _left = self.filter.commit(transaction);
    }
}

/// A network namespace with the devices of a container, made in the network namespace of the calling thread.
///
/// # Errors
/// `ERR_RCX_NETWORK` with the device and the kernel's errno.
pub fn namespace(request: &NetworkRequest) -> Result<(OwnedFd, Held)> {
    let (namespace, mut inside) = new_namespace()?;
    let mut outside = Netlink::open().step(CODE, "open a netlink socket")?;
    let mut nft = Nft::open().step(CODE, "open a socket to the packet filter")?;
    link::bring_up(&mut inside, LOOPBACK).step_at(CODE, "bring the network device up", "lo")?;
    for interface in &request.interfaces {
        prepare_bridge(&mut outside, &mut nft, interface)?;
        attach(&mut outside, &mut inside, interface, &namespace)?;
    }
    let tables = filter_own(&mut nft, request).step_at(CODE, FILTER_STEP, &request.table).map_err(hinted)?;
    Ok((namespace, Held { filter: nft, tables }))
}

/// What is the container's own in the packet filter. A killed monitor of its last run may still have it: its sockets are closed some
/// time after its locks, and what it owns is nobody else's until then (EPERM).
fn filter_own(nft: &mut Nft, request: &NetworkRequest) -> rustix::io::Result<Vec<(Family, String)>> {
    const PATIENCE: Duration = Duration::from_secs(2);
    const PAUSE: Duration = Duration::from_millis(5);
    let begin = Instant::now();
    loop {
        let mut own = Transaction::default();
        for interface in request.interfaces.iter().filter(|interface| !interface.may_route) {
            guard::add(&mut own, interface);
        }
        ports::add(&mut own, &request.table, &request.ports);
        let tables = own.tables();
        match nft.commit(own) {
            Err(Errno::PERM | Errno::EXIST) if begin.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            other => return other.map(|()| tables),
        }
    }
}

/// Removes a bridge; the devices of containers that are its ports are left. One that is gone is no error.
///
/// # Errors
/// `ERR_RCX_NETWORK` with the kernel's errno.
pub fn remove_bridge(name: &str) -> Result<()> {
    let mut netlink = Netlink::open().step(CODE, "open a netlink socket")?;
    link::remove(&mut netlink, name).step_at(CODE, "remove the bridge", name)?;
    let mut nft = Nft::open().step(CODE, "open a socket to the packet filter")?;
    filter::remove(&mut nft, name).step_at(CODE, "take the bridge from the packet filter", name)
}

/// The bridge, and what the machine does with what comes from it. The filter is there first.
fn prepare_bridge(outside: &mut Netlink, nft: &mut Nft, interface: &Interface) -> Result<()> {
    let bridge = &interface.bridge;
    filter::ensure(nft, &bridge.name, forwarding::led_nowhere)
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
        forwarding::turn_on(&gateways)
    }
}

/// A kernel without nf_tables has no such protocol, one without a part of it does not know the object.
fn hinted(error: Error) -> Error {
    match error.errno {
        Some(Errno::PROTONOSUPPORT | Errno::NOENT | Errno::OPNOTSUPP) => error.hint(
            "the kernel needs nf_tables with nat, masquerade, fib and netdev, as distributions build them; see: rcx doctor",
        ),
        _ => error,
    }
}

fn attach(
    outside: &mut Netlink,
    inside: &mut Netlink,
    interface: &Interface,
    namespace: &OwnedFd,
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
