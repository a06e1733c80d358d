use std::os::fd::AsRawFd;
use std::process::Command;

use super::*;

/// In a network of its own, as its only container.
pub fn request_in(network: u8) -> NetworkRequest {
    let mut request = request(2);
    let interface = &mut request.interfaces[0];
    let address = |host: u8| Address { ip: IpAddr::from([10, 77, network, host]), prefix: 24 };
    interface.host_name = format!("rcx{network}");
    interface.addresses = vec![address(2)];
    interface.gateways = vec![address(1).ip];
    interface.bridge.name = format!("rcx-test{network}");
    interface.bridge.addresses = vec![address(1)];
    request
}

fn internal(mut request: NetworkRequest) -> NetworkRequest {
    request.interfaces[0].bridge.internal = true;
    request.interfaces[0].gateways = Vec::new();
    request
}

pub fn ip(words: &str) {
    let done = Command::new("ip").args(words.split(' ')).output().unwrap();
    assert!(done.status.success(), "ip {words}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Another host, `192.0.2.number` at a device of the machine that has `192.0.number.1`, with a way back through the machine.
pub fn outside(number: u8) -> Started {
    let started = Started { namespace: New::make(false).unwrap().fd, _held: nothing_held() };
    let path = format!("/proc/{}/fd/{}", std::process::id(), started.namespace.as_raw_fd());
    ip(&format!("link add out{number} type veth peer name eth0 netns {path}"));
    ip(&format!("addr add 192.0.{number}.1/24 dev out{number}"));
    ip(&format!("link set out{number} up"));
    inside(&started, move || {
        ip(&format!("addr add 192.0.{number}.2/24 dev eth0"));
        ip("link set eth0 up");
        ip(&format!("route add default via 192.0.{number}.1"));
    });
    started
}

/// Text that a server inside of one is told, and the address that it sees.
pub fn told(server: &Started, at: SocketAddr, client: &Started, to: SocketAddr) -> Option<(IpAddr, String)> {
    let listener = inside(server, move || TcpListener::bind(at).unwrap());
    let reached = inside(client, move || {
        let stream = TcpStream::connect_timeout(&to, Duration::from_secs(1));
        stream.and_then(|mut stream| stream.write_all(b"hello")).is_ok()
    });
    if !reached {
        return None;
    }
    let (mut stream, peer) = listener.accept().unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    Some((peer.ip(), text))
}

pub fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn hello_from(address: &str) -> Option<(IpAddr, String)> {
    Some((address.parse().unwrap(), "hello".to_owned()))
}

#[test]
fn a_network_leads_out_under_the_machines_address_and_nothing_leads_in() {
    on_a_machine(|| {
        let (host, container) = (outside(2), start(&request_in(1)));
        let (host_at, inner) = (at("192.0.2.2:80"), at("10.77.1.2:80"));
        assert_eq!(told(&host, host_at, &container, host_at), hello_from("192.0.2.1"));
        assert_eq!(told(&container, inner, &host, inner), None);
        let both = Nft::open().unwrap().elements_of(nft::Family::Inet, "rcx", "outside").unwrap();
        assert_eq!(both.len(), 1, "the machine forwards since there is a container");
    });
}

#[test]
fn networks_do_not_reach_one_another() {
    on_a_machine(|| {
        let (one, other) = (start(&request_in(1)), start(&request_in(2)));
        let (one_at, other_at) = (at("10.77.1.2:80"), at("10.77.2.2:80"));
        assert_eq!(told(&one, one_at, &other, one_at), None);
        assert_eq!(told(&other, other_at, &one, other_at), None);
        // Through the machine: 10.77.2.1 is an address of it.
        let listener = TcpListener::bind("10.77.2.1:80").unwrap();
        let reached = inside(&one, || TcpStream::connect_timeout(&at("10.77.2.1:80"), PATIENCE).is_ok());
        assert!(reached, "every address of the machine is the machine");
        drop(listener);
    });
}

#[test]
fn nothing_leads_out_of_an_internal_network_where_the_machine_forwards() {
    on_a_machine(|| {
        std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").unwrap();
        let (host, inner) = (outside(2), start(&internal(request_in(1))));
        // Routes it has, like one that a program with the right capability makes for itself.
        inside(&inner, || ip("route add default via 10.77.1.1"));
        let (host_at, inner_at) = (at("192.0.2.2:80"), at("10.77.1.2:80"));
        assert_eq!(told(&host, host_at, &inner, host_at), None);
        assert_eq!(told(&inner, inner_at, &host, inner_at), None);
    });
}

#[test]
fn a_machine_that_was_no_router_is_none_for_its_neighbours() {
    on_a_machine(|| {
        let (one, other) = (outside(2), outside(3));
        let to = at("192.0.3.2:80");
        let _container = start(&request_in(1));
        assert_eq!(std::fs::read_to_string("/proc/sys/net/ipv4/ip_forward").unwrap(), "1\n");
        assert_eq!(told(&other, to, &one, to), None);
    });
    on_a_machine(|| {
        std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").unwrap();
        let (one, other) = (outside(2), outside(3));
        let _container = start(&request_in(1));
        let to = at("192.0.3.2:80");
        assert_eq!(told(&other, to, &one, to), hello_from("192.0.2.2"), "and stays one that it was");
    });
}

#[test]
fn a_container_sends_nothing_under_the_addresses_of_others() {
    on_a_machine(|| {
        let listener = TcpListener::bind("0.0.0.0:80").unwrap();
        let reaches = |started: &Started| {
            inside(started, || {
                TcpStream::connect_timeout(&at("172.30.0.1:80"), Duration::from_secs(1)).is_ok()
            })
        };
        let honest = start(&request(2));
        assert!(reaches(&honest));
        let other_address = || {
            ip("addr del 172.30.0.3/16 dev eth0");
            ip("addr add 172.30.0.77/16 dev eth0");
        };
        let guarded = start(&request(3));
        inside(&guarded, other_address);
        assert!(!reaches(&guarded));
        drop(guarded);
        let other_mac = || ip("link set eth0 address 02:42:ac:1e:00:02");
        let guarded = start(&request(3));
        inside(&guarded, other_mac);
        assert!(!reaches(&guarded));
        drop(guarded);
        let mut router = request(3);
        router.interfaces[0].may_route = true;
        let router = start(&router);
        inside(&router, other_address);
        assert!(reaches(&router));
        drop(listener);
    });
}

#[test]
fn a_container_answers_for_no_address_of_others() {
    on_a_machine(|| {
        let mut honest = request(2);
        honest.interfaces[0].addresses.push(Address { ip: "fd00:30::99".parse().unwrap(), prefix: 64 });
        let (honest, liar) = (start(&honest), start(&request(3)));
        let neighbour = |address: &'static str| {
            let _ = TcpStream::connect_timeout(
                &SocketAddr::new(address.parse().unwrap(), 9),
                Duration::from_secs(1),
            );
            let shown = Command::new("ip").args(["neigh", "show", address]).output().unwrap();
            String::from_utf8_lossy(&shown.stdout).contains("02:42:ac:1e:00:03")
        };
        inside(&liar, || {
            ip("addr add 172.30.0.50/16 dev eth0");
            ip("addr add fd00:30::50/64 dev eth0 nodad");
        });
        for stolen in ["172.30.0.50", "fd00:30::50"] {
            assert!(!inside(&honest, move || neighbour(stolen)), "{stolen}");
        }
        for own in ["172.30.0.3", "fd00:30::3"] {
            assert!(inside(&honest, move || neighbour(own)), "{own}");
        }
    });
}

#[test]
fn what_is_a_containers_own_ends_with_it_and_the_table_with_the_last_bridge() {
    let tables = || {
        let shown = Command::new("nft").args(["list", "tables"]).output().unwrap();
        String::from_utf8(shown.stdout).unwrap()
    };
    on_a_machine(move || {
        let (one, other) = (start(&request_in(1)), start(&request_in(2)));
        assert_eq!(tables(), "table inet rcx\ntable netdev rcx1\ntable netdev rcx2\n");
        drop(one);
        assert_eq!(tables(), "table inet rcx\ntable netdev rcx2\n");
        let Started { namespace: _left, _held: mut held } = start(&request_in(3));
        held.release();
        held.release();
        assert_eq!(tables(), "table inet rcx\ntable netdev rcx2\n", "also when it is not dropped");
        remove_bridge("rcx-test3", None).unwrap();
        remove_bridge("rcx-test1", None).unwrap();
        assert_eq!(tables(), "table inet rcx\ntable netdev rcx2\n");
        drop(other);
        remove_bridge("rcx-test2", None).unwrap();
        remove_bridge("rcx-test2", None).unwrap();
        assert_eq!(tables(), "");
    });
}

#[test]
fn nobody_else_removes_what_is_a_containers_own() {
    on_a_machine(|| {
        let _container = start(&request_in(1));
        assert!(Command::new("nft").args(["flush", "ruleset"]).status().unwrap().success());
        let shown = Command::new("nft").args(["list", "tables"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&shown.stdout), "table netdev rcx1\n");
        // And the next who starts makes what is everybody's again.
        let (host, next) = (outside(2), start(&request_in(2)));
        let host_at = at("192.0.2.2:80");
        assert_eq!(told(&host, host_at, &next, host_at), hello_from("192.0.2.1"));
    });
}

#[test]
fn a_machine_whose_other_filter_drops_all_lets_networks_out_all_the_same() {
    let iptables = |words: &str| {
        let done = Command::new("iptables-nft").args(words.split(' ')).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    on_a_machine(move || {
        // As Docker leaves it.
        iptables("-P FORWARD DROP");
        iptables("-A FORWARD -d 192.0.2.2 -p tcp --dport 81 -j DROP");
        let (host, container) = (outside(2), start(&request_in(1)));
        let _other = start(&request_in(2));
        let (open, closed) = (at("192.0.2.2:80"), at("192.0.2.2:81"));
        assert!(told(&host, open, &container, open).is_some());
        assert_eq!(told(&host, closed, &container, closed), None, "what was forbidden is");
        let inner = at("10.77.1.2:80");
        assert_eq!(told(&container, inner, &host, inner), None, "and nothing leads in");
        let rules = iptables("-S FORWARD");
        assert_eq!(rules.matches("rcx-+").count(), 2, "{rules}");
        for bridge in ["rcx-test1", "rcx-test2"] {
            remove_bridge(bridge, None).unwrap();
        }
        assert!(!iptables("-S FORWARD").contains("rcx"));
    });
}
