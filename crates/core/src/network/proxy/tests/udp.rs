use super::*;

fn client(at: IpAddr) -> UdpSocket {
    let socket = UdpSocket::bind((at, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// A server that answers with what it hears and the port of who it hears it from.
fn answering(at: SocketAddr) -> SocketAddr {
    let socket = UdpSocket::bind(at).unwrap();
    let at = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut bytes = vec![0; LARGEST];
        loop {
            let (count, from) = socket.recv_from(&mut bytes).unwrap();
            let mut answer = bytes[..count].to_vec();
            answer.extend_from_slice(&from.port().to_be_bytes());
            socket.send_to(&answer, from).unwrap();
        }
    });
    at
}

const LARGEST: usize = 65535;

fn server() -> SocketAddr {
    answering(SocketAddr::new(LOOPBACK, 0))
}

/// Sends, and returns the port of the session that the answer tells of.
fn ask(socket: &UdpSocket, to: SocketAddr, question: &[u8]) -> u16 {
    socket.send_to(question, to).unwrap();
    let mut bytes = vec![0; LARGEST];
    let (count, from) = socket.recv_from(&mut bytes).unwrap();
    assert_eq!(from, to, "the answer comes from elsewhere");
    let (text, port) = bytes[..count].split_at(count - 2);
    assert!(text == question, "{text:?} instead of {question:?}");
    u16::from_be_bytes(port.try_into().unwrap())
}

#[test]
fn each_client_gets_its_own_answers() {
    let proxy = Running::new(Protocol::Udp, LOOPBACK, server());
    let clients: Vec<_> = (0..20).map(|_| client(LOOPBACK)).collect();
    let mut ports: Vec<_> = clients.iter().map(|each| ask(each, proxy.at, b"hello")).collect();
    for (at, (each, port)) in clients.iter().zip(&ports).enumerate() {
        assert_eq!(ask(each, proxy.at, format!("client {at}").as_bytes()), *port, "another session");
    }
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), clients.len());
}

#[test]
fn datagrams_of_every_length_are_passed_on() {
    let proxy = Running::new(Protocol::Udp, LOOPBACK, server());
    let client = client(LOOPBACK);
    // 65507 bytes are the most that IPv4 carries; the answer has two more.
    for length in [0, 1, 1500, 65505] {
        ask(&client, proxy.at, &vec![b'x'; length]);
    }
}

#[test]
fn answers_come_from_the_address_that_was_asked() {
    let proxy = Running::new(Protocol::Udp, Ipv4Addr::UNSPECIFIED.into(), server());
    let client = client(Ipv4Addr::UNSPECIFIED.into());
    let ports = [1, 2, 3]
        .map(|last| ask(&client, SocketAddr::from(([127, 0, 0, last], proxy.at.port())), b"who is there"));
    assert!(ports[0] != ports[1] && ports[1] != ports[2], "sessions are mixed up");
}

#[test]
fn clients_of_ipv6_reach_a_container_of_ipv4() {
    if !has_ipv6() {
        return;
    }
    let proxy = Running::new(Protocol::Udp, Ipv6Addr::UNSPECIFIED.into(), server());
    let to = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), proxy.at.port());
    ask(&client(Ipv6Addr::LOCALHOST.into()), to, b"from the other family");
}

#[test]
fn a_session_outlives_that_nobody_was_there() {
    // An address that no other test uses.
    let to = UdpSocket::bind(("127.0.0.77", 0)).unwrap().local_addr().unwrap();
    let proxy = Running::counting(held(Protocol::Udp, LOOPBACK), to, |_| ());
    let client = client(LOOPBACK);
    for _ in 0..3 {
        client.send_to(b"is anybody there", proxy.at).unwrap();
        proxy.assert_asleep();
    }
    answering(to);
    let port = ask(&client, proxy.at, b"now there is");
    assert_eq!(ask(&client, proxy.at, b"still"), port);
}

#[test]
fn the_container_alone_answers() {
    let to = UdpSocket::bind((LOOPBACK, 0)).unwrap();
    let proxy = Running::new(Protocol::Udp, LOOPBACK, to.local_addr().unwrap());
    let client = client(LOOPBACK);
    client.send_to(b"question", proxy.at).unwrap();
    let (_, session) = to.recv_from(&mut [0; 8]).unwrap();
    super::udp::client(LOOPBACK).send_to(b"forged", session).unwrap();
    to.send_to(b"answer", session).unwrap();
    let mut bytes = [0; 8];
    let count = client.recv(&mut bytes).unwrap();
    assert_eq!(&bytes[..count], b"answer");
}

#[test]
fn the_one_silent_for_longest_makes_room() {
    let proxy =
        Running::counting(held(Protocol::Udp, LOOPBACK), server(), |proxy| proxy.clients.sessions.most = 2);
    let [first, second, third] = [(); 3].map(|()| client(LOOPBACK));
    let port = ask(&first, proxy.at, b"first");
    let other = ask(&second, proxy.at, b"second");
    assert_eq!(ask(&first, proxy.at, b"first"), port);
    ask(&third, proxy.at, b"third");
    assert_eq!(ask(&first, proxy.at, b"first"), port, "it was not the oldest");
    assert_ne!(ask(&second, proxy.at, b"second"), other, "nobody has made room");
}
