use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::Command;

use super::filter::{at, request_in};
use super::*;
use crate::network::resolver::Upstream;

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn folder(name: &str) -> Folder {
    Folder(std::env::temp_dir().join(format!("rcx-names-{name}-{}", std::process::id())))
}

fn called(number: u8, folder: &Folder, names: &[&str]) -> NetworkRequest {
    let mut request = request(number);
    request.container = format!("{number}").repeat(64);
    request.name_server = Some(Upstream::None);
    let interface = &mut request.interfaces[0];
    interface.network = "net".to_owned();
    interface.folder.clone_from(&folder.0);
    interface.names = names.iter().map(|name| (*name).to_owned()).collect();
    request
}

/// What a query for addresses of IPv4 is answered with, at 127.0.0.11:53.
fn asked(started: &Started, name: &'static str) -> Vec<u8> {
    inside(started, move || {
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        socket.connect("127.0.0.11:53").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut query = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            query.push(u8::try_from(label.len()).unwrap());
            query.extend(label.as_bytes());
        }
        query.extend([0, 0, 1, 0, 1]);
        socket.send(&query).unwrap();
        let mut buffer = [0; 512];
        let length = socket.recv(&mut buffer).unwrap();
        buffer[..length].to_vec()
    })
}

fn is_answered_with(answer: &[u8], address: [u8; 4]) -> bool {
    answer.starts_with(&[0xab, 0xcd]) && answer.windows(4).any(|bytes| bytes == address)
}

#[test]
fn containers_find_one_another_by_name_as_long_as_they_run() {
    on_a_machine(|| {
        let folder = folder("find");
        let (one, other) = (start(&called(2, &folder, &["web"])), start(&called(3, &folder, &["db", "sql"])));
        for name in ["db", "sql", "DB", "db.net"] {
            assert!(is_answered_with(&asked(&one, name), [172, 30, 0, 3]), "{name}");
        }
        assert!(is_answered_with(&asked(&other, "web"), [172, 30, 0, 2]));
        let Started { namespace: _left, _held: mut held } = other;
        held.release();
        let servfail = 2;
        assert_eq!(asked(&one, "db")[3] & 15, servfail);
        drop(one);
        assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
    });
}

#[test]
fn a_container_may_have_a_name_server_itself_and_the_machines_resolver_speaks_to_this_one() {
    on_a_machine(|| {
        let folder = folder("own");
        let (one, _other) = (start(&called(2, &folder, &["web"])), start(&called(3, &folder, &["db"])));
        let _own = inside(&one, || {
            (UdpSocket::bind("0.0.0.0:53").unwrap(), TcpListener::bind("0.0.0.0:53").unwrap())
        });
        assert!(is_answered_with(&asked(&one, "db"), [172, 30, 0, 3]));
        let mut stream = inside(&one, || TcpStream::connect_timeout(&at("127.0.0.11:53"), PATIENCE).unwrap());
        let query = [0, 20, 0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, b'd', b'b', 0, 0, 1, 0, 1];
        stream.write_all(&query).unwrap();
        let mut answer = [0; 38];
        stream.read_exact(&mut answer).unwrap();
        assert!(is_answered_with(&answer[2..], [172, 30, 0, 3]));
        // Whoever may change the container's packet filter, does not change this.
        inside(&one, || assert!(Command::new("nft").args(["flush", "ruleset"]).status().unwrap().success()));
        assert!(is_answered_with(&asked(&one, "db"), [172, 30, 0, 3]));
    });
}

#[test]
fn without_a_name_server_nothing_is_there() {
    on_a_machine(|| {
        let started = start(&request_in(1));
        assert!(inside(&started, || TcpStream::connect_timeout(&at("127.0.0.11:53"), PATIENCE).is_err()));
        assert!(inside(&started, || UdpSocket::bind("127.0.0.11:53").is_ok()));
    });
}
