//! What of the kernel rcx uses, asked of the kernel itself: an outer container's filter may deny what its version promises.

use std::panic::resume_unwind;
use std::thread;

use rustix::io::Errno;
use rustix::thread::{UnshareFlags, unshare_unsafe};

use crate::launch::clone_into;
use crate::sys;

/// One thing that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature {
    /// A system call, or `namespace:` and the kind of a namespace.
    pub name: &'static str,
    /// How the kernel refused it.
    pub refused: Option<Errno>,
}

/// The system calls that containers are made with beside those of every Linux, each with arguments that no kernel accepts: a
/// kernel that has the call finds fault with them.
const CALLS: [(&str, libc::c_long); 11] = [
    ("clone3", libc::SYS_clone3),
    ("close_range", libc::SYS_close_range),
    ("execveat", libc::SYS_execveat),
    ("fsconfig", libc::SYS_fsconfig),
    ("fsmount", libc::SYS_fsmount),
    ("mount_setattr", libc::SYS_mount_setattr),
    ("move_mount", libc::SYS_move_mount),
    ("open_tree", libc::SYS_open_tree),
    ("openat2", libc::SYS_openat2),
    ("pidfd_open", libc::SYS_pidfd_open),
    ("pidfd_send_signal", libc::SYS_pidfd_send_signal),
];

const NAMESPACES: [(&str, libc::c_int); 7] = [
    ("namespace:mount", libc::CLONE_NEWNS),
    ("namespace:pid", libc::CLONE_NEWPID),
    ("namespace:network", libc::CLONE_NEWNET),
    ("namespace:ipc", libc::CLONE_NEWIPC),
    ("namespace:uts", libc::CLONE_NEWUTS),
    ("namespace:cgroup", libc::CLONE_NEWCGROUP),
    ("namespace:user", libc::CLONE_NEWUSER),
];

/// Tries everything once; nothing of it is left.
pub fn probe() -> Vec<Feature> {
    let calls =
        thread::scope(|scope| scope.spawn(try_calls).join()).unwrap_or_else(|panic| resume_unwind(panic));
    let namespaces = NAMESPACES
        .iter()
        .map(|(name, flag)| Feature { name, refused: clone_into(u64::from(flag.cast_unsigned())).err() });
    calls.into_iter().chain(namespaces).collect()
}

/// In a mount namespace of the calling thread's own: that of the machine is not an ordinary user's to mount in, and containers have
/// theirs too.
fn try_calls() -> Vec<Feature> {
    // SAFETY: it concerns this thread alone. Where it is refused, so is a container's namespace, which is among what is tried.
    let _refused = unsafe { unshare_unsafe(UnshareFlags::NEWNS) };
    CALLS.iter().map(|(name, number)| Feature { name, refused: refusal(*number) }).collect()
}

/// `ENOSYS` of a kernel without the call. `EPERM` is a filter's or a missing privilege's answer.
fn refusal(number: libc::c_long) -> Option<Errno> {
    const NOBODY: i64 = -1;
    // SAFETY: with -1 for every argument no pointer is valid, no descriptor open and no size or flag known, so nothing happens.
    let result = unsafe { libc::syscall(number, NOBODY, NOBODY, NOBODY, NOBODY, NOBODY) };
    match sys::check(result) {
        Err(errno @ (Errno::NOSYS | Errno::PERM)) => Some(errno),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_tests_themselves_need_is_there() {
        let features = probe();
        let refused = |name: &str| features.iter().find(|feature| feature.name == name).unwrap().refused;
        for name in ["clone3", "close_range", "openat2", "pidfd_open", "execveat"] {
            assert_eq!(refused(name), None, "{name}");
        }
        assert_eq!(features.len(), CALLS.len() + NAMESPACES.len());
    }

    #[test]
    fn a_call_that_no_kernel_has_is_refused() {
        assert_eq!(refusal(1 << 20), Some(Errno::NOSYS));
    }
}
