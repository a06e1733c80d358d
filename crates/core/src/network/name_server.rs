//! The name server of a container, at 127.0.0.11 inside of it.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::{Arc, RwLock};

use super::CODE;
use super::nft::rule::{Header, Meta, Rule};
use super::nft::{Chain, FILTER, Family, Hook, Nft, Ownership, Transaction};
use super::resolver::{self, Settings, Sockets};
use super::service::Service;
use crate::error::{Context, Result};

/// Docker's.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 11);
const PORT: u16 = 53;
/// Another one than that of networks: an rcx in the container has its own there, and may not change what a socket owns.
const TABLE: &str = "rcx-names";
/// Offsets in IPv4, TCP and UDP.
const SOURCE: u32 = 12;
const DESTINATION: u32 = 16;
const SOURCE_PORT: u32 = 0;
const DESTINATION_PORT: u32 = 2;
/// Protocols, and the offsets of their checksums.
const UDP: (u8, u32) = (17, 6);
const TCP: (u8, u32) = (6, 16);

/// Where a container's name server hears, in the container's network namespace.
#[derive(Debug)]
pub struct Hearing {
    sockets: Sockets,
    filter: Nft,
}

/// What sends there what is sent to port 53. It ends with this.
#[derive(Debug)]
pub struct Redirection(Nft);

impl Redirection {
    /// Ends it at once: dropping waits for the kernel's readers as long as there is something to end.
    pub fn remove(&mut self) {
        let mut transaction = Transaction::default();
        transaction.remove_table(Family::Inet, TABLE);
        // What is left, in a namespace that is about to go, ends with the socket.
        let _left = self.0.commit(transaction);
    }
}

impl Hearing {
    /// Opens it in the network namespace of the calling thread. It is at ports of its own, and what is sent to port 53 is sent there by
    /// the packet filter: a container may have a name server itself. No connection is tracked for that, which would cost every packet
    /// of the container.
    pub fn open() -> Result<Self> {
        const STEP: &str = "open the container's name server";
        let udp = UdpSocket::bind((ADDRESS, 0)).step_at(CODE, STEP, ADDRESS)?;
        let tcp = TcpListener::bind((ADDRESS, 0)).step_at(CODE, STEP, ADDRESS)?;
        let ports = [
            (UDP, udp.local_addr().step_at(CODE, STEP, ADDRESS)?.port()),
            (TCP, tcp.local_addr().step_at(CODE, STEP, ADDRESS)?.port()),
        ];
        let mut filter = Nft::open().step_at(CODE, STEP, ADDRESS)?;
        filter.commit(redirected(&ports)).step_at(CODE, STEP, ADDRESS)?;
        Ok(Self { sockets: Sockets { udp, tcp }, filter })
    }

    /// Serves there, in the network namespace of the calling thread.
    pub fn serve(self, settings: Arc<RwLock<Settings>>) -> Result<(Service, Redirection)> {
        let Self { sockets, filter } = self;
        let service = Service::start("rcx-names", move |stop| resolver::serve(sockets, &settings, stop))?;
        Ok((service, Redirection(filter)))
    }
}

fn redirected(ports: &[((u8, u32), u16)]) -> Transaction {
    let mut made = Transaction::default();
    made.table(Family::Inet, TABLE, Ownership::Socket);
    let chain = Chain { name: "output", kind: "filter", hook: Hook::Output, priority: FILTER };
    made.chain(Family::Inet, TABLE, chain);
    let family = [libc::NFPROTO_IPV4.to_ne_bytes()[0]];
    for ((protocol, checksum), port) in ports {
        let of = |address: u32| {
            let address = Rule::default().equals(Meta::Family, &family).has(
                Header::Network,
                address,
                &ADDRESS.octets(),
            );
            address.equals(Meta::Transport, &[*protocol])
        };
        let there = of(DESTINATION).port(DESTINATION_PORT, PORT, PORT);
        let back = of(SOURCE).port(SOURCE_PORT, *port, *port);
        let rules =
            [there.set_port(DESTINATION_PORT, *port, *checksum), back.set_port(SOURCE_PORT, PORT, *checksum)];
        made.rules(Family::Inet, TABLE, chain.name, rules);
    }
    made
}
