//! Processes that can be told from every other that ever had their pid.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde::{Deserialize, Serialize};

use crate::error::{Context, Error, Result};

const CODE: &str = "ERR_RCX_NO_SUCH_PROCESS";

/// A process of this or an earlier boot. The same record as `ts/container/liveness.ts` reads and writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProcessIdentity {
    /// Process id.
    pub pid: i32,
    /// Clock ticks since boot, field 22 of `/proc/pid/stat`.
    pub start_time: String,
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
}

impl ProcessIdentity {
    /// Of a process that runs, or has ended and was not collected yet.
    ///
    /// # Errors
    /// `ERR_RCX_NO_SUCH_PROCESS` when there is none of that pid.
    pub fn of(pid: i32) -> Result<Self> {
        let path = format!("/proc/{pid}/stat");
        let stat = fs::read(&path).step_at(CODE, "identify a process", &path)?;
        let start_time = start_time(&String::from_utf8_lossy(&stat))
            .ok_or_else(|| Error::new(CODE, "identify a process: its stat has no start time").at(path))?;
        Ok(Self { pid, start_time, boot_id: boot_id()? })
    }

    /// From a file; none where there is no such file, or it is no record.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }

    /// Into a file, which is there with all of it or as before. Only one process may do so at a time.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".new");
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        fs::rename(&temporary, path)
    }

    /// Waits until that very process has ended; not at all when it has already (pidfd_open(2)).
    ///
    /// # Errors
    /// What the kernel says.
    pub fn wait(&self) -> Result<()> {
        const STEP: &str = "wait for a process";
        let Some(pid) = Pid::from_raw(self.pid) else { return Ok(()) };
        let pidfd = match pidfd_open(pid, PidfdFlags::empty()) {
            Err(Errno::SRCH) => return Ok(()),
            pidfd => pidfd.step(CODE, STEP)?,
        };
        // The descriptor may be that of another process, which has the pid now.
        while self.exists() {
            match poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], None) {
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(Error::os(CODE, STEP, errno)),
            }
        }
        Ok(())
    }

    /// Whether that very process still exists.
    pub fn exists(&self) -> bool {
        Self::of(self.pid).is_ok_and(|now| now == *self)
    }

    /// The same, and it has not ended: one that waits to be collected has no namespaces any more.
    pub fn runs(&self) -> bool {
        let state = || {
            let stat = fs::read(format!("/proc/{}/stat", self.pid)).ok()?;
            let stat = String::from_utf8_lossy(&stat).into_owned();
            stat.get(stat.rfind(')')? + 2..)?.chars().next()
        };
        self.exists() && state().is_some_and(|state| !matches!(state, 'Z' | 'X'))
    }
}

fn boot_id() -> Result<String> {
    const PATH: &str = "/proc/sys/kernel/random/boot_id";
    Ok(fs::read_to_string(PATH).step_at(CODE, "read the boot's id", PATH)?.trim().to_owned())
}

/// The command's name may hold spaces and parentheses; the fields start after its last one (proc_pid_stat(5)).
fn start_time(stat: &str) -> Option<String> {
    stat.get(stat.rfind(')')? + 2..)?.split(' ').nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_exists_and_another_start_is_another_process() {
        let own = ProcessIdentity::of(std::process::id().cast_signed()).unwrap();
        assert!(own.exists() && own.runs());
        assert!(!ProcessIdentity { start_time: "1".to_owned(), ..own }.exists());
    }

    #[test]
    fn names_with_parentheses_do_not_shift_the_fields() {
        let stat = format!(
            "7 (a) b (c)) S {} 4242 0",
            (1..=18).map(|n| n.to_string()).collect::<Vec<_>>().join(" ")
        );
        assert_eq!(start_time(&stat).as_deref(), Some("4242"));
    }
}
