//! The servers of the machine.

use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::path::PathBuf;

use super::stamp::Stamp;
use super::{Surroundings, Upstream};

/// The C library's `MAXNS` (resolv.conf(5)): what the machine itself does not ask is not asked here.
const MOST_SERVERS: usize = 3;
/// So much of resolv.conf is read, in bytes.
const MOST_TEXT: u64 = 65536;

/// Whom to ask.
#[derive(Debug)]
pub struct Servers {
    path: PathBuf,
    port: u16,
    read: Option<Stamp>,
    host: Vec<SocketAddr>,
}

impl Servers {
    /// Nothing is read yet.
    pub fn new(surroundings: &Surroundings) -> Self {
        let (path, port) = (surroundings.resolv_conf.clone(), surroundings.port);
        Self { path, port, read: None, host: Vec::new() }
    }

    /// The servers, in the order in which they are asked.
    pub fn of(&mut self, upstream: &Upstream) -> Vec<SocketAddr> {
        match upstream {
            Upstream::None => Vec::new(),
            Upstream::Given(servers) => {
                servers.iter().map(|address| SocketAddr::new(*address, self.port)).collect()
            }
            Upstream::Host => {
                let now = Stamp::of(&self.path);
                if now.is_none() || now != self.read {
                    self.host = self.read();
                    self.read = now;
                }
                self.host.clone()
            }
        }
    }

    fn read(&self) -> Vec<SocketAddr> {
        let mut text = Vec::new();
        let read = File::open(&self.path).and_then(|file| file.take(MOST_TEXT).read_to_end(&mut text));
        if read.is_err() {
            return Vec::new();
        }
        let text = String::from_utf8_lossy(&text);
        text.lines().filter_map(|line| server(line, self.port)).take(MOST_SERVERS).collect()
    }
}

/// The server that a line of resolv.conf names; what comes after its address is not part of it.
fn server(line: &str, port: u16) -> Option<SocketAddr> {
    let mut words = line.split_ascii_whitespace();
    // The keyword begins its line (resolv.conf(5)).
    if !line.starts_with("nameserver") || words.next() != Some("nameserver") {
        return None;
    }
    let word = words.next()?;
    if let Ok(address) = word.parse::<IpAddr>() {
        return Some(SocketAddr::new(address, port));
    }
    // A link-local address means nothing without its device (RFC 4007, 11).
    let (address, device) = word.split_once('%')?;
    let address: Ipv6Addr = address.parse().ok()?;
    let scope = device.parse().ok().or_else(|| index_of(device))?;
    Some(SocketAddrV6::new(address, port, 0, scope).into())
}

fn index_of(device: &str) -> Option<u32> {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, netdevice, socket_with};
    let socket = socket_with(AddressFamily::INET6, SocketType::DGRAM, SocketFlags::CLOEXEC, None).ok()?;
    netdevice::name_to_index(&socket, device).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_the_c_library_reads_them() {
        let of = |line| server(line, 53).map(|server| server.to_string());
        assert_eq!(of("nameserver 1.2.3.4").as_deref(), Some("1.2.3.4:53"));
        assert_eq!(of("nameserver\t fd00::1 # there").as_deref(), Some("[fd00::1]:53"));
        assert_eq!(of("nameserver fe80::1%7").as_deref(), Some("[fe80::1%7]:53"));
        assert_eq!(of("nameserver fe80::1%lo").as_deref(), Some("[fe80::1%1]:53"));
        for line in [
            "",
            "#nameserver 1.2.3.4",
            " nameserver 1.2.3.4",
            "nameservers 1.2.3.4",
            "nameserver",
            "nameserver x",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
