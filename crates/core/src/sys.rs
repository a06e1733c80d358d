//! System calls that rustix does not wrap. Raw `syscall(2)`: no allocation and no lock, so they are safe in the child
//! that still runs in its parent's memory. The only thread-local they touch is `errno`, whose owner is suspended.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::Errno;

/// `MOUNT_ATTR_*` and propagation for `mount_setattr(2)`; the kernel's `struct mount_attr`.
#[repr(C)]
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct MountAttr {
    /// Attributes to set.
    pub attr_set: u64,
    /// Attributes to clear.
    pub attr_clr: u64,
    /// `MS_PRIVATE`, `MS_SLAVE`, `MS_SHARED` or `MS_UNBINDABLE`; 0 leaves propagation as it is.
    pub propagation: u64,
    /// User namespace for idmapped mounts; unused when no `MOUNT_ATTR_IDMAP` is set.
    pub userns_fd: u64,
}

/// The result of a raw system call, or the errno it left.
pub fn check(result: libc::c_long) -> Result<libc::c_long, Errno> {
    if result == -1 {
        // SAFETY: errno is a plain thread-local integer.
        return Err(Errno::from_raw_os_error(unsafe { *libc::__errno_location() }));
    }
    Ok(result)
}

/// `mount_setattr(2)` on the mount that `fd` stands for, with its children when `recursive`. Linux 5.12.
pub fn mount_setattr(fd: BorrowedFd<'_>, recursive: bool, attr: &MountAttr) -> Result<(), Errno> {
    let flags = libc::AT_EMPTY_PATH | if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path is a valid C string, `attr` a valid struct of the size given.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            fd.as_raw_fd(),
            c"".as_ptr(),
            flags,
            std::ptr::from_ref(attr),
            size_of::<MountAttr>(),
        )
    })?;
    Ok(())
}

/// `execveat(2)` of an open file. Returns only on failure.
///
/// # Safety
/// `argv` and `envp` must be null-terminated arrays of valid C strings.
pub unsafe fn fexecve(
    fd: RawFd,
    argv: *const *const libc::c_char,
    envp: *const *const libc::c_char,
) -> Errno {
    // SAFETY: the caller's promise; the path is a valid empty C string.
    let result =
        unsafe { libc::syscall(libc::SYS_execveat, fd, c"".as_ptr(), argv, envp, libc::AT_EMPTY_PATH) };
    check(result).err().unwrap_or(Errno::INVAL)
}

/// `close_range(2)`: closes, or marks close-on-exec, every descriptor from `first` upwards. Linux 5.9 (`cloexec`: 5.11).
pub fn close_from(first: u32, cloexec: bool) -> Result<(), Errno> {
    let flags = if cloexec { libc::CLOSE_RANGE_CLOEXEC } else { 0 };
    // SAFETY: plain integers; whoever owns a descriptor above `first` is about to be replaced by exec.
    check(unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, flags) })?;
    Ok(())
}

/// Sets every bit of the thread's signal mask, those glibc keeps to itself (32, 33) included; returns the old mask.
pub fn block_all_signals() -> Result<u64, Errno> {
    set_signal_mask(u64::MAX)
}

/// Replaces the thread's signal mask (`rt_sigprocmask`, 64 signals) and returns the old one.
pub fn set_signal_mask(mask: u64) -> Result<u64, Errno> {
    let mut old = 0u64;
    // SAFETY: both pointers are to 8-byte masks, the size the kernel is told.
    check(unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            std::ptr::from_ref(&mask),
            std::ptr::from_mut(&mut old),
            size_of::<u64>(),
        )
    })?;
    Ok(old)
}

