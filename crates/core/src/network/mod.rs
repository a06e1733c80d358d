//! Networks of containers: bridges of the machine, and the devices that lead to them.
//!
//! A container's network namespace is made and furnished before the container's process exists, so nothing has to wait for the other.
//! Devices of a namespace end with it, and their other ends with them: nothing is left when a container ends, whoever is there to see.

mod attachment;
mod filter;
mod forwarding;
mod guard;
mod held_ports;
mod link;
mod name_server;
mod netlink;
mod nft;
mod ports;
mod proxy;
pub mod request;
mod resolver;
mod service;

use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::thread::{UnshareFlags, unshare_unsafe};

pub use self::held_ports::Mapping;
use self::name_server::Inside;
use self::netlink::Netlink;
use self::nft::{Family, Nft, Transaction};
use self::proxy::Forward;
use self::request::NetworkRequest;
use self::resolver::Names;
use self::service::Service;
use crate::error::{Context, Error, Result};
use crate::identity::ProcessIdentity;

const CODE: &str = "ERR_RCX_NETWORK";
const FILTER_STEP: &str = "set the packet filter up";
const LOOPBACK: u32 = 1;

/// What there is of a container's networks outside of its namespace, for as long as it runs. Nothing of it outlives this process, but
/// names, which count for nothing without it.
#[derive(Debug)]
pub struct Held {
    /// What is the container's own in the packet filter ends with this socket.
    filter: Nft,
    tables: Vec<(Family, String)>,
    /// In the container's namespace.
    inside: Option<Nft>,
    services: Vec<Service>,
    container: String,
    names: Vec<(PathBuf, IpAddr)>,
    /// Ports of the machine that lead to the container.
    pub ports: Vec<Mapping>,
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
        self.services.clear();
        self.withdraw();
    }

    fn withdraw(&mut self) {
        for (folder, address) in self.names.drain(..) {
            // What stays counts for nothing, and is replaced by the next who has the address.
            let _stays = resolver::withdraw(&folder, address, &self.container);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.withdraw();
    }
}

/// A network namespace with the devices of a container, made in the network namespace of the calling thread, and what leads there.
///
/// # Errors
/// `ERR_RCX_PORT_IN_USE` for a port that is somebody else's, `ERR_RCX_NETWORK` with the device and the kernel's errno.
pub fn namespace(request: &NetworkRequest) -> Result<(OwnedFd, Held)> {
    let (mappings, forwards) = held_ports::hold(&request.ports)?;
    let new = New::make(request.name_server.is_some())?;
    let (mut inside, namespace) = (new.netlink, new.fd);
    let mut outside = Netlink::open().step(CODE, "open a netlink socket")?;
    let nft = Nft::open().step(CODE, "open a socket to the packet filter")?;
    let mut held = Held {
        filter: nft,
        tables: Vec::new(),
        inside: None,
        services: Vec::new(),
        container: request.container.clone(),
        names: Vec::new(),
        ports: mappings,
    };
    for interface in &request.interfaces {
        attachment::prepare_bridge(&mut outside, &mut held.filter, interface)?;
        attachment::attach(&mut outside, &mut inside, interface, &namespace)?;
    }
    held.tables = filter_own(&mut held.filter, request, &held.ports)
        .step_at(CODE, FILTER_STEP, &request.container)
        .map_err(hinted)?;
    if !forwards.is_empty() {
        held.services.push(Service::start("rcx-ports", |stop| pass_on(forwards, stop))?);
    }
    if let (Some(server), Some(upstream)) = (new.name_server, &request.name_server) {
        let (service, filter) = server.serve(&request.interfaces, upstream.clone())?;
        held.services.push(service);
        held.inside = Some(filter);
    }
    publish(&mut held, request)?;
    Ok((namespace, held))
}

fn pass_on(forwards: Vec<Forward>, stop: OwnedFd) {
    // Without epoll connections to these ports are refused; what the kernel redirects is not concerned.
    let _ended = proxy::serve(forwards, stop);
}

fn publish(held: &mut Held, request: &NetworkRequest) -> Result<()> {
    if request.interfaces.iter().all(|interface| interface.names.is_empty()) {
        return Ok(());
    }
    let process = ProcessIdentity::of(std::process::id().cast_signed())?;
    for interface in &request.interfaces {
        let names = Names {
            container: request.container.clone(),
            process: process.clone(),
            names: interface.names.clone(),
        };
        for address in &interface.addresses {
            resolver::publish(&interface.folder, address.ip, &names)?;
            held.names.push((interface.folder.clone(), address.ip));
        }
    }
    Ok(())
}

/// What is the container's own in the packet filter. A killed monitor of its last run may still have it: its sockets are closed some
/// time after its locks, and what it owns is nobody else's until then (EPERM).
fn filter_own(
    nft: &mut Nft,
    request: &NetworkRequest,
    mappings: &[Mapping],
) -> rustix::io::Result<Vec<(Family, String)>> {
    const PATIENCE: Duration = Duration::from_secs(2);
    const PAUSE: Duration = Duration::from_millis(5);
    let begin = Instant::now();
    loop {
        let mut own = Transaction::default();
        for interface in request.interfaces.iter().filter(|interface| !interface.may_route) {
            guard::add(&mut own, interface);
        }
        ports::add(&mut own, &request.table(), mappings);
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

/// A kernel without nf_tables has no such protocol, one without a part of it does not know the object.
fn hinted(error: Error) -> Error {
    match error.errno {
        Some(Errno::PROTONOSUPPORT | Errno::NOENT | Errno::OPNOTSUPP) => error.hint(
            "the kernel needs nf_tables with nat, masquerade, fib and netdev, as distributions build them; see: rcx doctor",
        ),
        _ => error,
    }
}

/// A new network namespace.
struct New {
    fd: OwnedFd,
    /// To its network stack.
    netlink: Netlink,
    name_server: Option<Inside>,
}

impl New {
    /// A thread goes there, since this one has to stay where it is.
    fn make(name_server: bool) -> Result<Self> {
        const STEP: &str = "make a network namespace";
        let made = std::thread::spawn(move || {
            // SAFETY: a network namespace is the thread's alone and has no part in memory or descriptors; the thread ends here.
            unsafe { unshare_unsafe(UnshareFlags::NEWNET) }.step(CODE, STEP)?;
            let path = "/proc/thread-self/ns/net";
            let fd = open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).step_at(CODE, STEP, path)?;
            let mut netlink = Netlink::open().step(CODE, "open a netlink socket")?;
            link::bring_up(&mut netlink, LOOPBACK).step_at(CODE, "bring the network device up", "lo")?;
            let name_server = if name_server { Some(Inside::open().map_err(hinted)?) } else { None };
            Ok(Self { fd, netlink, name_server })
        });
        made.join().unwrap_or_else(|_| Err(Error::new(CODE, format!("{STEP}: the thread for it died"))))
    }
}

#[cfg(test)]
mod tests;
