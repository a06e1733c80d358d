//! Settings of the kernel (`linux.sysctl`).

use oci_spec::runtime::Spec;

use super::Builder;
use super::op::{Op, Step};
use super::target::Target;
use crate::error::{Error, Result};

/// Settings of the kernel that a namespace has its own of; anything else would change the host and is refused.
pub fn steps(builder: &mut Builder, spec: &Spec) -> Result<()> {
    let settings = spec.linux().as_ref().and_then(|linux| linux.sysctl().as_ref());
    for (key, value) in settings.into_iter().flatten() {
        let namespaced =
            key.starts_with("net.") || key.starts_with("fs.mqueue.") || IPC_SYSCTLS.contains(&key.as_str());
        if !namespaced {
            return Err(Error::new(
                "ERR_RCX_SYSCTL",
                format!("set {key}: it is global to the host, whose kernel is shared"),
            )
            .hint("set it on the host, if you mean to"));
        }
        let path = format!("/proc/sys/{}", key.replace('.', "/"));
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
