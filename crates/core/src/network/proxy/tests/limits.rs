use std::fs::File;

use rustix::process::{Rlimit, setrlimit};

use super::*;

#[test]
fn who_is_too_many_waits_until_another_has_ended() {
    let listener = held(Protocol::Tcp, LOOPBACK);
    let proxy = Running::counting(listener, server(echo), |proxy| proxy.connections.most = 3);
    let mut clients: Vec<_> = (0..3).map(|_| proxy.connect()).collect();
    for client in &mut clients {
        assert_echoed(client, "served");
    }
    let mut waiting = proxy.connect();
    waiting.write_all(b"waits").unwrap();
    proxy.assert_asleep();
    waiting.set_nonblocking(true).unwrap();
    assert_eq!(waiting.read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    waiting.set_nonblocking(false).unwrap();
    drop(clients.pop());
    let mut answer = [0; 5];
    waiting.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"waits");
}

#[test]
fn who_comes_when_descriptors_have_run_out_waits() {
    if !alone("limits::who_comes_when_descriptors_have_run_out_waits") {
        return;
    }
    let limit = rustix::process::getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(200), ..limit }).unwrap();
    let proxy = Running::counting(held(Protocol::Tcp, LOOPBACK), server(echo), |_| ());
    let mut first = proxy.connect();
    assert_echoed(&mut first, "there is room");
    let mut hogs = Vec::new();
    while let Ok(hog) = File::open("/dev/null") {
        hogs.push(hog);
    }
    hogs.pop();
    let mut second = proxy.connect();
    second.write_all(b"second").unwrap();
    proxy.assert_asleep();
    assert_echoed(&mut first, "goes on");
    drop(hogs);
    let mut answer = [0; 6];
    second.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"second");
}

#[test]
fn connections_leave_descriptors_to_the_rest_of_the_process() {
    if !alone("limits::connections_leave_descriptors_to_the_rest_of_the_process") {
        return;
    }
    let limit = rustix::process::getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(240), ..limit }).unwrap();
    let (stopped, _stop) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    let proxy = Proxy::new(Vec::new(), &stopped, false).unwrap();
    assert_eq!((proxy.connections.most, proxy.clients.sessions.most), (20, 60));
}
