//! Turn by turn in the test's own thread, for what depends on what has happened before a turn.

use super::*;

/// A proxy that does nothing by itself.
struct Stepped {
    proxy: Proxy,
    at: SocketAddr,
    /// Read by `proxy`.
    _stop: OwnedFd,
}

impl Stepped {
    fn new(protocol: Protocol, to: SocketAddr) -> Self {
        let (stopped, stop) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let listener = held(protocol, LOOPBACK);
        let at = address(&listener);
        let proxy = Proxy::new(vec![Forward { listener, to }], &stopped, false).unwrap();
        // A turn that would wait for ever ends as if it was told to stop.
        std::thread::spawn(move || {
            std::thread::sleep(PATIENCE);
            drop(stop);
        });
        Self { proxy, at, _stop: stopped }
    }

    fn turn(&mut self) {
        assert!(self.proxy.turn().unwrap(), "waits for ever");
    }

    /// A client, and the server's side of its connection.
    fn connected(&mut self, server: &TcpListener) -> (TcpStream, TcpStream) {
        server.set_nonblocking(true).unwrap();
        let client = patient(TcpStream::connect(self.at).unwrap());
        let stream = loop {
            self.turn();
            if let Ok((stream, _)) = server.accept() {
                break stream;
            }
        };
        (&client).write_all(b"x").unwrap();
        stream.set_nonblocking(true).unwrap();
        while (&stream).read(&mut [0]).is_err() {
            self.turn();
        }
        stream.set_nonblocking(false).unwrap();
        (client, patient(stream))
    }
}

#[test]
fn the_last_words_of_a_container_arrive() {
    let server = TcpListener::bind((LOOPBACK, 0)).unwrap();
    let mut stepped = Stepped::new(Protocol::Tcp, server.local_addr().unwrap());
    let (mut client, mut stream) = stepped.connected(&server);
    stream.write_all(&[7; 10_000]).unwrap();
    drop(stream);
    // Told to stop before it had a turn.
    stepped.proxy.end();
    drop(stepped);
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, [7; 10_000]);
}

#[test]
fn writing_to_who_is_gone_kills_nobody() {
    if !alone("stepped::writing_to_who_is_gone_kills_nobody") {
        return;
    }
    // Tests ignore it, the monitor need not.
    // SAFETY: no handler is installed.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let server = TcpListener::bind((LOOPBACK, 0)).unwrap();
    let mut stepped = Stepped::new(Protocol::Tcp, server.local_addr().unwrap());
    let (mut client, stream) = stepped.connected(&server);
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut byte = [0];
    client.set_nonblocking(true).unwrap();
    while client.read(&mut byte).is_err() {
        stepped.turn();
    }
    client.set_nonblocking(false).unwrap();
    // What was ready before is still first in the kernel's list until it was seen not to be.
    let mut none = Vec::<Event>::with_capacity(EVENTS);
    epoll::wait(&stepped.proxy.epoll, spare_capacity(&mut none), Some(&Timespec::default())).unwrap();
    // Behind an end the kernel raises the signal at the first write (`tcp_reset`), and these bytes are seen before the reset is.
    client.write_all(b"late").unwrap();
    reset(stream);
    stepped.turn();
    assert_eq!(stepped.proxy.connections.count(), 0);
    // A pending signal is the proof that it was raised.
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let pending = status.lines().find_map(|line| line.strip_prefix("SigPnd:")).unwrap().trim();
    assert_eq!(u64::from_str_radix(pending, 16).unwrap(), 1 << (libc::SIGPIPE - 1), "nothing was tried");
}

