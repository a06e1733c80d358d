//! Finding the user's namespace.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::net::sockopt::socket_peercred;

use super::CODE;
use crate::error::{Context, Error, Result};
use crate::id_map::IdRange;
use crate::identity::ProcessIdentity;
use crate::monitor;

/// A user namespace that exists, and goes on existing as long as this is kept.
#[derive(Debug)]
pub struct Session {
    /// A descriptor of it.
    pub user: OwnedFd,
    /// The groups that are mapped in it.
    pub gids: Vec<IdRange>,
}

impl Session {
    /// That of a store's runtime directory; `None` when nobody is in it.
    ///
    /// # Errors
    /// `ERR_RCX_ROOTLESS` when it is there and cannot be opened.
    pub fn find(run: &Path) -> Result<Option<Self>> {
        match holder(run) {
            Some(holder) => Self::of(&holder),
            None => Self::of_monitors(run),
        }
    }

    /// The one that has to be entered for what belongs to it; `None` for root of it, who is there already.
    ///
    /// # Errors
    /// As of [`Self::open`].
    pub fn to_enter(run: Option<&Path>) -> Result<Option<Self>> {
        if rustix::process::geteuid().is_root() { Ok(None) } else { run.map(Self::open).transpose() }
    }

    /// # Errors
    /// `ERR_RCX_ROOTLESS` when there is none either.
    pub fn open(run: &Path) -> Result<Self> {
        Self::find(run)?.ok_or_else(|| {
            Error::new(CODE, "enter the user's namespace: there is none").at(run.display().to_string())
        })
    }

    /// The network namespace that stands for the machine where this user's networks are concerned: his bridges are in it. To be asked
    /// for by root of his namespace.
    ///
    /// # Errors
    /// `ERR_RCX_ROOTLESS` when nobody has it.
    pub fn network(run: &Path) -> Result<OwnedFd> {
        const STEP: &str = "open the network namespace of the user";
        let of = |path: &Path| open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
        if let Some(holder) = holder(run) {
            let path = PathBuf::from(format!("/proc/{}/ns/net", holder.pid));
            let fd = of(&path).step_at(CODE, STEP, path.display())?;
            if holder.exists() {
                return Ok(fd);
            }
        }
        // Threads of monitors are in it that pass on what comes to ports.
        let own = fs::read_link("/proc/self/ns/net").ok();
        for monitor in monitors(run)? {
            for task in fs::read_dir(format!("/proc/{}/task", monitor.pid)).into_iter().flatten().flatten() {
                let path = task.path().join("ns/net");
                if fs::read_link(&path).is_ok_and(|found| Some(found) != own)
                    && let Ok(fd) = of(&path)
                    && monitor.exists()
                {
                    return Ok(fd);
                }
            }
        }
        Err(Error::new(CODE, format!("{STEP}: it is gone with its holder"))
            .at(run.display().to_string())
            .hint("stop this user's containers, then try again"))
    }

    /// The one that a process is in; `None` when it has ended meanwhile.
    fn of(process: &ProcessIdentity) -> Result<Option<Self>> {
        let path = format!("/proc/{}/ns/user", process.pid);
        let user = match open(&path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()) {
            Err(Errno::NOENT | Errno::SRCH) => return Ok(None),
            opened => opened.step_at(CODE, "open the user's namespace", &path)?,
        };
        let gids = super::gid_map(&process.pid.to_string())?;
        // Both were opened by the pid: now it is known whose they are.
        Ok(process.exists().then_some(Self { user, gids }))
    }

    /// The holder was killed: containers that run keep the namespace, and what comes next has to share it with them.
    fn of_monitors(run: &Path) -> Result<Option<Self>> {
        for monitor in monitors(run)? {
            if let Some(session) = Self::of(&monitor)? {
                return Ok(Some(session));
            }
        }
        Ok(None)
    }
}

/// The monitors that run.
fn monitors(run: &Path) -> Result<Vec<ProcessIdentity>> {
    let mut found = Vec::new();
    for own in fs::read_dir(run).into_iter().flatten().flatten() {
        // One without a monitor is nothing to go by.
        let Ok(socket) = monitor::connect(&own.path()) else { continue };
        let peer = socket_peercred(&socket).step(CODE, "find a monitor's process")?;
        found.extend(ProcessIdentity::of(peer.pid.as_raw_nonzero().get()));
    }
    Ok(found)
}

/// Where the holder of a runtime directory is on record.
pub(super) fn record(run: &Path) -> PathBuf {
    run.join("namespace.json")
}

/// The holder, if it lives.
pub(super) fn holder(run: &Path) -> Option<ProcessIdentity> {
    ProcessIdentity::read(&record(run)).filter(ProcessIdentity::runs)
}
