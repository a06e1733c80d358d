//! What the two halves of a launch say to each other over their `SOCK_SEQPACKET` pair: one message, one packet.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The master of the container's terminal comes with this packet.
pub const TERMINAL: &[u8] = b"T";
/// The init is prepared and waits.
pub const READY: &[u8] = b"R";
/// The init may run the user's program.
pub const GO: &[u8] = b"G";

/// Longest packet: an error with its paths.
const MAX: usize = 16 * 1024;

/// A packet from the child.
#[derive(Debug)]
pub enum Message {
    /// The terminal's master.
    Terminal(OwnedFd),
    /// The process that joined a container, in place of the one that was launched for it.
    Process(i32, OwnedFd),
    /// The init waits for [`GO`].
    Ready,
    /// The child gave up.
    Failed(Error),
    /// The other end is closed: by exec, or by the child's death.
    Closed,
}

#[derive(Serialize, Deserialize)]
struct WireError {
    code: String,
    step: String,
    path: Option<String>,
    errno: Option<i32>,
    hint: Option<String>,
}

/// Sends an error; it is the last thing a failing child does.
pub fn send_error(socket: BorrowedFd<'_>, error: &Error) -> Result<(), Errno> {
    let wire = WireError {
        code: error.code.to_string(),
        step: error.step.clone(),
        path: error.path.clone(),
        errno: error.errno.map(Errno::raw_os_error),
        hint: error.hint.clone(),
    };
    let text = serde_json::to_vec(&wire).map_err(|_| Errno::INVAL)?;
    // The container's own filter may be in force already. Hardly any has no place for write, and without the error the user would
    // take the end of the init for that of the program.
    send(socket, &text).or_else(|_| rustix::io::write(socket, &text).map(drop))
}

/// Sends one packet. Never raises SIGPIPE: a dead parent is an errno.
pub fn send(socket: BorrowedFd<'_>, packet: &[u8]) -> Result<(), Errno> {
    rustix::net::send(socket, packet, SendFlags::NOSIGNAL).map(drop)
}

/// Reports the process that joined a container.
pub fn send_process(socket: BorrowedFd<'_>, pid: i32, pidfd: BorrowedFd<'_>) -> Result<(), Errno> {
    send_fd(socket, format!("P{pid}").as_bytes(), pidfd)
}

/// Sends a packet with a descriptor (`SCM_RIGHTS`, unix(7)). Allocates nothing.
pub fn send_fd(socket: BorrowedFd<'_>, packet: &[u8], fd: BorrowedFd<'_>) -> Result<(), Errno> {
    let fds = [fd];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&fds)) {
        return Err(Errno::NOBUFS);
    }
    sendmsg(socket, &[IoSlice::new(packet)], &mut control, SendFlags::NOSIGNAL).map(drop)
}

/// Waits for the child's next packet.
pub fn receive(socket: BorrowedFd<'_>) -> Result<Message, Errno> {
    let mut packet = vec![0u8; MAX];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        match recvmsg(
            socket.as_fd(),
            &mut [IoSliceMut::new(&mut packet)],
            &mut control,
            RecvFlags::CMSG_CLOEXEC,
        ) {
            Err(Errno::INTR) => {}
            other => break other?,
        }
    };
    let fd = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
        _ => None,
    });
    match (&packet[..received.bytes], fd) {
        ([], _) => Ok(Message::Closed),
        (TERMINAL, Some(fd)) => Ok(Message::Terminal(fd)),
        (READY, _) => Ok(Message::Ready),
        ([b'P', pid @ ..], Some(fd)) => {
            let pid = std::str::from_utf8(pid).ok().and_then(|pid| pid.parse().ok());
            pid.map(|pid| Message::Process(pid, fd)).ok_or(Errno::PROTO)
        }
        (text, _) => decode_error(text).map(Message::Failed),
    }
}

fn decode_error(text: &[u8]) -> Result<Error, Errno> {
    let wire: WireError = serde_json::from_slice(text).map_err(|_| Errno::PROTO)?;
    Ok(Error {
        code: wire.code.into(),
        step: wire.step,
        path: wire.path,
        errno: wire.errno.map(Errno::from_raw_os_error),
        hint: wire.hint,
    })
}
