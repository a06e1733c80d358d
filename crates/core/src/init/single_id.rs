//! The container's user where one id is mapped, that of whoever started the container: root's programs have it, and so have those of
//! any other user, in a user namespace of their own in which the same id has the other number.

use std::fs;

use rustix::io::Errno;

use super::user::Identity;
use crate::error::{Context, Result};
use crate::{rootless, sys};

const CODE: &str = "ERR_RCX_CONFINE";

/// Whether it takes another namespace to be this user.
pub fn needs_own(identity: &Identity) -> bool {
    (identity.uid, identity.gid) != (0, 0) && rootless::has_single_id()
}

/// Makes a user namespace in which the one id is the container's user, and becomes him. His capabilities in it are full, and count
/// for nothing outside of it (user_namespaces(7)).
///
/// # Errors
/// `ERR_RCX_CONFINE`.
pub fn become_other(identity: &Identity) -> Result<()> {
    const STEP: &str = "be another user with the one id that is mapped";
    // SAFETY: plain integers; the process has a single thread.
    sys::check(unsafe { libc::syscall(libc::SYS_unshare, libc::CLONE_NEWUSER) }).step(CODE, STEP)?;
    for (file, id) in [("gid_map", identity.gid), ("uid_map", identity.uid)] {
        let path = format!("/proc/self/{file}");
        fs::write(&path, format!("{id} 0 1\n")).step_at(CODE, STEP, &path)?;
    }
    Ok(())
}

/// Sets the supplementary groups, where the namespace allows it: with one group there are no others.
///
/// # Errors
/// Those of setgroups(2).
pub fn set_groups(groups: &[u32]) -> std::result::Result<(), Errno> {
    // SAFETY: a valid array of its own length; the process has a single thread.
    let set = sys::check(unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) });
    match set {
        Err(Errno::PERM) if rootless::has_single_id() => Ok(()),
        other => other.map(drop),
    }
}
