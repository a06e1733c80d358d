//! Volumes of a container: who uses them when is told to those who listen, and those without a name go with their container.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::config::Config;
use super::events::append_event;
use crate::lock::{FileLock, LockMode, LockTarget};
use crate::tree;

/// What is mounted in a container beside what rcx itself mounts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MountPoint {
    /// `volume`, or something that is none of ours.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name of a volume.
    #[serde(default)]
    pub name: String,
    /// Path in the container.
    pub destination: String,
    /// Docker's `Propagation`.
    #[serde(default)]
    pub propagation: String,
    /// It can be written to.
    pub rw: bool,
    /// It was made for a container, and nobody gave it a name.
    #[serde(default)]
    pub anonymous: bool,
}

/// Adds an event of each volume of a container: `mount` or `unmount`.
pub fn report(run: &Path, config: &Config, action: &str) {
    for mount in config.mounts.iter().filter(|mount| mount.kind == "volume") {
        let mut attributes = json!({ "container": config.id, "driver": "local" });
        if action == "mount" {
            attributes["destination"] = json!(mount.destination);
            attributes["propagation"] = json!(mount.propagation);
            attributes["read/write"] = json!(mount.rw.to_string());
        }
        append_volume(run, &mount.name, action, &attributes);
    }
}

/// Removes the volumes that nobody has given a name, unless another container has them, too. To be called when the container is
/// gone. Best effort: what cannot be removed is found by `rcx volume prune`.
pub fn remove_anonymous(run: &Path, containers: &Path, config: &Config) {
    let Some(volumes) = containers.parent().map(|root| root.join("volumes")) else { return };
    for mount in config.mounts.iter().filter(|mount| mount.kind == "volume" && mount.anonymous) {
        if is_name(&mount.name) && remove(&volumes, containers, &mount.name) {
            append_volume(run, &mount.name, "destroy", &json!({ "driver": "local" }));
        }
    }
}

/// What becomes a path here was read from a file.
fn is_name(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Out of sight first, then piece by piece: what a kill leaves is wreckage and no volume.
fn remove(volumes: &Path, containers: &Path, name: &str) -> bool {
    let folder = volumes.join(name);
    if !folder.is_dir() {
        return false;
    }
    // Whoever makes a container that uses it holds the lock until its record says so.
    let file = FileLock::try_acquire(&folder.join("lock"), LockMode::Exclusive, LockTarget::File);
    let Ok(Some(_unused)) = file else { return false };
    if is_used(containers, name) {
        return false;
    }
    let doomed = volumes.join(format!(".tmp-{name}"));
    // Held as by the maker of any temporary, or a collector of wreckage would remove it at the same time.
    let _held = FileLock::try_acquire(&folder, LockMode::Exclusive, LockTarget::Directory);
    fs::rename(&folder, &doomed).is_ok() && tree::remove_tree(&doomed).is_ok()
}

/// Whether the name stands in the record of any container; nobody has made it up, so it stands for nothing else there.
fn is_used(containers: &Path, name: &str) -> bool {
    // Where nobody can tell, it is.
    let Ok(entries) = fs::read_dir(containers) else { return true };
    entries.flatten().any(|entry| {
        let is_container = entry.file_name().as_encoded_bytes().len() == 64;
        is_container
            && fs::read(entry.path().join("config.json"))
                .is_ok_and(|text| text.windows(name.len()).any(|part| part == name.as_bytes()))
    })
}

fn append_volume(run: &Path, name: &str, action: &str, attributes: &serde_json::Value) {
    let actor = json!({ "ID": name, "Attributes": attributes });
    append_event(run, json!({ "Type": "volume", "Action": action, "Actor": actor, "scope": "local" }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_record_names_is_removed() {
        let root = std::env::temp_dir().join(format!("rcx-monitor-volumes-{}", std::process::id()));
        let (volumes, containers) = (root.join("volumes"), root.join("containers"));
        let (free, used) = ("a1".repeat(32), "b2".repeat(32));
        for name in [&free, &used] {
            fs::create_dir_all(volumes.join(name).join("_data/deep")).unwrap();
        }
        let other = containers.join("c3".repeat(32));
        fs::create_dir_all(&other).unwrap();
        fs::write(other.join("config.json"), format!("{{\"mounts\":[{{\"name\":\"{used}\"}}]}}")).unwrap();
        assert!(remove(&volumes, &containers, &free));
        assert!(!remove(&volumes, &containers, &used));
        assert!(!remove(&volumes, &containers, &free), "it is gone");
        let left: Vec<_> = fs::read_dir(&volumes).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, [used.as_str()]);
        let held =
            FileLock::try_acquire(&volumes.join(&used).join("lock"), LockMode::Shared, LockTarget::File);
        fs::remove_dir_all(&other).unwrap();
        assert!(!remove(&volumes, &containers, &used), "a container is being made that uses it");
        drop(held);
        assert!(remove(&volumes, &containers, &used));
        tree::remove_tree(&root).unwrap();
    }

    #[test]
    fn a_name_is_never_a_path() {
        for name in
            ["", "..", "../../etc", &"a".repeat(63), &format!("../{}", "a".repeat(61)), &"A".repeat(64)]
        {
            assert!(!is_name(name), "{name}");
        }
        assert!(is_name(&"0a".repeat(32)));
    }
}
