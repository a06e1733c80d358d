//! Devices of the host that a container is given by name.

use std::fs;
use std::path::Path;

use oci_spec::runtime::{LinuxDeviceCgroup, LinuxDeviceType, LinuxResources};

use super::device_nodes::{CODE, Device, collect, is_device};
use super::request::HostDevice;
use crate::error::{Context, Error, Result};

/// Directories that belong to whoever has mounted them, and never to a container.
const SKIPPED: [&str; 4] = ["pts", "shm", "fd", "mqueue"];

/// Looks the devices up. Links of the host are followed to a device, but not within a directory.
pub fn find(wanted: &[HostDevice]) -> Result<Vec<Device>> {
    let mut found = Vec::new();
    for HostDevice { source, target, access } in wanted {
        let meta = fs::metadata(source).step_at(CODE, "find the device", source.display())?;
        let mut own = Vec::new();
        if meta.is_dir() {
            collect(source, target, access, &SKIPPED, &mut own)?;
            // That of the host's terminal: a container has its own.
            own.retain(|device| Path::new(&device.path).file_name() != Some("console".as_ref()));
        } else if is_device(&meta) {
            own.push(Device::of(&meta, (source, target), access)?);
        }
        if own.is_empty() {
            let why = if meta.is_dir() { "there is no device in it" } else { "not a device node" };
            return Err(Error::new(CODE, format!("find the device: {why}")).at(source.display().to_string()));
        }
        found.append(&mut own);
    }
    Ok(found)
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
    use std::os::unix::fs::MetadataExt;

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
