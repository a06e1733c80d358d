//! A process that does nothing but be in a new scope until the container is.

use std::fs;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::cgroup::{CODE, Layout};
use crate::error::{Context, Error, Result};

/// Ends when it is dropped, and with its parent.
#[derive(Debug)]
pub struct Holder {
    pid: Pid,
}

impl Holder {
    /// Forks it.
    pub fn new() -> Result<Self> {
        // SAFETY: the child makes system calls only, whatever threads its parent has.
        match unsafe { libc::fork() } {
            -1 => Err(std::io::Error::last_os_error()).step(CODE, "fork a process for the scope"),
            0 => hold(),
            pid => Pid::from_raw(pid)
                .map(|pid| Self { pid })
                .ok_or_else(|| Error::new(CODE, "fork a process for the scope")),
        }
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Waits until systemd has put it where it belongs: the answer to the call comes before.
    pub fn await_cgroup(&self, path: &str, deadline: Instant) -> Result<()> {
        let layout = Layout::detect()?;
        let file = format!("/proc/{}/cgroup", self.pid());
        let mut pause = Duration::from_micros(200);
        loop {
            let text = fs::read_to_string(&file).step_at(CODE, "wait for the scope", &file)?;
            let place = layout.below_mount(&text);
            if place == path {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(
                    Error::new(CODE, format!("wait for the scope: its process is in {place}")).at(path)
                );
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }
}

/// All signals are the parent's to send, and it sends one only.
fn hold() -> ! {
    // SAFETY: system calls without pointers.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        loop {
            libc::pause();
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // It can end only so, and nobody else collects it.
        let _killed = kill_process(self.pid, Signal::KILL);
        while matches!(waitpid(Some(self.pid), WaitOptions::empty()), Err(Errno::INTR)) {}
    }
}
