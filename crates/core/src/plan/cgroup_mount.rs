//! `/sys/fs/cgroup` inside the container, read-only: one cgroup2 mount, or a tmpfs with the hierarchies that were joined.

use rustix::mount::MountAttrFlags;

use super::Builder;
use super::op::{Op, Param, Step};
use super::options::Options;
use super::target::{Target, cstring};
use crate::error::Result;

const CODE: &str = "ERR_RCX_MOUNT";

/// Steps for a mount of type `cgroup`.
pub fn steps(builder: &mut Builder, destination: &str, options: &Options) -> Result<()> {
    if builder.joined.is_empty() && builder.unified {
        builder.late.push(mount("cgroup2", destination, Vec::new(), options.set)?);
        return Ok(());
    }
    let mode = Param { key: cstring("mode")?, value: Some(cstring("755")?) };
    let writable = options.set & !MountAttrFlags::MOUNT_ATTR_RDONLY;
    builder.late.push(mount("tmpfs", destination, vec![mode], writable)?);
    for hierarchy in builder.joined.clone() {
        let at = format!("{destination}/{}", hierarchy.controllers.join(","));
        let params = hierarchy
            .controllers
            .iter()
            .map(|name| Ok(Param { key: cstring(name)?, value: None }))
            .collect::<Result<Vec<_>>>()?;
        builder.late.push(mount("cgroup", &at, params, options.set)?);
    }
    if builder.unified {
        builder.late.push(mount("cgroup2", &format!("{destination}/unified"), Vec::new(), options.set)?);
    }
    if writable != options.set {
        let op = Op::SealMount(Target::dir(destination)?);
        builder.late.push(Step {
            code: CODE,
            what: "make a mount read-only",
            object: destination.to_owned(),
            op,
        });
    }
    Ok(())
}

fn mount(fs: &str, at: &str, mut params: Vec<Param>, attr: MountAttrFlags) -> Result<Step> {
    params.push(Param { key: cstring("source")?, value: Some(cstring("cgroup")?) });
    let op = Op::Mount { fs: cstring(fs)?, params, attr, target: Target::dir(at)? };
    Ok(Step { code: CODE, what: "mount in the container", object: format!("{fs} on {at}"), op })
}
