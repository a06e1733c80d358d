use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{LinkAttribute, LinkMessage};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

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
        body();
    });
    run.join().unwrap();
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
fn inside<T: Send + 'static>(namespace: &OwnedFd, body: impl FnOnce() -> T + Send + 'static) -> T {
    let fd = namespace.try_clone().unwrap();
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
        let (one, other) = (namespace(&request(2)).unwrap(), namespace(&request(3)).unwrap());
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

/// In a network of its own.
fn request_in(network: u8, internal: bool) -> NetworkRequest {
    let mut request = request(2);
    let interface = &mut request.interfaces[0];
    let address = |host: u8| Address { ip: IpAddr::from([10, 77, network, host]), prefix: 24 };
    interface.host_name = format!("rcx{network}");
    interface.addresses = vec![address(2)];
    interface.gateways = vec![address(1).ip];
    interface.bridge.name = format!("rcx-test{network}");
    interface.bridge.addresses = vec![address(1)];
    interface.bridge.internal = internal;
    request
}

#[test]
fn nothing_leads_out_of_an_internal_network_where_the_machine_forwards() {
    on_a_machine(|| {
        std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").unwrap();
        let (inner, open) =
            (namespace(&request_in(1, true)).unwrap(), namespace(&request_in(2, false)).unwrap());
        let third = namespace(&request_in(3, false)).unwrap();
        let to = |network: u8| SocketAddr::from(([10, 77, network, 2], 80));
        let listener = inside(&third, move || TcpListener::bind(to(3)).unwrap());
        // Routes it has, like one that a program with the right capability makes for itself.
        let refused =
            inside(&inner, move || TcpStream::connect_timeout(&to(3), Duration::from_secs(1)).is_err());
        assert!(refused);
        assert_eq!(
            heard(listener, || inside(&open, move || say(to(3), "through the machine"))),
            "through the machine"
        );
    });
}

#[test]
fn devices_end_with_the_namespace_and_the_bridge_when_it_is_removed() {
    on_a_machine(|| {
        let made = namespace(&request(2)).unwrap();
        assert_eq!(names(), ["lo", "rcx-test", "rcx2"]);
        drop(made);
        let deadline = Instant::now() + PATIENCE;
        // The kernel takes a namespace apart after its last user has gone.
        while names().len() > 2 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(names(), ["lo", "rcx-test"]);
        remove_bridge("rcx-test").unwrap();
        remove_bridge("rcx-test").unwrap();
        assert_eq!(names(), ["lo"]);
    });
}

#[test]
fn what_the_last_run_left_is_replaced() {
    on_a_machine(|| {
        let last = namespace(&request(2)).unwrap();
        let next = namespace(&request(2)).unwrap();
        assert_eq!(inside(&last, names), ["lo"]);
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
                    namespace(&request(number)).unwrap()
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