/// A descriptor that is readable when one of the signals, which must be blocked, has come (`signalfd4(2)`).
pub fn signalfd(signals: &[i32]) -> Result<OwnedFd, Errno> {
    let mask: u64 = signals.iter().map(|signal| 1u64 << (signal - 1)).sum();
    let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
    // SAFETY: the mask is 8 bytes, the size the kernel is told.
    let fd = check(unsafe {
        libc::syscall(libc::SYS_signalfd4, -1, std::ptr::from_ref(&mask), size_of::<u64>(), flags)
    })?;
    // SAFETY: a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(RawFd::try_from(fd).map_err(|_| Errno::BADF)?) })
}

/// `pidfd_send_signal(2)` with any number from 1 to 64: the real-time signals, too, by which systemd is asked to end.
pub fn pidfd_signal(pidfd: BorrowedFd<'_>, number: i32) -> Result<(), Errno> {
    if !(1..=64).contains(&number) {
        return Err(Errno::INVAL);
    }
    // SAFETY: plain integers, and no information about the sender.
    check(unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            number,
            std::ptr::null::<libc::siginfo_t>(),
            0,
        )
    })?;
    Ok(())
}

/// `setns(2)`: joins namespaces of the process that the descriptor stands for (Linux 5.8), or the one that it is.
pub fn setns(fd: BorrowedFd<'_>, namespaces: u64) -> Result<(), Errno> {
    // SAFETY: plain integers. It concerns the calling task alone.
    check(unsafe { libc::syscall(libc::SYS_setns, fd.as_raw_fd(), namespaces) })?;
    Ok(())
}

/// The `CLONE_NEW…` flag of the namespace that a descriptor stands for (`NS_GET_NSTYPE`, ioctl_nsfs(2)).
pub fn namespace_type(fd: BorrowedFd<'_>) -> Result<i32, Errno> {
    const NS_GET_NSTYPE: libc::c_ulong = 0xb703;
    // Other files may know this number for something else.
    if rustix::fs::fstatfs(fd)?.f_type as i64 != NSFS_MAGIC {
        return Err(Errno::NOTTY);
    }
    // SAFETY: the request takes no argument.
    let kind = check(unsafe { libc::syscall(libc::SYS_ioctl, fd.as_raw_fd(), NS_GET_NSTYPE) })?;
    i32::try_from(kind).map_err(|_| Errno::OVERFLOW)
}

/// linux/magic.h.
const NSFS_MAGIC: i64 = 0x6e73_6673;

/// `unshare(CLONE_NEWCGROUP)`: the calling process' current cgroups become its namespace's roots.
pub fn unshare_cgroup() -> Result<(), Errno> {
    // SAFETY: a cgroup namespace is per task and needs no single-threadedness.
    check(unsafe { libc::syscall(libc::SYS_unshare, libc::CLONE_NEWCGROUP) })?;
    Ok(())
}

/// Ends this process only; unlike `exit(3)` it runs no handler of the memory's owner.
pub fn exit_now(code: i32) -> ! {
    loop {
        // SAFETY: exit_group does not return.
        unsafe { libc::syscall(libc::SYS_exit_group, code) };
    }
}

/// Joins a fresh session keyring, so that a container never sees its creator's keys.
pub fn join_session_keyring(name: &CStr) -> Result<(), Errno> {
    const KEYCTL_JOIN_SESSION_KEYRING: libc::c_int = 1;
    // SAFETY: `name` is a valid C string.
    check(unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name.as_ptr()) })?;
    Ok(())
}

/// Sets the name that `/proc/self/comm` has (`PR_SET_NAME`), at most 15 bytes.
pub fn name_process(name: &CStr) -> Result<(), Errno> {
    // SAFETY: a valid C string.
    check(unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_NAME, name.as_ptr(), 0, 0, 0) })?;
    Ok(())
}

/// `prctl(2)` with integer arguments.
pub fn prctl(option: libc::c_int, arg2: u64, arg3: u64) -> Result<i32, Errno> {
    // SAFETY: only options that take integers are used with this wrapper.
    check(unsafe { libc::syscall(libc::SYS_prctl, option, arg2, arg3, 0, 0) })
        .map(|value| i32::try_from(value).unwrap_or(i32::MAX))
}
