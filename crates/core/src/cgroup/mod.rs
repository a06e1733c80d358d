//! Control groups: where they are mounted, one per container in each hierarchy it needs, and their removal.

mod apply;
mod block;
mod check;
mod delegation;
mod device_filter;
mod devices;
mod freezer;
mod layout;
mod limits;
mod oom;
mod setting;
pub mod systemd;
mod tree;
mod update;

use std::fs;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use oci_spec::runtime::LinuxResources;
use rustix::fs::{Mode, OFlags, open};

use self::apply::Placed;
pub use self::check::check;
pub use self::delegation::base;
pub use self::freezer::{freeze, is_frozen};
pub use self::layout::{Hierarchy, Layout};
pub use self::oom::{OomWatch, oom_killed};
pub use self::tree::remove;
use self::tree::{make, remove_empty_parents};
pub use self::update::update;
use crate::error::{Context, Error, Result};
use crate::rootless;

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
    /// Keeps a scope of systemd until the first process is in it.
    pub holder: Option<systemd::Holder>,
}

/// Makes the container's cgroups at `path` (e.g. `/rcx/<id>`) and applies its limits.
///
/// Joining a v1 cgroup waits for an RCU grace period (~10 ms), while a v2 cgroup is entered by the clone itself. So v1 is
/// joined only where a limit needs it, or where nothing else can filter devices.
///
/// `ends`: the container has no pid namespace that its processes would end with, so its cgroup must be able to end them.
pub fn create(path: &str, resources: Option<&LinuxResources>, ends: bool) -> Result<Cgroup> {
    let layout = Layout::detect()?;
    let settings = resources.map(limits::settings).transpose()?.unwrap_or_default();
    // Without root's privileges nobody can make a device, and none is there but those that were bound: nor can anybody filter them.
    let rules = if rootless::is_first_root() { devices::rules(resources)? } else { None };
    // Refused before anything is made.
    let placed = Placed::new(layout, &settings)?;
    let holder = systemd::is_scope(path).then(|| systemd::start(path, resources)).transpose()?;
    let mut cgroup = fill(path, layout, &placed, rules.as_deref(), false)?;
    if ends && let Err(error) = be_endable(&mut cgroup, path, layout) {
        // As above.
        drop(remove(path));
        return Err(error);
    }
    Ok(Cgroup { holder, ..cgroup })
}

/// Sees to it that the container's processes can be stopped, and then killed: else they may make new ones faster than that.
fn be_endable(cgroup: &mut Cgroup, path: &str, layout: &Layout) -> Result<()> {
    // Linux 5.2; since 5.14 there is cgroup.kill.
    if layout.unified.as_deref().is_some_and(|mount| below(mount, path).join("cgroup.freeze").exists()) {
        return Ok(());
    }
    let has_freezer = |hierarchy: &&Hierarchy| hierarchy.has("freezer");
    if cgroup.joined.iter().any(|hierarchy| has_freezer(&hierarchy)) {
        return Ok(());
    }
    let hierarchy = layout.legacy.iter().find(has_freezer).ok_or_else(cannot_end)?;
    let dir = make(&hierarchy.mount, path)?;
    join(cgroup, hierarchy, &dir)
}

/// Has the container's first process join a v1 cgroup.
fn join(cgroup: &mut Cgroup, hierarchy: &Hierarchy, dir: &Path) -> Result<()> {
    let procs = dir.join("cgroup.procs");
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let fd = open(&procs, flags, Mode::empty()).step_at(CODE, "open the cgroup", procs.display())?;
    cgroup.joins.push(fd);
    cgroup.joined.push(hierarchy.clone());
    Ok(())
}

fn cannot_end() -> Error {
    Error::new(CODE, "share a pid namespace: no cgroup hierarchy could end the container's processes")
        .hint("mount cgroup2 at /sys/fs/cgroup, or the v1 freezer controller")
}

/// `strict`: also what is optional must be there.
fn fill(
    path: &str,
    layout: &Layout,
    placed: &Placed<'_>,
    rules: Option<&[devices::Rule]>,
    strict: bool,
) -> Result<Cgroup> {
    let mut cgroup = Cgroup { unified: None, joins: Vec::new(), joined: Vec::new(), holder: None };
    let made = match unified(&mut cgroup, path, layout, placed, rules, strict) {
        Ok(filtered) => legacy(&mut cgroup, path, layout, placed, rules.filter(|_| !filtered), strict),
        Err(error) => Err(error),
    };
    if let Err(error) = made {
        // The first error is what the caller must hear; an empty cgroup left behind is collected with the container.
        drop(remove(path));
        return Err(error);
    }
    Ok(cgroup)
}

/// Makes the v2 cgroup; true when devices are filtered there, or not at all.
fn unified(
    cgroup: &mut Cgroup,
    path: &str,
    layout: &Layout,
    placed: &Placed<'_>,
    rules: Option<&[devices::Rule]>,
    strict: bool,
) -> Result<bool> {
    let Some(unified) = &layout.unified else { return Ok(rules.is_none()) };
    let dir = make(unified, path)?;
    if !systemd::is_scope(path) {
        apply::enable_controllers(unified, path, &placed.unified)?;
    }
    apply::apply_unified(&dir, &placed.unified, strict)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = open(&dir, flags, Mode::empty()).step_at(CODE, "open the cgroup", dir.display())?;
    let filtered = rules.map_or(Ok(true), |rules| attach_filter(fd.as_fd(), rules, layout))?;
    cgroup.unified = Some(fd);
    Ok(filtered)
}

/// Makes those v1 cgroups that a limit needs, or the rules of devices.
fn legacy(
    cgroup: &mut Cgroup,
    path: &str,
    layout: &Layout,
    placed: &Placed<'_>,
    mut rules: Option<&[devices::Rule]>,
    strict: bool,
) -> Result<()> {
    for hierarchy in &layout.legacy {
        let settings = placed.of(hierarchy);
        let filters = rules.is_some() && hierarchy.has("devices");
        if settings.is_empty() && !filters {
            continue;
        }
        let dir = make(&hierarchy.mount, path)?;
        apply::prepare_legacy(&hierarchy.mount, path, hierarchy, &settings)?;
        apply::apply_legacy(&dir, &settings, strict)?;
        if filters && let Some(rules) = rules.take() {
            devices::apply_legacy(&dir, rules)?;
        }
        join(cgroup, hierarchy, &dir)?;
    }
    if rules.is_none() { Ok(()) } else { Err(no_device_filter()) }
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

/// The directory of the cgroup at `path` in a hierarchy.
fn below(mount: &Path, path: &str) -> PathBuf {
    mount.join(path.trim_start_matches('/'))
}

/// Writes one value to one file of a cgroup, in one write; a file that the kernel does not have is not made.
fn set(dir: &Path, file: &str, value: &str) -> Result<()> {
    let path = dir.join(file);
    let opened = fs::OpenOptions::new().write(true).open(&path);
    opened.and_then(|mut file| file.write_all(value.as_bytes())).step_at(
        CODE,
        &format!("write {value} to the cgroup"),
        path.display(),
    )
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
    let unified = layout.unified.as_deref().map(|mount| below(mount, path)).filter(|dir| dir.exists());
    let unified = unified.map(|dir| {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        open(&dir, flags, Mode::empty()).step_at(CODE, "open the cgroup", dir.display())
    });
    let legacy = layout.legacy.iter().map(|hierarchy| below(&hierarchy.mount, path).join("cgroup.procs"));
    Ok(Joinable { unified: unified.transpose()?, legacy: legacy.filter(|file| file.exists()).collect() })
}
