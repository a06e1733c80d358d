//! What the runtime-spec wants in `/dev` ("Default Devices", config-linux.md), and the devices it lists.

use std::path::Path;

use oci_spec::runtime::{LinuxDeviceType, Spec};

use super::op::{Op, Step};
use super::target::{Target, cstring};
use super::{Builder, user};
use crate::error::Result;

pub const CODE: &str = "ERR_RCX_DEVICE";

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

/// A device node of the container's.
pub struct Node<'a> {
    /// Absolute path inside.
    pub path: &'a str,
    /// Type and permissions.
    pub mode: u32,
    /// Device number.
    pub rdev: u64,
    /// Owner, by the container's ids.
    pub uid: u32,
    /// Group, likewise.
    pub gid: u32,
}

fn device(builder: &mut Builder, node: &Node<'_>) -> Result<()> {
    if builder.user.is_some() {
        return user::device(builder, node);
    }
    let Node { path, mode, rdev, uid, gid } = *node;
    let op = Op::Device { path: Target::file(path)?, mode, rdev, uid, gid };
    builder.late.push(Step { code: CODE, what: "make a device", object: path.to_owned(), op });
    Ok(())
}

/// Steps that fill `/dev`. One that the host's was bound to is full, and not the container's to fill.
pub fn steps(builder: &mut Builder, spec: &Spec) -> Result<()> {
    if !is_bound(spec, "/dev") {
        nodes(builder, spec)?;
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

/// Whether a path is a file of the host's, or below a directory of the host's, that was bound to `/dev` or into it.
pub fn is_bound(spec: &Spec, path: &str) -> bool {
    spec.mounts().iter().flatten().any(|mount| {
        let is_bind = mount.typ().as_deref() == Some("bind")
            || mount.options().iter().flatten().any(|option| option == "bind" || option == "rbind");
        is_bind && mount.destination().starts_with("/dev") && Path::new(path).starts_with(mount.destination())
    })
}

fn nodes(builder: &mut Builder, spec: &Spec) -> Result<()> {
    for (name, major, minor) in DEFAULT {
        let path = format!("/dev/{name}");
        let rdev = rustix::fs::makedev(major, minor);
        let node = Node { path: &path, mode: libc::S_IFCHR | 0o666, rdev, uid: 0, gid: 0 };
        device(builder, &node)?;
    }
    for device in spec.linux().iter().filter_map(|linux| linux.devices().as_ref()).flatten() {
        let kind = match device.typ() {
            LinuxDeviceType::B => libc::S_IFBLK,
            LinuxDeviceType::P => libc::S_IFIFO,
            _ => libc::S_IFCHR,
        };
        let number = |n: i64| u32::try_from(n).unwrap_or(0);
        let object = device.path().display().to_string();
        let node = Node {
            path: &object,
            mode: kind | (device.file_mode().unwrap_or(0o666) & 0o7777),
            rdev: rustix::fs::makedev(number(device.major()), number(device.minor())),
            uid: device.uid().unwrap_or(0),
            gid: device.gid().unwrap_or(0),
        };
        self::device(builder, &node)?;
    }
    // Kernels without it would leave a link to nothing.
    let core = Path::new("/proc/kcore").exists().then_some(("/dev/core", "/proc/kcore"));
    for (path, to) in LINKS.into_iter().chain(core) {
        let op = Op::Symlink { path: Target::file(path)?, to: cstring(to)? };
        builder.late.push(Step { code: CODE, what: "link a device", object: path.to_owned(), op });
    }
    Ok(())
}
