//! `clone3(2)` of a child that runs in the caller's memory on a stack of its own.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::io::Errno;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags};

/// Namespaces and placement of the child. The caller is always suspended until it execs.
#[derive(Debug, Default, Clone, Copy)]
pub struct CloneRequest<'a> {
    /// `CLONE_NEW…` flags.
    pub namespaces: u64,
    /// Directory of a v2 cgroup to start in (`CLONE_INTO_CGROUP`, Linux 5.7).
    pub cgroup: Option<BorrowedFd<'a>>,
    /// Whose memory it runs in.
    pub memory: Memory,
    /// It is a child of the caller's parent (`CLONE_PARENT`).
    pub sibling: bool,
}

/// Whose memory a child runs in until it execs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// Its parent's, which costs nothing however large it is. It must not change its credentials there.
    #[default]
    Shared,
    /// A copy: what it writes is seen by itself alone.
    Copied,
}

/// The child as its parent knows it: the pid and a descriptor that can never mean another process.
#[derive(Debug)]
pub struct Child {
    /// Process id in the caller's pid namespace.
    pub pid: i32,
    /// `pidfd_open(2)` descriptor, close-on-exec.
    pub pidfd: OwnedFd,
}

/// The kernel's `struct clone_args`, version 2 (88 bytes).
#[repr(C, align(8))]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

const CLONE_CLEAR_SIGHAND: u64 = 0x1_0000_0000;
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// A child's stack with a guard page below it.
#[derive(Debug)]
pub struct Stack {
    base: *mut std::ffi::c_void,
}

impl Stack {
    const GUARD: usize = 4096 * 16;
    const SIZE: usize = 256 * 1024;

    /// Maps the stack; fails only when the process is out of memory.
    pub fn map() -> Result<Self, Errno> {
        let flags = MapFlags::PRIVATE | MapFlags::STACK | MapFlags::NORESERVE;
        // SAFETY: an anonymous mapping at an address of the kernel's choice.
        let base = unsafe {
            rustix::mm::mmap_anonymous(
                std::ptr::null_mut(),
                Self::GUARD + Self::SIZE,
                ProtFlags::READ | ProtFlags::WRITE,
                flags,
            )?
        };
        let stack = Self { base };
        // SAFETY: the guard lies inside the mapping just made, which nobody uses yet.
        unsafe { rustix::mm::mprotect(base, Self::GUARD, MprotectFlags::empty())? };
        Ok(stack)
    }

    fn usable(&self) -> u64 {
        self.base as u64 + Self::GUARD as u64
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and no child runs on it any more: vfork returned.
        // A failing munmap leaks address space and can harm nothing else.
        let unmapped = unsafe { rustix::mm::munmap(self.base, Self::GUARD + Self::SIZE) };
        debug_assert!(unmapped.is_ok());
    }
}

/// Runs `entry(argument)` in a new process and returns once it has called `execve` or ended.
///
/// # Safety
/// `entry` runs in this process' memory while the calling thread is suspended, beside all its other threads: it must not
/// allocate, lock, panic, unwind or return, nor call libc functions that touch other threads. All signals must be blocked.
pub unsafe fn spawn<T>(
    request: CloneRequest<'_>,
    stack: &Stack,
    entry: extern "C" fn(*mut T) -> !,
    argument: *mut T,
) -> Result<Child, Errno> {
    // SAFETY: the caller's promises.
    unsafe { clone_on(request, stack, libc::CLONE_VFORK, entry as *const (), argument.cast()) }
}

/// Runs `entry(argument)` in a new process beside the calling thread, in its memory.
///
/// # Safety
/// As of [`spawn`]; nor may `entry` use `errno` or any other thread-local variable, which are the calling thread's own. The stack
/// and what `entry` uses must stay until the child has ended.
pub unsafe fn spawn_beside<T>(
    request: CloneRequest<'_>,
    stack: &Stack,
    entry: extern "C" fn(*mut T) -> !,
    argument: *mut T,
) -> Result<Child, Errno> {
    // SAFETY: the caller's promises.
    unsafe { clone_on(request, stack, 0, entry as *const (), argument.cast()) }
}

unsafe fn clone_on(
    request: CloneRequest<'_>,
    stack: &Stack,
    suspend: libc::c_int,
    entry: *const (),
    argument: *mut u8,
) -> Result<Child, Errno> {
    let mut pidfd: i32 = -1;
    let mut base = suspend | libc::CLONE_PIDFD;
    if request.memory == Memory::Shared {
        base |= libc::CLONE_VM;
    }
    if request.sibling {
        base |= libc::CLONE_PARENT;
    }
    let mut args = CloneArgs {
        flags: request.namespaces | u64::from(base.cast_unsigned()) | CLONE_CLEAR_SIGHAND,
        pidfd: std::ptr::from_mut(&mut pidfd) as u64,
        // clone3(2): a sibling has its cloner's.
        exit_signal: if request.sibling { 0 } else { libc::SIGCHLD as u64 },
        stack: stack.usable(),
        stack_size: Stack::SIZE as u64,
        ..CloneArgs::default()
    };
    if let Some(cgroup) = request.cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = cgroup.as_raw_fd() as u64;
    }
    // SAFETY: `args` is a valid clone_args, the stack is exclusively the child's, `entry` keeps the promises above.
    let pid = unsafe { clone3(&args, entry, argument) };
    if pid < 0 {
        return Err(Errno::from_raw_os_error(i32::try_from(-pid).unwrap_or(libc::EINVAL)));
    }
    // SAFETY: on success the kernel has stored a new descriptor that nobody else owns.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Child { pid: i32::try_from(pid).unwrap_or(i32::MAX), pidfd })
}

#[cfg(target_arch = "x86_64")]
unsafe fn clone3(args: &CloneArgs, entry: *const (), argument: *mut u8) -> i64 {
    let result: i64;
    // SAFETY: see `spawn`. The child never comes back from `entry`; a zero frame pointer ends its call chain.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r13",
            "call r12",
            "ud2",
            "2:",
            inlateout("rax") libc::SYS_clone3 => result,
            in("rdi") std::ptr::from_ref(args),
            in("rsi") size_of::<CloneArgs>(),
            in("r12") entry,
            in("r13") argument,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    result
}

#[cfg(target_arch = "aarch64")]
unsafe fn clone3(args: &CloneArgs, entry: *const (), argument: *mut u8) -> i64 {
    let result: i64;
    // SAFETY: see `spawn`. The child never comes back from `entry`; a zero frame pointer ends its call chain.
    unsafe {
        std::arch::asm!(
            "svc 0",
            "cbnz x0, 2f",
            "mov x29, xzr",
            "mov x30, xzr",
            "mov x0, x21",
            "blr x20",
            "brk 1",
            "2:",
            inlateout("x0") std::ptr::from_ref(args) => result,
            in("x1") size_of::<CloneArgs>(),
            in("x8") libc::SYS_clone3,
            in("x20") entry,
            in("x21") argument,
        );
    }
    result
}
