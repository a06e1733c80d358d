//! A connection with systemd's manager: the socket that systemctl(1) uses, too, which needs no message bus.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::message::{self, HEAD, Reply};
use crate::cgroup::CODE;
use crate::error::{Context, Error, Result};

/// Reachable for root alone.
pub const SOCKET: &str = "/run/systemd/private";
/// A manager that is busy with the start of the machine takes its time.
const PATIENCE: Duration = Duration::from_secs(10);
const STEP: &str = "ask systemd";

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    socket: UnixStream,
    serial: u32,
}

impl Connection {
    /// Connects and says who this process is ("Authentication Protocol" of the D-Bus specification).
    pub fn open() -> Result<Self> {
        let mut socket = UnixStream::connect(SOCKET)
            .step_at(CODE, STEP, SOCKET)
            .map_err(|error| error.hint("systemd must be the first process of this machine"))?;
        let io = |result: std::io::Result<()>| result.step_at(CODE, STEP, SOCKET);
        io(socket.set_read_timeout(Some(PATIENCE)))?;
        io(socket.set_write_timeout(Some(PATIENCE)))?;
        let user = rustix::process::geteuid().as_raw().to_string();
        let hex: String = user.bytes().map(|byte| format!("{byte:02x}")).collect();
        io(socket.write_all(format!("\0AUTH EXTERNAL {hex}\r\n").as_bytes()))?;
        let answer = line(&mut socket)?;
        if !answer.starts_with(b"OK ") {
            return Err(Error::new(CODE, "ask systemd: it does not take this user").at(SOCKET));
        }
        io(socket.write_all(b"BEGIN\r\n"))?;
        Ok(Self { socket, serial: 0 })
    }

    /// Calls a method and waits for its answer, which may name an error.
    pub fn call(&mut self, method: &str, signature: &str, body: &[u8]) -> Result<Reply> {
        self.serial += 1;
        let bytes = message::call(self.serial, method, signature, body);
        self.socket.write_all(&bytes).step_at(CODE, STEP, SOCKET)?;
        loop {
            let mut head = [0u8; HEAD];
            self.socket.read_exact(&mut head).step_at(CODE, STEP, SOCKET)?;
            let length = message::rest_length(&head).ok_or_else(strange)?;
            let mut rest = vec![0u8; length];
            self.socket.read_exact(&mut rest).step_at(CODE, STEP, SOCKET)?;
            let reply = message::parse(&head, &rest).ok_or_else(strange)?;
            // Signals come in between.
            if reply.serial == Some(self.serial) {
                return Ok(reply);
            }
        }
    }
}

/// Byte by byte: what follows the line is not ours to read yet.
fn line(socket: &mut UnixStream) -> Result<Vec<u8>> {
    const MOST: usize = 512;
    let mut line = Vec::new();
    let mut byte = [0u8; 1];
    while !line.ends_with(b"\r\n") && line.len() < MOST {
        socket.read_exact(&mut byte).step_at(CODE, STEP, SOCKET)?;
        line.extend_from_slice(&byte);
    }
    Ok(line)
}

fn strange() -> Error {
    Error::new(CODE, "ask systemd: its answer cannot be read").at(SOCKET)
}
