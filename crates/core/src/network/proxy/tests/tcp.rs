use std::io::ErrorKind;
use std::net::Shutdown;
use std::sync::mpsc::channel;

use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size};
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, socket_with};

use super::*;

const MEGABYTE: usize = 1 << 20;

fn proxy(to: SocketAddr) -> Running {
    Running::new(Protocol::Tcp, LOOPBACK, to)
}

/// Bytes that look random and come again after a length that divides no buffer.
fn pattern(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..1_000_003).map(next).collect()
}

fn write_pattern(mut to: impl Write, seed: u64, length: usize) -> std::io::Result<()> {
    let pattern = pattern(seed);
    let mut left = length;
    while left > 0 {
        let count = left.min(pattern.len());
        to.write_all(&pattern[..count])?;
        left -= count;
    }
    Ok(())
}

/// Reads exactly so much and then the end.
fn assert_pattern(mut from: impl Read, seed: u64, length: usize) {
    let pattern = pattern(seed);
    let mut bytes = vec![0; pattern.len()];
    let mut left = length;
    while left > 0 {
        let count = left.min(pattern.len());
        from.read_exact(&mut bytes[..count]).unwrap();
        assert!(bytes[..count] == pattern[..count], "other bytes than sent, {left} from the end");
        left -= count;
    }
    assert_eq!(from.read(&mut bytes).unwrap(), 0, "more than was sent");
}

fn both_ways(stream: &TcpStream, sent: u64, received: u64) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            write_pattern(stream, sent, 20 * MEGABYTE).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
        });
        assert_pattern(stream, received, 20 * MEGABYTE);
    });
}

#[test]
fn much_goes_both_ways_at_once() {
    let (tell, done) = channel();
    let proxy = proxy(server(move |stream| {
        both_ways(&stream, 1, 2);
        tell.send(()).unwrap();
    }));
    both_ways(&proxy.connect(), 2, 1);
    done.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn who_has_ended_still_hears_the_answer() {
    let proxy = proxy(server(|mut stream| {
        let mut question = Vec::new();
        stream.read_to_end(&mut question).unwrap();
        assert_eq!(question, b"question");
        write_pattern(&stream, 3, 3 * MEGABYTE).unwrap();
    }));
    let mut client = proxy.connect();
    client.write_all(b"question").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert_pattern(&client, 3, 3 * MEGABYTE);
}

#[test]
fn a_server_may_end_first() {
    let (tell, done) = channel();
    let proxy = proxy(server(move |mut stream| {
        stream.write_all(b"greeting").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        tell.send(rest).unwrap();
    }));
    let mut client = proxy.connect();
    let mut greeting = String::new();
    client.read_to_string(&mut greeting).unwrap();
    assert_eq!(greeting, "greeting");
    client.write_all(b"late").unwrap();
    drop(client);
    assert_eq!(done.recv_timeout(PATIENCE).unwrap(), "late");
}

#[test]
fn a_container_that_refuses_is_seen_as_a_failure() {
    // Bound and not listening: the kernel refuses, and nobody else gets the port.
    let taken = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
    rustix::net::bind(&taken, &SocketAddr::new(LOOPBACK, 0)).unwrap();
    let to = SocketAddr::try_from(rustix::net::getsockname(&taken).unwrap()).unwrap();
    let proxy = proxy(to);
    for _ in 0..20 {
        // With luck already when it connects.
        let Ok(client) = TcpStream::connect(proxy.at) else { continue };
        let error = patient(client).read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
}

#[test]
fn a_reset_of_the_container_comes_behind_what_it_has_sent() {
    let proxy = proxy(server(|mut stream| {
        stream.read_exact(&mut [0]).unwrap();
        stream.write_all(b"some").unwrap();
        reset(stream);
    }));
    for _ in 0..20 {
        let mut client = proxy.connect();
        client.write_all(b"x").unwrap();
        let mut answer = Vec::new();
        assert_eq!(client.read_to_end(&mut answer).unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(answer, b"some");
    }
}

#[test]
fn a_reset_of_the_client_is_passed_on_even_behind_its_end() {
    let (tell, heard) = channel();
    let proxy = proxy(server(move |mut stream| {
        stream.write_all(b"x").unwrap();
        let kind = |error: std::io::Error| error.kind();
        let end = stream.read(&mut [0]).map_err(kind);
        tell.send(end).unwrap();
        if end.is_ok() {
            tell.send(write_pattern(&stream, 9, 1 << 40).map(|()| 0).map_err(kind)).unwrap();
        }
    }));
    let connect = || {
        let mut client = proxy.connect();
        client.read_exact(&mut [0]).unwrap();
        client
    };
    reset(connect());
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), Err(ErrorKind::ConnectionReset));
    let client = connect();
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), Ok(0));
    reset(client);
    let kind = heard.recv_timeout(PATIENCE).unwrap().unwrap_err();
    assert!(matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{kind}");
}

#[test]
fn a_slow_reader_holds_the_sender_up() {
    const LENGTH: usize = 256 * MEGABYTE;
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let proxy = proxy(server(move |stream| {
        struct Counted<'a>(&'a TcpStream, &'a AtomicUsize);
        impl Write for Counted<'_> {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                let count = self.0.write(bytes)?;
                self.1.fetch_add(count, Ordering::Relaxed);
                Ok(count)
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        write_pattern(Counted(&stream, &counter), 4, LENGTH).unwrap();
    }));
    let client = proxy.connect();
    let mut before = 0;
    loop {
        std::thread::sleep(Duration::from_millis(300));
        let now = sent.load(Ordering::Relaxed);
        if now > 0 && now == before {
            break;
        }
        before = now;
    }
    // Sockets on the way may hold what the kernel gives them, and nobody anything else.
    assert!(before < LENGTH, "all of it was taken before anybody read");
    assert_pattern(&client, 4, LENGTH);
}

