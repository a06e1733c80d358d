//! What clients ask of a monitor, and the input that they give.

use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SocketFlags, accept_with};

use super::{CODE, Monitor, Phase};
use crate::error::{Context, Result};
use crate::monitor::client::Client;
use crate::monitor::config::{Config, RestartName};
use crate::monitor::events;
use crate::monitor::input::{Flow, Input};
use crate::monitor::log::Stream;
use crate::monitor::protocol::{self, Reply, Request};
use crate::monitor::record::Status;

impl Monitor {
    pub(super) fn accept(&mut self) {
        let Some(listener) = &self.listener else { return };
        // Somebody who gave up in the meantime is no matter.
        if let Ok(socket) = accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
            self.clients.push(Client::new(socket));
        }
    }

    pub(super) fn pass_input(&mut self, at: usize) {
        const PIECE: usize = 16 * 1024;
        let mut buffer = [0u8; PIECE];
        let Some(stdin) = &self.clients[at].stdin else { return };
        match rustix::io::read(stdin, &mut buffer) {
            Ok(length) if length > 0 => self.with_input(|input| input.give(&buffer[..length])),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Ok(_) | Err(_) => {
                // One who leaves says so before it closes its pipe.
                self.hear(at);
                if self.clients[at].stdin.is_some() {
                    self.end_input_of(at);
                }
            }
        }
    }

    /// A client's input is over: as with Docker the program's is too, if it was opened for that one only.
    pub(super) fn end_input_of(&mut self, at: usize) {
        self.clients[at].stdin = None;
        if self.config.stdin_once {
            self.with_input(Input::end);
        }
    }

    pub(super) fn with_input(&mut self, act: impl FnOnce(&mut Input) -> Flow) {
        if let Phase::Running(session) = &mut self.phase
            && session.input.as_mut().map(act) == Some(Flow::Closed)
        {
            session.input = None;
        }
    }

    pub(super) fn hear(&mut self, at: usize) {
        match protocol::receive::<Request>(self.clients[at].socket().as_fd(), RecvFlags::DONTWAIT) {
            Err(Errno::AGAIN) => {}
            Ok(Some((request, fds))) => self.obey(at, request, fds),
            // Gone, or no client of ours.
            Ok(None) | Err(_) => {
                if self.clients[at].stdin.is_some() {
                    self.drain_input_of(at);
                    self.end_input_of(at);
                }
                self.clients[at].gone = true;
                if self.clients[at].bound {
                    self.end_with_its_owner();
                }
            }
        }
    }

    /// What a client that went has written before is the program's.
    pub(super) fn drain_input_of(&mut self, at: usize) {
        let mut buffer = [0u8; 4096];
        while let Some(stdin) = &self.clients[at].stdin {
            let now = Timespec { tv_sec: 0, tv_nsec: 0 };
            if !poll(&mut [PollFd::new(stdin, PollFlags::IN)], Some(&now)).is_ok_and(|ready| ready > 0) {
                return;
            }
            match rustix::io::read(stdin, &mut buffer) {
                Ok(length) if length > 0 => self.with_input(|input| input.give(&buffer[..length])),
                _ => return,
            }
        }
    }

    pub(super) fn obey(&mut self, at: usize, request: Request, fds: Vec<OwnedFd>) {
        match request {
            Request::Attach { stdin, stdout, stderr, bound } => {
                self.clients[at].attach([stdin, stdout, stderr], fds);
                self.clients[at].bound = bound;
                self.clients[at].tell(&Reply::Attached);
            }
            Request::Detach => self.clients[at].stdin = None,
            Request::CloseOutput { stderr } => {
                if let Phase::Running(session) = &mut self.phase {
                    session.close_output(if stderr { Stream::Stderr } else { Stream::Stdout });
                }
            }
            Request::Start => {}
            Request::Resize { rows, columns } => {
                if let Phase::Running(session) = &self.phase {
                    session.resize(rows, columns);
                }
            }
            Request::Signal { number } => {
                if let Phase::Running(session) = &self.phase {
                    session.signal(number);
                    let signal = [("signal", number.to_string())];
                    events::append(&self.place.run, &self.config, "kill", &signal);
                }
            }
            Request::Stop => {
                self.stop();
                self.clients[at].tell(&Reply::Done);
            }
            Request::Reload => {
                self.reload();
                if let Phase::Running(session) = &mut self.phase {
                    session.limits_changed();
                }
                if matches!(self.phase, Phase::Waiting(_)) && self.config.restart.name == RestartName::No {
                    self.over(Status::Exited);
                }
                self.clients[at].tell(&Reply::Done);
            }
            Request::Networks => {
                let changed = self.change_networks();
                let reply = changed.map_or_else(|error| Reply::from(&error), |()| Reply::Done);
                self.clients[at].tell(&reply);
            }
        }
    }

    /// Has the container be in the networks of its record; one that does not run is when it is started.
    fn change_networks(&mut self) -> Result<()> {
        self.reload();
        let (Phase::Running(session), Some(held)) = (&self.phase, &mut self.network) else { return Ok(()) };
        let Some(request) = &self.config.request.rcx.network else { return Ok(()) };
        // The init is this process' own to collect: the pid is no other's.
        let path = format!("/proc/{}/ns/net", session.pid());
        let namespace = open(&path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
        let namespace = namespace.step_at(CODE, "open the container's network namespace", path)?;
        let changed = held.change(request, namespace.as_fd());
        self.record.state.ports.clone_from(&held.ports);
        changed.and(self.record.write())
    }

    /// Somebody wants it to end for good.
    pub(super) fn stop(&mut self) {
        self.record.state.stopped = true;
        // The program's end, which is written for certain, says it again.
        drop(self.record.write());
        if matches!(self.phase, Phase::Waiting(_)) {
            self.over(Status::Exited);
        }
    }

    /// The process whose container this is has ended, however that was.
    fn end_with_its_owner(&mut self) {
        self.stop();
        if let Phase::Running(session) = &self.phase {
            session.signal(libc::SIGKILL);
        }
    }

    /// One whose record cannot be read goes on as it was.
    pub(super) fn reload(&mut self) {
        if let Ok(config) = Config::read(&self.place.folder, &self.place.inherited) {
            self.config = config;
        }
    }
}
