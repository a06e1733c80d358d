//! The devices of the host, which a privileged container gets all of: what is in `/dev` when it starts, as with docker.

use std::fs::{self, DirEntry};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use super::op::{Op, Step};
use super::target::Target;
use crate::error::{Context, Error, Result};

const CODE: &str = "ERR_RCX_DEVICE";
/// Directories of filesystems and programs whose devices mean nothing to others.
const SKIPPED: [&str; 8] = ["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev", "lost+found"];
/// What every container has of its own.
const OWN: [&str; 9] = ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "console", "core"];

/// Steps that make them.
pub fn steps() -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    collect(Path::new("/dev"), true, &mut steps)?;
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

    #[test]
    fn finds_devices_and_leaves_out_what_a_container_has_of_its_own() {
        let steps = steps().unwrap();
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
