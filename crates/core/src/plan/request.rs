//! What TypeScript hands over: the runtime-spec's config, and beside it the few things the standard has no words for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use oci_spec::runtime::{LinuxNamespaceType, Spec};
use serde::Deserialize;

use super::op::OverlayApi;
use crate::error::{Error, Result};
use crate::network::request::NetworkRequest;

/// A container to launch.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LaunchRequest {
    /// OCI runtime-spec configuration.
    pub spec: Spec,
    /// rcx's own additions.
    pub rcx: Extras,
    /// Runtime directory of an ordinary user, whose namespace the container is launched in.
    #[serde(default)]
    pub session: Option<PathBuf>,
    /// Path of the runtime binary, where another program launches the container than that.
    #[serde(default)]
    pub runtime: Option<PathBuf>,
}

/// rcx's additions to the runtime-spec.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Extras {
    /// Container id.
    pub id: String,
    /// Absolute path of the binary `rcx-init`.
    pub init_binary: PathBuf,
    /// Host directory on which the root is mounted, in the container's mount namespace only.
    pub mountpoint: PathBuf,
    /// Layers of the root; without them `spec.root.path` is attached as it is.
    #[serde(default)]
    pub overlay: Option<Layers>,
    /// Docker's `user[:group]`, resolved in the container's own files; overrides `spec.process.user`.
    #[serde(default)]
    pub user: Option<String>,
    /// Stay as PID 1 and reap (`--init`).
    #[serde(default)]
    pub init: bool,
    /// Do not try pivot_root (`--no-pivot`).
    #[serde(default)]
    pub no_pivot: bool,
    /// Seccomp filter to use.
    #[serde(default)]
    pub seccomp: SeccompChoice,
    /// Make all devices of the host (`--privileged`).
    #[serde(default)]
    pub host_devices: bool,
    /// Devices of the host, beside those of the spec; their numbers are looked up at each launch.
    #[serde(default)]
    pub devices: Vec<HostDevice>,
    /// Other containers, with namespaces of theirs that `spec.linux.namespaces` lists without a path.
    #[serde(default)]
    pub join: Vec<Join>,
    /// What its own network namespace is furnished with, beside a loopback device.
    #[serde(default)]
    pub network: Option<NetworkRequest>,
    /// Supplementary groups by name or number, resolved in the container's own files.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Resource limits beside those of `spec.process`.
    #[serde(default)]
    pub rlimits: Vec<ResourceLimit>,
    /// Take the time of each part of the launch.
    #[serde(default)]
    pub trace: bool,
    /// More about mounts of the spec, by their destination.
    #[serde(default)]
    pub mounts: BTreeMap<String, MountExtras>,
}

/// What the runtime-spec cannot say of a mount.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MountExtras {
    /// Only what stands at this path below the source is mounted; no link leads out of the source.
    #[serde(default)]
    pub subpath: Option<String>,
    /// Options apply to the mount alone, and not to what is mounted below it.
    #[serde(default)]
    pub flat: bool,
    /// The source is an image.
    #[serde(default)]
    pub image: Option<ImageView>,
}

/// The root of an image, to be looked at.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageView {
    /// Read-only directories, topmost first; two at least, as overlayfs wants it.
    pub lower: Vec<PathBuf>,
    /// Empty host directory that they are mounted on for a moment, in the container's mount namespace only.
    pub at: PathBuf,
}

/// Another container whose namespaces this one is in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Join {
    /// What it is called, for errors.
    pub name: String,
    /// Its folder, with the record of its process.
    pub folder: PathBuf,
    /// Which namespaces. With `ipc` comes its `/dev/shm`.
    pub namespaces: Vec<LinuxNamespaceType>,
}

/// A limit of setrlimit(2) by Docker's name; -1 for none.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceLimit {
    /// `nofile`.
    pub name: String,
    /// Soft limit.
    pub soft: i64,
    /// Hard limit.
    pub hard: i64,
}

/// A device of the host, or a directory of which all devices are meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostDevice {
    /// Absolute path on the host.
    pub source: PathBuf,
    /// Absolute path inside the container.
    pub target: PathBuf,
    /// Letters of `rwm`.
    pub access: String,
}

/// The layers of a container.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Layers {
    /// Read-only directories, topmost first.
    pub lower: Vec<PathBuf>,
    /// Read-write directory; without one the root is read-only.
    #[serde(default)]
    pub upper: Option<PathBuf>,
    /// overlayfs' work directory, where there is a read-write one.
    #[serde(default)]
    pub work: Option<PathBuf>,
    /// The container is removed at its end: nothing of its read-write layer needs to survive a crash of the machine.
    #[serde(default)]
    pub volatile: bool,
    /// `legacy` forces `mount(2)`, as on kernels before 6.8.
    #[serde(default)]
    pub api: OverlayApi,
}

/// Which seccomp filter a container gets, unless the spec has one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SeccompChoice {
    /// rcx's default allow-list.
    #[default]
    Default,
    /// None.
    Unconfined,
    /// That of a profile in Docker's format. Its text: JavaScript could not keep numbers of 64 bits.
    Profile(String),
}

impl LaunchRequest {
    /// From JSON.
    pub fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).map_err(|e| {
            Error::new("ERR_RCX_INVALID_SPEC", format!("read the container's configuration: {e}"))
        })
    }
}
