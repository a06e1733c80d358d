//! The devices of the host, which a privileged container gets all of: what is in `/dev` when it starts, as with docker.

use std::path::Path;

use oci_spec::runtime::Spec;

use super::device_nodes::{Device, collect};
use super::devices::is_bound;
use crate::error::Result;

/// Directories of filesystems and programs whose devices mean nothing to others.
const SKIPPED: [&str; 8] = ["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev", "lost+found"];
/// What every container has of its own.
const OWN: [&str; 9] = ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "console", "core"];

/// Finds them, but for those that the container has anyway: listed in its spec, or bound.
pub fn find(spec: &Spec) -> Result<Vec<Device>> {
    if is_bound(spec, "/dev") {
        return Ok(Vec::new());
    }
    let (dev, mut found) = (Path::new("/dev"), Vec::new());
    collect(dev, dev, "", &SKIPPED, &mut found)?;
    let listed = spec.linux().iter().filter_map(|linux| linux.devices().as_ref()).flatten();
    let listed: Vec<_> = listed.map(|device| device.path().as_path()).collect();
    found.retain(|device| {
        let path = Path::new(&device.path);
        let is_own = OWN.iter().any(|own| path == dev.join(own));
        !is_own && !listed.contains(&path) && !is_bound(spec, &device.path)
    });
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileTypeExt;

    use super::*;

    /// A spec with a few more members.
    fn spec(more: &str) -> Spec {
        let json = format!(r#"{{"ociVersion":"1.2.0","root":{{"path":"/"}},"linux":{{}}{more}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn what_the_user_binds_is_not_made() {
        let binds = |at: &str| {
            spec(&format!(
                r#","mounts":[{{"destination":"{at}","type":"bind","source":"{at}","options":["rbind"]}}]"#
            ))
        };
        assert!(find(&binds("/dev")).unwrap().is_empty());
        let all = find(&spec("")).unwrap();
        let Some(first) = all.first() else { return };
        let rest = find(&binds(&first.path)).unwrap();
        assert!(rest.len() < all.len() && rest.iter().all(|each| each.path != first.path));
        // Not a volume elsewhere, however much of the host it has.
        assert_eq!(find(&binds("/mnt/dev")).unwrap().len(), all.len());
        assert!(!is_bound(&binds("/dev/net"), "/dev/network"));
    }

    #[test]
    fn finds_devices_and_leaves_out_what_a_container_has_of_its_own() {
        let found = find(&spec("")).unwrap();
        let names: Vec<&str> = found.iter().map(|device| device.path.as_str()).collect();
        for own in ["/dev/null", "/dev/tty", "/dev/ptmx", "/dev/console", "/dev/pts/0"] {
            assert!(!names.contains(&own), "{own}");
        }
        // Every Linux has it, containers with few devices among them do not.
        if Path::new("/dev/kmsg").metadata().is_ok_and(|meta| meta.file_type().is_char_device()) {
            let kmsg = found.iter().find(|device| device.path == "/dev/kmsg").unwrap();
            assert_eq!(kmsg.rdev, rustix::fs::makedev(1, 11));
        }
    }
}
