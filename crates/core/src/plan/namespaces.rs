//! The namespaces of a container (`linux.namespaces`): new ones, those of another container, and those that stay the host's.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use oci_spec::runtime::{LinuxNamespace, LinuxNamespaceType, Spec};
use rustix::fs::{Mode, OFlags, fstat, open};

use super::joined::Joined;
use super::request::LaunchRequest;
use crate::error::{Context, Error, Result};
use crate::network::Furnishing;
use crate::network::request::NetworkRequest;
use crate::{network, rootless, sys};

const CODE: &str = "ERR_RCX_NAMESPACE";

/// Where a container's namespaces come from. What is in none of these stays the host's.
#[derive(Debug, Default)]
pub struct Namespaces {
    /// `CLONE_NEW…` flags of those that the clone makes.
    pub new: u64,
    /// The cgroup namespace is a new one. It is unshared by a step, after the cgroups are joined.
    pub new_cgroup: bool,
    /// Those that the child enters.
    pub entered: Vec<Entered>,
    /// The pid namespace to be cloned in: a process cannot enter one itself, only its children do (setns(2)).
    pub pid: Option<OwnedFd>,
    /// Other containers, by what is shared with them.
    pub joined: Vec<Joined>,
    /// What there is of its networks outside of its own.
    pub network: Option<Furnishing>,
    /// What a network namespace is to have that can be made together with the user namespace only, which it belongs to.
    pub later: Option<NetworkRequest>,
}

/// A namespace that exists.
#[derive(Debug)]
pub struct Entered {
    /// Its `CLONE_NEW…` flag.
    pub flag: u64,
    /// What it stands for: `network of the container web`.
    pub object: String,
    /// A descriptor of it.
    pub fd: OwnedFd,
}

impl Namespaces {
    /// Opens what has to be entered, and refuses what would leave steps to change the host itself.
    ///
    /// # Errors
    /// `ERR_RCX_INVALID_SPEC`, `ERR_RCX_UNSUPPORTED`; `ERR_RCX_NAMESPACE` for a path that is no namespace of its kind;
    /// `ERR_RCX_CONTAINER_NOT_RUNNING` for a container to be joined.
    pub fn of(request: &LaunchRequest) -> Result<Self> {
        let spec = &request.spec;
        let joined = request.rcx.join.iter().map(Joined::open).collect::<Result<Vec<_>>>()?;
        let mut namespaces = Self { joined, ..Self::default() };
        for namespace in listed(spec) {
            namespaces.add(namespace)?;
        }
        namespaces.require_own(spec)?;
        if let Some(network) = &request.rcx.network {
            let (user, runtime) = (request.session.clone(), request.runtime.clone());
            namespaces.furnish(&NetworkRequest { user, runtime, ..network.clone() })?;
        }
        Ok(namespaces)
    }

    /// Whether the container's processes are alone in their pid namespace, and end with its first one.
    pub fn own_pids(&self) -> bool {
        self.new & libc::CLONE_NEWPID as u64 != 0
    }

    /// Whether a namespace is another one than this process'.
    pub fn is_apart(&self, flag: i32) -> Result<bool> {
        let flag = flag as u64;
        if self.new & flag != 0 || (flag == libc::CLONE_NEWNET as u64 && self.later.is_some()) {
            return Ok(true);
        }
        let entered = self.entered.iter().find(|entered| entered.flag == flag);
        let entered = entered.map(|entered| (&entered.fd, entered.object.as_str()));
        let pids = self.pid.as_ref().filter(|_| flag == libc::CLONE_NEWPID as u64).map(|fd| (fd, "pid"));
        let Some((fd, object)) = entered.or(pids) else { return Ok(false) };
        let own = format!("/proc/self/ns/{}", name(flag));
        let own = rustix::fs::stat(&own).step_at(CODE, "look at the namespace", &own)?;
        let other = fstat(fd).step_at(CODE, "look at the namespace", object)?;
        Ok((own.st_dev, own.st_ino) != (other.st_dev, other.st_ino))
    }

    /// The flags of all that are, of those that a filesystem shows.
    pub fn apart(&self) -> Result<u64> {
        [libc::CLONE_NEWPID, libc::CLONE_NEWNET, libc::CLONE_NEWIPC]
            .into_iter()
            .try_fold(0, |flags, flag| Ok(if self.is_apart(flag)? { flags | flag as u64 } else { flags }))
    }

