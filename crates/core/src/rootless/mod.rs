//! Containers of ordinary users. Everything that takes privileges is done in a user namespace of the user's own, in which he is
//! root over his subordinate ids (user_namespaces(7), subuid(5)). There is one for each runtime directory: a sleeping process, the
//! holder, keeps it from the first command to the end of the user's session, so that only the first has to make it.

mod enter;
mod helper;
mod holder;
mod left;
mod remove;
mod session;

pub use self::enter::{enter_main, exec_inside};
pub(crate) use self::helper::{answer, helper};
pub use self::holder::{HolderRequest, holder_main, make};
pub use self::left::Left;
pub use self::remove::{remove_inside, remove_main};
pub use self::session::Session;

use std::fs;

use crate::error::{Context, Result};
use crate::id_map::IdRange;

/// Stable code of what concerns the user's namespace itself.
pub const CODE: &str = "ERR_RCX_ROOTLESS";

/// Whether this process has the privileges of the machine's root, or of what took it for a container: root of the first user
/// namespace. Anybody else may not make devices, nor write `trusted.*` attributes, whatever his user id looks like.
pub fn is_first_root() -> bool {
    rustix::process::geteuid().is_root() && is_first_namespace()
}

/// The groups that are mapped where this process is.
///
/// # Errors
/// `ERR_RCX_ROOTLESS` where there is no `/proc`.
pub fn own_gids() -> Result<Vec<IdRange>> {
    gid_map("self")
}

fn gid_map(process: &str) -> Result<Vec<IdRange>> {
    let path = format!("/proc/{process}/gid_map");
    let text = fs::read_to_string(&path).step_at(CODE, "read the groups of a user namespace", &path)?;
    Ok(text.lines().filter_map(range).collect())
}

fn range(line: &str) -> Option<IdRange> {
    let mut numbers = line.split_whitespace().map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some(IdRange { container: next()?, host: next()?, size: next()? })
}

/// Whether this process is in a user namespace with one id: that of its user.
pub fn has_single_id() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let ranges: Vec<_> = map.lines().filter_map(range).collect();
    matches!(ranges[..], [IdRange { container: 0, size: 1, .. }])
}

/// The first user namespace maps every id to itself.
fn is_first_namespace() -> bool {
    fs::read_to_string("/proc/self/uid_map")
        .is_ok_and(|map| map.split_whitespace().eq(["0", "0", "4294967295"]))
}
