use super::filter::{at, outside, request_in, told};
use super::*;

/// The only device of a container, as one of another container, with a number.
fn device(network: u8, index: u8) -> crate::network::request::Interface {
    let mut interface = request_in(network).interfaces.remove(0);
    interface.name = format!("eth{index}");
    interface.host_name = format!("rcxae{index}");
    interface
}

#[test]
fn networks_come_and_go_while_a_container_runs() {
    on_a_machine(|| {
        let host = outside(2);
        let mut request = NetworkRequest { interfaces: vec![device(1, 0)], ..NetworkRequest::default() };
        let (namespace, mut held) = namespace(&request).unwrap();
        let neighbour = start(&request_in(2));
        let container = Started { namespace, _held: nothing_held() };
        let other = at("10.77.2.2:80");
        assert_eq!(told(&neighbour, other, &container, other), None);

        let mut second = device(2, 1);
        second.addresses[0].ip = "10.77.2.9".parse().unwrap();
        second.mac.0[5] = 9;
        second.gateways.clear();
        request.interfaces.push(second);
        held.change(&request, container.namespace.as_fd()).unwrap();
        held.change(&request, container.namespace.as_fd()).unwrap();
        assert_eq!(inside(&container, names), ["lo", "eth0", "eth1"]);
        assert!(told(&neighbour, other, &container, other).is_some());

        // The way out goes with its network, and comes with another.
        request.interfaces.remove(0);
        held.change(&request, container.namespace.as_fd()).unwrap();
        assert_eq!(inside(&container, names), ["lo", "eth1"]);
        let host_at = at("192.0.2.2:80");
        assert_eq!(told(&host, host_at, &container, host_at), None);
        request.interfaces[0].gateways = vec!["10.77.2.1".parse().unwrap()];
        held.change(&request, container.namespace.as_fd()).unwrap();
        assert!(told(&host, host_at, &container, host_at).is_some());
        held.release();
        let left = Nft::open().unwrap().elements_of(nft::Family::Inet, "rcx", "bridges").unwrap();
        assert_eq!(left.len(), 2, "bridges stay until their networks go");
    });
}
