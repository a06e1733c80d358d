//! What may be mounted on procfs. Runs in the child: no allocation, no panic.
//!
//! A file or directory of somebody else's there would take in what is written to the kernel, confinement included, and tell
//! lies about it (CVE-2019-16884, CVE-2025-52881).

use std::ffi::CStr;
use std::os::fd::BorrowedFd;

use rustix::fs::fstatfs;
use rustix::io::Errno;

use crate::plan::target::Target;

/// linux/magic.h.
const PROC_SUPER_MAGIC: i64 = 0x9fa0;

/// Numbers that are only read, which lxcfs provides per container, and one that checkpoints are restored through.
/// `ts/container/spec/overProc.ts` has the same list.
const MOUNTABLE: [&CStr; 11] = [
    c"proc/cpuinfo",
    c"proc/diskstats",
    c"proc/loadavg",
    c"proc/meminfo",
    c"proc/net/dev",
    c"proc/slabinfo",
    c"proc/stat",
    c"proc/swaps",
    c"proc/sys/crypto/fips_enabled",
    c"proc/sys/kernel/ns_last_pid",
    c"proc/uptime",
];

/// Whether an open file is one of procfs.
pub fn is_on_proc(fd: BorrowedFd<'_>) -> Result<bool, Errno> {
    Ok(fstatfs(fd)?.f_type as i64 == PROC_SUPER_MAGIC)
}

/// Refuses (`EACCES`) to mount on `found` when that is on procfs, wherever links of the image led to it. Allowed are a procfs on
/// `/proc` itself, and the files of the list by their own names, which no link is followed in.
pub fn refuse_over_proc(found: BorrowedFd<'_>, mount: BorrowedFd<'_>, target: &Target) -> Result<(), Errno> {
    if !is_on_proc(found)? || MOUNTABLE.contains(&target.path.as_c_str()) {
        return Ok(());
    }
    if target.path.as_c_str() == c"proc" && is_on_proc(mount)? { Ok(()) } else { Err(Errno::ACCESS) }
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsFd, OwnedFd};

    use super::*;

    fn open(path: &str) -> OwnedFd {
        rustix::fs::open(path, rustix::fs::OFlags::PATH, rustix::fs::Mode::empty()).unwrap()
    }

    fn refused(found: &str, mount: &str, target: &str) -> bool {
        let target = Target::dir(target).unwrap();
        refuse_over_proc(open(found).as_fd(), open(mount).as_fd(), &target) == Err(Errno::ACCESS)
    }

    #[test]
    fn what_counts_is_where_it_was_led_to() {
        assert!(!refused("/usr", "/usr", "/data"));
        assert!(refused("/proc/sys", "/usr", "/data"));
        assert!(refused("/proc/self", "/usr", "/proc/self"));
    }

    #[test]
    fn a_procfs_may_be_on_proc_itself_and_lxcfs_on_its_files() {
        assert!(!refused("/proc", "/proc", "/proc"));
        assert!(refused("/proc", "/usr", "/proc"));
        assert!(refused("/proc/sys", "/proc/sys", "/proc/sys"));
        assert!(!refused("/proc/uptime", "/usr", "/proc/uptime"));
        // By another name it came through a link.
        assert!(refused("/proc/uptime", "/usr", "/data/uptime"));
    }
}
