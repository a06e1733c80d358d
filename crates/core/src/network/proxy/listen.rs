//! Taking ports of the machine.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::io::Result;
use rustix::net::sockopt::{set_ipv6_v6only, set_socket_reuseaddr};
use rustix::net::{AddressFamily, SocketFlags, SocketType, listen, socket_with};

use super::{Listener, Protocol, datagram};
use crate::sys;

/// linux/in6.h.
const IPV6_TRANSPARENT: libc::c_int = 75;

/// As long as the kernel allows (`net.core.somaxconn`, listen(2)): whoever comes while no more are accepted waits there.
const BACKLOG: i32 = 4096;

/// Binds a port of the machine in the calling thread's network namespace, and listens at it when it is one of TCP.
///
/// An IPv6 address takes nothing from IPv4 (`IPV6_V6ONLY`, ipv6(7)): `0.0.0.0` and `[::]` can be held together. A TCP port that only
/// connections of the past still use is free (`SO_REUSEADDR`, socket(7)); one that somebody listens at is not.
///
/// # Errors
/// The errno of bind(2) or listen(2): `EADDRINUSE` for a port that is taken, `EADDRNOTAVAIL` for an address that the machine does not
/// have, `EACCES` for a privileged port. `EAFNOSUPPORT` on a machine without IPv6.
pub fn bind(protocol: Protocol, at: SocketAddr) -> Result<Listener> {
    let kind = match protocol {
        Protocol::Tcp => SocketType::STREAM,
        Protocol::Udp => SocketType::DGRAM,
    };
    let socket = socket_with(family(at), kind, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    if at.is_ipv6() {
        set_ipv6_v6only(&socket, true)?;
    }
    match protocol {
        Protocol::Tcp => {
            set_socket_reuseaddr(&socket, true)?;
            rustix::net::bind(&socket, &at)?;
            // Two sockets with SO_REUSEADDR can be bound to one port while neither listens: only now is it ours.
            listen(&socket, BACKLOG)?;
            Ok(Listener::Tcp(TcpListener::from(socket)))
        }
        // With SO_REUSEADDR two sockets of UDP would share the port, and the last one get everything.
        Protocol::Udp => {
            // Before anything can arrive: the kernel notes the local address of a packet when it comes, not when it is read.
            datagram::ask_for_local_addresses(&socket, at)?;
            rustix::net::bind(&socket, &at)?;
            Ok(Listener::Udp(UdpSocket::from(socket)))
        }
    }
}

/// Has a socket that is going to be connected to a container speak under the address of the client that it speaks for, where that is one
/// that answers find the way back from (`IP_TRANSPARENT`, ip(7)). Otherwise it has the machine's.
pub fn speak_as(socket: &OwnedFd, client: SocketAddr, to: SocketAddr) {
    let ip = client.ip().to_canonical();
    if ip.is_loopback() || ip.is_ipv4() != to.is_ipv4() {
        return;
    }
    // It may have several connections to the same port by now: which of its own is not told.
    let _kept = set_transparent(socket, ip.is_ipv6())
        .and_then(|()| rustix::net::bind(socket, &SocketAddr::new(ip, 0)));
}

/// Lets a socket have addresses that are not this machine's (`IP_TRANSPARENT`, ip(7)).
pub fn set_transparent(socket: &OwnedFd, is_ipv6: bool) -> Result<()> {
    if is_ipv6 {
        set_option(socket, libc::SOL_IPV6, IPV6_TRANSPARENT)
    } else {
        set_option(socket, libc::SOL_IP, libc::IP_TRANSPARENT)
    }
}

/// Turns an option on that rustix does not know.
pub fn set_option(socket: &OwnedFd, level: libc::c_int, name: libc::c_int) -> Result<()> {
    let on: libc::c_int = 1;
    let length = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
    // SAFETY: a number of the length that is told.
    sys::check(unsafe {
        libc::syscall(libc::SYS_setsockopt, socket.as_raw_fd(), level, name, std::ptr::from_ref(&on), length)
    })
    .map(drop)
}

/// Family of an address.
pub fn family(address: SocketAddr) -> AddressFamily {
    if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET }
}
