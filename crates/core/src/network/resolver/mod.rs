//! The name server of a container at 127.0.0.11: answers for the containers of its networks, and asks the machine's servers for
//! everything else, like Docker's.
//!
//! One thread serves it, with `poll` and without blocking. What a container sends is bounded in number and size, and never trusted:
//! a panic here would end the container.

mod answer;
mod connection;
mod forward;
mod names;
mod query;
mod server;
mod stamp;
mod stream;
mod upstream;

use std::net::{IpAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::RwLock;
use std::time::Duration;

use serde::Deserialize;

pub use self::names::{Names, publish, withdraw};
use self::server::Server;

/// What the server answers at, opened in the container's network namespace. The server's own sockets are opened in the namespace of
/// the thread that runs [`serve`].
#[derive(Debug)]
pub struct Sockets {
    /// For queries of one datagram (RFC 1035, 4.2.1).
    pub udp: UdpSocket,
    /// For queries with a length before them (RFC 7766).
    pub tcp: TcpListener,
}

/// Where names come from. Shared, since networks are connected and disconnected while the container runs.
#[derive(Debug)]
pub struct Settings {
    /// The container's networks; the names of earlier ones win.
    pub networks: Vec<Network>,
    /// Who is asked for names that no network has.
    pub upstream: Upstream,
}

/// A network whose names are answered for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its name: `db` is `db.NAME`, too.
    pub name: String,
    /// Folder with a file for each address of a container that runs in the network, see [`publish`].
    pub folder: PathBuf,
}

/// Who is asked for names that no network has.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Upstream {
    /// The servers of the machine's `/etc/resolv.conf`, which is read again when it has changed.
    Host,
    /// These, at port 53, each after the one before it has failed.
    Given(Vec<IpAddr>),
    /// Nobody, for a container that is in internal networks alone: it could send data out in the names it asks for
    /// (CVE-2024-29018). The answer is SERVFAIL, as Docker's is: NXDOMAIN would claim that the name is nowhere.
    None,
}

/// Serves until `stop` becomes readable or is hung up. A query that fails is answered with an error (RFC 1035, 4.1.1), or lost as any
/// datagram may be; nothing that a container or an upstream server sends ends this.
///
/// It returns early only if the kernel refuses to make the sockets non-blocking or to `poll` them: for no other reason than a bug.
pub fn serve(sockets: Sockets, settings: &RwLock<Settings>, stop: OwnedFd) {
    serve_from(sockets, settings, stop, Surroundings::default());
}

/// What a test has otherwise.
#[derive(Debug)]
struct Surroundings {
    resolv_conf: PathBuf,
    /// Port of the upstream servers.
    port: u16,
    /// So long is waited for one upstream server.
    patience: Duration,
    /// So long a container's connection may do nothing.
    idle: Duration,
}

impl Default for Surroundings {
    /// Stub resolvers ask again after five seconds (resolv.conf(5)): two servers have had their chance by then.
    fn default() -> Self {
        // Some seconds, says RFC 7766, 6.2.3.
        let (patience, idle) = (Duration::from_secs(2), Duration::from_secs(10));
        Self { resolv_conf: "/etc/resolv.conf".into(), port: 53, patience, idle }
    }
}

fn serve_from(sockets: Sockets, settings: &RwLock<Settings>, stop: OwnedFd, surroundings: Surroundings) {
    if let Ok(mut server) = Server::new(sockets, settings, surroundings) {
        while server.turn(&stop) {}
    }
}

/// Bytes that nobody can foresee. `None` when the kernel has none, which it says at boot only.
fn random() -> Option<[u8; 4]> {
    let mut bytes = [0; 4];
    let length = rustix::rand::getrandom(&mut bytes[..], rustix::rand::GetRandomFlags::empty()).ok()?;
    (length == bytes.len()).then_some(bytes)
}

#[cfg(test)]
mod tests;
