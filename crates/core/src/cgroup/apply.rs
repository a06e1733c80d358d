//! Which hierarchy takes a limit, and writing it there.

use std::fs;
use std::path::Path;

use rustix::io::Errno;

use super::limits::RT_RUNTIME;
use super::setting::{Setting, Write};
use super::{Hierarchy, Layout, delegation, set};
use crate::error::Result;

/// Limits by where they are applied.
#[derive(Debug, Default)]
pub struct Placed<'a> {
    /// In the v2 hierarchy.
    pub unified: Vec<&'a Setting>,
    legacy: Vec<(&'a Hierarchy, &'a Setting)>,
}

impl<'a> Placed<'a> {
    /// Finds the hierarchy of every limit. A controller is in one of v1, or in v2, never in both.
    ///
    /// # Errors
    /// `ERR_RCX_CGROUP` for a limit that no hierarchy can take: it must not be dropped in silence.
    pub fn new(layout: &'a Layout, settings: &'a [Setting]) -> Result<Self> {
        let mut placed = Self::default();
        let mut controllers = None;
        for setting in settings {
            let legacy = layout.legacy.iter().find(|hierarchy| hierarchy.has(setting.legacy_controller()));
            if let Some(hierarchy) = legacy {
                if setting.legacy.is_empty() {
                    return Err(setting.refused("only cgroup v2 has it, and the controller is on v1 here"));
                }
                placed.legacy.push((hierarchy, setting));
                continue;
            }
            let controllers = controllers.get_or_insert_with(|| layout.unified_controllers());
            if !controllers.iter().any(|name| *name == setting.controller) {
                return Err(unavailable(layout, setting));
            }
            if setting.unified.is_empty() {
                return Err(setting.refused("only cgroup v1 has it, and the controller is on v2 here"));
            }
            placed.unified.push(setting);
        }
        Ok(placed)
    }

    /// Those of one v1 hierarchy.
    pub fn of(&self, hierarchy: &Hierarchy) -> Vec<&'a Setting> {
        let own = self.legacy.iter().filter(|(each, _)| std::ptr::eq(*each, hierarchy));
        own.map(|(_, setting)| *setting).collect()
    }
}

fn unavailable(layout: &Layout, setting: &Setting) -> crate::Error {
    let name = if layout.is_unified() { &*setting.controller } else { setting.legacy_controller() };
    let refused = setting.refused(&format!("no cgroup hierarchy of this machine has the {name} controller"));
    if layout.is_unified() {
        let hint = "the kernel may have it switched off, or an outer container does not hand it down: rcx doctor says which";
        return refused.hint(hint);
    }
    refused.hint(format!(
        "mount it: mkdir -p /sys/fs/cgroup/{name} && mount -t cgroup -o {name} none /sys/fs/cgroup/{name}"
    ))
}

/// Passes the controllers on from the v2 root down to the container's parent.
pub fn enable_controllers(root: &Path, path: &str, settings: &[&Setting]) -> Result<()> {
    let mut wanted: Vec<&str> = settings.iter().map(|setting| &*setting.controller).collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Ok(());
    }
    let mut dir = root.to_owned();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let enabled = fs::read_to_string(dir.join("cgroup.subtree_control")).unwrap_or_default();
        for controller in &wanted {
            if !enabled.split_whitespace().any(|name| name == *controller) {
                delegation::enable(&dir, controller)?;
            }
        }
        dir.push(name);
    }
    Ok(())
}

/// Writes the v2 files.
pub fn apply_unified(dir: &Path, settings: &[&Setting], strict: bool) -> Result<()> {
    let mut writes =
        settings.iter().flat_map(|setting| setting.unified.iter().map(move |write| (setting, write)));
    writes.try_for_each(|(setting, write)| setting.write(dir, write, strict))
}

/// Writes the v1 files of one hierarchy.
///
/// Memory may never be limited to more than memory and swap together: which of the two has to come first depends on what is in
/// them. So what the kernel does not take is tried again after the others.
pub fn apply_legacy(dir: &Path, settings: &[&Setting], strict: bool) -> Result<()> {
    let writes = settings.iter().flat_map(|setting| setting.legacy.iter().map(move |write| (setting, write)));
    let mut refused: Vec<(&&Setting, &Write)> = Vec::new();
    for (setting, write) in writes {
        match setting.write(dir, write, strict) {
            Err(error) if error.errno == Some(Errno::INVAL) => refused.push((setting, write)),
            other => other?,
        }
    }
    refused.into_iter().try_for_each(|(setting, write)| setting.write(dir, write, strict))
}

/// Gives the cgroups above the one at `path` what it depends on, from the v1 hierarchy's root down.
pub fn prepare_legacy(mount: &Path, path: &str, hierarchy: &Hierarchy, settings: &[&Setting]) -> Result<()> {
    if hierarchy.has("cpuset") {
        inherit_cpuset(mount, path)?;
    }
    let runtime = settings.iter().flat_map(|setting| &setting.legacy).flat_map(|write| &write.files);
    match runtime.filter(|(file, _)| file == RT_RUNTIME).find_map(|(_, value)| value.parse().ok()) {
        Some(micros) => hand_down_real_time(mount, path, micros),
        None => Ok(()),
    }
}

/// Without processors or memory nodes a v1 cpuset takes no process: what is not limited is as above.
fn inherit_cpuset(mount: &Path, path: &str) -> Result<()> {
    let mut above = mount.to_owned();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let dir = above.join(name);
        for file in ["cpuset.cpus", "cpuset.mems"] {
            let list = |dir: &Path| fs::read_to_string(dir.join(file)).unwrap_or_default().trim().to_owned();
            if list(&dir).is_empty() {
                set(&dir, file, &list(&above))?;
            }
        }
        above = dir;
    }
    Ok(())
}

/// A cgroup can give those below no more real-time than it has, and a new one has none. Each above the last is raised to what
/// those below it have together.
fn hand_down_real_time(mount: &Path, path: &str, micros: u64) -> Result<()> {
    let runtime = |dir: &Path| {
        fs::read_to_string(dir.join(RT_RUNTIME)).ok().and_then(|text| text.trim().parse::<u64>().ok())
    };
    let mut dir = mount.to_owned();
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    for name in &names[..names.len().saturating_sub(1)] {
        dir.push(name);
        // Where the kernel has none, the limit itself says so.
        let Some(own) = runtime(&dir) else { return Ok(()) };
        let below =
            fs::read_dir(&dir).into_iter().flatten().flatten().filter_map(|entry| runtime(&entry.path()));
        let needed = below.sum::<u64>() + micros;
        if own < needed {
            set(&dir, RT_RUNTIME, &needed.to_string())
                .map_err(|error| error.hint("the cgroup above it has no such time to give"))?;
        }
    }
    Ok(())
}
