//! The launch plan: made from the runtime-spec before anything happens, executed later without a decision or an allocation.

mod cgroup_mount;
mod device_nodes;
mod devices;
pub mod hints;
mod host_devices;
pub mod join;
mod joined;
mod labels;
mod mounts;
mod named_devices;
mod namespaces;
pub mod op;
mod options;
mod overlay;
mod process;
pub mod request;
mod shared_memory;
mod sysctl;
pub mod target;
mod unprivileged;
pub mod user;

use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use oci_spec::runtime::Spec;

use self::device_nodes::Device;
use self::namespaces::Namespaces;
use self::op::{Op, Slot, Step};
use self::request::LaunchRequest;
use self::target::cstring;
use self::unprivileged::Unprivileged;
use self::user::UserPlan;
use crate::cgroup::{self, Hierarchy};
use crate::error::{Error, Result};
use crate::id_map::IdMaps;
use crate::network::Furnishing;
use crate::rootless::{self, Session};
use crate::security::selinux;

/// Everything a launch needs.
#[derive(Debug)]
pub struct Plan {
    /// `CLONE_NEW…` flags of the child. The cgroup namespace is unshared by a step, after the cgroups are joined, unless there is a
    /// user namespace.
    pub namespaces: u64,
    /// The user namespace that owns the others, if it is not the host's.
    pub user: Option<UserPlan>,
    /// The namespace of an ordinary user, where this process is outside of it.
    pub session: Option<Session>,
    /// A pid namespace that exists, for the child to be cloned in.
    pub pid_namespace: Option<OwnedFd>,
    /// The child's steps, in order.
    pub steps: Vec<Step>,
    /// How many detached trees the steps keep.
    pub slots: usize,
    /// v2 cgroup to be cloned into.
    pub cgroup: Option<OwnedFd>,
    /// To be dropped when the child is in that cgroup.
    pub holder: Option<cgroup::systemd::Holder>,
    /// What there is of its networks outside of it, on its way.
    pub network: Option<Furnishing>,
    /// stdin, stdout and stderr of the container; `None` with a terminal.
    pub stdio: Option<[OwnedFd; 3]>,
    /// The init's configuration as JSON.
    pub payload: Vec<u8>,
    /// The binary `rcx-init`.
    pub init_binary: PathBuf,
    /// Somebody wants to know how long each part of the launch takes.
    pub trace: bool,
}

/// Collects steps while a plan is made.
#[derive(Debug, Default)]
pub struct Builder {
    /// Before the tree is cut off from the host's propagation.
    early: Vec<Step>,
    /// In the container's own namespaces.
    own: Vec<Step>,
    /// In a container with a user namespace, what is prepared with the host's privileges in a mount namespace cut off from the host.
    outside: Vec<Step>,
    /// The devices of such a container.
    devices: Vec<Step>,
    /// After it.
    late: Vec<Step>,
    /// The user namespace.
    user: Option<IdMaps>,
    /// Nobody has the privileges of the machine's root.
    unprivileged: Option<Unprivileged>,
    /// `CLONE_NEW…` flags of the namespaces that are the container's own.
    namespaces: u64,
    /// Those of the namespaces that are not this process'.
    apart: u64,
    slots: usize,
    /// SELinux label of what is mounted.
    mount_label: Option<CString>,
    terminal: bool,
    joined: Vec<Hierarchy>,
    unified: bool,
}

impl Builder {
    /// A place for a detached tree, which one step fills and another takes.
    fn new_slot(&mut self) -> Slot {
        let slot = self.slots;
        self.slots += 1;
        slot
    }
}

/// Makes the plan and, on the way, the container's cgroups. `stdio` is `None` when the container has a terminal.
pub fn build(request: &LaunchRequest, stdio: Option<[OwnedFd; 3]>) -> Result<Plan> {
    let spec = &request.spec;
    let session = Session::to_enter(request.session.as_deref())?;
    let gids = match &session {
        Some(session) => Some(session.gids.clone()),
        None if rootless::is_first_root() => None,
        None => Some(rootless::own_gids()?),
    };
    let mut init = process::init_config(request)?;
    let maps = IdMaps::of(spec)?;
    let limits = maps.is_some().then(|| user::take_limits(&mut init));
    if init.terminal == stdio.is_some() {
        return Err(Error::new(
            "ERR_RCX_INVALID_SPEC",
            "connect stdio: a container has either a terminal or three descriptors",
        ));
    }
    let mut namespaces = Namespaces::of(request)?;
    if maps.is_some() {
        user::refuse(request, &namespaces)?;
    }
    init.shared_pids = !namespaces.own_pids();
    let payload = serde_json::to_vec(&init)
        .map_err(|e| Error::new("ERR_RCX_INVALID_SPEC", format!("write the init's configuration: {e}")))?;
    let linux = spec.linux().as_ref();
    let path = linux.and_then(|linux| linux.cgroups_path().as_ref());
    let mount_label = linux.and_then(|linux| linux.mount_label().as_deref());
    let mount_label = selinux::label(mount_label)?.map(|label| cstring(&label)).transpose()?;
    let devices = named_devices::find(&request.rcx.devices)?;
    let resources = named_devices::with_rules(linux.and_then(|linux| linux.resources().as_ref()), &devices);
    let group = match path {
        Some(path) => {
            Some(cgroup::create(&path.to_string_lossy(), resources.as_ref(), !namespaces.own_pids())?)
        }
        None => None,
    };
    let mut builder = Builder {
        terminal: init.terminal,
        namespaces: namespaces.new,
        apart: namespaces.apart()?,
        user: maps,
        unprivileged: gids.map(|gids| Unprivileged { gids }),
        mount_label,
        ..Builder::default()
    };
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
    let oom_score = limits.as_ref().and_then(|limits| limits.oom_score_adj);
    let (new, new_cgroup, pid_namespace) = (namespaces.new, namespaces.new_cgroup, namespaces.pid.take());
    let (network, later) = (namespaces.network.take(), namespaces.later.clone());
    let steps = steps(builder, request, &devices, namespaces, oom_score);
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
    let (new, user) = match (steps.user, limits) {
        (Some((maps, inner)), Some(limits)) => {
            let plan = UserPlan { maps, inner, rlimits: limits.rlimits, network: later };
            (user::flags_inside(new, new_cgroup), Some(plan))
        }
        _ => (new, None),
    };
    Ok(Plan {
        namespaces: new,
        user,
        session,
        pid_namespace,
        steps: steps.steps,
        slots: steps.slots,
        cgroup: unified,
        holder,
        network,
        stdio,
        payload,
        init_binary: request.rcx.init_binary.clone(),
        trace: request.rcx.trace,
    })
}

