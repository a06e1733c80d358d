//! Cgroups that systemd makes: a container's is that of a transient scope, so that systemd's tools show and limit it.
//!
//! org.freedesktop.systemd1(5), systemd.scope(5), systemd.resource-control(5).

mod connection;
mod holder;
mod message;
mod properties;

use std::time::{Duration, Instant};

use oci_spec::runtime::LinuxResources;
use rustix::io::Errno;

use self::connection::Connection;
pub use self::holder::Holder;
use self::message::{Reply, Value, Writer};
use super::{CODE, Layout};
use crate::error::{Error, Result};

const PATIENCE: Duration = Duration::from_secs(10);
const NO_SUCH_UNIT: &str = "org.freedesktop.systemd1.NoSuchUnit";
const UNIT_EXISTS: &str = "org.freedesktop.systemd1.UnitExists";

/// Whether the cgroup at `path` is a container's that systemd makes: `/system.slice/rcx-<id>.scope`. Nothing else is called so.
pub fn is_scope(path: &str) -> bool {
    unit(path).is_some()
}

/// Names of the slice and the scope.
fn unit(path: &str) -> Option<(&str, &str)> {
    let (above, scope) = path.rsplit_once('/')?;
    let slice = above.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("-.slice");
    let ours = scope.starts_with("rcx-") && scope.ends_with(".scope") && slice.ends_with(".slice");
    ours.then_some((slice, scope))
}

/// Has systemd make the scope at `path` with its limits. A scope needs a process from its first moment on: the holder, which is
/// to be dropped once the container has one.
pub fn start(path: &str, resources: Option<&LinuxResources>) -> Result<Holder> {
    let (slice, scope) =
        unit(path).ok_or_else(|| Error::new(CODE, "start a scope: no scope's path").at(path))?;
    let holder = Holder::new()?;
    let mut all = vec![
        ("Description", Value::Text(format!("rcx container {}", scope.trim_end_matches(".scope")))),
        ("Slice", Value::Text(slice.to_owned())),
        // What is in it is the container's to manage: systemd keeps away from it.
        ("Delegate", Value::Flag(true)),
        ("DefaultDependencies", Value::Flag(false)),
        // Nothing of it stays, also where it has failed.
        ("CollectMode", Value::Text("inactive-or-failed".to_owned())),
        ("PIDs", Value::Numbers(vec![holder.pid()])),
    ];
    all.extend(properties::of(resources));
    if !all.iter().any(|(name, _)| *name == "TasksMax") {
        // systemd's own default is no limit of the user's.
        all.push(("TasksMax", Value::Number(u64::MAX)));
    }
    let mut body = Writer::default();
    body.text(scope);
    body.text("fail");
    body.properties(&all);
    body.no_units();
    let body = body.finish();
    let begin = Instant::now();
    let mut connection = Connection::open()?;
    loop {
        let reply = connection.call("StartTransientUnit", "ssa(sv)a(sa(sv))", &body)?;
        // That of the run before may not be put away yet.
        if reply.error.as_deref() != Some(UNIT_EXISTS) || begin.elapsed() > PATIENCE {
            refused("start the scope", scope, reply)?;
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    holder.await_cgroup(path, begin + PATIENCE)?;
    Ok(holder)
}

/// Tells systemd of other limits: it would set the old ones again whenever it looks through its units.
pub fn update(path: &str, resources: &LinuxResources) -> Result<()> {
    let Some((_, scope)) = unit(path) else { return Ok(()) };
    let all = properties::of(Some(resources));
    if all.is_empty() {
        return Ok(());
    }
    let mut body = Writer::default();
    body.text(scope);
    // Until the unit is gone.
    body.flag(true);
    body.properties(&all);
    let reply = Connection::open()?.call("SetUnitProperties", "sba(sv)", &body.finish())?;
    refused("change the scope's limits", scope, reply)
}

/// Has systemd forget the scope at `path`: it does not notice a cgroup that somebody else has removed. One that it does not know
/// is no error.
pub fn stop(path: &str) -> Result<()> {
    let Some((_, scope)) = unit(path) else { return Ok(()) };
    let mut body = Writer::default();
    body.text(scope);
    body.text("replace");
    let mut connection = match Connection::open() {
        // The machine was started without systemd since then.
        Err(error) if matches!(error.errno, Some(Errno::NOENT | Errno::CONNREFUSED)) => return Ok(()),
        other => other?,
    };
    let reply = connection.call("StopUnit", "ss", &body.finish())?;
    if reply.error.as_deref() == Some(NO_SUCH_UNIT) {
        return Ok(());
    }
    refused("stop the scope", scope, reply)
}

/// Whether systemd can make scopes here.
///
/// # Errors
/// `ERR_RCX_CGROUP` with what is missing.
pub fn check() -> Result<()> {
    if !Layout::detect()?.is_unified() {
        return Err(Error::new(CODE, "let systemd manage cgroups: it needs cgroup v2 alone")
            .hint("run with --cgroup-manager cgroupfs"));
    }
    Connection::open().map(drop).map_err(|error| {
        let hint =
            "systemd must be the first process of this machine; else run with --cgroup-manager cgroupfs";
        error.hint(hint)
    })
}

fn refused(step: &str, scope: &str, Reply { error, text, .. }: Reply) -> Result<()> {
    match error {
        None => Ok(()),
        Some(name) => Err(Error::new(CODE, format!("{step}: systemd says {text} ({name})")).at(scope)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_known_by_its_path() {
        assert_eq!(unit("/system.slice/rcx-ab.scope"), Some(("system.slice", "rcx-ab.scope")));
        assert_eq!(unit("/a.slice/a-b.slice/rcx-ab.scope"), Some(("a-b.slice", "rcx-ab.scope")));
        assert_eq!(unit("/rcx-ab.scope"), Some(("-.slice", "rcx-ab.scope")));
        for path in ["/rcx/ab", "/system.slice/ab", "/system.slice/session-1.scope", "/x/rcx-ab.scope"] {
            assert!(!is_scope(path), "{path}");
        }
    }
}
