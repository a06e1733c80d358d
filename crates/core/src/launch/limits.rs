//! Resource limits of another process.

use crate::error::{Context, Result};
use crate::init::config::Rlimit;

/// Sets the limits of a container's init with the privileges of this process (prlimit(2)): raising one takes
/// `CAP_SYS_RESOURCE` outside of every user namespace.
///
/// # Errors
/// `ERR_RCX_INIT`.
pub fn set_of(pid: i32, limits: &[Rlimit]) -> Result<()> {
    for limit in limits {
        let new = libc::rlimit { rlim_cur: limit.soft.min(limit.hard), rlim_max: limit.hard };
        // SAFETY: reads one struct; no old limits are asked for.
        let set = unsafe { libc::prlimit(pid, limit.resource, &raw const new, std::ptr::null_mut()) };
        if set != 0 {
            return Err(std::io::Error::last_os_error()).step_at(
                "ERR_RCX_INIT",
                "set a resource limit",
                limit.resource,
            );
        }
    }
    Ok(())
}
