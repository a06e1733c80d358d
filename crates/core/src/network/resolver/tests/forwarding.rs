use std::collections::HashSet;

use super::*;

const TLSA: u16 = 52;

#[test]
fn queries_are_passed_on_as_they_are() {
    let servers = Servers::new(&[good]);
    let world = servers.world(LONG);
    let mut ids = HashSet::new();
    for (name, kind) in [("example.com", A), ("single", MX), ("_443._tcp.example.com", TLSA), ("", 65280)] {
        for by_tcp in [false, true] {
            let asked = with_edns(query(0x1234, name, kind), 1400, 0);
            let answer = if by_tcp { world.ask_by_tcp(&asked) } else { world.ask(&asked) };
            let (_, protocol, seen) = servers.asked.lock().unwrap().pop().unwrap();
            assert_eq!(protocol, by_tcp);
            assert_eq!(seen[2..], asked[2..]);
            ids.insert([seen[0], seen[1]]);
            assert_eq!(answer, good_answer(&asked));
        }
    }
    assert!(ids.len() > 4, "ids can be guessed: {ids:?}");
}

#[test]
fn another_class_is_no_business_of_the_networks() {
    let servers = Servers::new(&[good]);
    let world = servers.world(LONG);
    world.publish("net", "172.18.0.2", &["db"]);
    let mut asked = query(1, "db", A);
    *asked.last_mut().unwrap() = 3;
    assert_eq!(world.ask(&asked), good_answer(&asked));
}

#[test]
fn truncated_answers_are_passed_on() {
    let servers = Servers::new(&[|message| {
        let mut answer = good_answer(message);
        answer[2] |= 2;
        vec![answer]
    }]);
    let answer = servers.world(LONG).ask(&query(1, "example.com", A));
    assert!(Packet::parse(&answer).unwrap().has_flags(PacketFlag::TRUNCATION));
}

#[test]
fn the_next_server_is_asked() {
    let servers = Servers::new(&[silent, servfail, refused, good, good]);
    let world = servers.world(SHORT);
    let asked = query(1, "example.com", A);
    assert_eq!(world.ask(&asked), good_answer(&asked));
    assert_eq!(servers.numbers(), [0, 1, 2, 3]);
    assert_eq!(world.ask_by_tcp(&asked), good_answer(&asked));
    assert_eq!(servers.numbers(), [0, 1, 2, 3, 0, 1, 2, 3]);
}

#[test]
fn a_server_that_is_not_there_is_left_out() {
    let servers = Servers::new(&[good]);
    let mut addresses = servers.addresses.clone();
    // Nothing listens at this port of that address, and there is no way to the other one.
    addresses.splice(0..0, [ip("127.0.0.77"), ip("255.255.255.255")]);
    let world = World::new(Upstream::Given(addresses), servers.port, LONG);
    let asked = query(1, "example.com", A);
    assert_eq!(world.ask(&asked), good_answer(&asked));
    assert_eq!(world.ask_by_tcp(&asked), good_answer(&asked));
}

#[test]
fn without_an_answer_the_query_has_failed() {
    let servers = Servers::new(&[silent, servfail, refused]);
    let world = servers.world(SHORT);
    for kind in [A, TLSA] {
        let asked = with_edns(query(0x4321, "example.com", kind), 1400, 0);
        for answer in [world.ask(&asked), world.ask_by_tcp(&asked)] {
            assert_eq!(answer[..2], asked[..2]);
            assert_eq!(answer[3] & 0xf, 2);
            assert_eq!(answer[12..end_of_question(&asked)], asked[12..end_of_question(&asked)]);
        }
    }
    assert_eq!(servers.numbers().len(), 12);
}

#[test]
fn an_internal_network_asks_nobody() {
    let servers = Servers::new(&[good]);
    let world = World::new(Upstream::None, servers.port, LONG);
    std::fs::write(world.folder.join("resolv.conf"), "nameserver 127.0.0.1\n").unwrap();
    assert_eq!(world.addresses("example.com", A), (RCODE::ServerFailure, vec![]));
    assert!(servers.numbers().is_empty());
}

