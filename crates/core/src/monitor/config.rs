//! What the monitor needs of a container's record, `config.json` of its folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::CODE;
use super::networks::Membership;
use super::volumes::MountPoint;
use crate::error::{Context, Error, Result};
use crate::plan::request::LaunchRequest;

/// A container as it is recorded; members that only TypeScript reads are left out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// 64 hexadecimal digits.
    pub id: String,
    /// Name of the container.
    pub name: String,
    /// The image as the user named it.
    #[serde(default)]
    pub image: String,
    /// Remove the container at its end.
    #[serde(default)]
    pub auto_remove: bool,
    /// Whether to run the program again.
    #[serde(default)]
    pub restart: RestartPolicy,
    /// Where the output goes.
    #[serde(default)]
    pub log: LogConfig,
    /// Whether the program can be given input.
    #[serde(default)]
    pub open_stdin: bool,
    /// Input ends when the first who gave some goes.
    #[serde(default)]
    pub stdin_once: bool,
    /// Number of the signal that asks the program to end.
    #[serde(default = "sigterm")]
    pub stop_signal: i32,
    /// Seconds that it then has; less than none for as long as it wants.
    #[serde(default = "ten")]
    pub stop_timeout: i64,
    /// How to find out whether the program is well.
    #[serde(default)]
    pub healthcheck: Option<Healthcheck>,
    /// Labels, for events.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What is mounted beside what rcx itself mounts.
    #[serde(default)]
    pub mounts: Vec<MountPoint>,
    /// The networks that it is in, by name.
    #[serde(default)]
    pub networks: BTreeMap<String, Membership>,
    /// What to launch.
    pub request: LaunchRequest,
}

fn sigterm() -> i32 {
    libc::SIGTERM
}

fn ten() -> i64 {
    10
}

/// Docker's restart policies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestartPolicy {
    /// Which.
    pub name: RestartName,
    /// Most restarts of `on-failure`; 0 for any number.
    #[serde(default)]
    pub maximum_retry_count: u32,
}

/// Names of the restart policies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartName {
    /// Never.
    #[default]
    No,
    /// When the program failed.
    OnFailure,
    /// Whenever it ended.
    Always,
    /// Whenever it ended unless somebody stopped it, also after a restart of the machine.
    UnlessStopped,
}

/// Where the output goes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogConfig {
    /// How it is kept.
    pub driver: LogDriver,
    /// Bytes of one file; 0 for any number.
    pub max_size: u64,
    /// Files in all.
    pub max_file: u32,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { driver: LogDriver::JsonFile, max_size: 0, max_file: 1 }
    }
}

/// How the output is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogDriver {
    /// Not at all.
    None,
    /// A line of JSON for each line.
    JsonFile,
}

/// A health check as image-spec's Docker extension has it; durations in nanoseconds, 0 for the default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
pub struct Healthcheck {
    /// `["CMD", …]`, `["CMD-SHELL", text]` or `["NONE"]`.
    pub test: Vec<String>,
    /// Between two checks.
    pub interval: u64,
    /// How long one may take.
    pub timeout: u64,
    /// From the start on, failures do not count for so long.
    pub start_period: u64,
    /// Between two checks in the start period.
    pub start_interval: u64,
    /// So many failures in a row mean unhealthy.
    pub retries: u32,
}

impl Config {
    /// Reads the record of the container in `folder`. The init is the one beside this binary: the record may be older.
    pub fn read(folder: &Path, inherited: &Inherited) -> Result<Self> {
        let path = folder.join("config.json");
        let text = fs::read(&path).step_at(CODE, "read the container's record", path.display())?;
        let mut config: Self = serde_json::from_slice(&text).map_err(|e| {
            Error::new(CODE, format!("read the container's record: {e}")).at(path.display().to_string())
        })?;
        config.request.rcx.init_binary.clone_from(&inherited.init_binary);
        config.request.session.clone_from(&inherited.session);
        let spec = &mut config.request.spec;
        let mut process = spec.process().clone();
        if let Some(process) = &mut process
            && process.oom_score_adj().is_none()
        {
            process.set_oom_score_adj(inherited.oom_score_adj);
        }
        spec.set_process(process);
        Ok(config)
    }
}

/// What a container gets of its monitor.
#[derive(Debug)]
pub struct Inherited {
    /// The init that belongs to this monitor.
    pub init_binary: PathBuf,
    /// What the monitor had before it protected itself.
    pub oom_score_adj: Option<i32>,
    /// Runtime directory of the ordinary user in whose namespace it is.
    pub session: Option<PathBuf>,
}

impl Inherited {
    /// To be called before the monitor changes anything of itself.
    pub fn now(session: Option<PathBuf>) -> Result<Self> {
        let own = std::env::current_exe().step(CODE, "find the monitor's binary")?;
        let score = fs::read_to_string(OOM_SCORE_ADJ).ok().and_then(|text| text.trim().parse().ok());
        Ok(Self { init_binary: own.with_file_name("rcx-init"), oom_score_adj: score, session })
    }
}

/// Higher is killed first, proc_pid_oom_score_adj(5).
pub const OOM_SCORE_ADJ: &str = "/proc/self/oom_score_adj";
