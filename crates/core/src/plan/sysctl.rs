//! Settings of the kernel (`linux.sysctl`).

use oci_spec::runtime::Spec;

use super::Builder;
use super::namespaces::Namespaces;
use super::op::{Op, Step};
use super::target::Target;
use crate::error::{Error, Result};

/// Settings of the kernel that a namespace has its own of; anything else would change the host and is refused.
pub fn steps(builder: &mut Builder, spec: &Spec, namespaces: &Namespaces) -> Result<()> {
    let settings = spec.linux().as_ref().and_then(|linux| linux.sysctl().as_ref());
    for (key, value) in settings.into_iter().flatten() {
        let (flag, name) = namespace_of(key).ok_or_else(|| {
            Error::new(
                "ERR_RCX_SYSCTL",
                format!("set {key}: it is global to the host, whose kernel is shared"),
            )
            .hint("set it on the host, if you mean to")
        })?;
        if !namespaces.is_apart(flag)? {
            return Err(Error::new(
                "ERR_RCX_SYSCTL",
                format!("set {key}: the {name} namespace is the host's"),
            )
            .hint(format!("set it on the host, or give the container a {name} namespace of its own")));
        }
        let path = format!("/proc/sys/{}", key.replace('.', "/"));
        let value = match &builder.unprivileged {
            Some(unprivileged) if key == PING => unprivileged.ping_range(),
            _ => value.clone(),
        };
        let op = Op::Sysctl { path: Target::file(&path)?, value: value.clone().into_bytes() };
        builder.late.push(Step {
            code: "ERR_RCX_SYSCTL",
            what: "set a kernel parameter",
            object: format!("{key}={value}"),
            op,
        });
    }
    Ok(())
}

/// Groups that may ping without a capability.
const PING: &str = "net.ipv4.ping_group_range";

fn namespace_of(key: &str) -> Option<(i32, &'static str)> {
    if key.starts_with("net.") {
        return Some((libc::CLONE_NEWNET, "network"));
    }
    let ipc = key.starts_with("fs.mqueue.") || IPC_SYSCTLS.contains(&key);
    ipc.then_some((libc::CLONE_NEWIPC, "ipc"))
}

/// Those below `kernel.` that belong to the ipc namespace (ipc_namespaces(7)).
const IPC_SYSCTLS: [&str; 8] = [
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::request::LaunchRequest;

    fn plan(namespaces: &str, sysctl: &str) -> Result<()> {
        let request = LaunchRequest::parse(&format!(
            r#"{{"spec":{{"ociVersion":"1.2.0","linux":{{"namespaces":{namespaces},"cgroupsPath":"/x","sysctl":{sysctl}}}}},
                "rcx":{{"id":"x","initBinary":"/i","mountpoint":"/m"}}}}"#
        ))?;
        let namespaces = Namespaces::of(&request)?;
        steps(&mut Builder::default(), &request.spec, &namespaces)
    }

    #[test]
    fn only_those_of_the_containers_own_namespaces_are_set() {
        let own = r#"[{"type":"mount"},{"type":"network"},{"type":"ipc"}]"#;
        let shared = r#"[{"type":"mount"},{"type":"network","path":"/proc/self/ns/net"}]"#;
        for key in ["net.core.somaxconn", "kernel.msgmax", "fs.mqueue.msg_max"] {
            let sysctl = format!(r#"{{"{key}":"1"}}"#);
            assert!(plan(own, &sysctl).is_ok(), "{key}");
            assert_eq!(plan(shared, &sysctl).unwrap_err().code, "ERR_RCX_SYSCTL", "{key}");
        }
        for key in ["kernel.pid_max", "kernel.core_pattern", "vm.swappiness", "network.x"] {
            let sysctl = format!(r#"{{"{key}":"1"}}"#);
            assert_eq!(plan(own, &sysctl).unwrap_err().code, "ERR_RCX_SYSCTL", "{key}");
        }
    }
}
