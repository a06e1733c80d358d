//! Messages over TCP: a length of two bytes, and so many bytes (RFC 1035, 4.2.2). Nothing blocks.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};

/// A connection, to a container or to a server.
#[derive(Debug)]
pub struct Stream {
    socket: TcpStream,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
    sent: usize,
}

impl Stream {
    /// Of a socket that does not block.
    pub fn new(socket: TcpStream) -> Self {
        Self { socket, incoming: Vec::new(), outgoing: Vec::new(), sent: 0 }
    }

    /// Puts a message where [`Self::flush`] takes it from. One that is too long for its length is an error.
    pub fn put(&mut self, message: &[u8]) -> io::Result<()> {
        let length = u16::try_from(message.len()).map_err(|_| ErrorKind::InvalidData)?;
        self.outgoing.extend_from_slice(&length.to_be_bytes());
        self.outgoing.extend_from_slice(message);
        Ok(())
    }

    /// Whether there is something to send.
    pub fn is_sending(&self) -> bool {
        self.sent < self.outgoing.len()
    }

    /// Sends what it can.
    pub fn flush(&mut self) -> io::Result<()> {
        while let Some(rest) = self.outgoing.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match self.socket.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(length) => self.sent += length,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        (self.outgoing, self.sent) = (Vec::new(), 0);
        Ok(())
    }

    /// The next message when all of it is there; not a byte of the one after it is read. Memory is taken for what has come, not for
    /// what is announced. The end, and a message longer than `most`, are errors.
    pub fn next(&mut self, most: usize) -> io::Result<Option<Vec<u8>>> {
        let mut chunk = [0; 2048];
        loop {
            let wanted = match self.incoming.first_chunk() {
                None => 2,
                Some(length) => 2 + usize::from(u16::from_be_bytes(*length)),
            };
            if wanted > 2 + most {
                return Err(ErrorKind::InvalidData.into());
            }
            let missing = wanted.saturating_sub(self.incoming.len()).min(chunk.len());
            if missing == 0 {
                let mut message = std::mem::take(&mut self.incoming);
                message.drain(..2);
                return Ok(Some(message));
            }
            match self.socket.read(&mut chunk[..missing]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(length) => self.incoming.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
