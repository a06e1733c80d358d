//! What ICMP says of datagrams that were sent (`IP_RECVERR`, ip(7)).

use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use rustix::net::SocketAddrAny;
use rustix::net::addr::{SocketAddrLen, SocketAddrStorage};

use crate::network::proxy::set_option;
use crate::sys;

/// linux/errqueue.h.
const ICMP: u8 = 2;
const ICMPV6: u8 = 3;
/// That something is unreachable (RFC 792, RFC 4443).
const UNREACHABLE4: u8 = 3;
const UNREACHABLE6: u8 = 1;

/// Has a socket keep them.
pub fn ask_for(socket: &OwnedFd, is_ipv6: bool) -> rustix::io::Result<()> {
    if is_ipv6 {
        set_option(socket, libc::SOL_IPV6, libc::IPV6_RECVERR)
    } else {
        set_option(socket, libc::SOL_IP, libc::IP_RECVERR)
    }
}

/// The next that says that somebody is unreachable, and why; others are left out.
pub fn next(socket: BorrowedFd<'_>) -> Option<(SocketAddr, u8)> {
    loop {
        let (to, error) = receive(socket)?;
        let is_unreachable = (error.ee_origin == ICMP && error.ee_type == UNREACHABLE4)
            || (error.ee_origin == ICMPV6 && error.ee_type == UNREACHABLE6);
        if let (Some(to), true) = (to, is_unreachable) {
            return Some((to, error.ee_code));
        }
    }
}

fn receive(socket: BorrowedFd<'_>) -> Option<(Option<SocketAddr>, libc::sock_extended_err)> {
    let mut name = MaybeUninit::<SocketAddrStorage>::zeroed();
    let mut space = [0u64; 32];
    let mut payload = [0u8; 8];
    let mut part = libc::iovec { iov_base: payload.as_mut_ptr().cast(), iov_len: payload.len() };
    // SAFETY: all fields of it may be zero.
    let mut message = unsafe { MaybeUninit::<libc::msghdr>::zeroed().assume_init() };
    message.msg_name = name.as_mut_ptr().cast();
    message.msg_namelen = libc::socklen_t::try_from(size_of::<SocketAddrStorage>()).ok()?;
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = space.as_mut_ptr().cast();
    // 32 bits in musl's headers.
    message.msg_controllen = size_of_val(&space) as _;
    let flags = libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT;
    // SAFETY: everything that the header points to stays until the call returns, and has the lengths that it says.
    sys::check(unsafe { libc::syscall(libc::SYS_recvmsg, socket.as_raw_fd(), &raw mut message, flags) })
        .ok()?;
    let length = message.msg_namelen as SocketAddrLen;
    // SAFETY: the kernel has written an address of this length; the rest is zero.
    let to = (length > 0).then(|| unsafe { SocketAddrAny::new(name, length) });
    let to = to.and_then(|to| SocketAddr::try_from(to).ok());
    // SAFETY: the kernel has written the control data and its length.
    let mut control = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
    while !control.is_null() {
        // SAFETY: a header within the control data.
        let header = unsafe { &*control };
        let kind = (header.cmsg_level, header.cmsg_type);
        if kind == (libc::SOL_IP, libc::IP_RECVERR) || kind == (libc::SOL_IPV6, libc::IPV6_RECVERR) {
            // SAFETY: such a message begins with this structure.
            return Some((to, unsafe {
                libc::CMSG_DATA(control).cast::<libc::sock_extended_err>().read_unaligned()
            }));
        }
        // SAFETY: as above.
        control = unsafe { libc::CMSG_NXTHDR(&raw const message, control) };
    }
    None
}
