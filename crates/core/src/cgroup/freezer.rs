//! Stopping all of a container's processes where they are, and letting them go on.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::{CODE, Layout, below, set};
use crate::error::{Context, Error, Result};

/// Processes in an uninterruptible sleep stop only when they wake up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Freezes or thaws the container's cgroup (e.g. `/rcx/<id>`), and waits until it is so. Again is no error.
///
/// # Errors
/// `ERR_RCX_CGROUP` when there is no such cgroup, no hierarchy that can freeze it, or its processes do not stop in time; they are
/// then let go again.
pub fn freeze(path: &str, frozen: bool) -> Result<()> {
    let freezer = Freezer::of(path)?;
    freezer.write(frozen)?;
    match freezer.wait(frozen) {
        Err(error) if frozen => freezer.write(false).and(Err(error)),
        done => done,
    }
}

/// Whether the container's cgroup is frozen; one that is not there, or cannot be frozen, is not.
pub fn is_frozen(path: &str) -> Result<bool> {
    match Freezer::of(path).map_or(Ok(false), |freezer| freezer.is(true)) {
        // Removed in this moment: read(2) of what was still open says ENODEV.
        Err(error) if matches!(error.errno, Some(Errno::NOENT | Errno::NODEV)) => Ok(false),
        known => known,
    }
}

enum Freezer {
    /// `cgroup.freeze` (Linux 5.2), which every v2 cgroup but the root has.
    Unified(PathBuf),
    /// The v1 controller.
    Legacy(PathBuf),
}

impl Freezer {
    fn of(path: &str) -> Result<Self> {
        let layout = Layout::detect()?;
        let unified = layout
            .unified
            .as_deref()
            .map(|mount| below(mount, path))
            .filter(|dir| dir.join("cgroup.freeze").exists());
        let legacy = layout.legacy.iter().find(|hierarchy| hierarchy.has("freezer"));
        let legacy = legacy.map(|hierarchy| below(&hierarchy.mount, path)).filter(|dir| dir.exists());
        unified.map(Self::Unified).or(legacy.map(Self::Legacy)).ok_or_else(|| {
            Error::new(CODE, "pause the container: no cgroup of it can be frozen")
                .at(path)
                .hint("it must run, and have a cgroup on cgroup2 of Linux 5.2 or newer")
        })
    }

    fn write(&self, frozen: bool) -> Result<()> {
        match self {
            Self::Unified(dir) => set(dir, "cgroup.freeze", if frozen { "1" } else { "0" }),
            Self::Legacy(dir) => set(dir, "freezer.state", if frozen { "FROZEN" } else { "THAWED" }),
        }
    }

    fn is(&self, frozen: bool) -> Result<bool> {
        let (path, wanted) = match self {
            Self::Unified(dir) => (dir.join("cgroup.events"), if frozen { "frozen 1" } else { "frozen 0" }),
            Self::Legacy(dir) => (dir.join("freezer.state"), if frozen { "FROZEN" } else { "THAWED" }),
        };
        let text = fs::read_to_string(&path).step_at(CODE, "read the cgroup's state", path.display())?;
        Ok(text.lines().any(|line| line == wanted))
    }

    fn wait(&self, frozen: bool) -> Result<()> {
        let begin = Instant::now();
        let mut pause = Duration::from_micros(50);
        while !self.is(frozen)? {
            if begin.elapsed() > PATIENCE {
                return Err(Error::new(CODE, "pause the container: a process of it does not stop").hint(
                    "it waits in the kernel, often for a disk or a network file system: try again later",
                ));
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
        Ok(())
    }
}
