//! What a user namespace changes of a plan. The overlay's layers are the host's, with attributes that only its privileges can write,
//! so they are mounted outside of the user namespace; devices can be made only there; everything else is mounted inside.

use std::path::Path;

use rustix::mount::{MountAttrFlags, MountPropagationFlags};

use super::device_nodes::{self, Device};
use super::namespaces::{self, Namespaces};
use super::op::{Op, Outside, Param, Slot, Step};
use super::options::{Idmap, Options};
use super::request::{Extras, LaunchRequest, Layers};
use super::target::{Target, cstring};
use super::{Builder, labels, path_cstring};
use crate::error::{Error, Result};
use crate::id_map::{IdMaps, to_host};
use crate::init::config::{InitConfig, Rlimit};
use crate::kernel;
use crate::network::request::NetworkRequest;
use crate::sys::MountAttr;

/// Stable code of what idmapped mounts cannot do.
pub const CODE: &str = "ERR_RCX_IDMAP";

/// The user namespace of a plan.
#[derive(Debug)]
pub struct UserPlan {
    /// Its ids.
    pub maps: IdMaps,
    /// The first step that is carried out inside.
    pub inner: usize,
    /// Limits that are set from outside.
    pub rlimits: Vec<Rlimit>,
    /// What its network namespace is furnished with, which has to belong to it.
    pub network: Option<NetworkRequest>,
}

/// What an init has no privilege for in a user namespace.
#[derive(Debug)]
pub struct Limits {
    /// See [`InitConfig::rlimits`].
    pub rlimits: Vec<Rlimit>,
    /// See [`InitConfig::oom_score_adj`].
    pub oom_score_adj: Option<i32>,
}

/// Takes from an init what is done for it with the host's privileges.
pub fn take_limits(init: &mut InitConfig) -> Limits {
    Limits { rlimits: std::mem::take(&mut init.rlimits), oom_score_adj: init.oom_score_adj.take() }
}

/// Refuses what a container with a user namespace cannot have.
pub fn refuse(request: &LaunchRequest, namespaces: &Namespaces) -> Result<()> {
    require_kernel()?;
    if request.rcx.host_devices {
        return Err(Error::new(
            "ERR_RCX_INVALID_SPEC",
            "give the host's devices to a user namespace, whose ids they do not belong to",
        )
        .hint("run a privileged container without one"));
    }
    if request.rcx.no_pivot {
        return Err(Error::new(
            "ERR_RCX_INVALID_SPEC",
            "change the root by chroot in a user namespace: the host's mounts, which are locked there, would stay",
        )
        .hint("leave out --no-pivot"));
    }
    namespaces.refuse_shared()
}

/// Refuses kernels whose overlayfs takes no idmapped mounts for its layers.
pub fn require_kernel() -> Result<()> {
    if kernel::is_before((5, 19)) {
        return Err(Error::new(CODE, "use a user namespace: this kernel has no idmapped overlay layers")
            .hint("it needs Linux 5.19 or newer; run the container without --userns"));
    }
    Ok(())
}

/// What to do about a filesystem without idmapped mounts.
pub const SHIFT_HINT: &str = "its filesystem has no idmapped mounts: put it on ext4, xfs or btrfs, or on tmpfs since Linux 6.3, \
                              or run the container without --userns";

/// The clone flags of the process that enters its user namespace by itself.
pub fn flags_inside(namespaces: u64, cgroup: bool) -> u64 {
    let flags = namespaces & !u64::from(libc::CLONE_NEWUSER.cast_unsigned());
    if cgroup { flags | libc::CLONE_NEWCGROUP as u64 } else { flags }
}

/// Sets the out-of-memory score that the container inherits.
pub fn oom_score(score: i32) -> Step {
    Step {
        code: "ERR_RCX_INIT",
        what: "set the out-of-memory score",
        object: score.to_string(),
        op: Op::Outside(Outside::OomScore(score.to_string().into_bytes())),
    }
}

/// Shifts the layers, mounts their overlay outside and attaches it inside. The container's folder is one mount for the read-write
/// layer, overlayfs' work directory, which must be in the same one, and the init layer.
pub fn overlay_root(builder: &mut Builder, layers: &Layers, extras: &Extras, mount: Step) -> Result<()> {
    let upper = layers.upper.as_ref().ok_or_else(|| {
        Error::new(
            "ERR_RCX_INVALID_SPEC",
            "mount the container's overlay in a user namespace: it has no read-write layer",
        )
    })?;
    let folder = upper.parent().unwrap_or(upper);
    let others =
        layers.lower.iter().map(std::path::PathBuf::as_path).filter(|layer| !layer.starts_with(folder));
    for layer in others.chain([folder]) {
        let op = Op::Outside(Outside::ShiftLayer(path_cstring(layer)?));
        let object = layer.display().to_string();
        builder.outside.push(Step { code: CODE, what: "shift the owners of a layer", object, op });
    }
    let (uid, gid) = builder.user.as_ref().map(IdMaps::root).unwrap_or_default();
    builder.outside.push(Step {
        code: "ERR_RCX_OVERLAY",
        what: "take the ids of the container's root",
        object: format!("{uid}:{gid}"),
        op: Op::Outside(Outside::CreateAs { uid, gid }),
    });
    builder.outside.push(mount);
    let slot = builder.new_slot();
    builder.outside.push(Step {
        code: "ERR_RCX_OVERLAY",
        what: "open the container's overlay",
        object: extras.mountpoint.display().to_string(),
        op: Op::Outside(Outside::CloneMount { at: path_cstring(&extras.mountpoint)?, slot }),
    });
    attach_root(builder, slot, extras);
    Ok(())
}

