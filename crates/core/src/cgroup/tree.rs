//! Making and removing cgroups.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::XattrFlags;
use rustix::io::Errno;

use super::{CODE, Layout, below, set, systemd};
use crate::error::{Context, Error, Result};

/// On a cgroup that was made for the sake of those in it. Others were there before, and may have limits that somebody wants to keep.
const MADE: &str = "trusted.rcx";
/// Made for the sake of the containers wherever it is.
const OWN: &str = "rcx";

/// Makes a cgroup with those above it, which the end of another container may take away in the same moment.
pub fn make(mount: &Path, path: &str) -> Result<PathBuf> {
    const ATTEMPTS: u32 = 16;
    let dir = below(mount, path);
    let mut made = make_with_parents(&dir, mount);
    for _ in 1..ATTEMPTS {
        match &made {
            Err(e) if e.kind() == ErrorKind::NotFound => made = make_with_parents(&dir, mount),
            _ => break,
        }
    }
    made.step_at(CODE, "make the cgroup", dir.display()).map_err(|error| match error.errno {
        Some(Errno::ACCESS | Errno::PERM) if !rustix::process::geteuid().is_root() => error
            .hint("an ordinary user makes cgroups where systemd has delegated one to him; see: rcx doctor"),
        Some(Errno::ROFS) => {
            error.hint("the cgroup mount is read-only, as in a container without --privileged")
        }
        _ => error,
    })?;
    Ok(dir)
}

fn make_with_parents(dir: &Path, mount: &Path) -> std::io::Result<()> {
    match make_directory(dir) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(e) if e.kind() == ErrorKind::NotFound => {
            let parent = dir.parent().filter(|parent| parent.starts_with(mount)).ok_or(e)?;
            if !parent.exists() {
                make_with_parents(parent, mount)?;
                // Where no attribute can be set, the cgroup stays.
                let _unmarked = rustix::fs::setxattr(parent, MADE, b"1", XattrFlags::CREATE);
            }
            match make_directory(dir) {
                Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
                made => made,
            }
        }
        made => made,
    }
}

/// For everybody to look into, whatever the umask is: a monitor's lets nobody. Before Linux 6.16 a cgroup namespace of a container with
/// a user namespace can be mounted only if the way to its root is open to the container's own ids.
fn make_directory(dir: &Path) -> std::io::Result<()> {
    fs::create_dir(dir)?;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755))
}

/// Kills what is left in the container's cgroups and removes them. A cgroup that is gone already is no error.
pub fn remove(path: &str) -> Result<()> {
    let layout = Layout::detect()?;
    let mounts = layout.unified.iter().chain(layout.legacy.iter().map(|hierarchy| &hierarchy.mount));
    for mount in mounts.clone() {
        kill_frozen(&below(mount, path))?;
    }
    if systemd::is_scope(path) {
        let processes = mounts.clone().map(|mount| below(mount, path));
        processes.filter(|dir| dir.exists()).try_for_each(|dir| kill_all(&dir))?;
        systemd::stop(path)?;
    }
    for mount in mounts {
        let dir = below(mount, path);
        if dir.exists() {
            remove_dir(&dir)?;
        }
        remove_empty_parents(&dir, mount);
    }
    Ok(())
}

/// Kills what is in a cgroup of the v1 freezer: stopped, so that nothing new is made meanwhile. What stands still does not even
/// die there: it is let go on, with a SIGKILL already waiting for it.
fn kill_frozen(dir: &Path) -> Result<()> {
    const PATIENCE: Duration = Duration::from_millis(500);
    let state = || fs::read_to_string(dir.join("freezer.state")).unwrap_or_default();
    let empty = || fs::read_to_string(dir.join("cgroup.procs")).is_ok_and(|text| text.is_empty());
    match state().trim() {
        "" => return Ok(()),
        "THAWED" if empty() => return Ok(()),
        _ => {}
    }
    match set(dir, "freezer.state", "FROZEN") {
        Err(error) if is_gone(error.errno) => return Ok(()),
        done => done?,
    }
    let begin = Instant::now();
    // One that sleeps in the kernel stops when it wakes up; it makes no new ones either.
    while state().trim() == "FREEZING" && begin.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_micros(200));
    }
    kill_all(dir)?;
    match set(dir, "freezer.state", "THAWED") {
        Err(error) if is_gone(error.errno) => Ok(()),
        done => done,
    }
}

/// Somebody else has removed it in this moment: what was open already answers with ENODEV.
fn is_gone(errno: Option<Errno>) -> bool {
    matches!(errno, Some(Errno::NOENT | Errno::NODEV))
}

/// The last container takes along what was made for all of them. Parents with other cgroups or processes in them are not
/// empty to the kernel (`EBUSY`), and stay.
pub fn remove_empty_parents(dir: &Path, mount: &Path) {
    for parent in dir.ancestors().skip(1).take_while(|parent| *parent != mount) {
        let ours = parent.ends_with(OWN) || rustix::fs::getxattr(parent, MADE, &mut [0u8; 1]).is_ok();
        if !ours || fs::remove_dir(parent).is_err() {
            return;
        }
    }
}

/// A process that was just collected may keep its cgroup busy for a moment longer.
fn remove_dir(dir: &Path) -> Result<()> {
    const PATIENCE: Duration = Duration::from_secs(5);
    let begin = Instant::now();
    let mut pause = Duration::from_micros(50);
    loop {
        match fs::remove_dir(dir) {
            Ok(()) => return Ok(()),
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            Err(e) if e.raw_os_error() == Some(Errno::BUSY.raw_os_error()) && begin.elapsed() < PATIENCE => {
                kill_all(dir)?;
                remove_children(dir)?;
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(20));
            }
            Err(e) => return Err(e).step_at(CODE, "remove the cgroup", dir.display()),
        }
    }
}

fn remove_children(dir: &Path) -> Result<()> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.step_at(CODE, "list the cgroup", dir.display())?,
    };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_dir(&entry.path())?;
        }
    }
    Ok(())
}

/// `cgroup.kill` (v2, Linux 5.14) ends everything below at once; elsewhere each process by its pid.
fn kill_all(dir: &Path) -> Result<()> {
    if fs::write(dir.join("cgroup.kill"), "1").is_ok() {
        return Ok(());
    }
    // Before 5.14: stopped first, or they could make new ones faster than they are killed. On v2 what stands still dies.
    if dir.join("cgroup.freeze").exists() {
        match set(dir, "cgroup.freeze", "1") {
            Err(error) if is_gone(error.errno) => return Ok(()),
            done => done?,
        }
    }
    let procs = dir.join("cgroup.procs");
    let pids = match fs::read_to_string(&procs).step_at(CODE, "list the cgroup's processes", procs.display())
    {
        Err(error) if is_gone(error.errno) => return Ok(()),
        pids => pids?,
    };
    for pid in pids.lines().filter_map(|line| line.parse().ok()).filter_map(rustix::process::Pid::from_raw) {
        match rustix::process::kill_process(pid, rustix::process::Signal::KILL) {
            Ok(()) | Err(Errno::SRCH) => {}
            Err(errno) => {
                return Err(
                    Error::os(CODE, "kill a process of the cgroup", errno).at(procs.display().to_string())
                );
            }
        }
    }
    Ok(())
}
