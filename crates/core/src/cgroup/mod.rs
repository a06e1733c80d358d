//! Control groups: where they are mounted, one per container in each hierarchy it needs, and their removal.

mod device_filter;
mod devices;
mod events;
mod freezer;
mod layout;
mod limits;
mod update;

use std::fs;
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use oci_spec::runtime::LinuxResources;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;

pub use self::events::oom_killed;
pub use self::freezer::{freeze, is_frozen};
pub use self::layout::{Hierarchy, Layout};
pub use self::update::update;
use crate::error::{Context, Error, Result};

const CODE: &str = "ERR_RCX_CGROUP";

/// A container's place in the hierarchies, ready for its first process.
#[derive(Debug)]
pub struct Cgroup {
    /// Directory of the v2 cgroup, for `CLONE_INTO_CGROUP`.
    pub unified: Option<OwnedFd>,
    /// `cgroup.procs` of the v1 cgroups, for the child to write itself into.
    pub joins: Vec<OwnedFd>,
    /// Names of the v1 hierarchies that are joined, as `/proc/self/cgroup` lists them.
    pub joined: Vec<Hierarchy>,
    path: String,
}

/// Makes the container's cgroups at `path` (e.g. `/rcx/<id>`) and applies its limits.
///
/// Joining a v1 cgroup waits for an RCU grace period (~10 ms), while a v2 cgroup is entered by the clone itself. So v1 is
/// joined only where a limit needs it, or where nothing else can filter devices.
pub fn create(path: &str, resources: Option<&LinuxResources>) -> Result<Cgroup> {
    let layout = Layout::detect()?;
    let mut cgroup = Cgroup { unified: None, joins: Vec::new(), joined: Vec::new(), path: path.to_owned() };
    let made = fill(&mut cgroup, layout, resources);
    if let Err(error) = made {
        // The first error is what the caller must hear; an empty cgroup left behind is collected with the container.
        drop(remove(path));
        return Err(error);
    }
    Ok(cgroup)
}

fn fill(cgroup: &mut Cgroup, layout: &Layout, resources: Option<&LinuxResources>) -> Result<()> {
    let settings = resources.map(limits::settings).transpose()?.unwrap_or_default();
    let rules = devices::rules(resources)?;
    let mut filtered = rules.is_none();
    if let Some(unified) = &layout.unified {
        let dir = make(unified, &cgroup.path)?;
        if layout.is_unified() {
            limits::enable_controllers(unified, &cgroup.path, &settings)?;
            limits::apply_unified(&dir, &settings)?;
        }
        let fd = open(&dir, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).step_at(
            CODE,
            "open the cgroup",
            dir.display(),
        )?;
        if let Some(rules) = &rules {
            filtered = attach_filter(fd.as_fd(), rules, layout)?;
        }
        cgroup.unified = Some(fd);
    }
    for hierarchy in &layout.legacy {
        let limited = !layout.is_unified() && limits::concerns(&settings, hierarchy);
        let filters = !filtered && hierarchy.has("devices");
        if !limited && !filters {
            continue;
        }
        let dir = make(&hierarchy.mount, &cgroup.path)?;
        if hierarchy.has("cpuset") {
            limits::inherit_cpuset(&hierarchy.mount, &cgroup.path)?;
        }
        limits::apply_legacy(&dir, hierarchy, &settings)?;
        if let (true, Some(rules)) = (filters, &rules) {
            devices::apply_legacy(&dir, rules)?;
            filtered = true;
        }
        let procs = dir.join("cgroup.procs");
        let fd = open(&procs, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()).step_at(
            CODE,
            "open the cgroup",
            procs.display(),
        )?;
        cgroup.joins.push(fd);
        cgroup.joined.push(hierarchy.clone());
    }
    limits::require_all(layout, &settings)?;
    if filtered { Ok(()) } else { Err(no_device_filter()) }
}

