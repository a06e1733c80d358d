//! Health checks: a command that is run in the container now and then, by a process of its own: whatever happens to it, the
//! monitor goes on.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::Serialize;

use super::config::{Config, Healthcheck};
use super::null;
use crate::clock::Timestamp;
use crate::identity::ProcessIdentity;
use crate::launch::{self, Exit};
use crate::plan::join::{self, JoinRequest};
use crate::{cgroup, sys};

/// Docker's defaults.
const INTERVAL: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(30);
const START_INTERVAL: Duration = Duration::from_secs(5);
const RETRIES: u32 = 3;
/// So much of a check's output is kept, in bytes, and so many checks.
const MOST_OUTPUT: usize = 4096;
const MOST_RESULTS: usize = 5;

/// Its program dies with it.
impl Drop for Check {
    fn drop(&mut self) {
        let _ended = pidfd_send_signal(&self.process, Signal::KILL);
        // Collected already when it has ended by itself.
        let _collected = launch::wait_exited(self.process.as_fd());
    }
}

/// What is known of a container's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// No check has said anything yet that counts.
    Starting,
    /// The last check went well.
    Healthy,
    /// So many in a row did not.
    Unhealthy,
}

impl Health {
    /// Docker's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// One check, as `docker inspect` shows it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Outcome {
    start: String,
    end: String,
    exit_code: i32,
    output: String,
}

/// What `docker inspect` shows of a container's health.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Report<'a> {
    status: &'a str,
    failing_streak: u32,
    log: &'a VecDeque<Outcome>,
}

/// The checks of one run.
#[derive(Debug)]
pub struct Checks {
    command: Vec<String>,
    interval: Duration,
    timeout: Duration,
    start_interval: Duration,
    start_period: Duration,
    retries: u32,
    begin: Instant,
    next: Instant,
    running: Option<Check>,
    streak: u32,
    /// What is known.
    pub health: Health,
    results: VecDeque<Outcome>,
}

#[derive(Debug)]
struct Check {
    process: OwnedFd,
    output: Option<OwnedFd>,
    text: Vec<u8>,
    start: Timestamp,
    deadline: Instant,
}

impl Checks {
    /// `None` when the container has no health check.
    pub fn new(config: &Config) -> Option<Self> {
        let check = config.healthcheck.as_ref()?;
        let command = command(check)?;
        let or = |nanoseconds: u64, usual: Duration| {
            if nanoseconds == 0 { usual } else { Duration::from_nanos(nanoseconds) }
        };
        let start_period = Duration::from_nanos(check.start_period);
        let (interval, start_interval) =
            (or(check.interval, INTERVAL), or(check.start_interval, START_INTERVAL));
        let begin = Instant::now();
        let first = if start_period.is_zero() { interval } else { start_interval.min(interval) };
        Some(Self {
            command,
            interval,
            timeout: or(check.timeout, TIMEOUT),
            start_interval,
            start_period,
            retries: if check.retries == 0 { RETRIES } else { check.retries },
            begin,
            next: begin + first,
            running: None,
            streak: 0,
            health: Health::Starting,
            results: VecDeque::new(),
        })
    }

    /// When something has to be done.
    pub fn deadline(&self) -> Instant {
        self.running.as_ref().map_or(self.next, |check| check.deadline)
    }

    /// What to wait for: the process of a check, and its output.
    pub fn descriptors(&self) -> (Option<BorrowedFd<'_>>, Option<BorrowedFd<'_>>) {
        let check = self.running.as_ref();
        (
            check.map(|check| check.process.as_fd()),
            check.and_then(|check| check.output.as_ref()).map(AsFd::as_fd),
        )
    }

