//! What comes after a run: it is run again, or all is given up.

use std::time::{Duration, Instant};

use super::{HEALTH, Monitor, Phase};
use crate::error::{Error, Result};
use crate::launch::Exit;
use crate::lock::{FileLock, LockMode, LockTarget};
use crate::monitor::events;
use crate::monitor::protocol::{Reply, SOCKET};
use crate::monitor::record::{Record, Status};
use crate::monitor::session::End;
use crate::monitor::{networks, volumes};
use crate::tree;

/// Whoever has for ever has not much longer than this, in seconds.
const A_YEAR: u64 = 365 * 24 * 3600;
impl Monitor {
    pub(super) fn init_ended(&mut self) {
        let Phase::Running(session) = std::mem::replace(&mut self.phase, Phase::Over) else { return };
        let (log, clients) = (&mut self.log, &mut self.clients);
        let end = session.collect(|stream, bytes| {
            log.add(stream, bytes);
            for client in clients.iter_mut() {
                client.give(stream, bytes);
            }
        });
        log.finish();
        self.checks = None;
        if let Some(network) = &mut self.network {
            network.release();
        }
        self.report_end(end);
        self.after(end.exit, end.ran, |record, status| record.ended(status, end.exit, end.oom_killed));
    }

    pub(super) fn report_end(&self, end: End) {
        if end.oom_news {
            events::append(&self.place.run, &self.config, "oom", &[]);
        }
        let code = end.exit.map_or_else(String::new, |exit| exit.status().to_string());
        events::append(&self.place.run, &self.config, "die", &[("exitCode", code)]);
        networks::report(&self.place.run, &self.config, "disconnect");
        volumes::report(&self.place.run, &self.config, "unmount");
    }

    /// Decides what comes after a run, and has it written down: a record that cannot be written anywhere is healed by whoever
    /// looks, as the process is gone.
    pub(super) fn after(
        &mut self,
        exit: Option<Exit>,
        ran: Duration,
        write: impl FnOnce(&mut Record, Status) -> Result<()>,
    ) {
        // Policy and name may have been changed while it ran.
        self.reload();
        let state = &self.record.state;
        let again =
            self.ending.is_none() && self.config.restart.applies(exit, state.stopped, state.restart_count);
        let status = if again { Status::Restarting } else { Status::Exited };
        drop(write(&mut self.record, status));
        if again {
            self.phase = Phase::Waiting(Instant::now() + self.backoff.after(ran));
        } else {
            self.over(status);
        }
    }

    /// It is not run again.
    pub(super) fn over(&mut self, status: Status) {
        self.phase = Phase::Over;
        if self.record.state.status != status {
            self.record.state.status = status;
            drop(self.record.write());
        }
        self.leave();
    }

    /// Gives up what others may want, and removes what was to be removed.
    pub(super) fn leave(&mut self) {
        for name in [SOCKET, HEALTH] {
            drop(std::fs::remove_file(self.place.own.join(name)));
        }
        self.listener = None;
        if self.config.auto_remove {
            // First what nobody would find any more without the container.
            drop(std::fs::remove_dir_all(&self.place.own));
            self.remove();
        } else {
            // overlayfs leaves its work directory behind.
            drop(tree::remove_tree(&self.place.folder.join("work/work")));
            // Empty unless the end had to be recorded here.
            drop(std::fs::remove_dir(&self.place.own));
        }
        self.lock = None;
    }

    /// Out of sight first, then piece by piece: what a kill leaves is wreckage and no container.
    pub(super) fn remove(&self) {
        let containers = self.place.folder.parent().unwrap_or(&self.place.folder);
        let doomed = containers.join(format!(".tmp-{}", self.config.id));
        // Held as by the maker of any temporary, or a collector of wreckage would remove it at the same time.
        let _held = FileLock::try_acquire(&self.place.folder, LockMode::Exclusive, LockTarget::Directory);
        let hidden = std::fs::rename(&self.place.folder, &doomed).is_ok();
        // Whoever waits for the name need not wait for the tree.
        let link = containers.join(".names").join(&self.config.name);
        if std::fs::read_link(&link).is_ok_and(|id| id.as_os_str() == self.config.id.as_str()) {
            drop(std::fs::remove_file(link));
        }
        if hidden && tree::remove_tree(&doomed).is_ok() {
            events::append(&self.place.run, &self.config, "destroy", &[]);
        }
        networks::free_addresses(containers, &self.config);
        volumes::remove_anonymous(&self.place.run, containers, &self.config);
    }

    pub(super) fn finish_failed(&mut self, error: &Error) {
        drop(self.record.failed(error, failure_code(error)));
        self.leave();
    }

    /// Tells those who wait that it is over, once they have taken all of its output.
    pub(super) fn dismiss(&mut self) {
        let state = &self.record.state;
        let ended = Reply::Ended {
            exit_code: state.exit_code,
            signal: state.exit_code.filter(|code| *code > 128).map(|code| code - 128),
            oom_killed: state.oom_killed,
        };
        self.clients.retain_mut(|client| {
            if !client.is_drained() {
                return true;
            }
            client.close_streams();
            if client.waits {
                client.tell(&ended);
            }
            false
        });
    }

    pub(super) fn run_again(&mut self) {
        self.record.state.restart_count += 1;
        match self.launch(None) {
            Ok(session) => self.phase = Phase::Running(session),
            Err(error) => {
                self.after(None, Duration::ZERO, |record, status| {
                    record.failed(&error, failure_code(&error))?;
                    record.state.status = status;
                    record.write()
                });
            }
        }
    }

    /// The machine goes down: the program gets its time to end, and is run again after the next start.
    pub(super) fn hear_signal(&mut self) {
        let mut buffer = [0u8; size_of::<libc::signalfd_siginfo>()];
        // Which of them it was does not matter.
        let _read = rustix::io::read(&self.signals, &mut buffer);
        if self.ending.is_some() {
            return;
        }
        self.ending = Some(
            Instant::now() + Duration::from_secs(u64::try_from(self.config.stop_timeout).unwrap_or(A_YEAR)),
        );
        match &self.phase {
            Phase::Running(session) => session.signal(self.config.stop_signal),
            Phase::Waiting(_) => self.over(Status::Exited),
            Phase::Over => {}
        }
    }
}

/// Docker's exit code for a program that was not started.
fn failure_code(error: &Error) -> i32 {
    match error.code.as_ref() {
        "ERR_RCX_EXEC_NOT_FOUND" => 127,
        "ERR_RCX_EXEC_NOT_EXECUTABLE" => 126,
        _ => 125,
    }
}
