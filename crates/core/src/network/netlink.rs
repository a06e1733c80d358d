//! netlink(7): requests to the kernel's network stack, answered one by one.

use std::os::fd::{AsFd, OwnedFd};

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_REQUEST, NetlinkDeserializable, NetlinkMessage, NetlinkPayload, NetlinkSerializable,
};
use netlink_packet_route::RouteNetlinkMessage;
use rustix::io::{Errno, Result};
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with, sockopt,
};

/// Answers come in datagrams of at most this many bytes (netlink(7): 8192 or a page, whatever is larger; dumps have up to 32 KiB).
const DATAGRAM: usize = 64 * 1024;
/// What a socket takes without being told (net.core.wmem_default, of which the kernel's own needs take a part).
const SEND_BUFFER: usize = 64 * 1024;

/// A socket of the network namespace that it was opened in, whichever the thread that uses it is in later.
#[derive(Debug)]
pub struct Socket {
    fd: OwnedFd,
    sequence: u32,
}

/// What the kernel says to one message.
#[derive(Debug)]
pub enum Answer<M> {
    /// What was asked for, or a part of it.
    Object(M),
    /// It is done, or why it is not.
    Done(Result<()>),
}

impl Socket {
    /// Opens one in the network namespace of the calling thread. `None` is the protocol 0 of this family, `NETLINK_ROUTE`.
    pub fn open(protocol: Option<Protocol>) -> Result<Self> {
        let fd = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, protocol)?;
        Ok(Self { fd, sequence: 0 })
    }

    /// A number that no message of this socket had before.
    pub fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }

    /// Sends messages as one datagram.
    pub fn send(&self, bytes: &[u8]) -> Result<()> {
        if bytes.len() > SEND_BUFFER {
            // The kernel counts twice what is asked for, for its own needs (socket(7)).
            sockopt::set_socket_send_buffer_size_force(&self.fd, bytes.len())?;
        }
        let sent = send(&self.fd, bytes, SendFlags::empty())?;
        if sent == bytes.len() { Ok(()) } else { Err(Errno::MSGSIZE) }
    }

    /// Reads answers until `each`, which is told the number of the message that it answers, says that it was the last.
    pub fn answers<M: NetlinkDeserializable>(
        &self,
        mut each: impl FnMut(u32, Answer<M>) -> bool,
    ) -> Result<()> {
        let mut buffer = vec![0; DATAGRAM];
        loop {
            let length = loop {
                match recv(self.fd.as_fd(), &mut buffer[..], RecvFlags::empty()) {
                    Err(Errno::INTR) => {}
                    other => break other?.0,
                }
            };
            let mut rest = buffer.get(..length).unwrap_or_default();
            while !rest.is_empty() {
                let message = NetlinkMessage::<M>::deserialize(rest).map_err(|_| Errno::BADMSG)?;
                let size =
                    usize::try_from(message.header.length).map_err(|_| Errno::BADMSG)?.next_multiple_of(4);
                rest = rest.get(size..).unwrap_or_default();
                let answer = match message.payload {
                    NetlinkPayload::InnerMessage(answer) => Answer::Object(answer),
                    NetlinkPayload::Error(error) => Answer::Done(
                        error.code.map_or(Ok(()), |code| Err(Errno::from_raw_os_error(code.get().abs()))),
                    ),
                    NetlinkPayload::Done(_) => Answer::Done(Ok(())),
                    _ => continue,
                };
                if each(message.header.sequence_number, answer) {
                    return Ok(());
                }
            }
        }
    }

    /// Sends one message, hands on what comes for it, and returns how it ended.
    pub fn ask<M: NetlinkSerializable + NetlinkDeserializable>(
        &mut self,
        message: M,
        flags: u16,
        mut each: impl FnMut(M),
    ) -> Result<()>
    where
        NetlinkMessage<M>: From<M>,
    {
        let asked = self.next_sequence();
        self.send(&serialize(message, flags, asked))?;
        let mut result = Ok(());
        self.answers(|sequence, answer| match answer {
            // To a request that was given up.
            _ if sequence != asked => false,
            Answer::Object(answer) => {
                each(answer);
                false
            }
            Answer::Done(done) => {
                result = done;
                true
            }
        })?;
        result
    }
}

/// A message as the kernel takes it.
pub fn serialize<M: NetlinkSerializable>(message: M, flags: u16, sequence: u32) -> Vec<u8>
where
    NetlinkMessage<M>: From<M>,
{
    let mut message = NetlinkMessage::from(message);
    message.header.flags = NLM_F_REQUEST | flags;
    message.header.sequence_number = sequence;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// rtnetlink(7): devices, addresses, routes.
#[derive(Debug)]
pub struct Netlink(Socket);

impl Netlink {
    /// Opens one in the network namespace of the calling thread.
    pub fn open() -> Result<Self> {
        Socket::open(None).map(Self)
    }

    /// Has the kernel do something. `flags` are those beside `NLM_F_REQUEST` and `NLM_F_ACK`.
    pub fn request(&mut self, message: RouteNetlinkMessage, flags: u16) -> Result<()> {
        self.0.ask(message, NLM_F_ACK | flags, |_| {})
    }

    /// Asks for one object.
    pub fn get(&mut self, message: RouteNetlinkMessage) -> Result<Option<RouteNetlinkMessage>> {
        let mut found = None;
        self.0.ask(message, NLM_F_ACK, |answer| found = Some(answer))?;
        Ok(found)
    }

    /// Asks for all objects of a kind.
    #[cfg(test)]
    pub fn list(&mut self, message: RouteNetlinkMessage) -> Result<Vec<RouteNetlinkMessage>> {
        let mut found = Vec::new();
        self.0.ask(message, netlink_packet_core::NLM_F_DUMP, |answer| found.push(answer))?;
        Ok(found)
    }
}
