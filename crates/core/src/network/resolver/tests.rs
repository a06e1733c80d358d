mod forwarding;
mod hostile;
mod world;

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use simple_dns::{Packet, PacketFlag, RCODE};

use self::world::*;
use super::*;
use crate::identity::ProcessIdentity;

const A: u16 = 1;
const PTR: u16 = 12;
const MX: u16 = 15;
const AAAA: u16 = 28;
const ANY: u16 = 255;

#[test]
fn names_of_a_network_are_answered_and_never_passed_on() {
    let servers = Servers::new(&[good]);
    let world = servers.world(LONG);
    world.publish("net", "172.18.0.2", &["Db", "a1b2c3d4e5f6", "main.data"]);
    world.publish("net", "fd00::2", &["Db", "a1b2c3d4e5f6", "main.data"]);
    world.publish("net", "172.18.0.3", &["web"]);
    let found = |found: &[&str]| (RCODE::NoError, owned(found));
    for name in ["db", "DB", "db.net", "dB.NeT", "a1b2c3d4e5f6", "main.data", "main.data.net"] {
        assert_eq!(world.addresses(name, A), found(&["172.18.0.2"]), "{name}");
        assert_eq!(world.addresses(name, AAAA), found(&["fd00::2"]), "{name}");
        assert_eq!(world.addresses(name, ANY), found(&["172.18.0.2", "fd00::2"]), "{name}");
        assert_eq!(world.addresses(name, MX), found(&[]), "{name}");
    }
    assert_eq!(world.addresses("web", A), found(&["172.18.0.3"]));
    assert_eq!(world.addresses("web.net", AAAA), found(&[]));
    assert_eq!(world.addresses("2.0.18.172.in-addr.arpa", PTR), found(&["Db.net"]));
    assert_eq!(world.addresses("2.0.18.172.In-Addr.ARPA", A), found(&[]));
    let reversed = format!("2.{}0.0.d.f.ip6.arpa", "0.".repeat(27));
    assert_eq!(world.addresses(&reversed, PTR), found(&["Db.net"]));
    assert!(servers.numbers().is_empty());
    for name in ["db.other", "x.db", "data", "9.0.18.172.in-addr.arpa"] {
        assert_eq!(world.addresses(name, A), found(&["192.0.2.1"]), "{name}");
    }
    assert_eq!(servers.numbers().len(), 4);
}

#[test]
fn an_answer_repeats_what_was_asked() {
    let world = World::alone();
    world.publish("net", "172.18.0.2", &["db"]);
    let asked = query(0xabcd, "dB.nEt", A);
    for answer in [world.ask(&asked), world.ask_by_tcp(&asked)] {
        assert_eq!(answer[..2], [0xab, 0xcd]);
        assert_eq!(answer[12..asked.len()], asked[12..]);
        let packet = Packet::parse(&answer).unwrap();
        assert!(packet.has_flags(
            PacketFlag::RESPONSE | PacketFlag::RECURSION_DESIRED | PacketFlag::RECURSION_AVAILABLE
        ));
        assert!(packet.opt().is_none() && !packet.has_flags(PacketFlag::TRUNCATION));
        assert!(packet.answers[0].name.as_bytes().eq([&b"dB"[..], b"nEt"]));
        assert!(packet.answers[0].ttl <= 10, "it would be kept for too long");
    }
    let answer = world.ask(&with_edns(asked.clone(), 4096, 0));
    assert_eq!(Packet::parse(&answer).unwrap().opt().unwrap().version, 0);
    let answer = world.ask(&with_edns(asked, 4096, 1));
    assert_eq!(read(&answer), (RCODE::BADVERS, vec![]));
}

#[test]
fn what_has_no_process_or_is_no_record_is_ignored() {
    let world = World::alone();
    world.publish("net", "172.18.0.2", &["db"]);
    let folder = world.folder.join("net");
    let process = ProcessIdentity { start_time: "1".into(), ..own() };
    let dead = Names { container: "dead".into(), process, names: owned(&["db", "dead"]) };
    publish(&folder, ip("172.18.0.3"), &dead).unwrap();
    let alive = fs::read(folder.join("172.18.0.2")).unwrap();
    fs::write(folder.join(".172.18.0.4"), &alive).unwrap();
    fs::write(folder.join("172.18.0.400"), &alive).unwrap();
    fs::write(folder.join("172.18.0.5"), &alive[..alive.len() - 1]).unwrap();
    fs::create_dir(folder.join("172.18.0.6")).unwrap();
    assert_eq!(world.addresses("db", A), (RCODE::NoError, owned(&["172.18.0.2"])));
    assert_eq!(world.addresses("dead", A).0, RCODE::ServerFailure);
    assert_eq!(world.addresses("3.0.18.172.in-addr.arpa", PTR).0, RCODE::ServerFailure);
    // As above, but of a process that lives.
    let alive = Names { process: own(), ..dead };
    publish(&folder, ip("172.18.0.3"), &alive).unwrap();
    assert_eq!(world.addresses("db", A).1, ["172.18.0.2", "172.18.0.3"]);
}

