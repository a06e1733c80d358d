//! The root, the mounts of the spec, and what hides or write-protects parts of them, as steps.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use oci_spec::runtime::{Mount, Spec};
use rustix::mount::MountPropagationFlags;

use super::op::{ChangeRoot, Identity, Op, Param, Slot, Step};
use super::options::Options;
use super::overlay::{overlay, view};
use super::request::{Extras, ImageView, MountExtras};
use super::target::{Target, cstring};
use super::{Builder, cgroup_mount, labels, path_cstring, shared_memory, unprivileged, user};
use crate::error::{Context, Error, Result};
use crate::security::selinux;

const CODE: &str = "ERR_RCX_MOUNT";

/// Opens the sources of all binds, cuts the tree off from the host's, and mounts the root.
pub fn root(builder: &mut Builder, spec: &Spec, extras: &Extras, shared_memory: Option<Slot>) -> Result<()> {
    let at = path_cstring(&extras.mountpoint)?;
    let object = extras.mountpoint.display().to_string();
    let root = match &extras.overlay {
        Some(layers) => {
            let op = Op::Overlay(overlay(layers, &extras.mountpoint, builder)?);
            let step = Step { code: "ERR_RCX_OVERLAY", what: "mount the container's overlay", object, op };
            if builder.user.is_some() {
                user::overlay_root(builder, layers, extras, step)?;
                return mounts(builder, spec, extras, shared_memory);
            }
            step
        }
        None => {
            let path = spec.root().as_ref().map(oci_spec::runtime::Root::path).ok_or_else(|| {
                Error::new(
                    "ERR_RCX_INVALID_SPEC",
                    "find the root filesystem: neither layers nor root.path are given",
                )
            })?;
            let slot = clone_tree(builder, path, None, true)?;
            if builder.user.is_some() {
                user::shift_tree(builder, slot, true, path);
                user::attach_root(builder, slot, extras);
                return mounts(builder, spec, extras, shared_memory);
            }
            let op = Op::AttachRoot { slot, at: at.clone() };
            Step { code: CODE, what: "attach the root filesystem", object: path.display().to_string(), op }
        }
    };
    builder.late.push(root);
    builder.late.push(Step {
        code: CODE,
        what: "open the root filesystem",
        object: extras.mountpoint.display().to_string(),
        op: Op::EnterRoot(at),
    });
    mounts(builder, spec, extras, shared_memory)
}

fn mounts(
    builder: &mut Builder,
    spec: &Spec,
    extras: &Extras,
    mut shared_memory: Option<Slot>,
) -> Result<()> {
    for mount in spec.mounts().iter().flatten() {
        one(builder, mount, extras)?;
        if mount.destination() == Path::new("/dev")
            && let Some(slot) = shared_memory.take()
        {
            shared_memory::attach(builder, slot)?;
        }
    }
    shared_memory.map_or(Ok(()), |slot| shared_memory::attach(builder, slot))
}

/// The step between: everything opened before it still has the host's propagation.
pub fn cut_off() -> Step {
    Step {
        code: CODE,
        what: "make the mount namespace private",
        object: "/".to_owned(),
        op: Op::Propagation(MountPropagationFlags::PRIVATE | MountPropagationFlags::REC),
    }
}

fn one(builder: &mut Builder, mount: &Mount, extras: &Extras) -> Result<()> {
    let destination = mount.destination().to_str().ok_or_else(|| not_text(mount.destination()))?;
    let options = Options::parse(mount.options().as_deref().unwrap_or_default())?;
    let kind = mount.typ().as_deref().unwrap_or_default();
    let more = extras.mounts.get(destination).cloned().unwrap_or_default();
    if let Some(image) = &more.image {
        return image_view(builder, image, more.subpath.as_deref(), mount, destination);
    }
    if options.bind || kind == "bind" {
        return bind(builder, mount, destination, &options, &more);
    }
    if kind == "cgroup" {
        return cgroup_mount::steps(builder, destination, &options);
    }
    let mut params = unprivileged::mapped_params(builder, options.params);
    if let Some(source) = mount.source() {
        params.push(Param { key: cstring("source")?, value: Some(path_cstring(source)?) });
    }
    params.extend(labels::params(builder.mount_label.as_ref(), kind)?);
    let target = Target::dir(destination)?;
    if unprivileged::kernel_mount(builder, kind, options.set, &target)? {
        return Ok(());
    }
    if user::is_of_outside(builder, kind) {
        return user::mount_outside(builder, kind, params, options.set, target);
    }
    let op = Op::Mount { fs: cstring(kind)?, params, attr: options.set, target };
    builder.late.push(Step {
        code: CODE,
        what: "mount in the container",
        object: format!("{kind} on {destination}"),
        op,
    });
    label_queues(builder, kind, destination)
}

/// The kernel has mounted the message queues of an IPC namespace before, without a label, and takes none later. Queues are made where
/// the root's label allows it; their own is for the policy to say.
fn label_queues(builder: &mut Builder, kind: &str, destination: &str) -> Result<()> {
    let (Some(label), "mqueue") = (builder.mount_label.clone(), kind) else { return Ok(()) };
    let op = Op::Label { path: Target::dir(destination)?, label };
    let what = "set the SELinux label of";
    builder.late.push(Step { code: selinux::CODE, what, object: destination.to_owned(), op });
    Ok(())
}

