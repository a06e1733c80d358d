use std::io::Read;
use std::net::{TcpStream, UdpSocket};

use super::super::server::{MOST_CONNECTIONS, MOST_FORWARDS, MOST_QUERY};
use super::*;

/// A world that has a name to ask for: who still answers has survived.
fn world() -> World {
    let world = World::alone();
    world.publish("net", "172.18.0.2", &["db"]);
    world
}

fn is_alive(world: &World) -> bool {
    world.addresses("db", A).1 == ["172.18.0.2"]
        && read(&world.ask_by_tcp(&query(1, "db", A))).1 == ["172.18.0.2"]
}

/// What is answered to something that is not answered with an address; `None` for silence.
fn code_of(world: &World, message: &[u8]) -> Option<u8> {
    let socket = world.send(message);
    // One by one in the order in which they came: what is answered to the first is there when the second is answered.
    socket.send(&query(0xfffe, "db", A)).unwrap();
    let answer = receive(&socket);
    assert!(answer.len() >= 12);
    (answer[..2] != [0xff, 0xfe]).then(|| {
        assert_eq!(answer[..2], message[..2]);
        assert_eq!(answer[2] & 0xf8, 0x80 | message[2] & 0x78);
        answer[3] & 0xf
    })
}

fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut message = query(0x1111, "db", A);
    change(&mut message);
    message
}

#[test]
fn malformed_queries_are_refused() {
    const FORMERR: Option<u8> = Some(1);
    const NOTIMP: Option<u8> = Some(4);
    let world = world();
    let good = query(0x1111, "db", A);
    for length in 0..good.len() {
        assert_eq!(
            code_of(&world, &good[..length]),
            if length < 12 { None } else { FORMERR },
            "{length} bytes"
        );
    }
    assert_eq!(code_of(&world, &changed(|message| message[2] |= 0x80)), None, "an answer");
    for operation in 1..16 {
        assert_eq!(code_of(&world, &changed(|message| message[2] |= operation << 3)), NOTIMP, "{operation}");
    }
    let two = changed(|message| {
        message[5] = 2;
        message.extend_from_within(12..);
    });
    let compressed = changed(|message| drop(message.splice(12..16, [0xc0, 12])));
    let long_label = changed(|message| drop(message.splice(12..16, [&[64][..], &[b'a'; 64], &[0]].concat())));
    let opt = || with_edns(good.clone(), 1400, 0);
    let long_name = query(0x1111, &vec!["a".repeat(63); 4].join("."), A);
    let authority = {
        let mut message = opt();
        message.swap(9, 11);
        message
    };
    let all = [
        two,
        compressed,
        long_label,
        long_name,
        authority,
        changed(|message| message[5] = 0),
        changed(|message| message[6..12].fill(0xff)),
        changed(|message| message[11] = 1),
        with_edns(opt(), 1400, 0),
        opt()[..opt().len() - 1].to_vec(),
        [&opt()[..opt().len() - 1], &[9]].concat(),
        {
            let mut message = good.clone();
            message.resize(MOST_QUERY + 1, 0);
            message
        },
    ];
    for message in all {
        assert_eq!(code_of(&world, &message), FORMERR, "{message:02x?}");
    }
    // Not every oddity is a mistake: bytes after the last record, and the flag that RFC 1035 reserves.
    assert_eq!(code_of(&world, &changed(|message| message.resize(MOST_QUERY, 0))), Some(0));
    assert_eq!(code_of(&world, &changed(|message| message[3] |= 0x40)), Some(0));
    assert!(is_alive(&world));
}

/// Bytes of which each is the same in every run of a seed: xorshift.
struct Noise(u64);

impl Noise {
    fn byte(&mut self) -> u8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 24) as u8
    }
}

#[test]
fn nothing_that_is_sent_ends_it() {
    let servers = Servers::new(&[|message| {
        // Whatever comes back is as bad: it begins as an answer must, and goes on at random.
        let mut noise = Noise(u64::from(message[0]) << 8 | u64::from(message[1]) | 1 << 40);
        let mut answer = good_answer(message);
        (0..8).for_each(|_| {
            let place = usize::from(noise.byte()) % (answer.len() - 2) + 2;
            answer[place] = noise.byte();
        });
        vec![answer, Vec::new(), message.to_vec()]
    }]);
    let world = servers.world(SHORT);
    world.publish("net", "172.18.0.2", &["db"]);
    let mut noise = Noise(0x5eed_5eed_5eed);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for round in 0..600 {
        let length = usize::from(noise.byte()) * 2;
        let mut message: Vec<u8> = (0..length).map(|_| noise.byte()).collect();
        // A third of them nearly right, a third with the right header.
        if round % 3 == 1 {
            message = with_edns(query(1, "db.example.com", A), 1400, 0);
            (0..3).for_each(|_| {
                let place = usize::from(noise.byte()) % message.len();
                message[place] = noise.byte();
            });
        } else if round % 3 == 2 && length >= 12 {
            message[2..12].copy_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
        }
        socket.send_to(&message, world.udp).unwrap();
        if round % 6 < 3 {
            let _ended = world.connect().write_all(&framed(&message));
        }
        if round % 50 == 0 {
            assert_eq!(world.addresses("db", A).1, ["172.18.0.2"]);
        }
    }
    assert_eq!(world.addresses("db", A).1, ["172.18.0.2"]);
}

