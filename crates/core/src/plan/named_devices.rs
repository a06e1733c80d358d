//! Devices of the host that a container is given, as they are at its launch: numbers, mode and owner.

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use oci_spec::runtime::{LinuxDeviceCgroup, LinuxDeviceType, LinuxResources};

use super::request::HostDevice;
use crate::error::{Context, Error, Result};

const CODE: &str = "ERR_RCX_DEVICE";
/// Directories that belong to whoever has mounted them, and never to a container.
const SKIPPED: [&str; 4] = ["pts", "shm", "fd", "mqueue"];

/// A device as it is made in the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Absolute path inside the container.
    pub path: String,
    /// Type and permissions, as stat(2) has them.
    pub mode: u32,
    /// Device number.
    pub rdev: u64,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Letters of `rwm`.
    pub access: String,
}

/// Looks the devices up. Links of the host are followed to a device, but not within a directory.
pub fn find(wanted: &[HostDevice]) -> Result<Vec<Device>> {
    let mut found = Vec::new();
    for HostDevice { source, target, access } in wanted {
        let meta = fs::metadata(source).step_at(CODE, "find the device", source.display())?;
        let before = found.len();
        if meta.is_dir() {
            below(source, target, access, &mut found)?;
        } else if is_device(&meta) {
            found.push(device(&meta, target, access)?);
        }
        if found.len() == before {
            let why = if meta.is_dir() { "there is no device in it" } else { "not a device node" };
            return Err(Error::new(CODE, format!("find the device: {why}")).at(source.display().to_string()));
        }
    }
    Ok(found)
}

fn below(source: &Path, target: &Path, access: &str, found: &mut Vec<Device>) -> Result<()> {
    const STEP: &str = "list the directory of devices";
    let mut names = Vec::new();
    for entry in fs::read_dir(source).step_at(CODE, STEP, source.display())? {
        names.push(entry.step_at(CODE, STEP, source.display())?.file_name());
    }
    names.sort();
    for name in names {
        let (from, to) = (source.join(&name), target.join(&name));
        let meta = match fs::symlink_metadata(&from) {
            // Unplugged in this moment.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            meta => meta.step_at(CODE, "find the device", from.display())?,
        };
        if meta.is_dir() && !SKIPPED.iter().any(|skipped| name == *skipped) {
            below(&from, &to, access, found)?;
        } else if is_device(&meta) && name != "console" {
            found.push(device(&meta, &to, access)?);
        }
    }
    Ok(())
}

fn is_device(meta: &Metadata) -> bool {
    meta.file_type().is_block_device() || meta.file_type().is_char_device()
}

fn device(meta: &Metadata, target: &Path, access: &str) -> Result<Device> {
    let path = target.to_str().ok_or_else(|| {
        Error::new("ERR_RCX_INVALID_PATH", "use a container path that is not UTF-8")
            .at(PathBuf::from(target).display().to_string())
    })?;
    Ok(Device {
        path: path.to_owned(),
        mode: meta.mode(),
        rdev: meta.rdev(),
        uid: meta.uid(),
        gid: meta.gid(),
        access: access.to_owned(),
    })
}

/// The resources with a rule for each device. Without any rule the container is not filtered, and needs none.
pub fn with_rules(resources: Option<&LinuxResources>, devices: &[Device]) -> Option<LinuxResources> {
    let mut resources = resources.cloned();
    if let Some(resources) = &mut resources
        && let Some(mut rules) = resources.devices().clone().filter(|rules| !rules.is_empty())
    {
        rules.extend(devices.iter().map(rule));
        resources.set_devices(Some(rules));
    }
    resources
}

fn rule(device: &Device) -> LinuxDeviceCgroup {
    let block = device.mode & libc::S_IFMT == libc::S_IFBLK;
    let mut rule = LinuxDeviceCgroup::default();
    rule.set_allow(true);
    rule.set_typ(Some(if block { LinuxDeviceType::B } else { LinuxDeviceType::C }));
    rule.set_major(Some(i64::from(rustix::fs::major(device.rdev))));
    rule.set_minor(Some(i64::from(rustix::fs::minor(device.rdev))));
    rule.set_access(Some(device.access.clone()));
    rule
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(source: &str, target: &str) -> HostDevice {
        HostDevice { source: source.into(), target: target.into(), access: "r".to_owned() }
    }

    #[test]
    fn a_device_is_as_on_the_host() {
        let found = find(&[wanted("/dev/null", "/dev/mine")]).unwrap();
        let meta = fs::metadata("/dev/null").unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].path.as_str(), found[0].rdev), ("/dev/mine", rustix::fs::makedev(1, 3)));
        assert_eq!((found[0].mode, found[0].uid), (meta.mode(), meta.uid()));
        let resources: LinuxResources =
            serde_json::from_str(r#"{"devices":[{"allow":false,"access":"rwm"}]}"#).unwrap();
        let rules = with_rules(Some(&resources), &found).unwrap().devices().clone().unwrap();
        assert_eq!((rules.len(), rules[1].major(), rules[1].minor()), (2, Some(1), Some(3)));
        assert_eq!(rules[1].access().as_deref(), Some("r"));
    }

    #[test]
    fn a_directory_is_all_devices_below_it_and_not_what_others_have_mounted_there() {
        let found = find(&[wanted("/dev", "/dev/host")]).unwrap();
        let has = |path: &str| found.iter().any(|device| device.path == path);
        assert!(has("/dev/host/null") && has("/dev/host/zero"));
        assert!(!found.iter().any(|device| device.path.starts_with("/dev/host/pts/")));
        assert!(!has("/dev/host/console"));
    }

    #[test]
    fn what_is_missing_or_no_device_is_refused() {
        for path in ["/dev/there-is-none", "/etc/passwd", "/etc"] {
            assert_eq!(find(&[wanted(path, "/dev/x")]).unwrap_err().code, CODE, "{path}");
        }
    }

    #[test]
    fn a_container_that_is_not_filtered_stays_so() {
        let found = find(&[wanted("/dev/null", "/dev/null")]).unwrap();
        let resources = LinuxResources::default();
        let rules = with_rules(Some(&resources), &found).unwrap().devices().clone();
        assert!(rules.is_none_or(|rules| rules.is_empty()));
    }
}
