//! The monitor's loop: it waits for whatever comes first of the container, its clients, a signal or a time.

mod end;
mod requests;

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::RecvFlags;

use super::client::Client;
use super::config::Config;
use super::events;
use super::health::Checks;
use super::input::Flow;
use super::log::{Log, Stream};
use super::networks;
use super::protocol::{self, Reply, Request};
use super::record::Record;
use super::restart::Backoff;
use super::session::{Prepared, Session};
use super::volumes;
use super::{CODE, Place};
use crate::cgroup::OomWatch;
use crate::error::{Context, Error, Result};
use crate::identity::ProcessIdentity;
use crate::lock::FileLock;
use crate::network::Held;
use crate::sys;

/// Docker's report of the last checks, in the container's runtime directory.
const HEALTH: &str = "health.json";
/// A signal that ends the monitor when the machine is shut down.
const ENDING: [i32; 3] = [libc::SIGTERM, libc::SIGINT, libc::SIGHUP];

/// Everything there is of a monitor.
#[derive(Debug)]
pub struct Monitor {
    place: Place,
    config: Config,
    record: Record,
    log: Log,
    listener: Option<OwnedFd>,
    lock: Option<FileLock>,
    signals: OwnedFd,
    clients: Vec<Client>,
    phase: Phase,
    backoff: Backoff,
    checks: Option<Checks>,
    /// Of the run that is, or was the last one: what closing it waits for keeps nobody waiting.
    network: Option<Box<Held>>,
    /// The program was asked to end because the machine goes down; killed when this is over.
    ending: Option<Instant>,
}

#[derive(Debug)]
enum Phase {
    Running(Session),
    /// Until it is run again.
    Waiting(Instant),
    Over,
}

/// What a polled descriptor is.
#[derive(Debug, Clone, Copy)]
enum Source {
    Listener,
    Signals,
    Init,
    Output(Stream),
    Input,
    Oom,
    Check,
    CheckOutput,
    Request(usize),
    ClientInput(usize),
    Outlet(usize, Stream),
}

impl Monitor {
    /// A monitor that has launched nothing yet.
    pub fn new(
        place: Place,
        config: Config,
        record: Record,
        log: Log,
        listener: OwnedFd,
        lock: FileLock,
    ) -> Result<Self> {
        let signals = signal_descriptor()?;
        Ok(Self {
            place,
            config,
            record,
            log,
            listener: Some(listener),
            lock: Some(lock),
            signals,
            clients: Vec::new(),
            phase: Phase::Over,
            backoff: Backoff::default(),
            checks: None,
            network: None,
            ending: None,
        })
    }

    /// Launches the container for the launcher, then serves until all is over.
    pub fn run(mut self, launcher: OwnedFd) {
        let mut client = Client::new(launcher);
        match self.launch(Some(&mut client)) {
            Ok(mut session) => {
                client.tell(&Reply::Started { pid: session.pid(), trace: session.take_trace() });
                self.phase = Phase::Running(session);
                self.clients.push(client);
                while self.turn() {}
            }
            Err(error) => {
                // Its own end is on record, or removed, before anybody hears of it.
                self.finish_failed(&error);
                client.tell(&Reply::from(&error));
            }
        }
    }

    /// Launches it once; `first` is whoever wanted it, and may connect before the program runs.
    fn launch(&mut self, first: Option<&mut Client>) -> Result<Session> {
        self.record.launching()?;
        self.network = None;
        let prepared = Prepared::new(&self.config)?;
        if let Some(client) = first {
            until_start(client, &prepared)?;
        }
        // Before it runs: a short program may be gone afterwards.
        let process = ProcessIdentity::of(prepared.pid())?;
        let mut session = prepared.start()?;
        self.network = session.take_network();
        let ports = self.network.as_ref().map(|network| network.ports.clone()).unwrap_or_default();
        let health = Checks::new(&self.config).map(|checks| checks.health.word().to_owned());
        self.record.state.health = health;
        if let Err(error) = self.record.running(process, session.outcome(), ports) {
            session.signal(libc::SIGKILL);
            session.collect(|_, _| ());
            return Err(error);
        }
        networks::report(&self.place.run, &self.config, "connect");
        volumes::report(&self.place.run, &self.config, "mount");
        events::append(&self.place.run, &self.config, "start", &[]);
        self.checks = Checks::new(&self.config);
        self.report_health();
        Ok(session)
    }

