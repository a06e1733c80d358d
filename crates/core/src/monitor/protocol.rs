//! What a monitor and its clients say to each other over a `SOCK_SEQPACKET` socket: one JSON object, one packet. Streams are
//! not among it: a client passes the ends of pipes with its request, so that nobody has to wrap or unwrap what goes through.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketAddrUnix, recvmsg, sendmsg,
};
use serde::{Deserialize, Serialize};

use crate::launch::Part;

/// Name of the socket in the container's runtime directory.
pub const SOCKET: &str = "monitor";
/// Longest packet.
const MAX: usize = 16 * 1024;
/// Most descriptors of a packet: stdin, stdout and stderr.
const MAX_FDS: usize = 3;

/// A client's wish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Request {
    /// Connect pipes: those that are true come with the packet, in this order. Answered by [`Reply::Attached`]; the end of
    /// the container by [`Reply::Ended`].
    Attach {
        /// Read end of a pipe with input.
        stdin: bool,
        /// Write end of a pipe for output.
        stdout: bool,
        /// Write end of a pipe for error output.
        stderr: bool,
        /// The container is not to outlive this connection. Of an rcx that knew no such thing it does.
        #[serde(default)]
        bound: bool,
    },
    /// It goes, and its input is not to end with it.
    Detach,
    /// Whoever has read this output wants no more of it, nor does anybody else: the program is to be told, as by a pipe.
    CloseOutput {
        /// Of `stderr` if true, else `stdout`.
        stderr: bool,
    },
    /// The launcher's last word before the start.
    Start,
    /// Set the terminal's size, in characters.
    Resize {
        /// Lines.
        rows: u16,
        /// Characters of each.
        columns: u16,
    },
    /// Send a signal to the container's init.
    Signal {
        /// By number.
        number: i32,
    },
    /// Do not run it again when it ends. Answered by [`Reply::Done`].
    Stop,
    /// The record has changed: read it again. Answered by [`Reply::Done`].
    Reload,
    /// Its networks are others: have the container be in those. Answered by [`Reply::Done`] or [`Reply::Failed`].
    Networks,
}

/// The monitor's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reply {
    /// The pipes are connected.
    Attached,
    /// The program runs.
    Started {
        /// Process id of the container's init.
        pid: i32,
        /// How long each part of its launch took, where that was asked for.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        trace: Vec<Part>,
    },
    /// It was done.
    Done,
    /// It could not be started, or done. The last packet.
    #[serde(rename_all = "camelCase")]
    Failed {
        /// Stable code.
        code: String,
        /// What was being done.
        step: String,
        /// To what.
        path: Option<String>,
        /// The kernel's answer.
        errno: Option<i32>,
        /// What to do about it.
        hint: Option<String>,
    },
    /// It has ended, and its end is on record. The last packet.
    #[serde(rename_all = "camelCase")]
    Ended {
        /// 128 + n for signal n; absent when nobody knows.
        exit_code: Option<i32>,
        /// Number of the signal that killed it.
        signal: Option<i32>,
        /// The kernel has killed a process of it for want of memory.
        oom_killed: bool,
    },
}

/// The address of the socket in a directory. As a path it could be too long (108 bytes, unix(7)): it goes by the descriptor.
pub fn address(directory: BorrowedFd<'_>) -> Result<SocketAddrUnix, Errno> {
    SocketAddrUnix::new(format!("/proc/self/fd/{}/{SOCKET}", directory.as_raw_fd()))
}

/// Sends a packet, with descriptors. Never raises SIGPIPE.
pub fn send(socket: BorrowedFd<'_>, packet: &impl Serialize, fds: &[BorrowedFd<'_>]) -> Result<(), Errno> {
    let text = serde_json::to_vec(packet).map_err(|_| Errno::INVAL)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(Errno::NOBUFS);
    }
    loop {
        match sendmsg(socket, &[IoSlice::new(&text)], &mut control, SendFlags::NOSIGNAL) {
            Err(Errno::INTR) => {}
            sent => return sent.map(drop),
        }
    }
}

/// Receives a packet; `None` when the other end is closed.
///
/// # Errors
/// `EPROTO` for what is no such packet.
pub fn receive<T: for<'a> Deserialize<'a>>(
    socket: BorrowedFd<'_>,
    flags: RecvFlags,
) -> Result<Option<(T, Vec<OwnedFd>)>, Errno> {
    let mut packet = [0u8; MAX];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = flags | RecvFlags::CMSG_CLOEXEC;
    let received = loop {
        match recvmsg(socket.as_fd(), &mut [IoSliceMut::new(&mut packet)], &mut control, flags) {
            // The other end has closed with packets unread, which the kernel tells before what it has sent itself (unix(7)).
            Err(Errno::INTR | Errno::CONNRESET) => {}
            other => break other?,
        }
    };
    let fds = control
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(fds) => Some(fds),
            _ => None,
        })
        .flatten()
        .collect();
    match &packet[..received.bytes] {
        [] => Ok(None),
        text => Ok(Some((serde_json::from_slice(text).map_err(|_| Errno::PROTO)?, fds))),
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
    use rustix::pipe::{PipeFlags, pipe_with};

    use super::*;

    #[test]
    fn packets_arrive_with_their_descriptors() {
        let (a, b) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
        let (read, write) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let attach = Request::Attach { stdin: false, stdout: true, stderr: false, bound: false };
        send(a.as_fd(), &attach, &[write.as_fd()]).unwrap();
        drop(write);
        let (request, fds) = receive::<Request>(b.as_fd(), RecvFlags::empty()).unwrap().unwrap();
        assert_eq!((request, fds.len()), (attach, 1));
        rustix::io::write(&fds[0], b"x").unwrap();
        drop(fds);
        let mut buffer = [0u8; 4];
        assert_eq!(rustix::io::read(&read, &mut buffer).unwrap(), 1);
        assert_eq!(rustix::io::read(&read, &mut buffer).unwrap(), 0);
    }

    #[test]
    fn what_was_sent_before_a_close_arrives_whatever_was_left_unread() {
        let (a, b) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
        send(a.as_fd(), &Request::Start, &[]).unwrap();
        send(b.as_fd(), &Reply::Done, &[]).unwrap();
        drop(b);
        let (reply, _) = receive::<Reply>(a.as_fd(), RecvFlags::empty()).unwrap().unwrap();
        assert_eq!(reply, Reply::Done);
        assert!(receive::<Reply>(a.as_fd(), RecvFlags::empty()).unwrap().is_none());
    }

    #[test]
    fn nonsense_is_refused_and_an_end_is_none() {
        let (a, b) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
        rustix::net::send(&a, b"hello", SendFlags::NOSIGNAL).unwrap();
        assert_eq!(receive::<Request>(b.as_fd(), RecvFlags::empty()).unwrap_err(), Errno::PROTO);
        drop(a);
        assert!(receive::<Request>(b.as_fd(), RecvFlags::empty()).unwrap().is_none());
    }
}
