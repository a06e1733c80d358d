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
        let op = Op::Mount {
            fs: cstring("cgroup2")?,
            params: Vec::new(),
            attr: options.set,
            target: Target::dir(destination)?,
        };
        builder.late.push(step("cgroup2", destination, op));
        return Ok(());
    }
    let mode = Param { key: cstring("mode")?, value: Some(cstring("755")?) };
    let writable = options.set & !MountAttrFlags::MOUNT_ATTR_RDONLY;
    let op = Op::Mount {
        fs: cstring("tmpfs")?,
        params: vec![mode],
        attr: writable,
        target: Target::dir(destination)?,
    };
    builder.late.push(step("tmpfs", destination, op));
    for hierarchy in builder.joined.clone() {
        let at = format!("{destination}/{}", hierarchy.controllers.join(","));
        let params = hierarchy
            .controllers
            .iter()
            .map(|name| Ok(Param { key: cstring(name)?, value: None }))
            .collect::<Result<Vec<_>>>()?;
        let op = Op::Mount { fs: cstring("cgroup")?, params, attr: options.set, target: Target::dir(&at)? };
        builder.late.push(step("cgroup", &at, op));
    }
    if builder.unified {
        let at = format!("{destination}/unified");
        let op = Op::Mount {
            fs: cstring("cgroup2")?,
            params: Vec::new(),
            attr: options.set,
            target: Target::dir(&at)?,
        };
        builder.late.push(step("cgroup2", &at, op));
    }
    Ok(())
}

fn step(fs: &str, at: &str, op: Op) -> Step {
    Step { code: CODE, what: "mount in the container", object: format!("{fs} on {at}"), op }
}
