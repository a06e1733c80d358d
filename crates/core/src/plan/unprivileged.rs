//! What a plan has instead where nobody has the privileges of the machine's root: in the namespace of an ordinary user, and for the
//! root of any other user namespace but the first. Device nodes cannot be made there, so the host's are bound; what shows a
//! namespace that belongs to others cannot be mounted, so the host's mount of it is bound; and groups may not be mapped.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::mount::MountAttrFlags;

use super::device_nodes::{self, Device};
use super::op::{Op, Param, Step};
use super::target::Target;
use super::{Builder, mounts, namespaces};
use crate::error::{Context, Error, Result};
use crate::id_map::{IdRange, to_host};
use crate::sys::MountAttr;

/// Groups that are mapped in the namespace that a container is launched in.
#[derive(Debug, Clone, Default)]
pub struct Unprivileged {
    /// As `/proc/pid/gid_map` has them.
    pub gids: Vec<IdRange>,
}

impl Unprivileged {
    /// The groups that ping may be allowed to, which the kernel takes only where all are mapped (`ping_group_range`, icmp(7)).
    pub fn ping_range(&self) -> String {
        let first = self.gids.iter().find(|range| range.container == 0);
        let mut end = first.map_or(0, |range| range.size - 1);
        // The kernel compares the host's numbers: beyond the first range they need not be in order.
        if let Some(next) = self.gids.iter().find(|range| range.container == end + 1)
            && first.is_some_and(|first| first.host < next.host)
        {
            end = next.container + next.size - 1;
        }
        format!("0 {end}")
    }
}

/// Binds the host's node of a device.
pub fn device(builder: &mut Builder, device: &Device) -> Result<()> {
    let meta = fs::metadata(&device.source)
        .step_at(device_nodes::CODE, "find the device", device.source.display())
        .map_err(|error| error.hint("without root a device can only be given as the host has it"))?;
    if meta.rdev() != device.rdev {
        return Err(Error::new(
            device_nodes::CODE,
            "give a device without root: the host's node of that name is another one",
        )
        .at(device.source.display().to_string()));
    }
    let is_limited = !['r', 'w'].iter().all(|kind| device.access.contains(*kind));
    if is_limited && !device.access.is_empty() {
        return Err(Error::new(
            device_nodes::CODE,
            "limit the accesses to a device without root: nobody else can filter them",
        )
        .at(device.path.clone())
        .hint("leave the letters out; who may open it is for its mode on the host to say"));
    }
    let slot = mounts::clone_tree(builder, &device.source, None, false)?;
    // Nothing that is done to the host's /dev is to be seen in it.
    let attr = MountAttr { propagation: libc::MS_PRIVATE, ..MountAttr::default() };
    let op = Op::Attach { slot, attr, recursive: false, target: Target::file(&device.path)? };
    builder.late.push(Step {
        code: device_nodes::CODE,
        what: "bind a device",
        object: device.path.clone(),
        op,
    });
    Ok(())
}

/// Binds the host's mount of a filesystem that shows a namespace of its own; `false` for one that can be mounted.
pub fn kernel_mount(builder: &mut Builder, fs: &str, attr: MountAttrFlags, at: &Target) -> Result<bool> {
    let Some(namespace) = namespaces::shown_by(fs) else { return Ok(false) };
    if builder.unprivileged.is_none() || builder.apart & namespace != 0 {
        return Ok(false);
    }
    let source = match fs {
        "sysfs" => "/sys",
        "mqueue" => "/dev/mqueue",
        _ => "/proc",
    };
    if !Path::new(source).exists() {
        return Ok(true);
    }
    // What is mounted on it is locked there, and comes along or not at all (mount_namespaces(7)).
    let slot = mounts::clone_tree(builder, Path::new(source), None, true)?;
    let propagation = libc::MS_PRIVATE;
    let attr = MountAttr { attr_set: u64::from(attr.bits()), propagation, ..MountAttr::default() };
    let op = Op::Attach { slot, attr, recursive: true, target: at.clone() };
    let object = format!("{fs} on /{}", at.path.to_string_lossy());
    builder.late.push(Step { code: "ERR_RCX_MOUNT", what: "bind into the container", object, op });
    Ok(true)
}

/// Leaves out a group of a filesystem's root that is not mapped: the kernel refuses it.
pub fn mapped_params(builder: &Builder, params: Vec<Param>) -> Vec<Param> {
    let Some(unprivileged) = &builder.unprivileged else { return params };
    let is_mapped = |param: &Param| {
        let value = param.value.as_ref().and_then(|value| value.to_str().ok()?.parse().ok());
        param.key.as_bytes() != b"gid" || value.is_none_or(|gid| to_host(&unprivileged.gids, gid).is_some())
    };
    params.into_iter().filter(is_mapped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(container: u32, host: u32, size: u32) -> IdRange {
        IdRange { container, host, size }
    }

    #[test]
    fn ping_is_allowed_to_the_groups_that_are_mapped() {
        let of = |gids: &[IdRange]| Unprivileged { gids: gids.to_vec() }.ping_range();
        assert_eq!(of(&[range(0, 1000, 1)]), "0 0");
        assert_eq!(of(&[range(0, 1000, 1), range(1, 100_000, 65536)]), "0 65536");
        // The user's own number is the greater one.
        assert_eq!(of(&[range(0, 200_000, 1), range(1, 100_000, 65536)]), "0 0");
        assert_eq!(of(&[range(0, 100_000, 65536)]), "0 65535");
    }

    #[test]
    fn a_group_that_is_not_mapped_is_left_out() {
        let param = |key: &str, value: &str| Param {
            key: std::ffi::CString::new(key).unwrap(),
            value: Some(std::ffi::CString::new(value).unwrap()),
        };
        let devpts = || vec![param("newinstance", ""), param("gid", "5"), param("mode", "620")];
        let count = |gids: Vec<IdRange>| {
            let builder = Builder { unprivileged: Some(Unprivileged { gids }), ..Builder::default() };
            mapped_params(&builder, devpts()).len()
        };
        assert_eq!(count(vec![range(0, 1000, 1)]), 2);
        assert_eq!(count(vec![range(0, 1000, 1), range(1, 100_000, 65536)]), 3);
        assert_eq!(mapped_params(&Builder::default(), devpts()).len(), 3);
    }
}
