//! Network namespaces. A socket belongs to that which it was opened in: a thread goes there for it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, open};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};

use super::name_server::Hearing;
use super::netlink::Netlink;
use super::{CODE, LOOPBACK, hinted, link};
use crate::error::{Context, Error, Result};

/// A new network namespace.
pub struct New {
    /// It.
    pub fd: OwnedFd,
    /// To its network stack.
    pub netlink: Netlink,
    /// Where its container's name server hears.
    pub name_server: Option<Hearing>,
}

impl New {
    /// Makes one.
    pub fn make(name_server: bool) -> Result<Self> {
        const STEP: &str = "make a network namespace";
        in_thread(STEP, move || {
            // SAFETY: a network namespace is the thread's alone and has no part in memory or descriptors; the thread ends here.
            unsafe { unshare_unsafe(UnshareFlags::NEWNET) }.step(CODE, STEP)?;
            let path = "/proc/thread-self/ns/net";
            let fd = open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).step_at(CODE, STEP, path)?;
            Self::here(fd, name_server)
        })
    }

    /// Takes one that was made otherwise.
    pub fn enter(namespace: &OwnedFd, name_server: bool) -> Result<Self> {
        const STEP: &str = "enter the new network namespace";
        let fd = namespace.try_clone().step(CODE, "duplicate a descriptor")?;
        in_thread(STEP, move || {
            move_into_link_name_space(fd.as_fd(), Some(LinkNameSpaceType::Network)).step(CODE, STEP)?;
            Self::here(fd, name_server)
        })
    }

    fn here(fd: OwnedFd, name_server: bool) -> Result<Self> {
        let mut netlink = Netlink::open().step(CODE, "open a netlink socket")?;
        link::bring_up(&mut netlink, LOOPBACK).step_at(CODE, "bring the network device up", "lo")?;
        let name_server = if name_server { Some(Hearing::open().map_err(hinted)?) } else { None };
        Ok(Self { fd, netlink, name_server })
    }
}

/// Threads go elsewhere; the one that asks has to stay where it is.
fn in_thread<T: Send + 'static>(
    step: &'static str,
    body: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    std::thread::spawn(body)
        .join()
        .unwrap_or_else(|_| Err(Error::new(CODE, format!("{step}: the thread for it died"))))
}

/// A socket to the network stack of a namespace that exists, and the namespace.
pub fn enter(namespace: BorrowedFd<'_>) -> Result<(Netlink, OwnedFd)> {
    const STEP: &str = "enter the container's network namespace";
    let fd = namespace.try_clone_to_owned().step(CODE, "duplicate a descriptor")?;
    in_thread(STEP, move || {
        move_into_link_name_space(fd.as_fd(), Some(LinkNameSpaceType::Network)).step(CODE, STEP)?;
        Ok((Netlink::open().step(CODE, "open a netlink socket")?, fd))
    })
}
