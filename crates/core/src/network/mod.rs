//! Networks of containers: bridges of the machine, and the devices that lead to them.
//!
//! A container's network namespace is made and furnished before the container's process exists, so nothing has to wait for the other.
//! Devices of a namespace end with it, and their other ends with them: nothing is left when a container ends, whoever is there to see.

mod attachment;
mod filter;
mod foreign;
mod forwarding;
mod guard;
mod held;
mod held_ports;
mod link;
mod machine;
mod name_server;
mod namespaces;
mod netlink;
mod nft;
mod outside;
mod ports;
mod proxy;
pub mod request;
mod resolver;
mod service;
mod trial;

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::thread::{self, JoinHandle};

use rustix::io::Errno;

pub use self::held::Held;
pub use self::held_ports::Mapping;
use self::machine::Machine;
use self::namespaces::New;
use self::netlink::Netlink;
use self::nft::Nft;
pub use self::outside::main as outside_main;
use self::proxy::Forward;
use self::request::NetworkRequest;
pub use self::trial::try_out;
use crate::error::{Context, Error, Result};

const CODE: &str = "ERR_RCX_NETWORK";
const FILTER_STEP: &str = "set the packet filter up";
const LOOPBACK: u32 = 1;

/// A network namespace for a container, made in the network namespace of the calling thread. Its devices, and what leads there, are on
/// the way when this returns: everything else of the launch need not wait for them.
///
/// # Errors
/// `ERR_RCX_PORT_IN_USE` for a port that is somebody else's, `ERR_RCX_NETWORK` with the kernel's errno.
pub fn begin(request: &NetworkRequest) -> Result<(OwnedFd, Furnishing)> {
    const NAME: &str = "rcx-network";
    // Before anything is made: the likeliest reason for it not to be.
    let ports = held_ports::hold(&request.ports)?;
    let new = New::make(request.name_server.is_some())?;
    let namespace = new.fd.try_clone().step(CODE, "duplicate a descriptor")?;
    let request = request.clone();
    let thread = thread::Builder::new().name(NAME.to_owned());
    let thread =
        thread.spawn(move || furnish_new(new, &request, ports)).step_at(CODE, "start a thread", NAME)?;
    Ok((namespace, Furnishing(Some(thread))))
}

/// A network namespace on its way.
#[derive(Debug)]
pub struct Furnishing(Option<JoinHandle<Result<Held>>>);

impl Furnishing {
    /// Waits until everything is there.
    ///
    /// # Errors
    /// `ERR_RCX_NETWORK` with the device and the kernel's errno; then nothing is left.
    pub fn done(mut self) -> Result<Held> {
        let joined = self.0.take().and_then(|thread| thread.join().ok());
        joined.unwrap_or_else(|| Err(Error::new(CODE, "furnish the network: the thread for it died")))
    }
}

impl Drop for Furnishing {
    /// Nothing of it is left when this returns.
    fn drop(&mut self) {
        drop(self.0.take().map(JoinHandle::join));
    }
}

/// Furnishes a network namespace that nothing is in yet.
///
/// # Errors
/// As of [`begin`] and [`Furnishing::done`].
pub fn furnish(namespace: &OwnedFd, request: &NetworkRequest) -> Result<Held> {
    let ports = held_ports::hold(&request.ports)?;
    furnish_new(New::enter(namespace, request.name_server.is_some())?, request, ports)
}

fn furnish_new(
    new: New,
    request: &NetworkRequest,
    (mappings, forwards): (Vec<Mapping>, Vec<Forward>),
) -> Result<Held> {
    let (mut inside, namespace) = (new.netlink, new.fd);
    let machine = Machine::with_way_out(request.user.as_deref(), request.runtime.as_deref())?;
    let mut held = machine.run(|| {
        let mut outside = Netlink::open().step(CODE, "open a netlink socket")?;
        let mut held = Held::nothing(request, machine.clone())?;
        for interface in &request.interfaces {
            attachment::prepare_bridge(&mut outside, &mut held.filter, interface, machine.uplink())?;
            attachment::attach(&mut outside, &mut inside, interface, namespace.as_fd())?;
        }
        held.filter_own(&request.interfaces, &mappings)?;
        Ok(held)
    })?;
    held.lead(mappings, forwards)?;
    held.serve_names(new.name_server, request)?;
    held.publish(&request.interfaces)?;
    Ok(held)
}

/// Removes a bridge of the machine, or of an ordinary user by his runtime directory; the devices of containers that are its ports are
/// left. One that is gone is no error.
///
/// # Errors
/// `ERR_RCX_NETWORK` with the kernel's errno.
pub fn remove_bridge(name: &str, user: Option<&Path>) -> Result<()> {
    Machine::of(user)?.run(|| remove_bridge_here(name))
}

fn remove_bridge_here(name: &str) -> Result<()> {
    let mut netlink = Netlink::open().step(CODE, "open a netlink socket")?;
    link::remove(&mut netlink, name).step_at(CODE, "remove the bridge", name)?;
    let mut nft = Nft::open().step(CODE, "open a socket to the packet filter")?;
    let was_last =
        filter::remove(&mut nft, name).step_at(CODE, "take the bridge from the packet filter", name)?;
    if was_last {
        foreign::forget(&mut nft).step(CODE, "take the networks from the packet filter of others")?;
    }
    Ok(())
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

#[cfg(test)]
mod tests;
