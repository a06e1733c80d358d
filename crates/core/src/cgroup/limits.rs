//! Limits of the runtime-spec as files of cgroup v2 and v1.

use std::fs;
use std::path::Path;

use oci_spec::runtime::LinuxResources;
use rustix::io::Errno;

use super::{CODE, Hierarchy, Layout, set};
use crate::error::{Error, Result};

/// One limit in both forms. An empty file name means that the form has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    controller: &'static str,
    unified: (&'static str, String),
    legacy: Vec<(&'static str, String)>,
    /// Not every kernel has the file (swap accounting can be compiled out or switched off).
    optional: bool,
}

/// Translates the limits that are set; one that rcx does not know is refused, never ignored.
pub fn settings(resources: &LinuxResources) -> Result<Vec<Setting>> {
    let unsupported = [
        ("blockIO", resources.block_io().is_some()),
        ("hugepageLimits", resources.hugepage_limits().as_ref().is_some_and(|limits| !limits.is_empty())),
        ("network", resources.network().is_some()),
        ("rdma", resources.rdma().is_some()),
        ("unified", resources.unified().as_ref().is_some_and(|map| !map.is_empty())),
    ];
    if let Some((name, _)) = unsupported.iter().find(|(_, present)| *present) {
        return Err(Error::new(
            "ERR_RCX_UNSUPPORTED",
            format!("apply linux.resources.{name}: not supported yet"),
        ));
    }
    let mut settings = Vec::new();
    memory(resources, &mut settings);
    cpu(resources, &mut settings);
    if let Some(limit) =
        resources.pids().as_ref().map(oci_spec::runtime::LinuxPids::limit).filter(|limit| *limit != 0)
    {
        let value = if limit < 0 { "max".to_owned() } else { limit.to_string() };
        settings.push(Setting {
            controller: "pids",
            unified: ("pids.max", value.clone()),
            legacy: vec![("pids.max", value)],
            optional: false,
        });
    }
    Ok(settings)
}

fn memory(resources: &LinuxResources, settings: &mut Vec<Setting>) {
    let Some(memory) = resources.memory() else { return };
    let limit = memory.limit().filter(|limit| *limit != 0);
    let v2 = |bytes: i64| if bytes < 0 { "max".to_owned() } else { bytes.to_string() };
    if let Some(limit) = limit {
        settings.push(Setting {
            controller: "memory",
            unified: ("memory.max", v2(limit)),
            legacy: vec![("memory.limit_in_bytes", limit.to_string())],
            optional: false,
        });
    }
    if let Some(reservation) = memory.reservation().filter(|value| *value != 0) {
        settings.push(Setting {
            controller: "memory",
            unified: ("memory.low", v2(reservation)),
            legacy: vec![("memory.soft_limit_in_bytes", reservation.to_string())],
            optional: false,
        });
    }
    // The runtime-spec counts memory and swap together, as v1 does; v2 counts swap alone.
    if let Some(swap) = memory.swap().filter(|value| *value != 0) {
        let alone = if swap < 0 { -1 } else { (swap - limit.unwrap_or(0)).max(0) };
        settings.push(Setting {
            controller: "memory",
            unified: ("memory.swap.max", v2(alone)),
            legacy: vec![("memory.memsw.limit_in_bytes", swap.to_string())],
            optional: true,
        });
    }
}

fn cpu(resources: &LinuxResources, settings: &mut Vec<Setting>) {
    const DEFAULT_PERIOD_MICROS: u64 = 100_000;
    let Some(cpu) = resources.cpu() else { return };
    let quota = cpu.quota().filter(|quota| *quota != 0);
    let period = cpu.period().filter(|period| *period != 0);
    if quota.is_some() || period.is_some() {
        let (quota, period) = (quota.unwrap_or(-1), period.unwrap_or(DEFAULT_PERIOD_MICROS));
        let v2 = if quota < 0 { format!("max {period}") } else { format!("{quota} {period}") };
        settings.push(Setting {
            controller: "cpu",
            unified: ("cpu.max", v2),
            legacy: vec![("cpu.cfs_period_us", period.to_string()), ("cpu.cfs_quota_us", quota.to_string())],
            optional: false,
        });
    }
    if let Some(shares) = cpu.shares().filter(|shares| *shares != 0) {
        settings.push(Setting {
            controller: "cpu",
            unified: ("cpu.weight", weight(shares).to_string()),
            legacy: vec![("cpu.shares", shares.to_string())],
            optional: false,
        });
    }
    for (file, list) in [("cpuset.cpus", cpu.cpus()), ("cpuset.mems", cpu.mems())] {
        let Some(list) = list.as_ref().filter(|list| !list.is_empty()) else { continue };
        settings.push(Setting {
            controller: "cpuset",
            unified: (file, list.clone()),
            legacy: vec![(file, list.clone())],
            optional: false,
        });
    }
}

/// Shares 2..=262144 onto weights 1..=10000, the mapping of the cgroup v2 conversion that runtimes share.
fn weight(shares: u64) -> u64 {
    1 + (shares.clamp(2, 262_144) - 2) * 9999 / 262_142
}

/// Whether a v1 hierarchy has to be joined for these settings.
pub fn concerns(settings: &[Setting], hierarchy: &Hierarchy) -> bool {
    settings.iter().any(|setting| hierarchy.has(setting.controller))
}

/// Passes the controllers on from the v2 root down to the container's parent.
pub fn enable_controllers(root: &Path, path: &str, settings: &[Setting]) -> Result<()> {
    let mut wanted: Vec<&str> = settings.iter().map(|setting| setting.controller).collect();
    wanted.dedup();
    let mut dir = root.to_owned();
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    for name in names {
        let file = dir.join("cgroup.subtree_control");
        let enabled = fs::read_to_string(&file).unwrap_or_default();
        for controller in &wanted {
            if !enabled.split_whitespace().any(|name| name == *controller) {
                set(&dir, "cgroup.subtree_control", &format!("+{controller}")).map_err(|e| {
                    e.hint("the controller is not delegated to this cgroup: run rcx as root on the host, or without the limit")
                })?;
            }
        }
        dir.push(name);
    }
    Ok(())
}

/// Writes the v2 files.
pub fn apply_unified(dir: &Path, settings: &[Setting]) -> Result<()> {
    for setting in settings {
        let (file, value) = &setting.unified;
        if setting.optional && !dir.join(file).exists() {
            continue;
        }
        set(dir, file, value)?;
    }
    Ok(())
}

/// Writes the v1 files of one hierarchy.
///
/// Memory may never be limited to more than memory and swap together: which of the two has to come first depends on what is in
/// them. So what the kernel does not take is tried again after the others.
pub fn apply_legacy(dir: &Path, hierarchy: &Hierarchy, settings: &[Setting]) -> Result<()> {
    let concerned = settings.iter().filter(|setting| hierarchy.has(setting.controller));
    let files = concerned.flat_map(|setting| {
        let present = move |file: &str| !setting.optional || dir.join(file).exists();
        setting.legacy.iter().filter(move |(file, _)| present(file))
    });
    let mut refused = Vec::new();
    for (file, value) in files {
        match set(dir, file, value) {
            Err(error) if error.errno == Some(Errno::INVAL) => refused.push((file, value)),
            other => other?,
        }
    }
    refused.into_iter().try_for_each(|(file, value)| set(dir, file, value))
}

/// Without processors or memory nodes a v1 cpuset takes no process: what is not limited is as above. From the hierarchy's root
/// down to the cgroup at `path`.
pub fn inherit_cpuset(mount: &Path, path: &str) -> Result<()> {
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

/// A limit that no hierarchy could take must not be dropped in silence.
pub fn require_all(layout: &Layout, settings: &[Setting]) -> Result<()> {
    if layout.is_unified() {
        return Ok(());
    }
    for setting in settings {
        if !layout.legacy.iter().any(|hierarchy| hierarchy.has(setting.controller)) {
            return Err(Error::new(
                CODE,
                format!("limit {}: the {} controller is not mounted", setting.unified.0, setting.controller),
            )
            .hint("mount the controller, or run without the limit"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings_of(json: &str) -> Vec<Setting> {
        settings(&serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn memory_and_swap_are_counted_together_in_the_spec_and_apart_in_v2() {
        let settings = settings_of(r#"{"memory":{"limit":1000,"swap":3000}}"#);
        assert_eq!(settings[0].unified, ("memory.max", "1000".to_owned()));
        assert_eq!(settings[1].unified, ("memory.swap.max", "2000".to_owned()));
        assert_eq!(settings[1].legacy, [("memory.memsw.limit_in_bytes", "3000".to_owned())]);
    }

    #[test]
    fn a_quota_is_one_line_in_v2_and_two_files_in_v1() {
        let settings = settings_of(r#"{"cpu":{"quota":50000,"period":100000}}"#);
        assert_eq!(settings[0].unified, ("cpu.max", "50000 100000".to_owned()));
        assert_eq!(settings[0].legacy.len(), 2);
    }

    #[test]
    fn a_period_without_a_quota_limits_nothing() {
        let settings = settings_of(r#"{"cpu":{"period":50000}}"#);
        assert_eq!(settings[0].unified, ("cpu.max", "max 50000".to_owned()));
        assert_eq!(settings[0].legacy[1], ("cpu.cfs_quota_us", "-1".to_owned()));
    }

    #[test]
    fn processors_and_memory_nodes_are_the_cpuset_controllers() {
        let settings = settings_of(r#"{"cpu":{"cpus":"0-1","mems":""}}"#);
        assert_eq!(settings.len(), 1);
        assert_eq!(
            (settings[0].controller, &settings[0].unified),
            ("cpuset", &("cpuset.cpus", "0-1".to_owned()))
        );
    }

    #[test]
    fn unlimited_pids_are_max() {
        assert_eq!(settings_of(r#"{"pids":{"limit":-1}}"#)[0].unified, ("pids.max", "max".to_owned()));
    }

    #[test]
    fn shares_map_onto_the_whole_range_of_weights() {
        assert_eq!((weight(2), weight(262_144)), (1, 10_000));
    }

    #[test]
    fn what_rcx_cannot_apply_is_refused() {
        let resources: LinuxResources = serde_json::from_str(r#"{"blockIO":{"weight":10}}"#).unwrap();
        assert_eq!(settings(&resources).unwrap_err().code, "ERR_RCX_UNSUPPORTED");
    }
}