    /// Refuses what belongs to others, for a container with a user namespace: it would have no privileges over it.
    pub fn refuse_shared(&self) -> Result<()> {
        if self.own_pids() && self.entered.is_empty() && self.joined.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            "ERR_RCX_INVALID_SPEC",
            "share a pid namespace, or namespaces of another container, with a user namespace of its own",
        )
        .hint("leave out --userns, or what is shared"))
    }

    fn add(&mut self, namespace: &LinuxNamespace) -> Result<()> {
        let kind = namespace.typ();
        let flag = flag(kind)?;
        let joined = self.joined.iter().find(|joined| joined.shares(kind));
        let (fd, object) = match (namespace.path(), joined) {
            (Some(path), _) => (open_path(path)?, path.display().to_string()),
            (None, Some(joined)) => (joined.namespace(name(flag))?, joined.describe(kind)),
            (None, None) if kind == LinuxNamespaceType::Cgroup => {
                self.new_cgroup = true;
                return Ok(());
            }
            (None, None) => {
                self.new |= flag;
                return Ok(());
            }
        };
        let real = sys::namespace_type(fd.as_fd()).step_at(
            CODE,
            "find out what kind of namespace it is",
            &object,
        )?;
        if real as u64 != flag {
            let wanted = name(flag);
            return Err(Error::new(CODE, format!("join a {wanted} namespace: it is another one")).at(object));
        }
        match kind {
            LinuxNamespaceType::Pid => self.pid = Some(fd),
            LinuxNamespaceType::Mount | LinuxNamespaceType::User => {
                return Err(Error::new(
                    "ERR_RCX_UNSUPPORTED",
                    "join a mount or user namespace: not supported",
                )
                .at(object));
            }
            _ => self.entered.push(Entered { flag, object, fd }),
        }
        Ok(())
    }

    /// Has the container enter a network namespace that is made now, with its devices in it.
    fn furnish(&mut self, network: &NetworkRequest) -> Result<()> {
        let flag = libc::CLONE_NEWNET as u64;
        if self.new & flag == 0 {
            let what = "attach a container to networks that has no network namespace of its own";
            return Err(Error::new("ERR_RCX_INVALID_SPEC", what));
        }
        if self.new & libc::CLONE_NEWUSER as u64 != 0 {
            self.new &= !flag;
            self.later = Some(network.clone());
            return Ok(());
        }
        let (fd, furnishing) = network::begin(network)?;
        self.network = Some(furnishing);
        self.new &= !flag;
        self.entered.push(Entered { flag, object: "network".to_owned(), fd });
        Ok(())
    }

    fn require_own(&self, spec: &Spec) -> Result<()> {
        let invalid = |what: &str| Err(Error::new("ERR_RCX_INVALID_SPEC", what));
        // Without it the steps would change the host itself.
        if self.new & libc::CLONE_NEWNS as u64 == 0 {
            return invalid("launch a container without a mount namespace of its own");
        }
        let has_cgroup = spec.linux().as_ref().is_some_and(|linux| linux.cgroups_path().is_some());
        // Root of another user namespace than the first can find them otherwise, see [`crate::rootless::Left`].
        let finds = rustix::process::geteuid().is_root() && !rootless::is_first_root();
        if !self.own_pids() && !has_cgroup && !finds {
            return invalid(
                "launch a container without a pid namespace of its own, and without a cgroup to end it by",
            );
        }
        let named = spec.hostname().is_some() || spec.domainname().is_some();
        if named && self.new & libc::CLONE_NEWUTS as u64 == 0 {
            return invalid(
                "set a hostname without a uts namespace: it would be the host's, or another container's",
            );
        }
        Ok(())
    }
}

/// The flags of a container's namespaces that are not the host's, for a process that joins it.
pub fn flags(spec: &Spec) -> Result<u64> {
    listed(spec).map(|namespace| flag(namespace.typ())).try_fold(0, |flags, flag| Ok(flags | flag?))
}

/// Names below `/proc/pid/ns`.
const KINDS: [(i32, &str); 7] = [
    (libc::CLONE_NEWUSER, "user"),
    (libc::CLONE_NEWNS, "mnt"),
    (libc::CLONE_NEWPID, "pid"),
    (libc::CLONE_NEWNET, "net"),
    (libc::CLONE_NEWIPC, "ipc"),
    (libc::CLONE_NEWUTS, "uts"),
    (libc::CLONE_NEWCGROUP, "cgroup"),
];

fn name(flag: u64) -> &'static str {
    KINDS.iter().find(|(kind, _)| *kind as u64 == flag).map_or("", |(_, name)| name)
}

/// The `CLONE_NEW…` flag of the namespace that a filesystem of the kernel shows, which has to be its user's own to be mounted.
pub fn shown_by(fs: &str) -> Option<u64> {
    match fs {
        "proc" => Some(libc::CLONE_NEWPID as u64),
        "sysfs" => Some(libc::CLONE_NEWNET as u64),
        "mqueue" => Some(libc::CLONE_NEWIPC as u64),
        _ => None,
    }
}

fn listed(spec: &Spec) -> impl Iterator<Item = &LinuxNamespace> {
    spec.linux().iter().filter_map(|linux| linux.namespaces().as_ref()).flatten()
}