#[test]
fn odd_names_are_no_names_of_containers() {
    let world = world();
    world.publish("net", "172.18.0.3", &["a.b"]);
    let with_label = |label: &[u8]| {
        let mut message = query(1, "", A);
        message.splice(12..12, [&[label.len() as u8], label].concat());
        message
    };
    assert_eq!(read(&world.ask(&with_label(b"db"))).0, RCODE::NoError);
    for label in [&b"a.b"[..], b"db.", b"\xff\xfe", b"db\0", b"\xc3\xbc"] {
        assert_eq!(read(&world.ask(&with_label(label))).0, RCODE::ServerFailure, "{label:?}");
    }
    assert_eq!(world.addresses("", A).0, RCODE::ServerFailure);
    assert!(is_alive(&world));
}

#[test]
fn names_that_no_answer_can_hold_are_left_out() {
    let world = world();
    let long = "a".repeat(64);
    world.publish("net", "172.18.0.3", &[&long]);
    world.publish("net", "172.18.0.4", &[&long, "short"]);
    assert_eq!(world.addresses("3.0.18.172.in-addr.arpa", PTR), (RCODE::NoError, vec![]));
    assert_eq!(world.addresses("4.0.18.172.in-addr.arpa", PTR), (RCODE::NoError, owned(&["short.net"])));
    assert!(is_alive(&world));
}

#[test]
fn a_flood_of_queries_takes_its_share_and_no_more() {
    let servers = Servers::new(&[silent]);
    let world = servers.world(LONG);
    world.publish("net", "172.18.0.2", &["db"]);
    let waiting: Vec<_> = (0..MOST_FORWARDS)
        .map(|number| {
            let socket = world.send(&query(1, &format!("n{number}.example.com"), A));
            // When this is answered, the one before it is on its way.
            assert_eq!(world.addresses("db", A).1, ["172.18.0.2"]);
            socket
        })
        .collect();
    for number in 0..200 {
        let asked = query(2, &format!("m{number}.example.com"), A);
        let answer = if number % 2 == 0 { world.ask(&asked) } else { world.ask_by_tcp(&asked) };
        assert_eq!(read(&answer).0, RCODE::Refused);
    }
    assert!(is_alive(&world));
    for socket in waiting {
        socket.set_nonblocking(true).unwrap();
        assert_eq!(socket.recv(&mut [0; 1]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}

#[test]
fn queries_that_fail_make_room_for_others() {
    let servers = Servers::new(&[silent]);
    let world = servers.world(SHORT);
    let sockets: Vec<_> = (0..MOST_FORWARDS).map(|_| world.send(&query(1, "example.com", A))).collect();
    for socket in sockets {
        assert_eq!(read(&receive(&socket)).0, RCODE::ServerFailure);
    }
    assert_eq!(world.addresses("example.com", A).0, RCODE::ServerFailure);
}

#[test]
fn there_are_only_so_many_connections() {
    let world = world();
    let answers = |stream: &mut TcpStream| {
        let _sent = stream.write_all(&framed(&query(1, "db", A)));
        next_message(stream).is_some()
    };
    let mut open: Vec<TcpStream> = (0..MOST_CONNECTIONS).map(|_| world.connect()).collect();
    assert!(open.iter_mut().all(answers));
    assert!(!answers(&mut world.connect()));
    assert!(open.iter_mut().all(answers), "the others are as they were");
    drop(open.pop());
    // Whether the end or the new connection is seen first is open.
    assert!((0..1000).any(|_| answers(&mut world.connect())));
}

#[test]
fn connections_have_queries_in_pieces_and_several_at_once() {
    let servers = Servers::new(&[good]);
    let world = servers.world(LONG);
    world.publish("net", "172.18.0.2", &["db"]);
    let mut stream = world.connect();
    stream.set_nodelay(true).unwrap();
    for byte in framed(&query(1, "db", A)) {
        stream.write_all(&[byte]).unwrap();
        std::thread::yield_now();
    }
    assert_eq!(read(&next_message(&mut stream).unwrap()).1, ["172.18.0.2"]);
    let names = ["db", "example.com", "db", "example.org", "db"];
    let all: Vec<u8> = names.iter().flat_map(|name| framed(&query(1, name, A))).collect();
    stream.write_all(&all).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    for name in names {
        let answer = next_message(&mut stream).unwrap();
        assert_eq!(answer[12..query(1, name, A).len()], query(1, name, A)[12..]);
    }
    assert!(next_message(&mut stream).is_none());
}

#[test]
fn connections_that_dawdle_are_closed() {
    let servers = Servers::new(&[silent]);
    let world = World::impatient(&servers);
    let mut streams = [world.connect(), world.connect()];
    streams[1].write_all(&framed(&query(1, "db", A))[..9]).unwrap();
    assert!(streams.iter_mut().all(|stream| stream.read(&mut [0; 1]).unwrap() == 0));
    // Who waits for a server does not dawdle.
    let mut waiting = world.connect();
    waiting.write_all(&framed(&query(1, "example.com", A))).unwrap();
    waiting.set_read_timeout(Some(SHORT * 5)).unwrap();
    let kind = waiting.read(&mut [0; 1]).unwrap_err().kind();
    assert_eq!(kind, std::io::ErrorKind::WouldBlock);
}

#[test]
fn connections_that_send_no_query_are_closed() {
    let world = world();
    for message in [framed(&vec![0; MOST_QUERY + 1]), vec![0xff; 3], framed(&[]), framed(&[0; 11])] {
        let mut stream = world.connect();
        stream.write_all(&message).unwrap();
        let mut rest = Vec::new();
        // A reset is an end as well.
        let ended = stream.read_to_end(&mut rest).map_err(|error| error.kind());
        assert!(matches!(ended, Ok(0) | Err(std::io::ErrorKind::ConnectionReset)), "{ended:?}");
    }
    assert!(is_alive(&world));
}