#[test]
fn who_answers_must_know_id_and_question() {
    let servers = Servers::new(&[|message| {
        let forged = |change: fn(&mut Vec<u8>)| {
            let mut answer = good_answer(message);
            *answer.last_mut().unwrap() = 66;
            change(&mut answer);
            answer
        };
        let mut last = good_answer(message);
        last[13].make_ascii_uppercase();
        vec![
            forged(|answer| answer[0] ^= 1),
            forged(|answer| answer[1] ^= 1),
            forged(|answer| answer[13] ^= 1),
            forged(|answer| answer[12 + 13 + 1] = 28),
            forged(|answer| answer[2] &= 0x7f),
            forged(|answer| answer[5] = 2),
            forged(|answer| answer[5] = 0),
            forged(|answer| answer.truncate(7)),
            forged(|answer| answer.truncate(14)),
            Vec::new(),
            last,
        ]
    }]);
    let world = servers.world(LONG);
    assert_eq!(world.addresses("example.com", A), (RCODE::NoError, owned(&["192.0.2.1"])));
    // The first message of a connection is the answer or nothing is.
    let answer = world.ask_by_tcp(&query(1, "example.com", A));
    assert_eq!(read(&answer), (RCODE::ServerFailure, vec![]));
}

#[test]
fn large_answers_arrive() {
    fn large(message: &[u8]) -> Vec<Vec<u8>> {
        let mut answer = good_answer(message);
        answer.resize(60_000, 7);
        vec![answer]
    }
    let servers = Servers::new(&[large]);
    let world = servers.world(LONG);
    let asked = query(1, "example.com", A);
    assert_eq!(world.ask(&asked), large(&asked)[0]);
    assert_eq!(world.ask_by_tcp(&asked), large(&asked)[0]);
}

#[test]
fn the_machines_servers_are_read_again() {
    let servers = Servers::new(&[good, good]);
    let world = World::new(Upstream::Host, servers.port, LONG);
    let file = world.folder.join("resolv.conf");
    let fails = || world.addresses("example.com", A).0 == RCODE::ServerFailure;
    assert!(fails(), "there is no file");
    std::fs::write(&file, "# nameserver 127.0.0.1\nsearch net\n").unwrap();
    assert!(fails(), "there is no server");
    std::fs::write(&file, "search net\nnameserver 127.0.0.2 # two\n").unwrap();
    assert!(!fails());
    std::thread::sleep(SHORT);
    assert!(!fails() && !fails());
    std::fs::write(&file, "search net\nnameserver 127.0.0.1 # one\n").unwrap();
    assert!(!fails());
    assert_eq!(servers.numbers(), [1, 1, 1, 0]);
    // The C library asks three.
    std::fs::write(&file, format!("{}nameserver 127.0.0.1\n", "nameserver 127.0.0.77\n".repeat(3))).unwrap();
    assert!(fails());
}

#[test]
fn many_ask_at_once() {
    let servers = Servers::new(&[good]);
    let world = servers.world(LONG);
    world.publish("net", "172.18.0.2", &["db"]);
    std::thread::scope(|scope| {
        for number in 0..60_u16 {
            let world = &world;
            scope.spawn(move || {
                for round in 0..5 {
                    let name = if round % 2 == 0 { format!("n{number}.example.com") } else { "db".into() };
                    let asked = query(number * 5 + round, &name, A);
                    let by_tcp = number % 4 == 0;
                    let answer = if by_tcp { world.ask_by_tcp(&asked) } else { world.ask(&asked) };
                    assert_eq!(answer[..2], asked[..2]);
                    assert_eq!(answer[12..asked.len()], asked[12..]);
                    let address = if round % 2 == 0 { "192.0.2.1" } else { "172.18.0.2" };
                    assert_eq!(read(&answer).1, [address]);
                }
            });
        }
    });
}
