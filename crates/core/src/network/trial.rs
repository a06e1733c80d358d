//! Whether this machine can have networks: all that a start needs is made once, in a network namespace that nobody else sees.

use std::net::{IpAddr, Ipv4Addr};
use std::thread;

use rustix::thread::{UnshareFlags, unshare_unsafe};

use super::netlink::Netlink;
use super::proxy::Protocol;
use super::request::{Address, Bridge, Interface, MacAddress, NetworkRequest, PublishedPort};
use super::resolver::Upstream;
use super::{CODE, LOOPBACK, begin, link};
use crate::error::{Context, Error, Result};

/// Makes a network with a way out, a published port and a name server, and takes all of it away.
///
/// # Errors
/// `ERR_RCX_NETWORK` with what the kernel refuses.
pub fn try_out() -> Result<()> {
    const STEP: &str = "make a network namespace";
    let tried = thread::spawn(|| {
        // SAFETY: a network namespace is the thread's alone and has no part in memory or descriptors; the thread ends here.
        unsafe { unshare_unsafe(UnshareFlags::NEWNET) }.step(CODE, STEP)?;
        let mut netlink = Netlink::open().step(CODE, "open a netlink socket")?;
        link::bring_up(&mut netlink, LOOPBACK).step_at(CODE, "bring the network device up", "lo")?;
        let (_namespace, furnishing) = begin(&request())?;
        furnishing.done().map(drop)
    });
    tried.join().unwrap_or_else(|_| Err(Error::new(CODE, format!("{STEP}: the thread for it died"))))
}

fn request() -> NetworkRequest {
    let at = |host: u8| IpAddr::from(Ipv4Addr::new(192, 0, 2, host));
    let mac = |host: u8| MacAddress([2, 0x42, 192, 0, 2, host]);
    let address = |host: u8| Address { ip: at(host), prefix: 24 };
    let bridge =
        Bridge { name: "rcx-trial".to_owned(), mac: mac(1), addresses: vec![address(1)], internal: false };
    let interface = Interface {
        name: "eth0".to_owned(),
        host_name: "rcxtrial".to_owned(),
        mac: mac(2),
        mtu: None,
        addresses: vec![address(2)],
        gateways: vec![at(1)],
        may_route: false,
        network: "trial".to_owned(),
        names: Vec::new(),
        folder: "/".into(),
        bridge,
    };
    let port = PublishedPort {
        protocol: Protocol::Tcp,
        addresses: vec![Ipv4Addr::UNSPECIFIED.into()],
        first: 80,
        last: 80,
        port: 80,
        any: false,
        to: vec![at(2)],
    };
    let (interfaces, ports) = (vec![interface], vec![port]);
    NetworkRequest {
        interfaces,
        ports,
        container: "trial".to_owned(),
        name_server: Some(Upstream::None),
        user: None,
        runtime: None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_machine_with_everything_passes() {
        if rustix::process::geteuid().is_root() {
            super::try_out().unwrap();
        } else {
            eprintln!("skipped: needs root for network namespaces");
        }
    }
}
