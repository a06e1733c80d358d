//! Other limits for a container that runs.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use oci_spec::runtime::LinuxResources;
use rustix::io::Errno;

use super::apply::{self, Placed};
use super::setting::Setting;
use super::{CODE, Hierarchy, Layout, below, limits, make, remove_empty_parents, set, systemd};
use crate::error::{Context, Error, Result};

/// Applies the limits of `resources`, `linux.resources` of the runtime-spec as JSON, to the processes in the cgroups at `path`. Those that are set already and not named stay. Where a limit needs a
/// v1 hierarchy that the container was not in, its processes are moved there; memory that they have already is not counted.
pub fn update(path: &str, resources: &str) -> Result<()> {
    let layout = Layout::detect()?;
    let resources: LinuxResources =
        serde_json::from_str(resources).map_err(|e| Error::new(CODE, format!("read the limits: {e}")))?;
    let settings = limits::settings(&resources)?;
    let placed = Placed::new(layout, &settings)?;
    if let (false, Some(unified)) = (placed.unified.is_empty(), &layout.unified) {
        if systemd::is_scope(path) {
            systemd::update(path, &resources)?;
        } else {
            apply::enable_controllers(unified, path, &placed.unified)?;
        }
        apply::apply_unified(&below(unified, path), &placed.unified, false)?;
    }
    let mut concerned = layout
        .legacy
        .iter()
        .map(|hierarchy| (hierarchy, placed.of(hierarchy)))
        .filter(|(_, own)| !own.is_empty());
    concerned.try_for_each(|(hierarchy, settings)| update_legacy(layout, hierarchy, path, &settings))
}

fn update_legacy(layout: &Layout, hierarchy: &Hierarchy, path: &str, settings: &[&Setting]) -> Result<()> {
    let joined = below(&hierarchy.mount, path).exists();
    let dir = make(&hierarchy.mount, path)?;
    apply::prepare_legacy(&hierarchy.mount, path, hierarchy, settings)?;
    let done = apply::apply_legacy(&dir, settings, false)
        .and_then(|()| if joined { Ok(true) } else { move_all(layout, path, &dir) });
    if !joined && !matches!(done, Ok(true)) {
        // Nobody is in it: the container has ended meanwhile, or the kernel has refused. With processes in it the kernel keeps it.
        drop(fs::remove_dir(&dir));
        remove_empty_parents(&dir, &hierarchy.mount);
    }
    done.map(drop)
}

/// Moves the processes of the cgroups at `path` into `dir`, those too that are forked meanwhile. False when there are none.
fn move_all(layout: &Layout, path: &str, dir: &Path) -> Result<bool> {
    const ROUNDS: u32 = 100;
    let mounts = layout.unified.iter().chain(layout.legacy.iter().map(|hierarchy| &hierarchy.mount));
    let places: Vec<PathBuf> = mounts.map(|mount| below(mount, path)).collect();
    let mut moved = BTreeSet::new();
    for _ in 0..ROUNDS {
        let mut wanted = BTreeSet::new();
        for place in &places {
            pids_below(place, &mut wanted)?;
        }
        let new: Vec<String> = wanted.difference(&moved).cloned().collect();
        if new.is_empty() {
            return Ok(!moved.is_empty());
        }
        for pid in new {
            match set(dir, "cgroup.procs", &pid) {
                Err(error) if error.errno != Some(Errno::SRCH) => return Err(error),
                // It is there, or has ended.
                _ => drop(moved.insert(pid)),
            }
        }
    }
    Err(Error::new(CODE, "move the container's processes to the cgroup: it makes new ones too fast")
        .at(dir.display().to_string())
        .hint("pause the container meanwhile"))
}

fn pids_below(dir: &Path, pids: &mut BTreeSet<String>) -> Result<()> {
    let procs = dir.join("cgroup.procs");
    let text = match fs::read_to_string(&procs) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        other => other.step_at(CODE, "list the cgroup's processes", procs.display())?,
    };
    pids.extend(text.lines().map(str::to_owned));
    for entry in fs::read_dir(dir).step_at(CODE, "list the cgroup", dir.display())?.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            pids_below(&entry.path(), pids)?;
        }
    }
    Ok(())
}
