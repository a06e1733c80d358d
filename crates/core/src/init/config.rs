//! What the init is told: the part of the plan that is executed in the container's own process and memory.

use serde::{Deserialize, Serialize};

use crate::security::capabilities::Sets;
use crate::security::seccomp::Filter;

/// Configuration of a container's init, handed over through a memfd.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitConfig {
    /// Program and arguments.
    pub args: Vec<String>,
    /// `NAME=value`.
    pub env: Vec<String>,
    /// Working directory inside the container; made when it is missing.
    pub cwd: String,
    /// Who the program runs as.
    pub user: User,
    /// Capability sets of the program.
    pub capabilities: Sets,
    /// `no_new_privs` (prctl(2)).
    pub no_new_privileges: bool,
    /// Supplementary groups beside the user's, names or numbers of the container's own `/etc/group`.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Resource limits, by the kernel's number.
    pub rlimits: Vec<Rlimit>,
    /// How soon the kernel kills it for want of memory; as the launcher when absent.
    pub oom_score_adj: Option<i32>,
    /// Seccomp filter; none for a program that may make every system call.
    pub seccomp: Option<Filter>,
    /// AppArmor profile of the program.
    pub apparmor: Option<String>,
    /// SELinux label of the program.
    #[serde(default)]
    pub selinux: Option<String>,
    /// stdin, stdout and stderr are a terminal, which becomes the controlling one.
    pub terminal: bool,
    /// Stay as PID 1, reap children and forward signals (`--init`).
    pub reaper: bool,
    /// File mode creation mask of the program.
    pub umask: u32,
    /// There are processes of others in its pid namespace.
    #[serde(default)]
    pub shared_pids: bool,
    /// Name of the container's session keyring.
    pub keyring: String,
}

/// Who the program runs as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum User {
    /// Numbers, as the runtime-spec has them.
    Ids { uid: u32, gid: u32, groups: Vec<u32> },
    /// Docker's `user[:group]`, looked up in the container's own `/etc/passwd` and `/etc/group`.
    Name(String),
}

impl Default for User {
    fn default() -> Self {
        Self::Ids { uid: 0, gid: 0, groups: Vec::new() }
    }
}

/// One limit of setrlimit(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rlimit {
    /// `RLIMIT_…` number.
    pub resource: u32,
    /// Soft limit.
    pub soft: u64,
    /// Hard limit.
    pub hard: u64,
}
