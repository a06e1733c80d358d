//! Another container whose namespaces are shared, found by its record at each launch: its process is another one then.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;

use oci_spec::runtime::LinuxNamespaceType;
use rustix::fs::{Mode, OFlags, open, openat};
use serde::Deserialize;

use super::request::Join;
use crate::error::{Context, Error, Result};
use crate::identity::ProcessIdentity;

const CODE: &str = "ERR_RCX_NAMESPACE";

/// A container that runs.
#[derive(Debug)]
pub struct Joined {
    join: Join,
    process: ProcessIdentity,
    /// `/proc/pid` of its init: what is opened below it is that process' own, or nothing any more.
    proc: OwnedFd,
}

/// What has to be known of `state.json`.
#[derive(Debug, Deserialize)]
struct State {
    process: Option<ProcessIdentity>,
}

impl Joined {
    /// Finds the container's init, by boot, pid and start time.
    pub fn open(join: &Join) -> Result<Self> {
        let path = join.folder.join("state.json");
        let text = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(missing(join)),
            text => text.step_at(CODE, "read the record of the container to join", path.display())?,
        };
        let state: State = serde_json::from_slice(&text).map_err(|e| {
            Error::new(CODE, format!("read the record of the container to join: {e}"))
                .at(path.display().to_string())
        })?;
        let process = state.process.ok_or_else(|| not_running(join))?;
        let path = format!("/proc/{}", process.pid);
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let proc = open(Path::new(&path), flags, Mode::empty()).map_err(|_| not_running(join))?;
        // It was opened by its pid: only now is it known whose it is.
        if process.exists() { Ok(Self { join: join.clone(), process, proc }) } else { Err(not_running(join)) }
    }

    /// Whether a namespace of that kind is shared with it.
    pub fn shares(&self, kind: LinuxNamespaceType) -> bool {
        self.join.namespaces.contains(&kind)
    }

    /// Opens one of its namespaces by the name below `/proc/pid/ns`.
    pub fn namespace(&self, name: &str) -> Result<OwnedFd> {
        self.below(&format!("ns/{name}"), OFlags::RDONLY)
    }

    /// Its root directory.
    pub fn root(&self) -> Result<OwnedFd> {
        self.below("root", OFlags::PATH | OFlags::DIRECTORY)
    }

    /// For the reader of an error.
    pub fn describe(&self, kind: LinuxNamespaceType) -> String {
        format!("the {kind} namespace of the container {}", self.join.name).to_lowercase()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.join.name
    }

    fn below(&self, path: &str, flags: OFlags) -> Result<OwnedFd> {
        openat(&self.proc, path, flags | OFlags::CLOEXEC, Mode::empty()).map_err(|errno| match errno {
            // It has ended in this moment.
            rustix::io::Errno::NOENT | rustix::io::Errno::SRCH => not_running(&self.join),
            errno => Error::os(CODE, "open a namespace of the container", errno)
                .at(format!("{}: /proc/{}/{path}", self.join.name, self.process.pid)),
        })
    }
}

fn not_running(join: &Join) -> Error {
    Error::new("ERR_RCX_CONTAINER_NOT_RUNNING", "join the namespaces of a container: it is not running")
        .at(join.name.clone())
        .hint(format!("start it with: rcx start {}", join.name))
}

fn missing(join: &Join) -> Error {
    Error::new("ERR_RCX_CONTAINER_NOT_FOUND", "join the namespaces of a container: it was removed")
        .at(join.name.clone())
        .hint("make this container anew, with one that exists")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(std::path::PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    fn join(name: &str, state: Option<&str>) -> (Folder, Join) {
        let folder = std::env::temp_dir().join(format!("rcx-joined-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        if let Some(state) = state {
            fs::write(folder.join("state.json"), state).unwrap();
        }
        let namespaces = vec![LinuxNamespaceType::Ipc];
        (Folder(folder.clone()), Join { name: name.to_owned(), folder, namespaces })
    }

    #[test]
    fn a_container_that_runs_is_opened_by_its_process() {
        let own = ProcessIdentity::of(std::process::id().cast_signed()).unwrap();
        let state = format!(r#"{{"status":"running","process":{}}}"#, serde_json::to_string(&own).unwrap());
        let (_folder, join) = join("runs", Some(&state));
        let joined = Joined::open(&join).unwrap();
        assert!(joined.shares(LinuxNamespaceType::Ipc) && !joined.shares(LinuxNamespaceType::Pid));
        assert!(joined.namespace("ipc").is_ok() && joined.root().is_ok());
        assert_eq!(joined.describe(LinuxNamespaceType::Ipc), "the ipc namespace of the container runs");
    }

    #[test]
    fn one_whose_pid_is_somebody_elses_now_does_not_run() {
        let own = ProcessIdentity::of(std::process::id().cast_signed()).unwrap();
        let other = ProcessIdentity { start_time: "1".to_owned(), ..own };
        let state = format!(r#"{{"process":{}}}"#, serde_json::to_string(&other).unwrap());
        let (_folder, reused) = join("reused", Some(&state));
        assert_eq!(Joined::open(&reused).unwrap_err().code, "ERR_RCX_CONTAINER_NOT_RUNNING");
        let (_folder, ended) = join("ended", Some(r#"{"status":"exited"}"#));
        assert_eq!(Joined::open(&ended).unwrap_err().code, "ERR_RCX_CONTAINER_NOT_RUNNING");
        let (_folder, removed) = join("removed", None);
        assert_eq!(Joined::open(&removed).unwrap_err().code, "ERR_RCX_CONTAINER_NOT_FOUND");
    }
}