    /// Begins the next check, or ends one that takes too long. True when the health has changed.
    pub fn on_time(&mut self, config: &Config, target: &ProcessIdentity) -> bool {
        let now = Instant::now();
        if let Some(check) = &self.running {
            if check.deadline > now {
                return false;
            }
            let message = format!("Health check exceeded timeout ({}s)", self.timeout.as_secs_f32());
            return self.finish(-1, Some(message));
        }
        if self.next > now {
            return false;
        }
        // Nothing can run in a container that stands still, and that says nothing of its health.
        let path = config.request.spec.linux().as_ref().and_then(|linux| linux.cgroups_path().as_ref());
        if path.is_some_and(|path| cgroup::is_frozen(&path.to_string_lossy()).unwrap_or(false)) {
            self.next = now + self.interval;
            return false;
        }
        match begin(config, &self.command, target) {
            Ok((process, output)) => {
                let start = Timestamp::now();
                let deadline = now + self.timeout;
                self.running =
                    Some(Check { process, output: Some(output), text: Vec::new(), start, deadline });
            }
            Err(errno) => {
                self.next = now + self.interval;
                let message = format!("rcx could not run the check: {}", crate::error::errno_name(errno));
                return self.judge(-1, message, Timestamp::now());
            }
        }
        false
    }

    /// Keeps the beginning of a check's output.
    pub fn on_output(&mut self) {
        let Some(check) = &mut self.running else { return };
        let Some(output) = &check.output else { return };
        let mut buffer = [0u8; MOST_OUTPUT];
        match rustix::io::read(output, &mut buffer) {
            Ok(length) if length > 0 => {
                let room = MOST_OUTPUT - check.text.len();
                check.text.extend_from_slice(&buffer[..length.min(room)]);
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Ok(_) | Err(_) => check.output = None,
        }
    }

    /// A check has ended. True when the health has changed.
    pub fn on_end(&mut self) -> bool {
        let Some(check) = &self.running else { return false };
        let status = launch::wait_exited(check.process.as_fd()).map_or(-1, Exit::status);
        self.on_output();
        self.finish(status, None)
    }

    fn finish(&mut self, status: i32, message: Option<String>) -> bool {
        let Some(mut check) = self.running.take() else { return false };
        let early = self.begin.elapsed() < self.start_period && self.health == Health::Starting;
        self.next =
            Instant::now() + if early { self.start_interval.min(self.interval) } else { self.interval };
        let output =
            message.unwrap_or_else(|| String::from_utf8_lossy(&std::mem::take(&mut check.text)).into_owned());
        self.judge(status, output, check.start)
    }

    fn judge(&mut self, status: i32, output: String, start: Timestamp) -> bool {
        let end = Timestamp::now().to_string();
        self.results.push_back(Outcome { start: start.to_string(), end, exit_code: status, output });
        if self.results.len() > MOST_RESULTS {
            self.results.pop_front();
        }
        let before = self.health;
        if status == 0 {
            (self.streak, self.health) = (0, Health::Healthy);
        } else if before != Health::Starting || self.begin.elapsed() >= self.start_period {
            self.streak += 1;
            if self.streak >= self.retries {
                self.health = Health::Unhealthy;
            }
        }
        before != self.health
    }

    /// The report as JSON.
    pub fn report(&self) -> Vec<u8> {
        let report = Report { status: self.health.word(), failing_streak: self.streak, log: &self.results };
        serde_json::to_vec(&report).unwrap_or_default()
    }
}

fn command(check: &Healthcheck) -> Option<Vec<String>> {
    let (kind, words) = check.test.split_first()?;
    match kind.as_str() {
        "CMD" if !words.is_empty() => Some(words.to_vec()),
        "CMD-SHELL" => words.first().map(|text| ["/bin/sh", "-c", text].map(str::to_owned).to_vec()),
        _ => None,
    }
}

/// Forks a process that runs the check and ends with its exit code.
fn begin(
    config: &Config,
    command: &[String],
    target: &ProcessIdentity,
) -> std::result::Result<(OwnedFd, OwnedFd), Errno> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    // SAFETY: what the child uses of this memory is this thread's alone, but for the allocator, which libc leaves usable.
    match unsafe { libc::fork() } {
        0 => {
            drop(read);
            sys::exit_now(run(config, command, target, write))
        }
        pid => {
            let pid = Pid::from_raw(pid).ok_or(Errno::AGAIN)?;
            // It is collected by this process only, so the pid is still its own.
            let process = pidfd_open(pid, PidfdFlags::empty())?;
            Ok((process, read))
        }
    }
}