#[test]
fn two_hundred_at_once() {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let most = rustix::process::Rlimit { current: limit.maximum, ..limit };
    rustix::process::setrlimit(Resource::Nofile, most).unwrap();
    let proxy = proxy(server(echo));
    let mut clients: Vec<_> = (0..200).map(|_| proxy.connect()).collect();
    for round in 0..3 {
        for (at, client) in clients.iter_mut().enumerate() {
            assert_echoed(client, &format!("client {at} in round {round}"));
        }
    }
    let mut clients = clients.into_iter().enumerate();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let some: Vec<_> = clients.by_ref().take(25).collect();
            scope.spawn(|| {
                for (at, stream) in some {
                    let (stream, seed) = (&stream, at as u64 + 1);
                    std::thread::scope(|scope| {
                        scope.spawn(|| {
                            write_pattern(stream, seed, 200_000).unwrap();
                            stream.shutdown(Shutdown::Write).unwrap();
                        });
                        assert_pattern(stream, seed, 200_000);
                    });
                }
            });
        }
    });
}

#[test]
fn many_short_ones() {
    let proxy = proxy(server(echo));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let proxy = &proxy;
            scope.spawn(move || {
                for number in 0..250 {
                    let mut client = proxy.connect();
                    assert_echoed(&mut client, &format!("{thread}: {number}"));
                    client.shutdown(Shutdown::Write).unwrap();
                    assert_eq!(client.read(&mut [0]).unwrap(), 0);
                }
            });
        }
    });
}

#[test]
fn urgent_bytes_stay_in_their_place() {
    let listener = held(Protocol::Tcp, LOOPBACK);
    let (tell, heard) = channel();
    let to = server(move |mut stream| {
        let mut all = String::new();
        stream.read_to_string(&mut all).unwrap();
        tell.send(all).unwrap();
    });
    let proxy = Running::counting(listener, to, |_| ());
    let mut client = proxy.connect();
    for text in ["a", "b"] {
        client.write_all(b"before ").unwrap();
        rustix::net::send(&client, text.as_bytes(), SendFlags::OOB).unwrap();
        proxy.assert_asleep();
        client.write_all(b" behind ").unwrap();
    }
    rustix::net::send(&client, b"!", SendFlags::OOB).unwrap();
    drop(client);
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), "before a behind before b behind !");
}

#[test]
fn what_waits_for_a_reader_wakes_nobody_up() {
    const LENGTH: usize = 60_000;
    let listener = held(Protocol::Tcp, LOOPBACK);
    // What is accepted inherits it: most of the answer is held up in the pipe.
    set_socket_send_buffer_size(tcp(&listener), 4096).unwrap();
    let (tell, done) = channel();
    let to = server(move |mut stream| {
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
        write_pattern(&stream, 5, LENGTH).unwrap();
        drop(stream);
        tell.send(()).unwrap();
    });
    let proxy = Running::counting(listener, to, |_| ());
    let client = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
    set_socket_recv_buffer_size(&client, 4096).unwrap();
    rustix::net::connect(&client, &proxy.at).unwrap();
    let client = patient(TcpStream::from(client));
    client.shutdown(Shutdown::Write).unwrap();
    done.recv_timeout(PATIENCE).unwrap();
    // The server's connection is closed in both directions, and its end not read yet.
    proxy.assert_asleep();
    assert_pattern(&client, 5, LENGTH);
}

fn tcp(listener: &Listener) -> &TcpListener {
    match listener {
        Listener::Tcp(listener) => listener,
        Listener::Udp(_) => panic!("no TCP"),
    }
}

#[test]
fn a_client_that_is_killed_costs_only_its_own_connection() {
    if !alone("tcp::a_client_that_is_killed_costs_only_its_own_connection") {
        return;
    }
    // Tests ignore it, the monitor need not.
    // SAFETY: no handler is installed.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let (tell, ended) = channel();
    let to = server(move |mut stream| {
        let mut first = [0];
        stream.read_exact(&mut first).unwrap();
        if first == *b"d" {
            tell.send(write_pattern(&stream, 6, 1 << 40).unwrap_err().kind()).unwrap();
        } else {
            stream.write_all(&first).unwrap();
            echo(stream);
        }
    });
    let proxy = proxy(to);
    let mut other = proxy.connect();
    assert_echoed(&mut other, "before");
    for _ in 0..20 {
        let mut client = proxy.connect();
        client.write_all(b"d").unwrap();
        client.read_exact(&mut vec![0; 3 * MEGABYTE]).unwrap();
        // With bytes that are not read: a reset, as when the kernel closes for a process that was killed.
        drop(client);
        let kind = ended.recv_timeout(PATIENCE).unwrap();
        assert!(matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{kind}");
    }
    assert_echoed(&mut other, "behind");
}

#[test]
fn clients_of_ipv6_reach_a_container_of_ipv4() {
    if !has_ipv6() {
        return;
    }
    let proxy = Running::new(Protocol::Tcp, Ipv6Addr::LOCALHOST.into(), server(echo));
    assert_echoed(&mut proxy.connect(), "from the other family");
}

#[test]
fn it_stops_while_connections_are_open() {
    let mut proxy = proxy(server(echo));
    let mut clients: Vec<_> = (0..10).map(|_| proxy.connect()).collect();
    for client in &mut clients {
        assert_echoed(client, "open");
    }
    proxy.stop();
    for mut client in clients {
        // An end of file would be taken for the end of an answer.
        assert_eq!(client.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
    // A child that another test starts may have a copy of the listener for a moment.
    wait_until("the port is closed", || {
        TcpStream::connect(proxy.at).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
    });
}