fn flag(kind: LinuxNamespaceType) -> Result<u64> {
    use LinuxNamespaceType as N;
    Ok(match kind {
        N::Mount => libc::CLONE_NEWNS,
        N::Pid => libc::CLONE_NEWPID,
        N::Network => libc::CLONE_NEWNET,
        N::Ipc => libc::CLONE_NEWIPC,
        N::Uts => libc::CLONE_NEWUTS,
        N::Cgroup => libc::CLONE_NEWCGROUP,
        N::User => libc::CLONE_NEWUSER,
        N::Time => {
            return Err(Error::new("ERR_RCX_UNSUPPORTED", "make a time namespace: not supported yet"));
        }
    } as u64)
}

fn open_path(path: &Path) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    open(path, flags, Mode::empty()).step_at(CODE, "open the namespace", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(namespaces: &str, more: &str) -> LaunchRequest {
        LaunchRequest::parse(&format!(
            r#"{{"spec":{{"ociVersion":"1.2.0"{more},"linux":{{"namespaces":{namespaces},"cgroupsPath":"/rcx/x"}}}},
                "rcx":{{"id":"x","initBinary":"/i","mountpoint":"/m"}}}}"#
        ))
        .unwrap()
    }

    fn refused(namespaces: &str, more: &str) -> String {
        Namespaces::of(&request(namespaces, more)).unwrap_err().code.to_string()
    }

    #[test]
    fn those_without_a_path_are_new_and_the_others_stay_the_hosts() {
        let listed = r#"[{"type":"mount"},{"type":"network"},{"type":"cgroup"}]"#;
        let found = Namespaces::of(&request(listed, "")).unwrap();
        assert_eq!(found.new, (libc::CLONE_NEWNS | libc::CLONE_NEWNET) as u64);
        assert!(found.new_cgroup && !found.own_pids() && found.entered.is_empty() && found.pid.is_none());
        assert!(found.is_apart(libc::CLONE_NEWNET).unwrap());
        assert!(!found.is_apart(libc::CLONE_NEWIPC).unwrap());
    }

    #[test]
    fn only_a_network_of_its_own_is_furnished() {
        let with = |namespaces: &str| {
            let mut request = request(namespaces, "");
            request.rcx.network = Some(NetworkRequest::default());
            Namespaces::of(&request)
        };
        let network = r#"[{"type":"mount"},{"type":"network"}"#;
        assert_eq!(with(r#"[{"type":"mount"}]"#).unwrap_err().code, "ERR_RCX_INVALID_SPEC");
        let user = format!(r#"{network},{{"type":"pid"}},{{"type":"user"}}]"#);
        let found = with(&user).unwrap();
        assert!(
            found.later.is_some() && found.entered.is_empty() && found.new & libc::CLONE_NEWNET as u64 == 0
        );
        assert!(found.is_apart(libc::CLONE_NEWNET).unwrap());
        if rustix::process::geteuid().is_root() {
            let found = with(&format!("{network}]")).unwrap();
            assert_eq!((found.new, found.entered.len()), (libc::CLONE_NEWNS as u64, 1));
            assert!(found.is_apart(libc::CLONE_NEWNET).unwrap());
        }
    }

    #[test]
    fn a_path_is_entered_and_a_pid_namespace_cloned_in() {
        let listed = r#"[{"type":"mount"},{"type":"ipc","path":"/proc/self/ns/ipc"},{"type":"pid","path":"/proc/self/ns/pid"}]"#;
        let found = Namespaces::of(&request(listed, "")).unwrap();
        assert_eq!(found.entered.len(), 1);
        assert_eq!(found.entered[0].flag, libc::CLONE_NEWIPC as u64);
        assert!(found.pid.is_some());
        // It is this process' own after all.
        assert!(!found.is_apart(libc::CLONE_NEWIPC).unwrap());
    }

    #[test]
    fn a_path_to_something_else_is_refused() {
        for path in ["/proc/self/ns/uts", "/dev/null", "/etc/passwd", "/there/is/none", "/proc/self/ns"] {
            let listed = format!(r#"[{{"type":"mount"}},{{"type":"ipc","path":"{path}"}}]"#);
            assert_eq!(refused(&listed, ""), CODE, "{path}");
        }
    }

    #[test]
    fn what_would_change_the_host_is_refused() {
        assert_eq!(refused(r#"[{"type":"pid"}]"#, ""), "ERR_RCX_INVALID_SPEC");
        assert_eq!(refused(r#"[{"type":"mount"}]"#, r#","hostname":"h""#), "ERR_RCX_INVALID_SPEC");
        let shared = r#"[{"type":"mount"},{"type":"uts","path":"/proc/self/ns/uts"}]"#;
        assert_eq!(refused(shared, r#","domainname":"d""#), "ERR_RCX_INVALID_SPEC");
        let mount = r#"[{"type":"mount","path":"/proc/self/ns/mnt"}]"#;
        assert_eq!(refused(mount, ""), "ERR_RCX_UNSUPPORTED");
        assert_eq!(refused(r#"[{"type":"mount"},{"type":"time"}]"#, ""), "ERR_RCX_UNSUPPORTED");
    }
}
