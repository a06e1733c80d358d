//! Starting a monitor from a process that has other things to do, Node most of all.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SocketAddrUnix, SocketFlags, SocketType};

use super::CODE;
use super::protocol::{self, Reply, Request};
use crate::error::{Context, Error, Result};
use crate::launch;
use crate::rootless::Session;

/// Starts the monitor of the container in `folder`, which launches it as soon as the other end of the returned socket has been
/// told to. It is no child of this process. `user` is the runtime directory of an ordinary user, in whose namespace it is.
pub fn spawn(runtime: &Path, folder: &Path, run: &Path, user: Option<&Path>) -> Result<OwnedFd> {
    const STEP: &str = "start the container's monitor";
    let session = Session::to_enter(user)?;
    let words = [Path::new("rcx-monitor"), Path::new("monitor"), folder, run].into_iter().chain(user);
    let words: Vec<_> = words.map(Path::as_os_str).collect();
    let user = session.as_ref().map(|session| session.user.as_fd());
    let (started, socket) = launch::start_runtime(CODE, runtime, &words, user)?;
    // It has forked the real monitor and ended.
    match launch::wait_exited(started.pidfd.as_fd()) {
        Some(launch::Exit::Code(0)) => Ok(socket),
        _ => Err(Error::new(CODE, STEP).hint("it may have been killed; see the kernel's log")),
    }
}

/// Connects to the monitor of a container by its runtime directory.
///
/// # Errors
/// With `ENOENT` or `ECONNREFUSED` there is no monitor.
pub fn connect(own: &Path) -> Result<OwnedFd> {
    const STEP: &str = "connect to the container's monitor";
    let directory = open(own, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).step_at(
        CODE,
        STEP,
        own.display(),
    )?;
    let address = protocol::address(directory.as_fd()).step_at(CODE, STEP, own.display())?;
    let socket =
        rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .step(CODE, STEP)?;
    connect_to(&socket, &address).step_at(CODE, STEP, own.display())?;
    Ok(socket)
}

fn connect_to(socket: &OwnedFd, address: &SocketAddrUnix) -> rustix::io::Result<()> {
    loop {
        match rustix::net::connect(socket, address) {
            Err(rustix::io::Errno::INTR) => {}
            other => return other,
        }
    }
}

/// Has the monitor of a container that runs read its record again and have it be in those networks; waits until it is.
///
/// # Errors
/// What the monitor could not do; `ERR_RCX_MONITOR` when it does not answer.
pub fn change_networks(own: &Path) -> Result<()> {
    const STEP: &str = "have the container's networks changed";
    const PATIENCE: Duration = Duration::from_secs(30);
    let socket = connect(own)?;
    set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE)).step(CODE, STEP)?;
    protocol::send(socket.as_fd(), &Request::Networks, &[]).step(CODE, STEP)?;
    match protocol::receive::<Reply>(socket.as_fd(), RecvFlags::empty()).step(CODE, STEP)? {
        Some((Reply::Done, _)) => Ok(()),
        Some((reply, _)) => Err(Error::from(reply)),
        None => Err(Error::new(CODE, format!("{STEP}: its monitor has ended"))),
    }
}
