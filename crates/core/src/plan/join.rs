//! The plan of a process that joins a container.

use std::os::fd::OwnedFd;

use serde::Deserialize;

use super::request::LaunchRequest;
use super::{namespaces, process};
use crate::cgroup;
use crate::error::{Error, Result};
use crate::id_map::IdMaps;
use crate::identity::ProcessIdentity;
use crate::init::join::JoinConfig;
use crate::launch::Join;
use crate::rootless::Session;

/// A process that is to run in a container: the container's own configuration, with `spec.process` of the new one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JoinRequest {
    /// Configuration.
    #[serde(flatten)]
    pub launch: LaunchRequest,
    /// The container's init.
    pub target: ProcessIdentity,
    /// It dies with its launcher.
    #[serde(default)]
    pub bound: bool,
}

impl JoinRequest {
    /// From JSON.
    pub fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).map_err(|e| {
            Error::new("ERR_RCX_INVALID_SPEC", format!("read what is to run in the container: {e}"))
        })
    }
}

/// Makes the plan. `stdio` is `None` when the process gets a terminal.
pub fn build(request: &JoinRequest, stdio: Option<[OwnedFd; 3]>) -> Result<Join> {
    let spec = &request.launch.spec;
    let path = spec.linux().as_ref().and_then(|linux| linux.cgroups_path().as_ref());
    let cgroups = match path {
        Some(path) => cgroup::joinable(&path.to_string_lossy())?,
        None => cgroup::Joinable::default(),
    };
    let mut init = process::init_config(&request.launch)?;
    // Only the container's own init has to reap.
    init.reaper = false;
    let config = JoinConfig {
        target: request.target.clone(),
        namespaces: namespaces::flags(spec)?,
        bound: request.bound,
        user: IdMaps::of(spec)?,
        cgroups: cgroups.legacy.iter().map(|path| path.display().to_string()).collect(),
        init,
    };
    let payload = serde_json::to_vec(&config).map_err(|e| {
        Error::new("ERR_RCX_INVALID_SPEC", format!("write the configuration of the process: {e}"))
    })?;
    let init_binary = request.launch.rcx.init_binary.clone();
    let session = Session::to_enter(request.launch.session.as_deref())?;
    Ok(Join { stdio, payload, init_binary, cgroup: cgroups.unified, session })
}
