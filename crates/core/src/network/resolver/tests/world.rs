//! A server with networks and upstream servers of its own, on loopback.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use simple_dns::rdata::RData;
use simple_dns::{Packet, RCODE};

use super::super::*;
use crate::identity::ProcessIdentity;

/// Far more than anything takes.
pub const LONG: Duration = Duration::from_secs(30);
/// So short that a test can wait for it.
pub const SHORT: Duration = Duration::from_millis(100);

pub struct World {
    pub folder: PathBuf,
    pub settings: Arc<RwLock<Settings>>,
    pub udp: SocketAddr,
    pub tcp: SocketAddr,
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl World {
    /// With one network, `net`; `port` is the upstream servers'.
    pub fn new(upstream: Upstream, port: u16, patience: Duration) -> Self {
        Self::with(upstream, Surroundings { resolv_conf: PathBuf::new(), port, patience, idle: LONG * 10 })
    }

    fn with(upstream: Upstream, surroundings: Surroundings) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("rcx-resolver-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let networks = vec![Network { name: "net".into(), folder: folder.join("net") }];
        let settings = Arc::new(RwLock::new(Settings { networks, upstream }));
        let sockets = Sockets {
            udp: UdpSocket::bind("127.0.0.1:0").unwrap(),
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
        };
        let (udp, tcp) = (sockets.udp.local_addr().unwrap(), sockets.tcp.local_addr().unwrap());
        let (end, stop) = rustix::pipe::pipe().unwrap();
        let surroundings = Surroundings { resolv_conf: folder.join("resolv.conf"), ..surroundings };
        let shared = Arc::clone(&settings);
        let thread = std::thread::spawn(move || serve_from(sockets, &shared, end, surroundings));
        Self { folder, settings, udp, tcp, stop: Some(stop), thread: Some(thread) }
    }

    /// With no upstream servers.
    pub fn alone() -> Self {
        Self::new(Upstream::None, 1, LONG)
    }

    /// Whose clients must not dawdle.
    pub fn impatient(servers: &Servers) -> Self {
        let upstream = Upstream::Given(servers.addresses.clone());
        let port = servers.port;
        Self::with(upstream, Surroundings { resolv_conf: PathBuf::new(), port, patience: LONG, idle: SHORT })
    }

    pub fn publish(&self, network: &str, address: &str, names: &[&str]) {
        let names = Names { container: address.into(), process: own(), names: owned(names) };
        publish(&self.folder.join(network), ip(address), &names).unwrap();
    }

    /// The answer to a datagram.
    pub fn ask(&self, message: &[u8]) -> Vec<u8> {
        let socket = self.send(message);
        receive(&socket)
    }

    pub fn send(&self, message: &[u8]) -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(LONG)).unwrap();
        socket.connect(self.udp).unwrap();
        socket.send(message).unwrap();
        socket
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.tcp).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream
    }

    pub fn ask_by_tcp(&self, message: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        stream.write_all(&framed(message)).unwrap();
        next_message(&mut stream).unwrap()
    }

    /// Addresses of a name, sorted.
    pub fn addresses(&self, name: &str, kind: u16) -> (RCODE, Vec<String>) {
        let mut found = read(&self.ask(&query(7, name, kind)));
        found.1.sort();
        found
    }

    /// True when the thread has ended well.
    pub fn stop(&mut self, end: impl FnOnce(OwnedFd)) -> bool {
        if let Some(stop) = self.stop.take() {
            end(stop);
        }
        self.thread.take().is_none_or(|thread| thread.join().is_ok())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let well = self.stop(drop);
        let _removed = std::fs::remove_dir_all(&self.folder);
        assert!(well || std::thread::panicking(), "the server panicked");
    }
}

/// Servers at 127.0.0.1, 127.0.0.2, … with one port, each with its way to answer a message: nothing, or whatever it likes.
pub type Manner = fn(&[u8]) -> Vec<Vec<u8>>;

/// Number of the server, whether it was asked by TCP, and the query.
type Asked = (usize, bool, Vec<u8>);

pub struct Servers {
    pub port: u16,
    pub addresses: Vec<IpAddr>,
    pub asked: Arc<Mutex<Vec<Asked>>>,
}

