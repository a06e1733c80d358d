//! What the next exec of this process begins under, told to the security modules through procfs.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags, ResolveFlags, open, openat2};
use rustix::io::Errno;

use crate::error::{Context, Error, Result};
use crate::launch::{is_on_proc, write_all};

const CODE: &str = "ERR_RCX_CONFINE";

/// When an AppArmor profile begins to apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At the next exec.
    Exec,
    /// At once: PID 1 of a container with `--init` executes nothing.
    Now,
}

/// Puts this process under an AppArmor profile.
pub fn apparmor(profile: &str, when: When) -> Result<()> {
    const STEP: &str = "apply the AppArmor profile";
    let (name, request) = match when {
        When::Exec => ("exec", format!("exec {profile}")),
        When::Now => ("current", format!("changeprofile {profile}")),
    };
    // Before Linux 5.8 the security modules shared one file.
    let file = match attribute(&format!("thread-self/attr/apparmor/{name}")) {
        Err(error) if error.errno == Some(Errno::NOENT) => attribute(&format!("thread-self/attr/{name}")),
        other => other,
    }?;
    match write_all(file.as_fd(), request.as_bytes()) {
        Err(Errno::NOENT) => Err(Error::new(CODE, format!("{STEP} {profile}: it is not loaded"))
            .hint("load it with: apparmor_parser -r FILE")),
        other => other.step_at(CODE, STEP, profile),
    }
}

/// Has the program that this process executes run under an SELinux label. PID 1 of a container with `--init`, which executes nothing,
/// keeps that of its launcher: a change without an exec is what policies forbid.
pub fn selinux(label: &str) -> Result<()> {
    selinux_attribute("exec", Some(label), "apply the SELinux label")
}

/// The label of keyrings that this process makes from now on, without which the program could not use its own; `None` for the
/// policy's default.
pub fn selinux_keys(label: Option<&str>) -> Result<()> {
    selinux_attribute("keycreate", label, "set the SELinux label of new keyrings")
}

fn selinux_attribute(name: &str, label: Option<&str>, step: &'static str) -> Result<()> {
    let file = attribute(&format!("thread-self/attr/{name}"))?;
    write_all(file.as_fd(), label.unwrap_or("\n").as_bytes())
        .step_at(CODE, step, label.unwrap_or_default())
        .map_err(unknown_label)
}

fn unknown_label(error: Error) -> Error {
    match error.errno {
        Some(Errno::INVAL) => error.hint("the policy of this machine has no such label"),
        _ => error,
    }
}

/// A file of this thread in a real procfs with nothing mounted over it: whatever else a container may have put there, the write
/// would go astray and the program run unconfined (CVE-2019-16884, CVE-2025-52881).
fn attribute(path: &str) -> Result<OwnedFd> {
    const STEP: &str = "open the attributes of the process";
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let proc = open("/proc", flags, Mode::empty()).step_at(CODE, STEP, "/proc")?;
    if !is_on_proc(proc.as_fd()).step_at(CODE, STEP, "/proc")? {
        return Err(Error::new(CODE, format!("{STEP}: it is no procfs")).at("/proc"));
    }
    let inside = ResolveFlags::BENEATH | ResolveFlags::NO_XDEV | ResolveFlags::NO_MAGICLINKS;
    openat2(&proc, path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty(), inside).step_at(
        CODE,
        STEP,
        format!("/proc/{path}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_in_procfs() {
        match attribute("thread-self/attr/exec") {
            Ok(_) => {}
            // A kernel without security modules has the file and none to write to, or has it not.
            Err(error) => assert_eq!(error.errno, Some(Errno::NOENT), "{error}"),
        }
        assert_eq!(attribute("thread-self/attr/no-such").unwrap_err().errno, Some(Errno::NOENT));
    }

    #[test]
    fn nothing_outside_of_procfs_is_reached() {
        assert_eq!(attribute("../etc/hostname").unwrap_err().errno, Some(Errno::XDEV));
        assert!(attribute("thread-self/root/etc/hostname").is_err());
    }
}