/// False where the kernel has no device programs but a v1 devices hierarchy can do the same.
fn attach_filter(
    cgroup: std::os::fd::BorrowedFd<'_>,
    rules: &[devices::Rule],
    layout: &Layout,
) -> Result<bool> {
    match device_filter::attach(cgroup, rules) {
        Ok(()) => Ok(true),
        Err(_) if layout.legacy.iter().any(|hierarchy| hierarchy.has("devices")) => Ok(false),
        Err(errno) => Err(Error::os(CODE, "attach the device filter to the cgroup", errno)
            .hint("the kernel needs CONFIG_CGROUP_BPF, and an outer container must allow bpf(2)")),
    }
}

fn no_device_filter() -> Error {
    Error::new(CODE, "filter the container's devices: no cgroup hierarchy can")
        .hint("mount cgroup2 at /sys/fs/cgroup, or the v1 devices controller")
}

/// Makes a cgroup with those above it, which the end of another container may take away in the same moment.
fn make(mount: &Path, path: &str) -> Result<PathBuf> {
    const ATTEMPTS: u32 = 16;
    let dir = mount.join(path.trim_start_matches('/'));
    let mut made = fs::create_dir_all(&dir);
    for _ in 1..ATTEMPTS {
        match &made {
            Err(e) if e.kind() == ErrorKind::NotFound => made = fs::create_dir_all(&dir),
            _ => break,
        }
    }
    made.step_at(CODE, "make the cgroup", dir.display()).map_err(|error| match error.errno {
        Some(Errno::ACCESS | Errno::PERM) if !rustix::process::geteuid().is_root() => {
            error.hint("rcx needs root to run containers: try it with sudo")
        }
        Some(Errno::ROFS) => {
            error.hint("the cgroup mount is read-only, as in a container without --privileged")
        }
        _ => error,
    })?;
    Ok(dir)
}

/// Writes one value to one file of a cgroup.
fn set(dir: &Path, file: &str, value: &str) -> Result<()> {
    let path = dir.join(file);
    fs::write(&path, value).step_at(CODE, &format!("write {value} to the cgroup"), path.display())
}

/// The cgroups that a container has, for a process that joins it.
#[derive(Debug, Default)]
pub struct Joinable {
    /// That of v2, to be cloned into: to enter it afterwards takes as long as on v1.
    pub unified: Option<OwnedFd>,
    /// `cgroup.procs` of those of v1.
    pub legacy: Vec<PathBuf>,
}

/// The container's cgroups, in all hierarchies where it has one.
pub fn joinable(path: &str) -> Result<Joinable> {
    let layout = Layout::detect()?;
    let below = |mount: &Path| mount.join(path.trim_start_matches('/'));
    let unified = layout.unified.as_deref().map(below).filter(|dir| dir.exists());
    let unified = unified.map(|dir| {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        open(&dir, flags, Mode::empty()).step_at(CODE, "open the cgroup", dir.display())
    });
    let legacy = layout.legacy.iter().map(|hierarchy| below(&hierarchy.mount).join("cgroup.procs"));
    Ok(Joinable { unified: unified.transpose()?, legacy: legacy.filter(|file| file.exists()).collect() })
}

/// Kills what is left in the container's cgroups and removes them. A cgroup that is gone already is no error.
pub fn remove(path: &str) -> Result<()> {
    let layout = Layout::detect()?;
    let mounts = layout.unified.iter().chain(layout.legacy.iter().map(|hierarchy| &hierarchy.mount));
    for mount in mounts.clone() {
        end_standstill(&mount.join(path.trim_start_matches('/')))?;
    }
    for mount in mounts {
        let dir = mount.join(path.trim_start_matches('/'));
        if dir.exists() {
            remove_dir(&dir)?;
        }
        remove_empty_parents(&dir, mount);
    }
    Ok(())
}

/// What the v1 freezer has stopped does not even die: it is let go on, with a SIGKILL already waiting for it.
fn end_standstill(dir: &Path) -> Result<()> {
    let state = dir.join("freezer.state");
    if !fs::read_to_string(&state).is_ok_and(|text| text.trim() != "THAWED") {
        return Ok(());
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
fn remove_empty_parents(dir: &Path, mount: &Path) {
    for parent in dir.ancestors().skip(1).take_while(|parent| *parent != mount) {
        if fs::remove_dir(parent).is_err() {
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
