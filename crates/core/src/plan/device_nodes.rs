//! Device nodes, and those of the host as they are at a launch: numbers, mode and owner.

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::error::{Context, Error, Result};

pub const CODE: &str = "ERR_RCX_DEVICE";

/// A device as it is made in the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Absolute path inside the container.
    pub path: String,
    /// Path of its node on the host.
    pub source: PathBuf,
    /// Type and permissions, as stat(2) has them.
    pub mode: u32,
    /// Device number.
    pub rdev: u64,
    /// Owner, by the container's ids.
    pub uid: u32,
    /// Group, likewise.
    pub gid: u32,
    /// What a rule is made for it to allow, letters of `rwm`; of the others there are none, or the spec has theirs.
    pub access: String,
}

impl Device {
    /// One of the host's at `target` in the container.
    pub fn of(meta: &Metadata, (source, target): (&Path, &Path), access: &str) -> Result<Self> {
        let path = target.to_str().ok_or_else(|| {
            Error::new("ERR_RCX_INVALID_PATH", "use a container path that is not UTF-8")
                .at(target.display().to_string())
        })?;
        Ok(Self {
            path: path.to_owned(),
            source: source.to_owned(),
            mode: meta.mode(),
            rdev: meta.rdev(),
            uid: meta.uid(),
            gid: meta.gid(),
            access: access.to_owned(),
        })
    }
}

/// Whether it is a block or character device.
pub fn is_device(meta: &Metadata) -> bool {
    meta.file_type().is_block_device() || meta.file_type().is_char_device()
}

/// Adds the devices below the directory `source` of the host, by name, as they are to be below `target`. Links are not followed,
/// and directories with one of the `skipped` names are left out.
pub fn collect(
    source: &Path,
    target: &Path,
    access: &str,
    skipped: &[&str],
    found: &mut Vec<Device>,
) -> Result<()> {
    const STEP: &str = "list the directory of devices";
    let mut names = Vec::new();
    for entry in fs::read_dir(source).step_at(CODE, STEP, source.display())? {
        names.push(entry.step_at(CODE, STEP, source.display())?.file_name());
    }
    names.sort();
    for name in names {
        let (from, to) = (source.join(&name), target.join(&name));
        let meta = match fs::symlink_metadata(&from).step_at(CODE, "find the device", from.display()) {
            Err(error) if is_unplugged(&error) => continue,
            meta => meta?,
        };
        if meta.is_dir() && !skipped.iter().any(|skipped| name == *skipped) {
            match collect(&from, &to, access, skipped, found) {
                Err(error) if is_unplugged(&error) => {}
                done => done?,
            }
        } else if is_device(&meta) {
            found.push(Device::of(&meta, (&from, &to), access)?);
        }
    }
    Ok(())
}

/// It went away while the directory above it was listed.
fn is_unplugged(error: &Error) -> bool {
    error.errno == Some(Errno::NOENT)
}
