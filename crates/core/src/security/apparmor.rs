//! AppArmor: the profile that a container's program begins under, and rcx's own (apparmor.d(5)).

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::error::{Context, Error, Result};

const CODE: &str = "ERR_RCX_APPARMOR";
/// Name of rcx's profile.
pub const DEFAULT_PROFILE: &str = "rcx-default";
const UNCONFINED: &str = "unconfined";
/// One directory a profile, `NAME.NUMBER`.
const LOADED: &str = "/sys/kernel/security/apparmor/policy/profiles";
const PARSER: &str = "apparmor_parser";
/// Where it is when the caller's `PATH` has no directories of administrators.
const PARSERS: [&str; 3] = [PARSER, "/usr/sbin/apparmor_parser", "/sbin/apparmor_parser"];

/// The profile for a container's program: the one that is wanted, else rcx's where this machine can have it. `None` where there
/// is nothing to apply. Loads rcx's profile when it is missing: updates of other profiles unload it.
///
/// # Errors
/// `ERR_RCX_APPARMOR` when the profile that is wanted cannot be applied, and when rcx's own cannot be loaded.
pub fn profile(wanted: Option<&str>) -> Result<Option<String>> {
    let wanted = wanted.filter(|name| !name.is_empty());
    match (wanted, is_enabled()) {
        (None | Some(UNCONFINED), false) => Ok(None),
        (Some(name), false) => {
            Err(Error::new(CODE, format!("apply the AppArmor profile {name}: the kernel has no AppArmor, or /sys/kernel/security is not mounted"))
                .hint("leave the profile out, or boot with AppArmor enabled"))
        }
        (Some(name), true) if name != DEFAULT_PROFILE => Ok(Some(name.to_owned())),
        (own, true) => {
            if is_loaded(DEFAULT_PROFILE)? {
                return Ok(Some(DEFAULT_PROFILE.to_owned()));
            }
            match load(&default_profile(&|path| Path::new(path).exists())) {
                // Without the program no distribution's profiles are in force either.
                Ok(false) if own.is_none() => Ok(None),
                Ok(false) => Err(Error::new(
                    CODE,
                    format!("load the AppArmor profile {DEFAULT_PROFILE}: {PARSER} is missing"),
                )
                .hint("install the package apparmor")),
                Ok(true) => Ok(Some(DEFAULT_PROFILE.to_owned())),
                Err(error) => Err(error),
            }
        }
    }
}

/// The kernel has AppArmor, it was not turned off at boot, and there is a way to its profiles.
fn is_enabled() -> bool {
    let answer = fs::read("/sys/module/apparmor/parameters/enabled");
    answer.is_ok_and(|answer| answer.first() == Some(&b'Y')) && Path::new(LOADED).exists()
}

