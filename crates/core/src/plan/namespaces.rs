//! The namespaces of a container (`linux.namespaces`).

use oci_spec::runtime::{LinuxNamespaceType, Spec};

use crate::error::{Error, Result};

/// The clone flags of the listed namespaces, and whether the cgroup namespace is among them.
pub fn clone_flags(spec: &Spec) -> Result<(u64, bool)> {
    use LinuxNamespaceType as N;
    let mut flags = 0;
    let mut cgroup = false;
    for namespace in spec.linux().iter().filter_map(|linux| linux.namespaces().as_ref()).flatten() {
        if let Some(path) = namespace.path() {
            return Err(Error::new("ERR_RCX_UNSUPPORTED", "join an existing namespace: not supported yet")
                .at(path.display().to_string()));
        }
        flags |= match namespace.typ() {
            N::Mount => libc::CLONE_NEWNS,
            N::Pid => libc::CLONE_NEWPID,
            N::Network => libc::CLONE_NEWNET,
            N::Ipc => libc::CLONE_NEWIPC,
            N::Uts => libc::CLONE_NEWUTS,
            N::Cgroup => {
                cgroup = true;
                0
            }
            N::User => libc::CLONE_NEWUSER,
            N::Time => {
                return Err(Error::new("ERR_RCX_UNSUPPORTED", "make a time namespace: not supported yet"));
            }
        } as u64;
    }
    // Without these the steps below would change the host itself.
    for (flag, name) in [(libc::CLONE_NEWNS, "mount"), (libc::CLONE_NEWPID, "pid")] {
        if flags & flag as u64 == 0 {
            return Err(Error::new(
                "ERR_RCX_INVALID_SPEC",
                format!("launch a container without a {name} namespace of its own"),
            ));
        }
    }
    if (spec.hostname().is_some() || spec.domainname().is_some()) && flags & libc::CLONE_NEWUTS as u64 == 0 {
        return Err(Error::new(
            "ERR_RCX_INVALID_SPEC",
            "set a hostname without a uts namespace: it would be the host's",
        ));
    }
    Ok((flags, cgroup))
}