    /// One wait and all that came of it; false when all is over.
    fn turn(&mut self) -> bool {
        let over = matches!(self.phase, Phase::Over);
        if over {
            self.dismiss();
            if self.clients.is_empty() {
                return false;
            }
        }
        let (sources, wanted) = self.wanted();
        let ready = wait(&wanted, self.timeout());
        for (source, events) in sources.into_iter().zip(ready) {
            if !events.is_empty() {
                self.handle(source, events);
            }
        }
        // Requests refer to clients by their place: those who went are forgotten only now.
        self.clients.retain(|client| !client.gone);
        self.check_times();
        true
    }

    /// What to wait for. A stream is read only when everybody has taken what came before.
    fn wanted(&self) -> (Vec<Source>, Vec<(RawFd, PollFlags)>) {
        let mut sources = Vec::new();
        let mut fds = Vec::new();
        let mut add = |source, fd: BorrowedFd<'_>, events| {
            sources.push(source);
            fds.push((fd.as_raw_fd(), events));
        };
        add(Source::Signals, self.signals.as_fd(), PollFlags::IN);
        if let Some(listener) = &self.listener {
            add(Source::Listener, listener.as_fd(), PollFlags::IN);
        }
        let mut takes_input = false;
        if let Phase::Running(session) = &self.phase {
            add(Source::Init, session.pidfd(), PollFlags::IN);
            for (stream, fd) in session.outputs() {
                if !self.is_full(stream) {
                    add(Source::Output(stream), fd.as_fd(), PollFlags::IN);
                }
            }
            if let Some(input) = &session.input {
                takes_input = !input.is_full();
                let events = if takes_input { PollFlags::empty() } else { PollFlags::OUT };
                add(Source::Input, input.fd().as_fd(), events);
            }
        }
        let oom = if let Phase::Running(session) = &self.phase { session.oom.as_ref() } else { None };
        if let Some((fd, events)) = oom.and_then(OomWatch::wanted) {
            add(Source::Oom, fd, events);
        }
        if let Some(checks) = &self.checks {
            let (process, output) = checks.descriptors();
            if let Some(fd) = process {
                add(Source::Check, fd, PollFlags::IN);
            }
            if let Some(fd) = output {
                add(Source::CheckOutput, fd, PollFlags::IN);
            }
        }
        for (at, client) in self.clients.iter().enumerate() {
            add(Source::Request(at), client.socket().as_fd(), PollFlags::IN);
            if let (true, Some(stdin)) = (takes_input, &client.stdin) {
                add(Source::ClientInput(at), stdin.as_fd(), PollFlags::IN);
            }
            for (stream, outlet) in client.outlets() {
                let events = if outlet.is_full() { PollFlags::OUT } else { PollFlags::empty() };
                add(Source::Outlet(at, stream), outlet.pipe().as_fd(), events);
            }
        }
        (sources, fds)
    }

    fn is_full(&self, stream: Stream) -> bool {
        let outlets = self.clients.iter().flat_map(Client::outlets);
        outlets.filter(|(each, _)| *each == stream).any(|(_, outlet)| outlet.is_full())
    }

    fn handle(&mut self, source: Source, ready: PollFlags) {
        match source {
            Source::Listener => self.accept(),
            Source::Signals => self.hear_signal(),
            Source::Init => self.init_ended(),
            Source::Output(stream) => self.pass_output(stream),
            Source::Input => {
                self.with_input(
                    |input| {
                        if ready.contains(PollFlags::ERR) { Flow::Closed } else { input.flush() }
                    },
                )
            }
            Source::Oom => self.with_oom(OomWatch::on_sign),
            Source::Check => {
                let changed = self.checks.as_mut().is_some_and(Checks::on_end);
                self.report_health();
                if changed {
                    self.health_changed();
                }
            }
            Source::CheckOutput => {
                if let Some(checks) = &mut self.checks {
                    checks.on_output();
                }
            }
            Source::Request(at) => self.hear(at),
            Source::ClientInput(at) => self.pass_input(at),
            Source::Outlet(at, stream) => self.clients[at].flush(stream, ready),
        }
    }

    fn pass_output(&mut self, stream: Stream) {
        let Phase::Running(session) = &mut self.phase else { return };
        let (log, clients) = (&mut self.log, &mut self.clients);
        session.read(stream, |bytes| {
            log.add(stream, bytes);
            for client in clients.iter_mut() {
                client.give(stream, bytes);
            }
        });
    }

    fn timeout(&self) -> Option<Duration> {
        let until = |deadline: Instant| deadline.saturating_duration_since(Instant::now());
        let waiting = if let Phase::Waiting(deadline) = self.phase { Some(until(deadline)) } else { None };
        let check = self.checks.as_ref().map(|checks| until(checks.deadline()));
        let oom = if let Phase::Running(session) = &self.phase { session.oom.as_ref() } else { None };
        let oom = oom.and_then(OomWatch::deadline).map(until);
        waiting.into_iter().chain(oom).chain(self.ending.map(until)).chain(check).min()
    }

    fn check_times(&mut self) {
        let now = Instant::now();
        if self.ending.is_some_and(|deadline| deadline <= now) {
            self.ending = Some(now + Duration::from_secs(3600));
            if let Phase::Running(session) = &self.phase {
                session.signal(libc::SIGKILL);
            }
        }
        if let Phase::Waiting(deadline) = self.phase
            && deadline <= now
        {
            self.run_again();
        }
        self.with_oom(|oom| oom.on_time(now));
        let (Some(checks), Some(target)) = (&mut self.checks, &self.record.state.process) else { return };
        if checks.deadline() <= now && checks.on_time(&self.config, target) {
            self.report_health();
            self.health_changed();
        }
    }

    /// Puts on record at once that the kernel has killed something of the container: it may go on without it.
    fn with_oom(&mut self, hear: impl FnOnce(&mut OomWatch) -> bool) {
        let Phase::Running(session) = &mut self.phase else { return };
        if session.oom.as_mut().is_some_and(hear) {
            self.record.state.oom_killed = true;
            // At the end it is counted again.
            drop(self.record.write());
            events::append(&self.place.run, &self.config, "oom", &[]);
        }
    }

    fn health_changed(&mut self) {
        let Some(checks) = &self.checks else { return };
        let word = checks.health.word();
        self.record.state.health = Some(word.to_owned());
        // The report beside it says it, too.
        drop(self.record.write());
        events::append(&self.place.run, &self.config, &format!("health_status: {word}"), &[]);
    }

    /// What `inspect` shows of the last checks; of interest only while the container runs.
    fn report_health(&self) {
        let Some(checks) = &self.checks else { return };
        let (path, temporary) = (self.place.own.join(HEALTH), self.place.own.join(".health.json"));
        let written = std::fs::write(&temporary, checks.report());
        drop(written.and_then(|()| std::fs::rename(&temporary, path)));
    }
}

