//! rtnetlink(7): requests to the kernel's network stack, answered one by one.

use std::os::fd::{AsFd, OwnedFd};

use netlink_packet_core::{NLM_F_ACK, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use rustix::io::{Errno, Result};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

/// Answers come in datagrams of at most this many bytes (netlink(7): 8192 or a page, whatever is larger; dumps have up to 32 KiB).
const DATAGRAM: usize = 64 * 1024;

/// A socket of the network namespace that it was opened in, whichever the thread that uses it is in later.
#[derive(Debug)]
pub struct Netlink {
    fd: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Netlink {
    /// Opens one in the network namespace of the calling thread.
    pub fn open() -> Result<Self> {
        // The protocol 0 of this family is NETLINK_ROUTE, which is what `None` stands for.
        let fd = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
        Ok(Self { fd, sequence: 0, buffer: vec![0; DATAGRAM] })
    }

    /// Has the kernel do something. `flags` are those beside `NLM_F_REQUEST` and `NLM_F_ACK`.
    pub fn request(&mut self, message: RouteNetlinkMessage, flags: u16) -> Result<()> {
        self.send(message, NLM_F_ACK | flags)?;
        self.answers(|_| {})
    }

    /// Asks for one object.
    pub fn get(&mut self, message: RouteNetlinkMessage) -> Result<Option<RouteNetlinkMessage>> {
        self.send(message, NLM_F_ACK)?;
        let mut found = None;
        self.answers(|answer| found = Some(answer))?;
        Ok(found)
    }

    /// Asks for all objects of a kind.
    #[cfg(test)]
    pub fn list(&mut self, message: RouteNetlinkMessage) -> Result<Vec<RouteNetlinkMessage>> {
        self.send(message, netlink_packet_core::NLM_F_DUMP)?;
        let mut found = Vec::new();
        self.answers(|answer| found.push(answer))?;
        Ok(found)
    }

    fn send(&mut self, message: RouteNetlinkMessage, flags: u16) -> Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut message = NetlinkMessage::from(message);
        message.header.flags = NLM_F_REQUEST | flags;
        message.header.sequence_number = self.sequence;
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        let sent = send(&self.fd, &bytes, SendFlags::empty())?;
        if sent == bytes.len() { Ok(()) } else { Err(Errno::MSGSIZE) }
    }

    /// Reads until the kernel has said that it is done, or why it is not.
    fn answers(&mut self, mut each: impl FnMut(RouteNetlinkMessage)) -> Result<()> {
        loop {
            let length = loop {
                match recv(self.fd.as_fd(), &mut self.buffer[..], RecvFlags::empty()) {
                    Err(Errno::INTR) => {}
                    other => break other?.0,
                }
            };
            let mut rest = self.buffer.get(..length).unwrap_or_default();
            while !rest.is_empty() {
                let message =
                    NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest).map_err(|_| Errno::BADMSG)?;
                let size =
                    usize::try_from(message.header.length).map_err(|_| Errno::BADMSG)?.next_multiple_of(4);
                rest = rest.get(size..).unwrap_or_default();
                // An answer to a request that was given up.
                if message.header.sequence_number != self.sequence {
                    continue;
                }
                match message.payload {
                    NetlinkPayload::InnerMessage(answer) => each(answer),
                    NetlinkPayload::Error(error) => {
                        return error
                            .code
                            .map_or(Ok(()), |code| Err(Errno::from_raw_os_error(code.get().abs())));
                    }
                    NetlinkPayload::Done(_) => return Ok(()),
                    _ => {}
                }
            }
        }
    }
}