#[test]
fn events_of_what_was_closed_meanwhile_do_nothing() {
    let server = TcpListener::bind((LOOPBACK, 0)).unwrap();
    let mut stepped = Stepped::new(Protocol::Tcp, server.local_addr().unwrap());
    let (client, stream) = stepped.connected(&server);
    // Both sides have an event in one turn, and the first closes the connection.
    reset(client);
    reset(stream);
    stepped.turn();
    assert_eq!(stepped.proxy.connections.count(), 0);
    let Proxy { epoll, connections, clients, .. } = &mut stepped.proxy;
    let (all, now) = (EventFlags::all(), Instant::now());
    for id in [0, 1, u64::MAX >> 3] {
        connections.hear(epoll, id, Side::Client, all);
        connections.hear(epoll, id, Side::Container, all);
        clients.hear_container(id, now);
    }
    connections.accept(epoll, usize::MAX, now);
    clients.hear_clients(epoll, usize::MAX, now);
    let (mut client, mut stream) = stepped.connected(&server);
    stream.write_all(b"y").unwrap();
    stepped.turn();
    let mut byte = [0];
    client.read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"y");
}

/// A session, at the time that is returned.
fn talking() -> (Stepped, UdpSocket, UdpSocket, Instant) {
    let server = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    let client = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    let mut stepped = Stepped::new(Protocol::Udp, server.local_addr().unwrap());
    assert_eq!(stepped.proxy.timeout(), None);
    client.connect(stepped.at).unwrap();
    let now = Instant::now();
    stepped.hear(&client, now);
    assert_eq!(stepped.proxy.clients.sessions.deadline(), Some(now + Duration::from_secs(90)));
    (stepped, server, client, now)
}

impl Stepped {
    fn hear(&mut self, client: &UdpSocket, now: Instant) {
        client.send(b"hello").unwrap();
        self.proxy.clients.hear_clients(&self.proxy.epoll, 0, now);
    }

    fn sessions_at(&mut self, now: Instant) -> usize {
        self.proxy.clients.sessions.keep_time(&self.proxy.epoll, now);
        self.proxy.clients.sessions.count()
    }
}

#[test]
fn silent_clients_are_forgotten() {
    let (mut stepped, server, client, begin) = talking();
    let at = |seconds| begin + Duration::from_secs(seconds);
    assert_eq!(stepped.sessions_at(at(89)), 1);
    stepped.hear(&client, at(89));
    assert_eq!(stepped.sessions_at(at(178)), 1);
    // An answer is a sign of life as well.
    let (_, session) = server.recv_from(&mut [0; 8]).unwrap();
    server.send_to(b"answer", session).unwrap();
    stepped.proxy.clients.hear_container(0, at(178));
    assert_eq!(stepped.sessions_at(at(267)), 1);
    assert_eq!(stepped.sessions_at(at(268)), 0);
    assert_eq!(stepped.proxy.timeout(), None);
    stepped.hear(&client, at(300));
    assert_eq!(stepped.sessions_at(at(301)), 1);
}

#[test]
fn turns_end_when_a_session_does() {
    let (mut stepped, _server, _client, begin) = talking();
    stepped.proxy.clients.sessions.idle = Duration::from_millis(50);
    assert_eq!(stepped.sessions_at(begin + Duration::from_secs(90)), 0);
    let client = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    client.send_to(b"hello", stepped.at).unwrap();
    stepped.turn();
    assert_eq!(stepped.proxy.clients.sessions.count(), 1);
    while stepped.proxy.clients.sessions.count() > 0 {
        stepped.turn();
    }
}

#[test]
fn a_datagram_is_sent_although_the_last_one_was_refused() {
    // An address that no other test uses.
    let to = UdpSocket::bind(("127.0.0.79", 0)).unwrap().local_addr().unwrap();
    let mut stepped = Stepped::new(Protocol::Udp, to);
    let client = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    client.connect(stepped.at).unwrap();
    let now = Instant::now();
    stepped.hear(&client, now);
    let server = UdpSocket::bind(to).unwrap();
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    // The error of the first waits in the session's socket.
    stepped.hear(&client, now);
    assert_eq!(server.recv(&mut [0; 8]).unwrap(), 5);
}
