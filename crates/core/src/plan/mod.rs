//! The launch plan: made from the runtime-spec before anything happens, executed later without a decision or an allocation.

mod cgroup_mount;
mod devices;
pub mod hints;
mod host_devices;
pub mod join;
mod mounts;
mod namespaces;
pub mod op;
mod options;
mod overlay;
mod process;
pub mod request;
mod sysctl;
pub mod target;

use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use oci_spec::runtime::Spec;

use self::op::{Op, Step};
use self::request::LaunchRequest;
use self::target::cstring;
use crate::cgroup::{self, Hierarchy};
use crate::error::{Error, Result};

/// Everything a launch needs.
#[derive(Debug)]
pub struct Plan {
    /// `CLONE_NEW…` flags of the child. The cgroup namespace is unshared by a step, after the cgroups are joined.
    pub namespaces: u64,
    /// The child's steps, in order.
    pub steps: Vec<Step>,
    /// How many detached trees the steps keep.
    pub slots: usize,
    /// v2 cgroup to be cloned into.
    pub cgroup: Option<OwnedFd>,
    /// To be dropped when the child is in that cgroup.
    pub holder: Option<cgroup::systemd::Holder>,
    /// stdin, stdout and stderr of the container; `None` with a terminal.
    pub stdio: Option<[OwnedFd; 3]>,
    /// The init's configuration as JSON.
    pub payload: Vec<u8>,
    /// The binary `rcx-init`.
    pub init_binary: PathBuf,
}

/// Collects steps while a plan is made.
#[derive(Debug, Default)]
pub struct Builder {
    /// Before the tree is cut off from the host's propagation.
    early: Vec<Step>,
    /// After it.
    late: Vec<Step>,
    slots: usize,
    terminal: bool,
    joined: Vec<Hierarchy>,
    unified: bool,
}

/// Makes the plan and, on the way, the container's cgroups. `stdio` is `None` when the container has a terminal.
pub fn build(request: &LaunchRequest, stdio: Option<[OwnedFd; 3]>) -> Result<Plan> {
    let spec = &request.spec;
    let init = process::init_config(request)?;
    if init.terminal == stdio.is_some() {
        return Err(Error::new(
            "ERR_RCX_INVALID_SPEC",
            "connect stdio: a container has either a terminal or three descriptors",
        ));
    }
    let payload = serde_json::to_vec(&init)
        .map_err(|e| Error::new("ERR_RCX_INVALID_SPEC", format!("write the init's configuration: {e}")))?;
    let (namespaces, new_cgroup_namespace) = namespaces::clone_flags(spec)?;
    let linux = spec.linux().as_ref();
    let path = linux.and_then(|linux| linux.cgroups_path().as_ref());
    let group = match path {
        Some(path) => {
            Some(cgroup::create(&path.to_string_lossy(), linux.and_then(|linux| linux.resources().as_ref()))?)
        }
        None => None,
    };
    let mut builder = Builder { terminal: init.terminal, ..Builder::default() };
    let (mut unified, mut holder) = (None, None);
    if let Some(group) = group {
        (unified, holder) = (group.unified, group.holder);
        builder.unified = unified.is_some();
        builder.joined = group.joined;
        let names = builder.joined.iter().map(|hierarchy| hierarchy.mount.display().to_string());
        let joins = group.joins.into_iter().zip(names).map(|(procs, object)| Step {
            code: "ERR_RCX_CGROUP",
            what: "join the cgroup",
            object,
            op: Op::JoinCgroup(procs),
        });
        builder.early.extend(joins);
    }
    let steps = steps(builder, request, namespaces, new_cgroup_namespace);
    let steps = match steps {
        Ok(steps) => steps,
        Err(error) => {
            if let Some(path) = path {
                // The first error is what the caller must hear.
                drop(cgroup::remove(&path.to_string_lossy()));
            }
            return Err(error);
        }
    };
    Ok(Plan {
        namespaces,
        steps: steps.0,
        slots: steps.1,
        cgroup: unified,
        holder,
        stdio,
        payload,
        init_binary: request.rcx.init_binary.clone(),
    })
}

fn steps(
    mut builder: Builder,
    request: &LaunchRequest,
    namespaces: u64,
    cgroup_namespace: bool,
) -> Result<(Vec<Step>, usize)> {
    let spec = &request.spec;
    if cgroup_namespace {
        let object = "cgroup".to_owned();
        let op = Op::NewCgroupNamespace;
        builder.early.push(Step { code: "ERR_RCX_CGROUP", what: "unshare the cgroup namespace", object, op });
    }
    names(&mut builder, spec)?;
    if namespaces & libc::CLONE_NEWNET as u64 != 0 {
        let object = "lo".to_owned();
        builder.early.push(Step {
            code: "ERR_RCX_NETWORK",
            what: "bring the loopback device up",
            object,
            op: Op::LoopbackUp,
        });
    }
    mounts::root(&mut builder, spec, &request.rcx)?;
    devices::steps(&mut builder, spec)?;
    if request.rcx.host_devices {
        builder.late.extend(host_devices::steps()?);
    }
    sysctl::steps(&mut builder, spec)?;
    mounts::covers(&mut builder, spec)?;
    let mut steps = builder.early;
    steps.push(mounts::cut_off());
    steps.extend(builder.late);
    steps.push(mounts::change_root(&request.rcx)?);
    Ok((steps, builder.slots))
}

fn names(builder: &mut Builder, spec: &Spec) -> Result<()> {
    if let Some(name) = spec.hostname() {
        let op = Op::Hostname(cstring(name)?);
        builder.early.push(Step {
            code: "ERR_RCX_HOSTNAME",
            what: "set the hostname",
            object: name.clone(),
            op,
        });
    }
    if let Some(name) = spec.domainname() {
        let op = Op::Domainname(cstring(name)?);
        builder.early.push(Step {
            code: "ERR_RCX_HOSTNAME",
            what: "set the domain name",
            object: name.clone(),
            op,
        });
    }
    Ok(())
}

fn path_cstring(path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| {
        Error::new("ERR_RCX_INVALID_PATH", "use a path with a NUL byte").at(path.display().to_string())
    })
}