/// Attaches the root inside.
pub fn attach_root(builder: &mut Builder, slot: Slot, extras: &Extras) {
    builder.late.push(Step {
        code: "ERR_RCX_MOUNT",
        what: "attach the root filesystem",
        object: extras.mountpoint.display().to_string(),
        op: Op::AttachOverRoot(slot),
    });
}

/// Shifts the owners of what was opened early.
pub fn shift_tree(builder: &mut Builder, slot: Slot, recursive: bool, source: &Path) {
    builder.outside.push(Step {
        code: CODE,
        what: "shift the owners of a host path",
        object: source.display().to_string(),
        op: Op::Outside(Outside::ShiftTree { slot, recursive }),
    });
}

/// A bind's part in the host's namespaces.
pub fn bind(builder: &mut Builder, slot: Slot, options: &Options, source: &Path) -> Result<()> {
    let refuse = |what: &str, hint: &str| {
        Err(Error::new("ERR_RCX_INVALID_SPEC", what.to_owned()).at(source.display().to_string()).hint(hint))
    };
    if builder.user.is_none() {
        return match options.idmap {
            None => Ok(()),
            Some(_) => refuse(
                "shift the owners of a host path (idmap): the container has no user namespace",
                "give it one by --userns, or leave out idmap",
            ),
        };
    }
    if options.propagation == Some(MountPropagationFlags::SHARED) {
        return refuse(
            "share the mounts of a user namespace with the host (shared)",
            "use rslave to see the host's mounts inside",
        );
    }
    if let Some(idmap) = options.idmap {
        shift_tree(builder, slot, idmap == Idmap::Tree, source);
    }
    Ok(())
}

/// Whether a filesystem shows a namespace that is not the container's own, so that its user namespace may not mount it.
pub fn is_of_outside(builder: &Builder, fs: &str) -> bool {
    let Some(namespace) = namespaces::shown_by(fs) else { return false };
    builder.user.is_some() && builder.namespaces & namespace == 0
}

/// Mounts such a filesystem with the host's privileges and attaches it inside.
pub fn mount_outside(
    builder: &mut Builder,
    fs: &str,
    params: Vec<Param>,
    attr: MountAttrFlags,
    target: Target,
) -> Result<()> {
    let slot = builder.new_slot();
    let object = format!("{fs} on /{}", target.path.to_string_lossy());
    let mount = Outside::Mount { fs: cstring(fs)?, params, attr, slot };
    // After the ids of the container's root were taken it would not be the host's any more.
    let step =
        |op| Step { code: "ERR_RCX_MOUNT", what: "mount in the container", object: object.clone(), op };
    builder.outside.insert(0, step(Op::Outside(mount)));
    builder.late.push(step(Op::Attach { slot, attr: MountAttr::default(), recursive: false, target }));
    Ok(())
}

/// Makes a device outside and binds it inside.
pub fn device(builder: &mut Builder, node: &Device) -> Result<()> {
    let Some(maps) = builder.user.as_ref() else { return Ok(()) };
    let unmapped = |kind: &str, id: u32| {
        Error::new(device_nodes::CODE, format!("give a device to the {kind} {id}: it is not mapped"))
            .at(node.path.clone())
    };
    let uid = to_host(&maps.uids, node.uid).ok_or_else(|| unmapped("user", node.uid))?;
    let gid = to_host(&maps.gids, node.gid).ok_or_else(|| unmapped("group", node.gid))?;
    let slot = builder.new_slot();
    let name = cstring(&slot.to_string())?;
    let step = |what, op| Step { code: device_nodes::CODE, what, object: node.path.clone(), op };
    let op = Outside::Device { name, mode: node.mode, rdev: node.rdev, uid, gid, slot };
    builder.devices.push(step("make a device", Op::Outside(op)));
    let target = Target::file(&node.path)?;
    let op = Op::Attach { slot, attr: MountAttr::default(), recursive: false, target };
    builder.late.push(step("bind a device", op));
    Ok(())
}

/// The steps outside, devices first: they are mounted where the overlay comes to cover them.
pub fn outside(builder: &mut Builder, extras: &Extras) -> Result<Vec<Step>> {
    let at = extras.mountpoint.display().to_string();
    let op = Op::Outside(Outside::DeviceStore {
        at: path_cstring(&extras.mountpoint)?,
        params: labels::params(builder.mount_label.as_ref(), "tmpfs")?,
    });
    let store = Step { code: device_nodes::CODE, what: "mount a tmpfs for devices", object: at, op };
    let devices = std::mem::take(&mut builder.devices);
    Ok([store].into_iter().chain(devices).chain(std::mem::take(&mut builder.outside)).collect())
}
