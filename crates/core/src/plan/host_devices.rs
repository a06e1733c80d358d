//! The devices of the host, which a privileged container gets all of: what is in `/dev` when it starts, as with docker.

use std::fs::{self, DirEntry};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use oci_spec::runtime::Spec;

use super::devices::is_bound;
use super::op::{Op, Step};
use super::target::Target;
use crate::error::{Context, Error, Result};

const CODE: &str = "ERR_RCX_DEVICE";
/// Directories of filesystems and programs whose devices mean nothing to others.
const SKIPPED: [&str; 8] = ["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev", "lost+found"];
/// What every container has of its own.
const OWN: [&str; 9] = ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "console", "core"];

/// Steps that make them, but for those that the container has anyway: listed in its spec, or bound.
pub fn steps(spec: &Spec) -> Result<Vec<Step>> {
    if is_bound(spec, "/dev") {
        return Ok(Vec::new());
    }
    let mut steps = Vec::new();
    collect(Path::new("/dev"), true, &mut steps)?;
    let listed = spec.linux().iter().filter_map(|linux| linux.devices().as_ref()).flatten();
    let listed: Vec<_> = listed.map(|device| device.path().as_path()).collect();
    steps.retain(|step| !listed.contains(&Path::new(&step.object)) && !is_bound(spec, &step.object));
    Ok(steps)
}

fn collect(directory: &Path, top: bool, steps: &mut Vec<Step>) -> Result<()> {
    const STEP: &str = "look for the host's devices";
    let entries = match fs::read_dir(directory) {
        // It went away while it was looked for.
        Err(e) if !top && e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.step_at(CODE, STEP, directory.display())?,
    };
    for entry in entries {
        let entry = entry.step_at(CODE, STEP, directory.display())?;
        let kind = entry.file_type().step_at(CODE, STEP, entry.path().display())?;
        let name = entry.file_name();
        if kind.is_dir() {
            if !SKIPPED.iter().any(|skipped| name == *skipped) {
                collect(&entry.path(), false, steps)?;
            }
        } else if (kind.is_char_device() || kind.is_block_device())
            && !(top && OWN.iter().any(|own| name == *own))
        {
            steps.extend(device(&entry)?);
        }
    }
    Ok(())
}

fn device(entry: &DirEntry) -> Result<Option<Step>> {
    let path = entry.path();
    let meta = match entry.metadata() {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.step_at(CODE, "look at a device of the host", path.display())?,
    };
    let object = path.to_str().ok_or_else(|| {
        Error::new("ERR_RCX_INVALID_PATH", "use a device whose name is not UTF-8")
            .at(path.display().to_string())
    })?;
    let op = Op::Device {
        path: Target::file(object)?,
        mode: meta.mode(),
        rdev: meta.rdev(),
        uid: meta.uid(),
        gid: meta.gid(),
    };
    Ok(Some(Step { code: CODE, what: "make a device", object: object.to_owned(), op }))
}

#[cfg(test)]
mod tests {
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
        assert!(steps(&binds("/dev")).unwrap().is_empty());
        let all = steps(&spec("")).unwrap();
        let Some(step) = all.first() else { return };
        let rest = steps(&binds(&step.object)).unwrap();
        assert!(rest.len() < all.len() && rest.iter().all(|each| each.object != step.object));
        // Not a volume elsewhere, however much of the host it has.
        assert_eq!(steps(&binds("/mnt/dev")).unwrap().len(), all.len());
        assert!(!is_bound(&binds("/dev/net"), "/dev/network"));
    }

    #[test]
    fn finds_devices_and_leaves_out_what_a_container_has_of_its_own() {
        let steps = steps(&spec("")).unwrap();
        let names: Vec<&str> = steps.iter().map(|step| step.object.as_str()).collect();
        for own in ["/dev/null", "/dev/tty", "/dev/ptmx", "/dev/console", "/dev/pts/0"] {
            assert!(!names.contains(&own), "{own}");
        }
        // Every Linux has it, containers with few devices among them do not.
        if Path::new("/dev/kmsg").metadata().is_ok_and(|meta| meta.file_type().is_char_device()) {
            let kmsg = steps.iter().find(|step| step.object == "/dev/kmsg").unwrap();
            let Op::Device { rdev, .. } = &kmsg.op else { panic!("{:?}", kmsg.op) };
            assert_eq!(*rdev, rustix::fs::makedev(1, 11));
        }
    }
}
