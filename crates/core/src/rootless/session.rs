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

    /// # Errors
    /// `ERR_RCX_ROOTLESS` when there is none either.
    pub fn open(run: &Path) -> Result<Self> {
        Self::find(run)?.ok_or_else(|| {
            Error::new(CODE, "enter the user's namespace: there is none").at(run.display().to_string())
        })
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
        for own in fs::read_dir(run).into_iter().flatten().flatten() {
            // One without a monitor is nothing to go by.
            let Ok(socket) = monitor::connect(&own.path()) else { continue };
            let peer = socket_peercred(&socket).step(CODE, "find a monitor's process")?;
            let process = ProcessIdentity::of(peer.pid.as_raw_nonzero().get());
            if let Some(session) = process.map_or(Ok(None), |process| Self::of(&process))? {
                return Ok(Some(session));
            }
        }
        Ok(None)
    }
}

/// Where the holder of a runtime directory is on record.
pub(super) fn record(run: &Path) -> PathBuf {
    run.join("namespace.json")
}

/// The holder, if it lives.
pub(super) fn holder(run: &Path) -> Option<ProcessIdentity> {
    let text = fs::read(record(run)).ok()?;
    serde_json::from_slice::<ProcessIdentity>(&text).ok().filter(ProcessIdentity::exists)
}
