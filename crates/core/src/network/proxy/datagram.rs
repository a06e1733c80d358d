//! Datagrams together with the address of this machine that they are sent to or from, which std and rustix do not tell of.
//!
//! A client drops replies that come from another address than it has sent to. The kernel would choose one by the route back, which
//! for a socket at `0.0.0.0` need not be that.

use std::mem::MaybeUninit;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::io::{Errno, Result, retry_on_intr};
use rustix::net::SocketAddrAny;
use rustix::net::addr::{SocketAddrArg, SocketAddrLen, SocketAddrStorage};

use super::listen::set_option;
use crate::sys::check;

/// Room for one control message, aligned as cmsg(3) wants it.
#[repr(C, align(8))]
struct Control([u8; 64]);

/// Has the kernel tell the local address of what arrives (`IP_PKTINFO`, ip(7); `IPV6_RECVPKTINFO`, ipv6(7)).
///
/// # Errors
/// The errno of setsockopt(2).
pub fn ask_for_local_addresses(socket: &OwnedFd, at: SocketAddr) -> Result<()> {
    let (level, option) = match at {
        SocketAddr::V4(_) => (libc::IPPROTO_IP, libc::IP_PKTINFO),
        SocketAddr::V6(_) => (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO),
    };
    set_option(socket, level, option)
}

/// A datagram that has come.
#[derive(Debug, PartialEq, Eq)]
pub struct Received {
    /// Bytes of it, which may be none.
    pub length: usize,
    /// Who has sent it.
    pub client: SocketAddr,
    /// Where a reply has to come from; `None` leaves it to the kernel.
    pub local: Option<IpAddr>,
}

/// Receives a datagram without waiting.
///
/// # Errors
/// The errno of recvmsg(2): `EAGAIN` when there is none.
pub fn receive(socket: &UdpSocket, bytes: &mut [u8]) -> Result<Received> {
    let mut name = MaybeUninit::<SocketAddrStorage>::zeroed();
    let mut control = Control([0; 64]);
    let mut piece = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    let mut header = header(&mut piece);
    header.msg_name = name.as_mut_ptr().cast();
    header.msg_namelen = size_of::<SocketAddrStorage>() as libc::socklen_t;
    header.msg_control = control.0.as_mut_ptr().cast();
    header.msg_controllen = control.0.len() as _;
    let length = retry_on_intr(|| {
        // SAFETY: all that the header points to is there, and as long as it says.
        let got = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, libc::MSG_DONTWAIT) };
        check(got as libc::c_long)
    })?;
    if header.msg_namelen == 0 {
        return Err(Errno::DESTADDRREQ);
    }
    // SAFETY: the kernel has written an address of this length; the rest is zero.
    let client = unsafe { SocketAddrAny::new(name, header.msg_namelen as SocketAddrLen) };
    Ok(Received {
        length: usize::try_from(length).unwrap_or_default().min(bytes.len()),
        client: SocketAddr::try_from(client)?,
        // SAFETY: recvmsg has just filled it in, and `control` is still there.
        local: unsafe { local_address(&header) },
    })
}

/// Sends a datagram from an address of this machine, without waiting.
///
/// # Errors
/// The errno of sendmsg(2).
pub fn send(socket: &UdpSocket, bytes: &[u8], to: SocketAddr, from: Option<IpAddr>) -> Result<()> {
    let mut control = Control([0; 64]);
    let mut piece = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let mut header = header(&mut piece);
    match from {
        Some(IpAddr::V4(address)) => {
            let info = libc::in_pktinfo {
                ipi_ifindex: 0,
                ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(address.octets()) },
                ipi_addr: libc::in_addr { s_addr: 0 },
            };
            add(&mut header, &mut control, (libc::IPPROTO_IP, libc::IP_PKTINFO), info);
        }
        Some(IpAddr::V6(address)) => {
            let address = libc::in6_addr { s6_addr: address.octets() };
            let info = libc::in6_pktinfo { ipi6_addr: address, ipi6_ifindex: 0 };
            add(&mut header, &mut control, (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO), info);
        }
        None => {}
    }
    let mut call = |name: *mut libc::c_void, length| {
        header.msg_name = name;
        header.msg_namelen = length;
        let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        retry_on_intr(|| {
            // SAFETY: all that the header points to is there, and as long as it says.
            let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const header, flags) };
            check(sent as libc::c_long)
        })
    };
    // SAFETY: the address is used during the call alone, and only read.
    unsafe { to.with_sockaddr(|name, length| call(name.cast_mut().cast(), length)) }?;
    Ok(())
}

fn header(piece: &mut libc::iovec) -> libc::msghdr {
    // SAFETY: null pointers and zeros are a header without name and control messages. musl's has padding that has no name.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = piece;
    header.msg_iovlen = 1;
    header
}

fn add<T: Copy>(header: &mut libc::msghdr, control: &mut Control, (level, kind): (i32, i32), value: T) {
    const { assert!(size_of::<T>() <= 32 && size_of::<libc::cmsghdr>() + 32 <= size_of::<Control>()) };
    let size = size_of::<T>() as libc::c_uint;
    header.msg_control = control.0.as_mut_ptr().cast();
    // SAFETY: plain arithmetic.
    header.msg_controllen = unsafe { libc::CMSG_SPACE(size) } as _;
    // SAFETY: there is room for the header and the value, as checked above; the value need not be aligned.
    unsafe {
        let first = libc::CMSG_FIRSTHDR(header);
        (*first).cmsg_level = level;
        (*first).cmsg_type = kind;
        (*first).cmsg_len = libc::CMSG_LEN(size) as _;
        libc::CMSG_DATA(first).cast::<T>().write_unaligned(value);
    }
}

/// The address that a reply can come from.
///
/// # Safety
/// The kernel must have filled in the header, and its control messages must still be there.
unsafe fn local_address(header: &libc::msghdr) -> Option<IpAddr> {
    // SAFETY: the caller's promise; the kernel writes whole messages of the length that they say.
    unsafe {
        let mut at = libc::CMSG_FIRSTHDR(header);
        while let Some(message) = at.as_ref() {
            let data = libc::CMSG_DATA(at);
            match (message.cmsg_level, message.cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    // Not the address in the packet, which may be one of broadcast, but the one that answers for it.
                    let info = data.cast::<libc::in_pktinfo>().read_unaligned();
                    let address = Ipv4Addr::from(info.ipi_spec_dst.s_addr.to_ne_bytes());
                    return (!address.is_unspecified()).then_some(address.into());
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    let address = Ipv6Addr::from(info.ipi6_addr.s6_addr);
                    return (!address.is_unspecified() && !address.is_multicast()).then_some(address.into());
                }
                _ => at = libc::CMSG_NXTHDR(header, at),
            }
        }
    }
    None
}
