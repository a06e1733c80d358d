//! What the kernel has done to a cgroup.

use std::fs;

use super::Layout;

/// Whether the kernel has killed a process of the container's cgroup for want of memory. Without a memory controller nobody
/// counts, and the answer is no.
pub fn oom_killed(path: &str) -> bool {
    let Ok(layout) = Layout::detect() else { return false };
    let below = |mount: &std::path::Path| mount.join(path.trim_start_matches('/'));
    let unified = layout.unified.as_deref().map(|mount| below(mount).join("memory.events"));
    let legacy = layout.legacy.iter().find(|hierarchy| hierarchy.has("memory"));
    let legacy = legacy.map(|hierarchy| below(&hierarchy.mount).join("memory.oom_control"));
    unified
        .into_iter()
        .chain(legacy)
        .any(|file| fs::read_to_string(file).is_ok_and(|text| count(&text).is_some_and(|kills| kills > 0)))
}

/// `oom_kill N`, in `memory.events` of v2 and `memory.oom_control` of v1 (Linux 4.13).
fn count(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")).and_then(|number| number.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn kills_are_counted_in_both_versions() {
        assert_eq!(count("low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n"), Some(2));
        assert_eq!(count("oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"), Some(0));
        assert_eq!(count("oom_kill_disable 1\n"), None);
    }
}