impl Servers {
    pub fn new(manners: &[Manner]) -> Self {
        let addresses: Vec<IpAddr> =
            (1..=manners.len()).map(|number| Ipv4Addr::new(127, 0, 0, number as u8).into()).collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (port, sockets) = std::iter::repeat_with(|| bind(&addresses)).flatten().next().unwrap();
        for (number, ((udp, tcp), manner)) in sockets.into_iter().zip(manners.iter().copied()).enumerate() {
            let (seen, seen_by_tcp) = (Arc::clone(&asked), Arc::clone(&asked));
            std::thread::spawn(move || {
                let mut buffer = [0; 65535];
                while let Ok((length, from)) = udp.recv_from(&mut buffer) {
                    seen.lock().unwrap().push((number, false, buffer[..length].to_vec()));
                    manner(&buffer[..length]).iter().for_each(|answer| drop(udp.send_to(answer, from)));
                }
            });
            std::thread::spawn(move || {
                for mut stream in tcp.incoming().flatten() {
                    while let Some(message) = next_message(&mut stream) {
                        seen_by_tcp.lock().unwrap().push((number, true, message.clone()));
                        let answers = manner(&message);
                        answers.iter().for_each(|answer| drop(stream.write_all(&framed(answer))));
                    }
                }
            });
        }
        Self { port, addresses, asked }
    }

    pub fn world(&self, patience: Duration) -> World {
        World::new(Upstream::Given(self.addresses.clone()), self.port, patience)
    }

    /// The numbers of the servers that were asked, in order.
    pub fn numbers(&self) -> Vec<usize> {
        self.asked.lock().unwrap().iter().map(|(number, ..)| *number).collect()
    }
}

/// `None` when the port is taken somewhere.
fn bind(addresses: &[IpAddr]) -> Option<(u16, Vec<(UdpSocket, TcpListener)>)> {
    let first = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = first.local_addr().unwrap().port();
    drop(first);
    let sockets = addresses.iter().map(|address| {
        Some((UdpSocket::bind((*address, port)).ok()?, TcpListener::bind((*address, port)).ok()?))
    });
    Some((port, sockets.collect::<Option<_>>()?))
}

/// Answers every question with 192.0.2.1.
pub fn good(message: &[u8]) -> Vec<Vec<u8>> {
    vec![good_answer(message)]
}

pub fn good_answer(message: &[u8]) -> Vec<u8> {
    let mut answer = message[..end_of_question(message)].to_vec();
    answer[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1]);
    answer
}

pub fn silent(_: &[u8]) -> Vec<Vec<u8>> {
    Vec::new()
}

/// A header, and no question.
fn failing(message: &[u8], code: u8) -> Vec<Vec<u8>> {
    vec![vec![message[0], message[1], 0x81, 0x80 | code, 0, 0, 0, 0, 0, 0, 0, 0]]
}

pub fn servfail(message: &[u8]) -> Vec<Vec<u8>> {
    failing(message, 2)
}

pub fn refused(message: &[u8]) -> Vec<Vec<u8>> {
    failing(message, 5)
}

pub fn end_of_question(message: &[u8]) -> usize {
    let mut at = 12;
    while message[at] != 0 {
        at += 1 + usize::from(message[at]);
    }
    at + 5
}

/// A query with recursion desired.
pub fn query(id: u16, name: &str, kind: u16) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    message.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.').filter(|label| !label.is_empty()) {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.push(0);
    message.extend(kind.to_be_bytes());
    message.extend([0, 1]);
    message
}

pub fn with_edns(mut message: Vec<u8>, size: u16, version: u8) -> Vec<u8> {
    message[11] += 1;
    message.extend([0, 0, 41]);
    message.extend(size.to_be_bytes());
    message.extend([0, version, 0, 0, 0, 0]);
    message
}

/// Code and addresses or names of an answer.
pub fn read(message: &[u8]) -> (RCODE, Vec<String>) {
    let packet = Packet::parse(message).unwrap();
    let found = packet.answers.iter().map(|record| match &record.rdata {
        RData::A(address) => std::net::Ipv4Addr::from(address.address).to_string(),
        RData::AAAA(address) => std::net::Ipv6Addr::from(address.address).to_string(),
        RData::PTR(name) => name.0.to_string(),
        other => format!("{other:?}"),
    });
    (packet.rcode(), found.collect())
}

pub fn receive(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = vec![0; 65535];
    let length = socket.recv(&mut buffer).unwrap();
    buffer.truncate(length);
    buffer
}

pub fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes()[..], message].concat()
}

/// `None` at the end.
pub fn next_message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut message).ok()?;
    Some(message)
}

pub fn own() -> ProcessIdentity {
    ProcessIdentity::of(std::process::id().cast_signed()).unwrap()
}

pub fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}
