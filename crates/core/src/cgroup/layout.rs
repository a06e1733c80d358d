//! Where the hierarchies are mounted: pure v2, v1, or a mix of both.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::error::{Context, Result};

/// One v1 hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hierarchy {
    /// Controllers mounted together (`cpu`, `cpuacct`).
    pub controllers: Vec<String>,
    /// Mount point.
    pub mount: PathBuf,
}

impl Hierarchy {
    /// Whether this controller belongs to the hierarchy.
    pub fn has(&self, controller: &str) -> bool {
        self.controllers.iter().any(|name| name == controller)
    }
}

/// The cgroup mounts of this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// Mount point of cgroup2, if any.
    pub unified: Option<PathBuf>,
    /// The cgroup that is seen there, as this process' cgroup namespace calls it: mostly `/`.
    unified_root: String,
    /// v1 hierarchies with controllers.
    pub legacy: Vec<Hierarchy>,
}

impl Layout {
    /// The mounts of this process' namespace, read once: where the hierarchies are does not change while a machine runs.
    pub fn detect() -> Result<&'static Self> {
        static LAYOUT: OnceLock<Layout> = OnceLock::new();
        if let Some(known) = LAYOUT.get() {
            return Ok(known);
        }
        let path = "/proc/self/mountinfo";
        let text = fs::read_to_string(path).step_at("ERR_RCX_CGROUP", "read the mount table", path)?;
        Ok(LAYOUT.get_or_init(|| Self::parse(&text)))
    }

    /// Whether cgroup2 carries the controllers: no v1 controller is mounted.
    pub fn is_unified(&self) -> bool {
        self.unified.is_some() && self.legacy.is_empty()
    }

    /// Controllers of cgroup2, beside those that are in v1.
    pub fn unified_controllers(&self) -> Vec<String> {
        let file = self.unified.as_ref().map(|mount| mount.join("cgroup.controllers"));
        let text = file.and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default();
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// A process' v2 cgroup by the text of its `/proc/pid/cgroup`, as a path below the mount point; empty for the one that is
    /// mounted, and for one that is not to be seen there.
    pub fn below_mount(&self, text: &str) -> String {
        let own = text.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or_default();
        let below = own.strip_prefix(self.unified_root.trim_end_matches('/')).unwrap_or_default();
        let visible = below.starts_with('/') && below != "/" && !below.starts_with("/..");
        if visible { below.to_owned() } else { String::new() }
    }

    /// From the text of `/proc/pid/mountinfo` (proc_pid_mountinfo(5)).
    fn parse(text: &str) -> Self {
        let mut layout = Self::default();
        for line in text.lines() {
            let Some((before, after)) = line.split_once(" - ") else { continue };
            let mut place = before.split(' ').skip(3);
            let (Some(root), Some(mount)) = (place.next(), place.next()) else { continue };
            let mut fields = after.split(' ');
            let kind = fields.next().unwrap_or_default();
            let options = fields.nth(1).unwrap_or_default();
            match kind {
                "cgroup2" if layout.unified.is_none() => {
                    layout.unified = Some(PathBuf::from(mount));
                    root.clone_into(&mut layout.unified_root);
                }
                "cgroup" => {
                    let controllers = controllers(options);
                    if !controllers.is_empty() {
                        layout.legacy.push(Hierarchy { controllers, mount: PathBuf::from(mount) });
                    }
                }
                _ => {}
            }
        }
        layout
    }
}

/// The controllers among a v1 superblock's options; a named hierarchy (`name=systemd`) has none.
fn controllers(options: &str) -> Vec<String> {
    const KNOWN: [&str; 13] = [
        "cpu",
        "cpuacct",
        "cpuset",
        "memory",
        "devices",
        "freezer",
        "blkio",
        "pids",
        "hugetlb",
        "net_cls",
        "net_prio",
        "perf_event",
        "rdma",
    ];
    options.split(',').filter(|option| KNOWN.contains(option)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &str = "\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

    #[test]
    fn reads_a_mixed_layout() {
        let layout = Layout::parse(MIXED);
        assert_eq!(layout.unified, Some(PathBuf::from("/sys/fs/cgroup/unified")));
        assert_eq!(layout.legacy.len(), 1);
        assert!(layout.legacy[0].has("cpuacct"));
        assert!(!layout.is_unified());
    }

    #[test]
    fn a_cgroup_is_found_below_what_is_mounted() {
        let line =
            |root: &str| format!("30 23 0:26 {root} /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n");
        let below =
            |root: &str, own: &str| Layout::parse(&line(root)).below_mount(&format!("1:cpu:/x\n0::{own}\n"));
        assert_eq!(below("/", "/a.slice/b"), "/a.slice/b");
        assert_eq!(below("/", "/"), "");
        assert_eq!(below("/a.slice", "/a.slice/b"), "/b");
        assert_eq!(below("/a.slice", "/a.slice"), "");
        assert_eq!(below("/a.slice", "/other"), "");
        assert_eq!(below("/", "/../outside"), "");
    }

    #[test]
    fn knows_a_pure_v2_machine() {
        let layout =
            Layout::parse("30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
        assert!(layout.is_unified());
    }
}