#[test]
fn containers_with_one_alias_take_turns() {
    let world = World::alone();
    let addresses: Vec<String> = (2..7).map(|number| format!("172.18.0.{number}")).collect();
    for address in &addresses {
        world.publish("net", address, &[&format!("c{}", &address[9..]), "all"]);
    }
    let mut first = HashSet::new();
    for _ in 0..200 {
        let (_, mut found) = read(&world.ask(&query(1, "all", A)));
        first.insert(found[0].clone());
        found.sort();
        assert_eq!(found, addresses);
    }
    assert_eq!(first.len(), addresses.len());
}

#[test]
fn names_come_and_go_while_it_runs() {
    let world = World::alone();
    let folder = world.folder.join("net");
    assert_eq!(world.addresses("db", A).0, RCODE::ServerFailure);
    for round in 0..50 {
        world.publish("net", "172.18.0.2", &["db", &format!("db{round}")]);
        assert_eq!(world.addresses(&format!("db{round}"), A).1, ["172.18.0.2"]);
        withdraw(&folder, ip("172.18.0.2"), "172.18.0.2").unwrap();
        assert_eq!(world.addresses("db", A).0, RCODE::ServerFailure);
    }
    // What it has kept for a while is not kept for too long.
    world.publish("net", "172.18.0.2", &["db"]);
    std::thread::sleep(SHORT);
    assert_eq!(world.addresses("db", A).1, ["172.18.0.2"]);
    assert_eq!(world.addresses("db", A).1, ["172.18.0.2"]);
    world.publish("net", "172.18.0.3", &["db"]);
    assert_eq!(world.addresses("db", A).1, ["172.18.0.2", "172.18.0.3"]);
}

#[test]
fn only_the_containers_own_names_are_withdrawn() {
    let world = World::alone();
    let folder = world.folder.join("deep/net");
    let names = Names { container: "mine".into(), process: own(), names: owned(&["db"]) };
    publish(&folder, ip("fd00::2"), &names).unwrap();
    let left = || fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    assert_eq!(left(), ["fd00::2"]);
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    withdraw(&folder, ip("fd00::2"), "other").unwrap();
    assert_eq!(left(), ["fd00::2"]);
    withdraw(&folder, ip("fd00::2"), "mine").unwrap();
    withdraw(&folder, ip("fd00::2"), "mine").unwrap();
    assert!(left().is_empty());
    fs::write(folder.join("file"), "").unwrap();
    let error = publish(&folder.join("file"), ip("fd00::2"), &names).unwrap_err();
    assert_eq!(error.code, "ERR_RCX_NETWORK");
}

#[test]
fn networks_are_connected_and_disconnected() {
    let world = World::alone();
    world.publish("net", "172.18.0.2", &["db"]);
    world.publish("more", "172.19.0.2", &["db", "only"]);
    world.publish("more", "fd00::2", &["db"]);
    assert_eq!(world.addresses("only", A).0, RCODE::ServerFailure);
    let more = Network { name: "more".into(), folder: world.folder.join("more") };
    world.settings.write().unwrap().networks.push(more);
    assert_eq!(world.addresses("only", A).1, ["172.19.0.2"]);
    assert_eq!(world.addresses("db", A).1, ["172.18.0.2"], "the first network wins");
    assert_eq!(world.addresses("db", AAAA).1, ["fd00::2"]);
    assert_eq!(world.addresses("db.more", A).1, ["172.19.0.2"]);
    world.settings.write().unwrap().networks.remove(0);
    assert_eq!(world.addresses("db", A).1, ["172.19.0.2"]);
    assert_eq!(world.addresses("db.net", A).0, RCODE::ServerFailure);
}

#[test]
fn an_answer_is_no_larger_than_the_client_takes() {
    let world = World::alone();
    for number in 1..=100 {
        world.publish("net", &format!("172.18.1.{number}"), &["all"]);
        world.publish("net", &format!("fd00::{number:x}"), &["all"]);
    }
    for (kind, of_512) in [(A, 30), (AAAA, 17)] {
        let asked = query(1, "all", kind);
        let check = |answer: &[u8], most: usize, count: usize| {
            let packet = Packet::parse(answer).unwrap();
            assert!(answer.len() <= most);
            assert_eq!(packet.answers.len(), count);
            assert_eq!(packet.has_flags(PacketFlag::TRUNCATION), count < 100);
        };
        check(&world.ask(&asked), 512, of_512);
        check(&world.ask(&with_edns(asked.clone(), 100, 0)), 512, of_512);
        check(&world.ask(&with_edns(asked.clone(), 4096, 0)), 4096, 100);
        check(&world.ask_by_tcp(&asked), 65535, 100);
    }
}

#[test]
fn it_ends_when_it_is_told_to() {
    let servers = Servers::new(&[silent]);
    for by_hanging_up in [true, false] {
        let mut world = servers.world(LONG);
        let _waiting = world.send(&query(1, "example.com", A));
        let _idle = world.connect();
        world.publish("net", "172.18.0.2", &["db"]);
        assert_eq!(world.addresses("db", A).1, ["172.18.0.2"]);
        let mut kept = None;
        assert!(world.stop(|stop| {
            if !by_hanging_up {
                let mut pipe = fs::File::from(stop);
                pipe.write_all(b"x").unwrap();
                kept = Some(pipe);
            }
        }));
    }
}
