//! With real sockets of the loopback device, at ports that the kernel chooses.

mod limits;
mod stepped;
mod tcp;
mod udp;

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpStream};
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use rustix::net::sockopt::{ipv6_v6only, set_socket_linger};
use rustix::pipe::{PipeFlags, pipe_with};

use super::*;

const PATIENCE: Duration = Duration::from_secs(60);
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A thread that passes on; it is stopped when this is dropped.
struct Running {
    at: SocketAddr,
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
    /// How often it has woken up, when it counts.
    turns: Arc<AtomicUsize>,
}

impl Running {
    fn new(protocol: Protocol, at: IpAddr, to: SocketAddr) -> Self {
        Self::of(held(protocol, at), to, |forward, stop, _| serve(vec![forward], stop, false).unwrap())
    }

    /// One whose limits are changed by `adjust`, and that counts how often it wakes up.
    fn counting(
        listener: Listener,
        to: SocketAddr,
        adjust: impl FnOnce(&mut Proxy) + Send + 'static,
    ) -> Self {
        Self::of(listener, to, |forward, stop, turns| {
            let mut proxy = Proxy::new(vec![forward], &stop, false).unwrap();
            adjust(&mut proxy);
            while proxy.turn().unwrap() {
                turns.fetch_add(1, Ordering::Relaxed);
            }
            proxy.end();
        })
    }

    fn of(
        listener: Listener,
        to: SocketAddr,
        body: impl FnOnce(Forward, OwnedFd, &AtomicUsize) + Send + 'static,
    ) -> Self {
        let at = address(&listener);
        let (stopped, stop) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let turns = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&turns);
        let thread = std::thread::spawn(move || body(Forward { listener, to }, stopped, &counted));
        Self { at, stop: Some(stop), thread: Some(thread), turns }
    }

    fn connect(&self) -> TcpStream {
        patient(TcpStream::connect(self.at).unwrap())
    }

    fn stop(&mut self) {
        drop(self.stop.take());
        let Some(thread) = self.thread.take() else { return };
        wait_until("the thread ends", || thread.is_finished());
        thread.join().unwrap();
    }

    /// It sleeps: what it cannot do anything about does not wake it up again and again.
    fn assert_asleep(&self) {
        std::thread::sleep(Duration::from_millis(200));
        let before = self.turns.load(Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(300));
        let woken = self.turns.load(Ordering::Relaxed) - before;
        assert!(woken < 20, "woken {woken} times for nothing");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

fn held(protocol: Protocol, at: IpAddr) -> Listener {
    bind(protocol, SocketAddr::new(at, 0)).unwrap()
}

fn address(listener: &Listener) -> SocketAddr {
    match listener {
        Listener::Tcp(listener) => listener.local_addr().unwrap(),
        Listener::Udp(socket) => socket.local_addr().unwrap(),
    }
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Reads and writes fail instead of hanging for ever.
fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// A server in a container: each connection has a thread of its own.
fn server(each: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind((LOOPBACK, 0)).unwrap();
    let at = listener.local_addr().unwrap();
    let each = Arc::new(each);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, each) = (patient(stream.unwrap()), Arc::clone(&each));
            std::thread::spawn(move || each(stream));
        }
    });
    at
}

fn echo(mut stream: TcpStream) {
    let mut bytes = vec![0; 10_000];
    while let Ok(count @ 1..) = stream.read(&mut bytes) {
        if stream.write_all(&bytes[..count]).is_err() {
            return;
        }
    }
}

fn assert_echoed(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = vec![0; text.len()];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), text);
}

/// Closes a connection with a reset.
fn reset(stream: TcpStream) {
    set_socket_linger(stream.as_fd(), Some(Duration::ZERO)).unwrap();
}

fn has_ipv6() -> bool {
    let there = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    if !there {
        eprintln!("skipped: no IPv6 on this machine");
    }
    there
}

/// Whether this is a process of this test alone; otherwise it is run in one, for what concerns all of a process.
fn alone(test: &str) -> bool {
    const MARK: &str = "RCX_TEST_ALONE";
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    let name = format!("network::proxy::tests::{test}");
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args([&name, "--exact", "--nocapture"]).env(MARK, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let cause = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{}: {said}{cause}", output.status);
    false
}

#[test]
fn names_of_protocols_are_dockers() {
    assert_eq!(
        serde_json::to_value([Protocol::Tcp, Protocol::Udp]).unwrap(),
        serde_json::json!(["tcp", "udp"])
    );
}

#[test]
fn tokens_are_read_as_they_were_made() {
    let large = u64::MAX >> 3;
    for token in [
        Token::Stop,
        Token::TcpListener(7),
        Token::UdpListener(8),
        Token::End(large, Side::Client),
        Token::End(large, Side::Container),
        Token::Session(large),
    ] {
        assert_eq!(Token::of(token.data()), Some(token));
    }
    assert_eq!(Token::of(EventData::new_u64(u64::MAX)), None);
}

#[test]
fn a_port_that_is_taken_is_said_to_be() {
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        let first = held(protocol, LOOPBACK);
        assert_eq!(bind(protocol, address(&first)).unwrap_err(), Errno::ADDRINUSE, "{protocol:?}");
        let everywhere = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address(&first).port());
        assert_eq!(bind(protocol, everywhere).unwrap_err(), Errno::ADDRINUSE, "{protocol:?}");
        let at = address(&first);
        drop(first);
        // A child that another test starts may have a copy for a moment.
        wait_until("the port is free again", || bind(protocol, at).is_ok());
        // TEST-NET-1 of RFC 5737.
        let elsewhere = SocketAddr::from(([192, 0, 2, 1], 0));
        assert_eq!(bind(protocol, elsewhere).unwrap_err(), Errno::ADDRNOTAVAIL, "{protocol:?}");
    }
}

#[test]
fn a_port_that_only_past_connections_use_is_free() {
    if !alone("a_port_that_only_past_connections_use_is_free") {
        return;
    }
    // An address that no other test connects from.
    let Listener::Tcp(listener) = held(Protocol::Tcp, [127, 0, 0, 78].into()) else { panic!() };
    let at = listener.local_addr().unwrap();
    let mut client = patient(TcpStream::connect(at).unwrap());
    listener.set_nonblocking(false).unwrap();
    // The side that closes first has the port in TIME_WAIT.
    drop(listener.accept().unwrap());
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    drop((client, listener));
    bind(Protocol::Tcp, at).unwrap();
}

#[test]
fn both_families_are_held_together() {
    if !has_ipv6() {
        return;
    }
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        let four = held(protocol, Ipv4Addr::UNSPECIFIED.into());
        let port = address(&four).port();
        let six = bind(protocol, SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port)).unwrap();
        assert_eq!(address(&six).port(), port);
        let only = match &six {
            Listener::Tcp(listener) => ipv6_v6only(listener),
            Listener::Udp(socket) => ipv6_v6only(socket),
        };
        assert!(only.unwrap());
    }
}