fn is_loaded(name: &str) -> Result<bool> {
    const STEP: &str = "look for the AppArmor profile";
    let entries = fs::read_dir(LOADED).step_at(CODE, STEP, LOADED)?;
    for entry in entries {
        let entry = entry.step_at(CODE, STEP, LOADED)?;
        let file = entry.file_name();
        if file.to_str().and_then(|file| file.rsplit_once('.')).is_some_and(|(known, _)| known == name) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn start_parser() -> Result<Option<Child>> {
    for path in PARSERS {
        // No cache is written: its directory may be read-only.
        let started = Command::new(path)
            .args(["--skip-cache", "--replace"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        match started {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            other => return other.step_at(CODE, "load the AppArmor profile", path).map(Some),
        }
    }
    Ok(None)
}

/// Hands a policy to the kernel, in place of one of the same name. `false` when there is no program that could.
fn load(policy: &str) -> Result<bool> {
    const STEP: &str = "load the AppArmor profile";
    let Some(mut child) = start_parser()? else { return Ok(false) };
    if let Some(mut input) = child.stdin.take() {
        input.write_all(policy.as_bytes()).step_at(CODE, STEP, PARSER)?;
    }
    let output = child.wait_with_output().step_at(CODE, STEP, PARSER)?;
    if output.status.success() {
        return Ok(true);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::new(CODE, format!("{STEP} {DEFAULT_PROFILE}: {PARSER}: {}", said.trim().replace('\n', "; "))))
}

/// What docker's default profile comes to. `exists` tells whether this machine has a file of policy.
fn default_profile(exists: &dyn Fn(&str) -> bool) -> String {
    let either = |path: &str, with: &str, without: &str| {
        if exists(path) { with.to_owned() } else { without.to_owned() }
    };
    // "network" stands for unix sockets as well up to this version only.
    let abi = either("/etc/apparmor.d/abi/3.0", "abi <abi/3.0>,\n", "");
    let tunables = either("/etc/apparmor.d/tunables/global", "include <tunables/global>", "@{PROC}=/proc/");
    let base = either("/etc/apparmor.d/abstractions/base", "include <abstractions/base>", "");
    format!(
        "{abi}{tunables}\nprofile {DEFAULT_PROFILE} flags=(attach_disconnected,mediate_deleted) {{\n{base}\n{RULES}}}\n"
    )
}

/// Everything is allowed but what reaches the machine; signals and traces stay among containers, but for the host's own.
const RULES: &str = "
  network,
  deny network alg,
  capability,
  file,
  umount,
  deny mount,

  signal (receive) peer=unconfined,
  signal (send,receive) peer=rcx-default,
  ptrace (trace,tracedby,read,readby) peer=rcx-default,

  # Of /proc: the processes, and of the settings shared memory.
  deny @{PROC}/* w,
  deny @{PROC}/[^0-9s]*/** w,
  deny @{PROC}/s[^y]*/** w,
  deny @{PROC}/sy[^s]*/** w,
  deny @{PROC}/sys?*/** w,
  deny @{PROC}/sys/[^k]** w,
  deny @{PROC}/sys/kernel/{?,??} w,
  deny @{PROC}/sys/kernel/[^s]** w,
  deny @{PROC}/sys/kernel/s[^h]** w,
  deny @{PROC}/sys/kernel/sh[^m]** w,
  deny @{PROC}/sysrq-trigger rwklx,
  deny @{PROC}/kcore rwklx,

  # Of /sys: the cgroups.
  deny /sys/[^f]*/** wklx,
  deny /sys/f[^s]*/** wklx,
  deny /sys/fs/[^c]*/** wklx,
  deny /sys/fs/c[^g]*/** wklx,
  deny /sys/fs/cg[^r]*/** wklx,
  deny /sys/firmware/** rwklx,
  deny /sys/devices/virtual/powercap/** rwklx,
  deny /sys/kernel/security/** rwklx,
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_applied_where_there_is_no_apparmor() {
        if is_enabled() {
            assert_eq!(profile(Some(UNCONFINED)).unwrap().as_deref(), Some(UNCONFINED));
            return;
        }
        assert_eq!(profile(None).unwrap(), None);
        assert_eq!(profile(Some("")).unwrap(), None);
        assert_eq!(profile(Some(UNCONFINED)).unwrap(), None);
        let error = profile(Some("docker-default")).unwrap_err();
        assert_eq!(error.code, CODE);
        assert!(
            error.to_string().contains(
                "docker-default: the kernel has no AppArmor, or /sys/kernel/security is not mounted"
            ),
            "{error}"
        );
    }

    #[test]
    fn the_policy_uses_what_the_machine_has_of_it() {
        let all = default_profile(&|_| true);
        assert!(all.starts_with("abi <abi/3.0>,\ninclude <tunables/global>\nprofile rcx-default "));
        assert!(all.contains("include <abstractions/base>"));
        let none = default_profile(&|_| false);
        assert!(none.starts_with("@{PROC}=/proc/\nprofile rcx-default "));
        assert!(!none.contains("include"));
    }
}
