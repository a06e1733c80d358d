//! Published ports of the machine, held by sockets: whoever wants one of them as well is told so.

use std::net::{IpAddr, SocketAddr};

use rustix::io::Errno;
use rustix::net::getsockname;
use serde::{Deserialize, Serialize};

use super::CODE;
use super::proxy::{self, Forward, Listener, Protocol};
use super::request::PublishedPort;
use crate::error::{Error, Result};

/// How often another free port is looked for when one is free at some addresses only.
const TRIES: usize = 16;

/// A port of the machine, and where in the container it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The machine's.
    pub at: SocketAddr,
    /// The container's.
    pub to: SocketAddr,
}

/// Mappings of ports that follow one another, as many as one rule is enough for: they stay what they are.
#[derive(Debug, PartialEq, Eq)]
pub struct Ports {
    /// The first.
    pub mapping: Mapping,
    /// The machine's last port.
    pub last: u16,
}

impl Ports {
    /// In as few as possible.
    pub fn of(mappings: &[Mapping]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        let mut sorted = mappings.to_vec();
        sorted.sort_by_key(|mapping| (mapping.protocol == Protocol::Udp, mapping.at.ip(), mapping.at.port()));
        for mapping in sorted {
            match all.last_mut() {
                Some(ports) if ports.goes_on_with(&mapping) => ports.last = mapping.at.port(),
                _ => all.push(Self { mapping, last: mapping.at.port() }),
            }
        }
        all
    }

    fn goes_on_with(&self, next: &Mapping) -> bool {
        let first = &self.mapping;
        let same =
            (first.protocol, first.at.ip(), first.to.ip()) == (next.protocol, next.at.ip(), next.to.ip());
        let stays = |mapping: &Mapping| mapping.at.port() == mapping.to.port();
        same && stays(first) && stays(next) && self.last.checked_add(1) == Some(next.at.port())
    }
}

/// Takes ports, all or none.
///
/// # Errors
/// `ERR_RCX_PORT_IN_USE` for one that somebody else has, `ERR_RCX_NETWORK` with the kernel's errno.
pub fn hold(ports: &[PublishedPort]) -> Result<(Vec<Mapping>, Vec<Forward>)> {
    let mut held = Vec::new();
    for port in ports {
        if port.any {
            held.extend(one_of(port)?);
        } else {
            for (outer, inner) in (port.first..=port.last).zip(port.port..) {
                held.extend(everywhere(port, outer, inner)?);
            }
        }
    }
    Ok(held.into_iter().map(|(mapping, listener)| (mapping, Forward { listener, to: mapping.to })).unzip())
}

type Held = Vec<(Mapping, Listener)>;

fn one_of(port: &PublishedPort) -> Result<Held> {
    let candidates: Vec<u16> =
        if port.first == 0 { vec![0; TRIES] } else { (port.first..=port.last).collect() };
    let mut last = None;
    for outer in candidates {
        match everywhere(port, outer, port.port) {
            Err(error) if error.code == "ERR_RCX_PORT_IN_USE" => last = Some(error),
            other => return other,
        }
    }
    Err(last.unwrap_or_else(|| Error::new(CODE, "publish a port: there is none to choose from")))
}

/// One port at all its addresses; 0 is the one that the kernel gives at the first.
fn everywhere(port: &PublishedPort, mut outer: u16, inner: u16) -> Result<Held> {
    let mut held = Vec::new();
    for ip in &port.addresses {
        let at = SocketAddr::new(*ip, outer);
        let Some(to) = target(port, *ip) else { continue };
        match proxy::bind(port.protocol, at) {
            Err(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL) if ip.is_ipv6() && port.addresses.len() > 1 => {}
            Err(errno) => return Err(taken(port.protocol, at, errno)),
            Ok(listener) => {
                outer = bound(&listener).map_err(|errno| taken(port.protocol, at, errno))?;
                let (at, to) = (SocketAddr::new(*ip, outer), SocketAddr::new(to, inner));
                held.push((Mapping { protocol: port.protocol, at, to }, listener));
            }
        }
    }
    Ok(held)
}

/// What an address of the machine leads to: one of the same family if there is any.
fn target(port: &PublishedPort, ip: IpAddr) -> Option<IpAddr> {
    port.to.iter().find(|to| to.is_ipv4() == ip.is_ipv4()).or_else(|| port.to.first()).copied()
}

fn bound(listener: &Listener) -> rustix::io::Result<u16> {
    let address = match listener {
        Listener::Tcp(listener) => getsockname(listener),
        Listener::Udp(socket) => getsockname(socket),
    }?;
    SocketAddr::try_from(address).map(|address| address.port())
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
        Errno::ACCESS => error.hint(
            "lower ports are root's: choose one of 1024 or more, or have root run: sysctl net.ipv4.ip_unprivileged_port_start=80",
        ),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(at: &str, to: &str) -> Mapping {
        Mapping { protocol: Protocol::Tcp, at: at.parse().unwrap(), to: to.parse().unwrap() }
    }

    #[test]
    fn ports_that_stay_what_they_are_are_one_rule() {
        let many = [
            mapping("0.0.0.0:8001", "10.0.0.2:8001"),
            mapping("0.0.0.0:8000", "10.0.0.2:8000"),
            mapping("[::]:8002", "[fd00::2]:8002"),
            mapping("0.0.0.0:8002", "10.0.0.2:8002"),
            mapping("0.0.0.0:8003", "10.0.0.2:80"),
            mapping("0.0.0.0:8005", "10.0.0.2:8005"),
        ];
        let ports = Ports::of(&many);
        let ranges: Vec<_> = ports.iter().map(|ports| (ports.mapping.at.port(), ports.last)).collect();
        assert_eq!(ranges, [(8000, 8002), (8003, 8003), (8005, 8005), (8002, 8002)]);
    }
}