/// Serves the launcher until it says start: its pipes and the terminal's size are there before the program is.
fn until_start(client: &mut Client, prepared: &Prepared) -> Result<()> {
    loop {
        let received = protocol::receive::<Request>(client.socket().as_fd(), RecvFlags::empty())
            .step(CODE, "hear from the launcher")?;
        match received {
            Some((Request::Attach { stdin, stdout, stderr, bound }, fds)) => {
                client.attach([stdin, stdout, stderr], fds);
                client.bound = bound;
            }
            Some((Request::Resize { rows, columns }, _)) => prepared.resize(rows, columns),
            None if client.bound => {
                return Err(Error::new(
                    CODE,
                    "start the container: the process that it belongs to has ended",
                ));
            }
            // Killed before it had said so: the container was wanted all the same.
            Some((Request::Start, _)) | None => return Ok(()),
            Some(_) => {}
        }
    }
}

fn signal_descriptor() -> Result<OwnedFd> {
    // Blocked before anything else of the monitor runs; launches unblock them in the child.
    sys::block_all_signals().step(CODE, "block signals")?;
    sys::signalfd(&ENDING).step(CODE, "make a descriptor for signals")
}

/// `poll(2)`; a spurious wake-up shows nothing ready.
fn wait(wanted: &[(RawFd, PollFlags)], timeout: Option<Duration>) -> Vec<PollFlags> {
    let mut fds: Vec<PollFd<'_>> = wanted
        .iter()
        .map(|(fd, events)| {
            // SAFETY: all of them are open until the caller has seen the result.
            PollFd::from_borrowed_fd(unsafe { BorrowedFd::borrow_raw(*fd) }, *events)
        })
        .collect();
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    match poll(&mut fds, timeout.as_ref()) {
        Ok(_) => fds.iter().map(PollFd::revents).collect(),
        Err(_) => vec![PollFlags::empty(); wanted.len()],
    }
}
