//! The part of the v2 hierarchy that is rcx's to manage, and the rule that only leaves have processes.
//!
//! `Delegation` in <https://systemd.io/CGROUP_DELEGATION/>, and in cgroups(7).

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::{CODE, Layout, below, set};
use crate::error::{Context, Error, Result};
use crate::rootless;

/// Where processes of a delegated cgroup go when it is to hand controllers down; other tools call it the same.
const LEAF: &str = "init";
/// systemd's marks of a cgroup that it leaves to whoever runs in it.
const MARKS: [&str; 2] = ["user.delegate", "trusted.delegate"];

/// Path below the hierarchies that containers' cgroups are made under: empty for their roots, which is what there is unless this
/// process runs in a cgroup of v2 that was delegated to its user.
pub fn base() -> Result<String> {
    let layout = Layout::detect()?;
    match (&layout.unified, layout.is_unified()) {
        (Some(mount), true) => {
            let file = "/proc/self/cgroup";
            let text = fs::read_to_string(file).step_at(CODE, "find the own cgroup", file)?;
            Ok(delegated(mount, &layout.below_mount(&text)))
        }
        _ => Ok(String::new()),
    }
}

/// The nearest of a cgroup and those above it that is delegated to this user. One of another user's would let him govern
/// root's containers.
fn delegated(mount: &Path, own: &str) -> String {
    let user = rustix::process::geteuid().as_raw();
    let is_root = rootless::is_first_root();
    let is_own = |dir: &Path| fs::metadata(dir).is_ok_and(|metadata| metadata.uid() == user);
    let is_given = |dir: &Path| {
        is_own(dir) && (!is_root && may_move_into(dir) || MARKS.iter().any(|mark| has_mark(dir, mark)))
    };
    let mut path = own;
    while !path.is_empty() {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        // Where this process went out of the way of its controllers.
        let made_way = name == LEAF && !above.is_empty() && is_given(&below(mount, above));
        if is_given(&below(mount, path)) && !made_way {
            return path.to_owned();
        }
        path = above;
    }
    String::new()
}

/// Without a mark: what an ordinary user owns was given to him.
fn may_move_into(dir: &Path) -> bool {
    rustix::fs::access(dir.join("cgroup.procs"), rustix::fs::Access::WRITE_OK).is_ok()
}

fn has_mark(dir: &Path, mark: &str) -> bool {
    let mut value = [0u8; 4];
    rustix::fs::getxattr(dir, mark, &mut value).is_ok_and(|length| value.get(..length) == Some(b"1"))
}

/// Hands a controller down from one cgroup to those in it.
pub fn enable(dir: &Path, controller: &str) -> Result<()> {
    let layout = Layout::detect()?;
    let mount = layout.unified.clone().unwrap_or_default();
    let base = below(&mount, &base()?);
    let refused = |error: Error, why: &str| error.hint(format!("the {controller} controller {why}"));
    if base != dir && base.starts_with(dir) {
        // What is above belongs to whoever has delegated.
        return Err(not_delegated(controller, &base));
    }
    let set = || set(dir, "cgroup.subtree_control", &format!("+{controller}"));
    match set() {
        Err(error) if error.errno == Some(Errno::BUSY) && base == dir => {
            evacuate(dir)?;
            set()
        }
        Err(error) if error.errno == Some(Errno::BUSY) => Err(refused(
            error,
            "cannot be handed down by a cgroup that has processes itself: choose another --cgroup-parent",
        )),
        Err(error) if matches!(error.errno, Some(Errno::NOENT | Errno::ACCESS | Errno::PERM)) => {
            Err(refused(
                error,
                "is not delegated to this cgroup: run rcx as root on the host, or without the limit",
            ))
        }
        other => other,
    }
}

/// That a limit cannot be had below a delegated cgroup, and what to do.
pub fn not_delegated(controller: &str, dir: &Path) -> Error {
    Error::new(CODE, format!("apply a limit: the {controller} controller is not delegated to this cgroup"))
        .at(dir.display().to_string())
        .hint("a unit of systemd gets all of them by Delegate=yes; or run without the limit")
}

/// Only a cgroup without processes may hand controllers down (`no internal processes`, cgroups(7)): those of a delegated one, rcx
/// itself among them, go into a leaf below it. New ones are born where their parents are.
fn evacuate(dir: &Path) -> Result<()> {
    const ROUNDS: u32 = 100;
    let leaf = dir.join(LEAF);
    match fs::create_dir(&leaf) {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
        made => made.step_at(CODE, "make the cgroup", leaf.display())?,
    }
    let procs: PathBuf = dir.join("cgroup.procs");
    for _ in 0..ROUNDS {
        let text =
            fs::read_to_string(&procs).step_at(CODE, "list the cgroup's processes", procs.display())?;
        if text.is_empty() {
            return Ok(());
        }
        for pid in text.lines() {
            match set(&leaf, "cgroup.procs", pid) {
                Err(error) if error.errno != Some(Errno::SRCH) => {
                    return Err(
                        error.hint("processes of the delegated cgroup have to make way for its controllers")
                    );
                }
                _ => {}
            }
        }
    }
    Err(Error::new(CODE, "empty the delegated cgroup: its processes make new ones too fast")
        .at(dir.display().to_string()))
}
