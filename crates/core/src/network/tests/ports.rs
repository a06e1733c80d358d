use std::net::UdpSocket;

use super::filter::{at, ip, outside, request_in, told};
use super::*;
use crate::network::proxy::Protocol;
use crate::network::request::PublishedPort;

fn published(network: u8, ports: &[(&str, u16, &str, Protocol)]) -> NetworkRequest {
    let ports = ports.iter().map(|(outer, last, inner, protocol)| PublishedPort {
        protocol: *protocol,
        addresses: vec![at(outer).ip()],
        first: at(outer).port(),
        last: *last,
        port: at(inner).port(),
        any: false,
        to: vec![at(inner).ip()],
    });
    NetworkRequest { ports: ports.collect(), container: network.to_string(), ..request_in(network) }
}

/// Where a module is loaded, or built in, what stays on a bridge is shown to the packet filter as well, and redirected before it is
/// routed: the way back does then not need another source.
#[test]
fn a_port_of_the_machine_leads_to_the_container() {
    const CALLED: &str = "/proc/sys/net/bridge/bridge-nf-call-iptables";
    if std::path::Path::new(CALLED).exists() {
        on_a_machine(|| {
            std::fs::write(CALLED, "1").unwrap();
            leads_to_the_container("10.77.1.9");
        });
        on_a_machine(|| {
            std::fs::write(CALLED, "0").unwrap();
            leads_to_the_container("10.77.1.1");
        });
    } else {
        on_a_machine(|| leads_to_the_container("10.77.1.1"));
    }
}

fn leads_to_the_container(neighbours_source: &str) {
    let (host, server) =
        (outside(2), start(&published(1, &[("0.0.0.0:8080", 8080, "10.77.1.2:80", Protocol::Tcp)])));
    let mut neighbour = request_in(1);
    neighbour.interfaces[0].host_name = "rcx9".to_owned();
    neighbour.interfaces[0].addresses[0].ip = "10.77.1.9".parse().unwrap();
    neighbour.interfaces[0].mac.0[5] = 9;
    let (neighbour, stranger) = (start(&neighbour), start(&request_in(3)));
    let inner = at("10.77.1.2:80");
    let seen =
        |client: &Started, to: &str| told(&server, inner, client, at(to)).map(|(from, _)| from.to_string());
    assert_eq!(seen(&host, "192.0.2.1:8080").as_deref(), Some("192.0.2.2"), "the source is preserved");
    assert_eq!(seen(&neighbour, "192.0.2.1:8080").as_deref(), Some(neighbours_source), "of the same network");
    assert_eq!(seen(&server, "192.0.2.1:8080").as_deref(), Some("10.77.1.1"), "itself, passed on");
    assert_eq!(seen(&stranger, "192.0.2.1:8080").as_deref(), Some("10.77.3.2"), "of another network");
    assert_eq!(seen(&host, "192.0.2.1:80"), None);
    assert_eq!(seen(&host, "10.77.1.2:80"), None);
    let listener = inside(&server, move || TcpListener::bind(inner).unwrap());
    assert_eq!(heard(listener, || say(at("192.0.2.1:8080"), "from the machine")), "from the machine");
    let listener = inside(&server, move || TcpListener::bind(inner).unwrap());
    assert_eq!(heard(listener, || say(at("127.0.0.1:8080"), "from its loopback")), "from its loopback");
}

