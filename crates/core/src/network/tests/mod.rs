//! With the kernel's own network stack: every test in a network namespace that stands for a machine.

mod changes;
mod filter;
mod names;
mod ports;

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{LinkAttribute, LinkMessage};
use rustix::fs::{Mode, OFlags, open};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};

use super::machine::Machine;
use super::nft::Nft;
use super::request::Address;
use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

/// Runs a test in a network namespace of its own, which stands for the machine's.
fn on_a_machine(body: impl FnOnce() + Send + 'static) {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: needs root for network namespaces");
        return;
    }
    let run = std::thread::spawn(|| {
        // SAFETY: a network namespace is the thread's alone.
        unsafe { unshare_unsafe(UnshareFlags::NEWNET) }.unwrap();
        link::bring_up(&mut Netlink::open().unwrap(), LOOPBACK).unwrap();
        // It has inherited that of the machine that runs the tests.
        std::fs::write("/proc/sys/net/ipv4/ip_forward", "0").unwrap();
        body();
    });
    run.join().unwrap();
}

/// A container that runs, without a process.
struct Started {
    namespace: OwnedFd,
    _held: Held,
}

fn nothing_held() -> Held {
    Held::nothing(&NetworkRequest::default(), Machine::default()).unwrap()
}

fn namespace(request: &NetworkRequest) -> Result<(OwnedFd, Held)> {
    let (namespace, furnishing) = begin(request)?;
    Ok((namespace, furnishing.done()?))
}

fn start(request: &NetworkRequest) -> Started {
    let (namespace, held) = namespace(request).unwrap();
    Started { namespace, _held: held }
}

fn request(number: u8) -> NetworkRequest {
    serde_json::from_value(serde_json::json!({ "interfaces": [{
        "name": "eth0",
        "hostName": format!("rcx{number}"),
        "mac": format!("02:42:ac:1e:00:{number:02x}"),
        "mtu": 1400,
        "addresses": [format!("172.30.0.{number}/16"), format!("fd00:30::{number:x}/64")],
        "gateways": ["172.30.0.1", "fd00:30::1"],
        "bridge": {
            "name": "rcx-test",
            "mac": "02:42:ac:1e:00:01",
            "addresses": ["172.30.0.1/16", "fd00:30::1/64"],
        },
    }] }))
    .unwrap()
}

/// Runs something in a network namespace.
fn inside<T: Send + 'static>(started: &Started, body: impl FnOnce() -> T + Send + 'static) -> T {
    let fd = started.namespace.try_clone().unwrap();
    let run = std::thread::spawn(move || {
        move_into_link_name_space(fd.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
        body()
    });
    run.join().unwrap()
}

fn names() -> Vec<String> {
    let mut netlink = Netlink::open().unwrap();
    let links = netlink.list(RouteNetlinkMessage::GetLink(LinkMessage::default())).unwrap();
    let names = links.into_iter().filter_map(|link| match link {
        RouteNetlinkMessage::NewLink(link) => {
            link.attributes.into_iter().find_map(|attribute| match attribute {
                LinkAttribute::IfName(name) => Some(name),
                _ => None,
            })
        }
        _ => None,
    });
    names.collect()
}

/// What a server at an address is told by `ask`.
fn heard(listener: TcpListener, ask: impl FnOnce()) -> String {
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    });
    ask();
    server.join().unwrap()
}

fn say(to: SocketAddr, text: &str) {
    TcpStream::connect_timeout(&to, PATIENCE).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn containers_and_machine_reach_each_other() {
    on_a_machine(|| {
        let (one, other) = (start(&request(2)), start(&request(3)));
        for (one_at, other_at, machine) in
            [("172.30.0.2", "172.30.0.3", "172.30.0.1"), ("fd00:30::2", "fd00:30::3", "fd00:30::1")]
        {
            let at = |text: &str| SocketAddr::new(text.parse::<IpAddr>().unwrap(), 80);
            let (one_at, other_at, machine) = (at(one_at), at(other_at), at(machine));
            let listener = inside(&one, move || TcpListener::bind(one_at).unwrap());
            assert_eq!(
                heard(listener, || inside(&other, move || say(one_at, "from the other"))),
                "from the other"
            );
            let listener = inside(&other, move || TcpListener::bind(other_at).unwrap());
            assert_eq!(heard(listener, || say(other_at, "from the machine")), "from the machine");
            let listener = TcpListener::bind(machine).unwrap();
            assert_eq!(heard(listener, || inside(&one, move || say(machine, "from inside"))), "from inside");
        }
        assert_eq!(inside(&one, names), ["lo", "eth0"]);
    });
}

#[test]
fn devices_end_with_the_namespace_and_the_bridge_when_it_is_removed() {
    on_a_machine(|| {
        let made = start(&request(2));
        assert_eq!(names(), ["lo", "rcx-test", "rcx2"]);
        drop(made);
        let deadline = Instant::now() + PATIENCE;
        // The kernel takes a namespace apart after its last user has gone.
        while names().len() > 2 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(names(), ["lo", "rcx-test"]);
        remove_bridge("rcx-test", None).unwrap();
        remove_bridge("rcx-test", None).unwrap();
        assert_eq!(names(), ["lo"]);
    });
}

#[test]
fn what_the_last_run_left_is_replaced() {
    on_a_machine(|| {
        let (last, filter) = namespace(&request(2)).unwrap();
        // A killed process' sockets are closed some time after its locks.
        let dying = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            drop(filter);
        });
        let next = start(&request(2));
        dying.join().unwrap();
        assert_eq!(inside(&Started { namespace: last, _held: nothing_held() }, names), ["lo"]);
        assert_eq!(inside(&next, names), ["lo", "eth0"]);
        assert_eq!(names().len(), 3);
    });
}

#[test]
fn many_at_once_are_on_one_bridge() {
    on_a_machine(|| {
        let machine =
            open("/proc/thread-self/ns/net", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        let starts: Vec<_> = (2..34)
            .map(|number| {
                let machine = machine.try_clone().unwrap();
                std::thread::spawn(move || {
                    move_into_link_name_space(machine.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
                    start(&request(number))
                })
            })
            .collect();
        let made: Vec<_> = starts.into_iter().map(|start| start.join().unwrap()).collect();
        assert_eq!(names().len(), 2 + made.len());
    });
}

#[test]
fn what_cannot_be_made_is_told_with_the_device() {
    on_a_machine(|| {
        let mut long = request(2);
        long.interfaces[0].host_name = "a-name-that-is-too-long".to_owned();
        let error = namespace(&long).unwrap_err();
        assert_eq!(error.code, CODE);
        assert!(error.to_string().starts_with("make the network device: eth0 at rcx-test: "), "{error}");
        let mut wrong = request(3);
        wrong.interfaces[0].gateways = vec!["10.9.9.9".parse().unwrap()];
        let error = namespace(&wrong).unwrap_err();
        assert!(error.to_string().starts_with("set the way out of the network: eth0: 10.9.9.9: "), "{error}");
    });
}