fn bind(
    builder: &mut Builder,
    mount: &Mount,
    destination: &str,
    options: &Options,
    more: &MountExtras,
) -> Result<()> {
    let source = mount.source().as_deref().ok_or_else(|| {
        Error::new("ERR_RCX_INVALID_SPEC", "bind a path: the mount has no source").at(destination)
    })?;
    let below = more.subpath.as_deref().map(below).transpose()?;
    let slot = clone_tree(builder, source, below, options.recursive || !options.bind)?;
    user::bind(builder, slot, options, source)?;
    let (attr, recursive) = (options.for_bind(), !more.flat);
    let op = Op::Attach { slot, attr, recursive, target: Target::dir(destination)? };
    builder.late.push(Step {
        code: CODE,
        what: "bind into the container",
        object: format!("{} on {destination}", source.display()),
        op,
    });
    Ok(())
}

/// The layers of an image are mounted beside the root, and what is wanted of them is moved to its place.
fn image_view(
    builder: &mut Builder,
    image: &ImageView,
    subpath: Option<&str>,
    mount: &Mount,
    destination: &str,
) -> Result<()> {
    if builder.user.is_some() {
        return Err(Error::new(
            "ERR_RCX_UNSUPPORTED",
            "mount an image in a user namespace: not supported yet",
        )
        .at(destination));
    }
    let name = mount.source().as_deref().map_or_else(String::new, |source| source.display().to_string());
    let object = format!("{name} on {destination}");
    let op = Op::Overlay(view(image, builder)?);
    let what = "mount the layers of the image";
    builder.late.push(Step { code: "ERR_RCX_OVERLAY", what, object: object.clone(), op });
    let (at, below) = (path_cstring(&image.at)?, subpath.map(below).transpose()?);
    let op = Op::AttachView { at, below, target: Target::dir(destination)? };
    builder.late.push(Step { code: CODE, what: "mount the image in the container", object, op });
    Ok(())
}

/// A path below the source of a mount.
fn below(subpath: &str) -> Result<Target> {
    Target::dir(&format!("/{subpath}"))
}

/// A step that opens a host path early, or a path below it; its slot.
pub fn clone_tree(
    builder: &mut Builder,
    source: &Path,
    below: Option<Target>,
    recursive: bool,
) -> Result<usize> {
    let meta = std::fs::metadata(source)
        .step_at("ERR_RCX_MOUNT_SOURCE", "find the host path to mount", source.display())
        .map_err(|e| e.hint("the path must exist on the host"))?;
    let slot = builder.new_slot();
    let identity = Identity { dev: meta.dev(), ino: meta.ino() };
    let object = match &below {
        Some(path) => format!("{} in {}", path.path.to_string_lossy(), source.display()),
        None => source.display().to_string(),
    };
    builder.early.push(Step {
        code: "ERR_RCX_MOUNT_SOURCE",
        what: "open the host path to mount",
        object,
        op: Op::CloneTree { source: path_cstring(source)?, identity, below, recursive, slot },
    });
    Ok(slot)
}

/// Masks and read-only paths of the spec.
pub fn covers(builder: &mut Builder, spec: &Spec) -> Result<()> {
    let Some(linux) = spec.linux() else { return Ok(()) };
    for path in linux.readonly_paths().iter().flatten() {
        let op = Op::ReadOnly { path: Target::dir(path)? };
        builder.late.push(Step { code: CODE, what: "make a path read-only", object: path.clone(), op });
    }
    for path in linux.masked_paths().iter().flatten() {
        let op = Op::Mask {
            path: Target::file(path)?,
            null: Target::file("/dev/null")?,
            params: labels::params(builder.mount_label.as_ref(), "tmpfs")?,
        };
        builder.late.push(Step { code: CODE, what: "mask a path", object: path.clone(), op });
    }
    if spec.root().as_ref().and_then(oci_spec::runtime::Root::readonly).unwrap_or(false) {
        let step = Step {
            code: CODE,
            what: "make the root read-only",
            object: "/".to_owned(),
            op: Op::ReadOnlyRoot,
        };
        builder.late.push(step);
    }
    Ok(())
}

/// The last step of the child's own.
pub fn change_root(extras: &Extras, pivot_only: bool) -> Result<Step> {
    let host_mounts = if pivot_only { Vec::new() } else { host_mounts()? };
    let op = Op::ChangeRoot(ChangeRoot { no_pivot: extras.no_pivot, host_mounts, pivot_only });
    Ok(Step {
        code: "ERR_RCX_CHANGE_ROOT",
        what: "change the root",
        object: extras.mountpoint.display().to_string(),
        op,
    })
}

/// Mount points whose parent is the root mount, in the order of mounting (proc_pid_mountinfo(5)).
fn host_mounts() -> Result<Vec<std::ffi::CString>> {
    let path = "/proc/self/mountinfo";
    let text = std::fs::read_to_string(path).step_at(CODE, "read the mount table", path)?;
    let fields: Vec<Vec<&str>> = text.lines().map(|line| line.split(' ').take(5).collect()).collect();
    let root =
        fields.iter().rev().find(|line| line.get(4) == Some(&"/")).and_then(|line| line.first().copied());
    fields
        .iter()
        .filter(|line| line.get(1).copied() == root && line.get(4) != Some(&"/"))
        .filter_map(|line| line.get(4))
        .map(|escaped| cstring(&unescape(escaped)))
        .collect()
}

/// mountinfo writes space, tab, newline and backslash as three octal digits.
fn unescape(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

fn not_text(path: &Path) -> Error {
    Error::new("ERR_RCX_INVALID_PATH", "use a container path that is not UTF-8")
        .at(path.display().to_string())
}
