//! The part of a spec that the container's init carries out.

use oci_spec::runtime::{PosixRlimitType, Process, Spec};

use super::request::{LaunchRequest, ResourceLimit, SeccompChoice};
use crate::error::{Error, Result};
use crate::init::config::{InitConfig, Rlimit, User};
use crate::security::apparmor;
use crate::security::capabilities::Sets;
use crate::security::seccomp::{self, Filter};
use crate::security::selinux;

const UMASK: u32 = 0o022;

/// The init's configuration for a request.
pub fn init_config(request: &LaunchRequest) -> Result<InitConfig> {
    refuse_unsupported(&request.spec)?;
    let process = request.spec.process().as_ref().ok_or_else(|| {
        Error::new("ERR_RCX_INVALID_SPEC", "read the container's configuration: it has no process")
    })?;
    let capabilities = Sets::from_spec(process.capabilities().as_ref());
    Ok(InitConfig {
        args: process.args().clone().unwrap_or_default(),
        env: process.env().clone().unwrap_or_default(),
        cwd: process.cwd().to_string_lossy().into_owned(),
        user: user(process, request.rcx.user.as_deref()),
        capabilities,
        no_new_privileges: process.no_new_privileges().unwrap_or(false),
        rlimits: rlimits(process, &request.rcx.rlimits)?,
        groups: request.rcx.groups.clone(),
        shared_pids: false,
        seccomp: seccomp_filter(request, capabilities.bounding)?,
        apparmor: apparmor::profile(process.apparmor_profile().as_deref())?,
        selinux: selinux::label(process.selinux_label().as_deref())?,
        terminal: process.terminal().unwrap_or(false),
        reaper: request.rcx.init,
        oom_score_adj: process.oom_score_adj(),
        umask: process.user().umask().unwrap_or(UMASK),
        keyring: format!("_ses.{}", request.rcx.id),
    })
}

fn seccomp_filter(request: &LaunchRequest, bounding: u64) -> Result<Option<Filter>> {
    if let Some(profile) = request.spec.linux().as_ref().and_then(|linux| linux.seccomp().as_ref()) {
        let text = serde_json::to_string(profile)
            .map_err(|e| Error::new("ERR_RCX_SECCOMP_PROFILE", format!("read linux.seccomp: {e}")))?;
        return seccomp::filter(&text, bounding).map(Some);
    }
    match &request.rcx.seccomp {
        SeccompChoice::Default => seccomp::default_filter(bounding).map(Some),
        SeccompChoice::Profile(text) => seccomp::filter(text, bounding).map(Some),
        SeccompChoice::Unconfined => Ok(None),
    }
}

fn user(process: &Process, name: Option<&str>) -> User {
    if let Some(name) = name {
        return User::Name(name.to_owned());
    }
    let user = process.user();
    User::Ids { uid: user.uid(), gid: user.gid(), groups: user.additional_gids().clone().unwrap_or_default() }
}

/// What a spec asks for and does not get would be a false promise of safety or of behaviour.
fn refuse_unsupported(spec: &Spec) -> Result<()> {
    let linux = spec.linux().as_ref();
    let process = spec.process().as_ref();
    let present = [
        ("hooks", spec.hooks().is_some()),
        ("linux.intelRdt", linux.is_some_and(|linux| linux.intel_rdt().is_some())),
        ("linux.personality", linux.is_some_and(|linux| linux.personality().is_some())),
        ("process.scheduler", process.is_some_and(|process| process.scheduler().is_some())),
    ];
    match present.iter().find(|(_, present)| *present) {
        Some((name, _)) => Err(Error::new("ERR_RCX_UNSUPPORTED", format!("apply {name}: not supported yet"))),
        None => Ok(()),
    }
}

fn rlimits(process: &Process, more: &[ResourceLimit]) -> Result<Vec<Rlimit>> {
    let of_spec =
        process.rlimits().iter().flatten().map(|limit| {
            Ok(Rlimit { resource: resource(limit.typ()), soft: limit.soft(), hard: limit.hard() })
        });
    let value = |number: i64| u64::try_from(number).unwrap_or(libc::RLIM_INFINITY);
    let named = more.iter().map(|limit| {
        let kind: PosixRlimitType =
            serde_json::from_value(format!("RLIMIT_{}", limit.name.to_uppercase()).into()).map_err(|_| {
                Error::new("ERR_RCX_INVALID_SPEC", format!("limit {}: there is no such resource", limit.name))
            })?;
        Ok(Rlimit { resource: resource(kind), soft: value(limit.soft), hard: value(limit.hard) })
    });
    of_spec.chain(named).collect()
}

fn resource(limit: PosixRlimitType) -> u32 {
    use PosixRlimitType as T;
    let number = match limit {
        T::RlimitCpu => libc::RLIMIT_CPU,
        T::RlimitFsize => libc::RLIMIT_FSIZE,
        T::RlimitData => libc::RLIMIT_DATA,
        T::RlimitStack => libc::RLIMIT_STACK,
        T::RlimitCore => libc::RLIMIT_CORE,
        T::RlimitRss => libc::RLIMIT_RSS,
        T::RlimitNproc => libc::RLIMIT_NPROC,
        T::RlimitNofile => libc::RLIMIT_NOFILE,
        T::RlimitMemlock => libc::RLIMIT_MEMLOCK,
        T::RlimitAs => libc::RLIMIT_AS,
        T::RlimitLocks => libc::RLIMIT_LOCKS,
        T::RlimitSigpending => libc::RLIMIT_SIGPENDING,
        T::RlimitMsgqueue => libc::RLIMIT_MSGQUEUE,
        T::RlimitNice => libc::RLIMIT_NICE,
        T::RlimitRtprio => libc::RLIMIT_RTPRIO,
        T::RlimitRttime => libc::RLIMIT_RTTIME,
    };
    // Signed in musl's headers.
    number as _
}
