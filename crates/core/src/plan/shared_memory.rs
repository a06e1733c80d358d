//! `/dev/shm` of the container whose IPC namespace is shared: POSIX shared memory is files there, and belongs to it.

use oci_spec::runtime::{LinuxNamespaceType, Spec};

use super::Builder;
use super::namespaces::Namespaces;
use super::op::{Op, Slot, Step};
use super::options::Options;
use super::target::Target;
use crate::error::Result;

const PLACE: &str = "/dev/shm";

/// A step that opens it early. `None` when no IPC namespace of a container is shared, or something else is mounted in its place.
pub fn open(builder: &mut Builder, spec: &Spec, namespaces: &Namespaces) -> Result<Option<Slot>> {
    let shared = namespaces.joined.iter().find(|joined| joined.shares(LinuxNamespaceType::Ipc));
    let Some(joined) = shared else { return Ok(None) };
    let is_taken = |mount: &oci_spec::runtime::Mount| mount.destination() == std::path::Path::new(PLACE);
    if spec.mounts().iter().flatten().any(is_taken) {
        return Ok(None);
    }
    let slot = builder.new_slot();
    let op = Op::CloneSharedMemory {
        mounts: joined.namespace("mnt")?,
        root: joined.root()?,
        path: Target::dir(PLACE)?,
        slot,
    };
    let object = format!("{PLACE} of the container {}", joined.name());
    builder.early.push(Step { code: "ERR_RCX_NAMESPACE", what: "open the shared memory", object, op });
    Ok(Some(slot))
}

/// Mounts it, once there is a `/dev`.
pub fn attach(builder: &mut Builder, slot: Slot) -> Result<()> {
    let attr = Options::parse(&[])?.for_bind();
    let op = Op::Attach { slot, attr, recursive: true, target: Target::dir(PLACE)? };
    let object = PLACE.to_owned();
    builder.late.push(Step { code: "ERR_RCX_NAMESPACE", what: "mount the shared memory", object, op });
    Ok(())
}
