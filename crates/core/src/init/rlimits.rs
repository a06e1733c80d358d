//! Resource limits.

use super::config::Rlimit;
use crate::error::{Context, Result};

/// Sets the limits of a process (prlimit(2)); 0 is this one. All that was asked for or an error: a limit that is lower than the program
/// was promised would show only much later.
///
/// # Errors
/// `ERR_RCX_RLIMIT`. To raise a hard one takes `CAP_SYS_RESOURCE` outside of every user namespace.
pub fn set(pid: i32, limits: &[Rlimit]) -> Result<()> {
    for limit in limits {
        let wanted = libc::rlimit { rlim_cur: limit.soft, rlim_max: limit.hard };
        // SAFETY: reads one struct; no old limits are asked for.
        let set = unsafe { libc::prlimit(pid, limit.resource as _, &raw const wanted, std::ptr::null_mut()) };
        if set != 0 {
            let object = format!("resource {} to {}:{}", limit.resource, limit.soft, limit.hard);
            return Err(std::io::Error::last_os_error())
                .step_at("ERR_RCX_RLIMIT", "set a resource limit", object)
                .map_err(|error| {
                    error.hint("it takes CAP_SYS_RESOURCE to raise a hard limit; see: ulimit -aH")
                });
        }
    }
    Ok(())
}