/// What a builder came to.
struct Steps {
    steps: Vec<Step>,
    slots: usize,
    /// The user namespace, and the first step that is carried out inside.
    user: Option<(IdMaps, usize)>,
}

fn steps(
    mut builder: Builder,
    request: &LaunchRequest,
    devices: &[Device],
    namespaces: Namespaces,
    oom_score: Option<i32>,
) -> Result<Steps> {
    let spec = &request.spec;
    // With a user namespace it is cloned together with the others that belong to it.
    if namespaces.new_cgroup && builder.user.is_none() {
        let object = "cgroup".to_owned();
        let op = Op::NewCgroupNamespace;
        builder.own.push(Step { code: "ERR_RCX_CGROUP", what: "unshare the cgroup namespace", object, op });
    }
    if namespaces.later.is_some() {
        let (code, what) = ("ERR_RCX_NETWORK", "enter the container's network namespace");
        builder.own.push(Step { code, what, object: "network".to_owned(), op: Op::EnterOwnNetwork });
    }
    names(&mut builder, spec)?;
    if namespaces.new & libc::CLONE_NEWNET as u64 != 0 {
        let object = "lo".to_owned();
        builder.own.push(Step {
            code: "ERR_RCX_NETWORK",
            what: "bring the loopback device up",
            object,
            op: Op::LoopbackUp,
        });
    }
    let shared_memory = shared_memory::open(&mut builder, spec, &namespaces)?;
    mounts::root(&mut builder, spec, &request.rcx, shared_memory)?;
    devices::steps(&mut builder, spec, devices)?;
    if request.rcx.host_devices {
        let is_named = |device: &Device| devices.iter().any(|named| named.path == device.path);
        let mut others = host_devices::find(spec)?.into_iter().filter(|device| !is_named(device));
        others.try_for_each(|device| devices::make(&mut builder, device))?;
    }
    sysctl::steps(&mut builder, spec, &namespaces)?;
    // By now it is known which of them are the host's.
    enter(&mut builder, namespaces);
    mounts::covers(&mut builder, spec)?;
    let locked = builder.user.is_some() || builder.unprivileged.is_some();
    let change_root = mounts::change_root(&request.rcx, locked)?;
    let outside = match builder.user {
        Some(_) => user::outside(&mut builder, &request.rcx)?,
        None => Vec::new(),
    };
    let mut steps = builder.early;
    let user = match builder.user {
        Some(maps) => {
            steps.extend(oom_score.map(user::oom_score));
            steps.push(mounts::cut_off());
            steps.extend(outside);
            let inner = steps.len();
            steps.extend(builder.own);
            Some((maps, inner))
        }
        None => {
            steps.extend(builder.own);
            steps.push(mounts::cut_off());
            None
        }
    };
    steps.extend(builder.late);
    steps.push(change_root);
    Ok(Steps { steps, slots: builder.slots, user })
}

fn enter(builder: &mut Builder, namespaces: Namespaces) {
    builder.early.extend(namespaces.entered.into_iter().map(|entered| Step {
        code: "ERR_RCX_NAMESPACE",
        what: "enter the namespace",
        object: entered.object,
        op: Op::EnterNamespace { fd: entered.fd, flag: entered.flag },
    }));
}

fn names(builder: &mut Builder, spec: &Spec) -> Result<()> {
    if let Some(name) = spec.hostname() {
        let op = Op::Hostname(cstring(name)?);
        builder.own.push(Step {
            code: "ERR_RCX_HOSTNAME",
            what: "set the hostname",
            object: name.clone(),
            op,
        });
    }
    if let Some(name) = spec.domainname() {
        let op = Op::Domainname(cstring(name)?);
        builder.own.push(Step {
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
