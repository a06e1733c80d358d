//! What the runtime-spec wants in `/dev` ("Default Devices", config-linux.md), the devices it lists, and those of the host.

use std::path::{Path, PathBuf};

use oci_spec::runtime::{LinuxDeviceType, Spec};

use super::device_nodes::{CODE, Device};
use super::op::{Op, Step};
use super::target::{Target, cstring};
use super::{Builder, unprivileged, user};
use crate::error::Result;

/// Name, major and minor number.
const DEFAULT: [(&str, u32, u32); 6] =
    [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)];

const LINKS: [(&str, &str); 5] = [
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
    ("/dev/ptmx", "pts/ptmx"),
];

/// Makes one, or binds one that is made outside of the container's user namespace.
pub fn make(builder: &mut Builder, device: Device) -> Result<()> {
    if builder.user.is_some() {
        return user::device(builder, &device);
    }
    if builder.unprivileged.is_some() {
        return unprivileged::device(builder, &device);
    }
    let Device { path, mode, rdev, uid, gid, .. } = device;
    let op = Op::Device { path: Target::file(&path)?, mode, rdev, uid, gid };
    builder.late.push(Step { code: CODE, what: "make a device", object: path, op });
    Ok(())
}

/// Steps that fill `/dev`. One of the host's, bound there, has all it needs, and nothing is made in it.
pub fn steps(builder: &mut Builder, spec: &Spec, host: &[Device]) -> Result<()> {
    if !is_bound(spec, "/dev") {
        let mut devices = host.to_vec();
        devices.extend(listed(spec));
        for (name, major, minor) in DEFAULT {
            let path = format!("/dev/{name}");
            let taken = devices.iter().any(|device| same_path(&device.path, &path));
            if !taken {
                let rdev = rustix::fs::makedev(major, minor);
                let mode = libc::S_IFCHR | 0o666;
                let (source, access) = (PathBuf::from(&path), String::new());
                make(builder, Device { path, source, mode, rdev, uid: 0, gid: 0, access })?;
            }
        }
        devices.into_iter().try_for_each(|device| make(builder, device))?;
        // Kernels without it would leave a link to nothing.
        let core = Path::new("/proc/kcore").exists().then_some(("/dev/core", "/proc/kcore"));
        for (path, to) in LINKS.into_iter().chain(core) {
            let op = Op::Symlink { path: Target::file(path)?, to: cstring(to)? };
            builder.late.push(Step { code: CODE, what: "link a device", object: path.to_owned(), op });
        }
    }
    if builder.terminal {
        let op = Op::Terminal { pts: Target::dir("/dev/pts")?, console: Target::file("/dev/console")? };
        let object = "/dev/console".to_owned();
        builder.late.push(Step {
            code: "ERR_RCX_TERMINAL",
            what: "make the container's terminal",
            object,
            op,
        });
    }
    Ok(())
}

/// `linux.devices` of the spec.
fn listed(spec: &Spec) -> impl Iterator<Item = Device> + '_ {
    spec.linux().iter().filter_map(|linux| linux.devices().as_ref()).flatten().map(|device| {
        let kind = match device.typ() {
            LinuxDeviceType::B => libc::S_IFBLK,
            LinuxDeviceType::P => libc::S_IFIFO,
            _ => libc::S_IFCHR,
        };
        let number = |n: i64| u32::try_from(n).unwrap_or(0);
        Device {
            path: device.path().display().to_string(),
            source: device.path().clone(),
            mode: kind | (device.file_mode().unwrap_or(0o666) & 0o7777),
            rdev: rustix::fs::makedev(number(device.major()), number(device.minor())),
            uid: device.uid().unwrap_or(0),
            gid: device.gid().unwrap_or(0),
            access: String::new(),
        }
    })
}

/// Whether a path is a file of the host's, or below a directory of the host's, that was bound to `/dev` or into it.
pub fn is_bound(spec: &Spec, path: &str) -> bool {
    spec.mounts().iter().flatten().any(|mount| {
        let is_bind = mount.typ().as_deref() == Some("bind")
            || mount.options().iter().flatten().any(|option| option == "bind" || option == "rbind");
        is_bind && mount.destination().starts_with("/dev") && Path::new(path).starts_with(mount.destination())
    })
}

fn same_path(path: &str, other: &str) -> bool {
    path.split('/').filter(|name| !name.is_empty()).eq(other.split('/').filter(|name| !name.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(spec: &str, host: &[Device]) -> Vec<(String, u64)> {
        let spec: Spec = serde_json::from_str(spec).unwrap();
        let mut builder = Builder::default();
        steps(&mut builder, &spec, host).unwrap();
        let devices = builder.late.iter().filter_map(|step| match step.op {
            Op::Device { rdev, .. } => Some((step.object.clone(), rdev)),
            _ => None,
        });
        devices.collect()
    }

    #[test]
    fn a_device_of_the_host_takes_the_place_of_a_default_one() {
        let own = Device {
            path: "/dev//zero".to_owned(),
            source: PathBuf::from("/dev/mapper/zero"),
            mode: libc::S_IFCHR | 0o600,
            rdev: rustix::fs::makedev(1, 9),
            uid: 0,
            gid: 0,
            access: "r".to_owned(),
        };
        let made = made(r#"{"ociVersion":"1.2.0"}"#, &[own]);
        assert_eq!(made.len(), DEFAULT.len());
        assert!(!made.iter().any(|(path, _)| path == "/dev/zero"));
        assert_eq!(made.last().unwrap(), &("/dev//zero".to_owned(), rustix::fs::makedev(1, 9)));
    }

    #[test]
    fn nothing_is_made_in_the_hosts_own_dev() {
        let spec =
            r#"{"ociVersion":"1.2.0","mounts":[{"destination":"/dev/","type":"bind","source":"/dev"}]}"#;
        assert!(made(spec, &[]).is_empty());
    }
}