/// In the process of the check.
fn run(config: &Config, command: &[String], target: &ProcessIdentity, output: OwnedFd) -> i32 {
    const FAILED: i32 = 125;
    // It must not keep the monitor's lock longer than the monitor.
    if rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).is_err() {
        return FAILED;
    }
    let mut launch = config.request.clone();
    let mut process = launch.spec.process().clone();
    if let Some(process) = &mut process {
        process.set_args(Some(command.to_vec()));
        process.set_terminal(Some(false));
    }
    launch.spec.set_process(process);
    let request = JoinRequest { launch, target: target.clone(), bound: true };
    let explain = |error: crate::Error| {
        let _told = rustix::io::write(&output, error.to_string().as_bytes());
        FAILED
    };
    let stdio = || -> crate::Result<[OwnedFd; 3]> { Ok([null()?, blocking(&output)?, blocking(&output)?]) };
    let created = stdio().and_then(|stdio| join::build(&request, Some(stdio))).and_then(launch::join);
    match created.and_then(launch::Created::start) {
        Ok(running) => launch::wait_exited(running.pidfd.as_fd()).map_or(FAILED, Exit::status),
        Err(error) => explain(error),
    }
}

/// The program's own end of the pipe must not be non-blocking: it would lose output without knowing.
fn blocking(pipe: &OwnedFd) -> crate::Result<OwnedFd> {
    use crate::error::Context;
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(pipe));
    let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::CLOEXEC;
    rustix::fs::open(&path, flags, rustix::fs::Mode::empty()).step_at(super::CODE, "open a pipe anew", &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks(retries: u32, start_period: Duration) -> Checks {
        Checks {
            command: Vec::new(),
            interval: INTERVAL,
            timeout: TIMEOUT,
            start_interval: START_INTERVAL,
            start_period,
            retries,
            begin: Instant::now(),
            next: Instant::now(),
            running: None,
            streak: 0,
            health: Health::Starting,
            results: VecDeque::new(),
        }
    }

    fn judge(checks: &mut Checks, status: i32) -> bool {
        checks.judge(status, String::new(), Timestamp::now())
    }

    #[test]
    fn so_many_failures_in_a_row_mean_unhealthy() {
        let mut checks = checks(2, Duration::ZERO);
        assert!(!judge(&mut checks, 1));
        assert!(judge(&mut checks, 0));
        assert!(!judge(&mut checks, 1));
        assert_eq!(checks.health, Health::Healthy);
        assert!(judge(&mut checks, 1));
        assert_eq!((checks.health, checks.streak), (Health::Unhealthy, 2));
        assert!(judge(&mut checks, 0));
        assert_eq!((checks.health, checks.results.len()), (Health::Healthy, 5));
        judge(&mut checks, 0);
        assert_eq!(checks.results.len(), 5);
    }

    #[test]
    fn failures_while_it_starts_do_not_count_and_a_success_ends_the_start() {
        let mut checks = checks(1, Duration::from_secs(3600));
        assert!(!judge(&mut checks, 1));
        assert_eq!((checks.health, checks.streak), (Health::Starting, 0));
        assert!(judge(&mut checks, 0));
        assert!(judge(&mut checks, 1));
        assert_eq!(checks.health, Health::Unhealthy);
    }

    #[test]
    fn commands_are_dockers() {
        let of = |test: &[&str]| {
            let test = test.iter().map(|word| (*word).to_owned()).collect();
            command(&Healthcheck { test, ..Healthcheck::default() })
        };
        assert_eq!(of(&["CMD", "a", "b"]).unwrap(), ["a", "b"]);
        assert_eq!(of(&["CMD-SHELL", "a | b"]).unwrap(), ["/bin/sh", "-c", "a | b"]);
        assert!(of(&["NONE"]).is_none() && of(&[]).is_none() && of(&["CMD"]).is_none());
    }
}
