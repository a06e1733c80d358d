//! Whether limits can be applied, before there is a container that has them.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use oci_spec::runtime::LinuxResources;

use super::apply::Placed;
use super::setting::Setting;
use super::{CODE, Layout, below, delegation, fill, limits, remove, systemd};
use crate::error::{Error, Result};

/// Finds out whether the limits of `resources`, `linux.resources` of the runtime-spec as JSON, can be applied to a container whose
/// cgroups are going to be at `path`. Where only the kernel knows, a cgroup beside it is tried and removed. All that is named is
/// taken for wanted: swap, too, that would go without saying where nothing accounts it.
///
/// # Errors
/// `ERR_RCX_CGROUP` that begins with `apply the limit NAME`, the name that it has in the runtime-spec.
pub fn check(path: &str, resources: &str) -> Result<()> {
    let layout = Layout::detect()?;
    let resources: LinuxResources =
        serde_json::from_str(resources).map_err(|e| Error::new(CODE, format!("read the limits: {e}")))?;
    let settings = limits::settings(&resources)?;
    let placed = Placed::new(layout, &settings)?;
    if let Some(mount) = &layout.unified {
        require_delegated(mount, &placed)?;
    }
    if settings.iter().all(|setting| setting.certain) {
        return Ok(());
    }
    let trial = trial_path(path);
    let tried = fill(&trial, layout, &placed, None, true);
    // What was refused first is what the caller has to hear.
    tried.map_err(|refused| blame(refused, &settings)).and(remove(&trial))
}

/// A cgroup has the controllers that those above hand down; below a delegated one nobody can have others.
fn require_delegated(mount: &Path, placed: &Placed<'_>) -> Result<()> {
    let base = delegation::base()?;
    if base.is_empty() || placed.unified.is_empty() {
        return Ok(());
    }
    let dir = below(mount, &base);
    let there = fs::read_to_string(dir.join("cgroup.controllers")).unwrap_or_default();
    let missing =
        placed.unified.iter().find(|setting| there.split_whitespace().all(|name| name != setting.controller));
    missing.map_or(Ok(()), |setting| Err(delegation::not_delegated(&setting.controller, &dir)))
}

fn trial_path(path: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // In a slice only systemd makes something.
    let path = if systemd::is_scope(path) { "/rcx/" } else { path };
    let parent = path.rfind('/').map_or("", |at| &path[..at]);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{parent}/trial-{}-{number}", std::process::id())
}

/// Names the limit that a refused file belongs to.
fn blame(error: Error, settings: &[Setting]) -> Error {
    let file = error.path.as_deref().and_then(|path| path.rsplit('/').next().map(str::to_owned));
    let writes = |setting: &Setting| {
        let all = setting.unified.iter().chain(&setting.legacy).flat_map(|write| &write.files);
        all.map(|(name, _)| name.to_string()).collect::<Vec<_>>()
    };
    let culprit =
        settings.iter().find(|setting| file.as_ref().is_some_and(|file| writes(setting).contains(file)));
    match culprit {
        Some(setting) => Error { step: format!("apply the limit {}: {}", setting.name, error.step), ..error },
        None => error,
    }
}