#[test]
fn ranges_one_address_and_datagrams() {
    on_a_machine(|| {
        let host = outside(2);
        ip("addr add 192.0.2.3/24 dev out2");
        let server = start(&published(
            1,
            &[
                ("192.0.2.3:8000", 8009, "10.77.1.2:8000", Protocol::Tcp),
                ("0.0.0.0:5300", 5300, "10.77.1.2:53", Protocol::Udp),
            ],
        ));
        let seen = |inner: &str, to: &str| told(&server, at(inner), &host, at(to)).is_some();
        assert!(seen("10.77.1.2:8000", "192.0.2.3:8000"));
        assert!(seen("10.77.1.2:8009", "192.0.2.3:8009"));
        assert!(!seen("10.77.1.2:8010", "192.0.2.3:8010"));
        assert!(!seen("10.77.1.2:8000", "192.0.2.1:8000"));
        let echo = inside(&server, || UdpSocket::bind("10.77.1.2:53").unwrap());
        let server = std::thread::spawn(move || {
            let mut buffer = [0; 16];
            let (length, from) = echo.recv_from(&mut buffer).unwrap();
            echo.send_to(&buffer[..length], from).unwrap();
            from.ip().to_string()
        });
        let answer = inside(&host, || {
            let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            socket.send_to(b"ask", "192.0.2.1:5300").unwrap();
            let mut buffer = [0; 16];
            let (length, from) = socket.recv_from(&mut buffer).unwrap();
            (buffer[..length].to_vec(), from)
        });
        assert_eq!(answer, (b"ask".to_vec(), at("192.0.2.1:5300")));
        assert_eq!(server.join().unwrap(), "192.0.2.2");
    });
}

#[test]
fn a_port_ends_with_its_container() {
    on_a_machine(|| {
        let host = outside(2);
        let ports = [("0.0.0.0:8080", 8080, "10.77.1.2:80", Protocol::Tcp)];
        let (to, inner) = (at("192.0.2.1:8080"), at("10.77.1.2:80"));
        let first = start(&published(1, &ports));
        assert!(told(&first, inner, &host, to).is_some());
        drop(first);
        let listener = TcpListener::bind("0.0.0.0:8080").unwrap();
        let reached = inside(&host, move || TcpStream::connect_timeout(&to, PATIENCE).is_ok());
        assert!(reached, "it is the machine's own again");
        drop(listener);
        let again = start(&published(1, &ports));
        assert!(told(&again, inner, &host, to).is_some());
    });
}

#[test]
fn a_port_that_somebody_has_is_told_before_anything_is_made() {
    on_a_machine(|| {
        let listener = TcpListener::bind("0.0.0.0:8080").unwrap();
        let wanted =
            |outer: &'static str| published(1, &[(outer, at(outer).port(), "10.77.1.2:80", Protocol::Tcp)]);
        for outer in ["0.0.0.0:8080", "127.0.0.1:8080"] {
            let error = namespace(&wanted(outer)).unwrap_err();
            assert_eq!(error.code, "ERR_RCX_PORT_IN_USE");
            assert!(error.to_string().starts_with(&format!("publish a port: {outer}/tcp: ")), "{error}");
        }
        drop(listener);
        let error = namespace(&wanted("192.0.2.99:8080")).unwrap_err();
        assert_eq!((error.code.as_ref(), error.errno), (CODE, Some(Errno::ADDRNOTAVAIL)));
        assert_eq!(names(), ["lo"]);
        let held = start(&wanted("0.0.0.0:8080"));
        let error = namespace(&wanted("0.0.0.0:8080")).unwrap_err();
        assert_eq!(error.code, "ERR_RCX_PORT_IN_USE", "another container has it");
        drop(held);
    });
}

#[test]
fn one_of_several_ports_is_the_first_that_is_free_everywhere() {
    on_a_machine(|| {
        let one = |first: u16, last: u16| {
            let mut request = published(1, &[("0.0.0.0:1", 1, "10.77.1.2:80", Protocol::Tcp)]);
            let port = &mut request.ports[0];
            port.addresses.push("::".parse().unwrap());
            (port.first, port.last, port.any) = (first, last, true);
            request
        };
        let busy = TcpListener::bind("[::1]:8000").unwrap();
        let (_, mut held) = namespace(&one(8000, 8001)).unwrap();
        let ports: Vec<_> = held.ports.iter().map(|mapping| (mapping.at.to_string(), mapping.to)).collect();
        let inner = at("10.77.1.2:80");
        assert_eq!(ports, [("0.0.0.0:8001".to_owned(), inner), ("[::]:8001".to_owned(), inner)]);
        assert_eq!(namespace(&one(8000, 8001)).unwrap_err().code, "ERR_RCX_PORT_IN_USE");
        held.release();
        drop((held, busy));
        let (_, held) = namespace(&one(0, 0)).unwrap();
        assert_eq!(held.ports[0].at.port(), held.ports[1].at.port());
        assert!(held.ports[0].at.port() > 1024);
    });
}
