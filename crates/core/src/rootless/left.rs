//! Ending what is left of a container that has neither a pid namespace of its own, whose end would take all of it along, nor a cgroup
//! to find it by. Its processes are those in its mount namespace, which they have no privilege to leave.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long new ones are looked for: some may be made faster than others are ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// The mount namespace of a container, by what its link in `/proc` says.
#[derive(Debug)]
pub struct Left(PathBuf);

impl Left {
    /// That of a process; `None` when it has ended.
    pub fn of(pid: i32) -> Option<Self> {
        fs::read_link(format!("/proc/{pid}/ns/mnt")).ok().map(Self)
    }

    /// Kills until there is none left.
    pub fn end(&self) {
        let begin = Instant::now();
        while self.kill_all() && begin.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Whether there was any.
    fn kill_all(&self) -> bool {
        let mut found = false;
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let pid = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
            if let Some(pid) = pid
                && fs::read_link(entry.path().join("ns/mnt")).is_ok_and(|own| own == self.0)
            {
                found = true;
                // It may have ended meanwhile.
                let _gone = kill_process(pid, Signal::KILL);
            }
        }
        found
    }
}
