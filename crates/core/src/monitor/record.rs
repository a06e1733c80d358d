//! The container's state on record: `state.json` of its folder. The monitor alone writes it as long as it lives.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::CODE;
use crate::clock::Timestamp;
use crate::error::{Context, Error, Result};
use crate::identity::ProcessIdentity;
use crate::launch::{Exit, Outcome};
use crate::network::Mapping;

/// What happens to a container. `paused` is not among it: the kernel knows that best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It has not run yet.
    Created,
    /// Its program runs.
    Running,
    /// It has ended and is going to be run again.
    Restarting,
    /// It has ended.
    Exited,
}

/// The same record as `ts/container/record.ts` reads and writes; what this version does not know stays.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// What happens.
    pub status: Status,
    /// The container's init, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessIdentity>,
    /// The process without which it cannot run: its monitor.
    pub owner: ProcessIdentity,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// 128 + n for signal n.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The kernel has killed a process of it for want of memory.
    #[serde(default, skip_serializing_if = "is_false")]
    pub oom_killed: bool,
    /// Why it could not be started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How often it was run again.
    #[serde(default)]
    pub restart_count: u32,
    /// It is about to be launched by its owner.
    #[serde(default, skip_serializing_if = "is_false")]
    pub will_start: bool,
    /// Somebody has asked for its end: after a restart of the machine it stays ended.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stopped: bool,
    /// How the root was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// System call that mounted the overlay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlay_api: Option<String>,
    /// What the health check says: `starting`, `healthy`, `unhealthy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<String>,
    /// Ports of the machine that lead to it, while it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Mapping>,
    /// Members of a later version.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

// serde wants a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !*value
}

/// A container's state, and where it is written to.
#[derive(Debug)]
pub struct Record {
    folder: PathBuf,
    /// On another file system: takes the end when the disk does not.
    run: PathBuf,
    /// As it was last written.
    pub state: State,
}

impl Record {
    /// Reads the state of the container in `folder`, whose monitor this process is from now on.
    pub fn take_over(folder: &Path, run: &Path) -> Result<Self> {
        let path = folder.join("state.json");
        let text = fs::read(&path).step_at(CODE, "read the container's state", path.display())?;
        let mut state: State = serde_json::from_slice(&text).map_err(|e| {
            Error::new(CODE, format!("read the container's state: {e}")).at(path.display().to_string())
        })?;
        state.owner = ProcessIdentity::of(std::process::id().cast_signed())?;
        // Restarts are counted from the last start that somebody asked for, as with Docker.
        state.restart_count = 0;
        Ok(Self { folder: folder.to_owned(), run: run.to_owned(), state })
    }

    /// The container is about to be launched.
    pub fn launching(&mut self) -> Result<()> {
        self.state.error = None;
        self.state.stopped = false;
        self.state.will_start = true;
        self.write()
    }

    /// Its program runs.
    pub fn running(&mut self, process: ProcessIdentity, outcome: Outcome, ports: Vec<Mapping>) -> Result<()> {
        let state = &mut self.state;
        state.ports = ports;
        state.status = Status::Running;
        state.will_start = false;
        state.process = Some(process);
        state.started_at = Some(Timestamp::now().to_string());
        (state.finished_at, state.exit_code, state.oom_killed) = (None, None, false);
        state.root = Some(if outcome.chrooted { "chroot" } else { "pivot_root" }.to_owned());
        state.overlay_api = Some(if outcome.legacy_overlay { "mount" } else { "fsconfig" }.to_owned());
        self.write()
    }

    /// It has ended. Recorded even when the disk is full.
    pub fn ended(&mut self, status: Status, exit: Option<Exit>, oom_killed: bool) -> Result<()> {
        let state = &mut self.state;
        state.status = status;
        state.process = None;
        state.ports.clear();
        state.finished_at = Some(Timestamp::now().to_string());
        state.exit_code = exit.map(Exit::status);
        state.oom_killed = oom_killed;
        self.write()
    }

    /// It could not be started.
    pub fn failed(&mut self, error: &Error, exit_code: i32) -> Result<()> {
        let state = &mut self.state;
        state.status = if state.started_at.is_some() { Status::Exited } else { Status::Created };
        state.process = None;
        state.will_start = false;
        state.error = Some(error.to_string());
        state.exit_code = Some(exit_code);
        self.write()
    }

    /// Replaces the record; where its file system refuses, what is beside it on a file system of memory counts.
    pub fn write(&self) -> Result<()> {
        let aside = self.run.join("state.json");
        let failed = match replace(&self.folder, &self.state) {
            Ok(()) => {
                // An older one must not count any more.
                drop(fs::remove_file(&aside));
                return Ok(());
            }
            Err(error) => error,
        };
        replace(&self.run, &self.state).map_err(|_| failed)
    }
}

fn replace(folder: &Path, state: &State) -> Result<()> {
    const STEP: &str = "write the container's state";
    let temporary = folder.join(".state.json.monitor");
    let mut text = serde_json::to_vec(state).map_err(|e| Error::new(CODE, format!("{STEP}: {e}")))?;
    text.push(b'\n');
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&temporary)?;
        file.write_all(&text)?;
        fs::rename(&temporary, folder.join("state.json"))
    };
    write().inspect_err(|_| drop(fs::remove_file(&temporary))).step_at(CODE, STEP, folder.display())
}
