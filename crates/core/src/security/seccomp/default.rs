//! The default profile: what Docker's `profiles/seccomp/default.json` comes to on the processors that rcx is made for. Which calls are
//! open depends on the container's bounding capabilities: what a capability allows must not be refused by the filter.

use std::borrow::Cow;

use oci_spec::runtime::Capability;

use super::arch::Arch;
use super::profile::{Action, Compare, Condition, Profile, Rule};
use super::syscalls::{Call, calls};
use crate::security::capabilities::mask_of;

macro_rules! named {
    ($($name:ident)*) => { calls([$(stringify!($name)),*]) };
}

/// Calls that every program may make: they act on what is the container's own, or ask for a capability that is looked at by
/// the kernel.
const EVERYBODY: &[Call] = &named! {
    _llseek _newselect accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod
    chown chown32 clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime
    clock_gettime64 clock_nanosleep clock_nanosleep_time64 close close_range connect copy_file_range creat
    dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait
    epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64
    fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl
    fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs
    fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake
    futimesat get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid getegid32 geteuid
    geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid
    getpriority getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid getsockname
    getsockopt gettid gettimeofday getuid getuid32 getxattr getxattrat inotify_add_watch inotify_init
    inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64
    io_setup io_submit ioctl ioprio_get ioprio_set ipc kill landlock_add_rule landlock_create_ruleset
    landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listmount listxattr listxattrat
    llistxattr lremovexattr lseek lsetxattr lstat lstat64 madvise map_shadow_stack membarrier memfd_create
    memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 mprotect mq_getsetattr
    mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink
    mremap mseal msgctl msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep
    newfstatat open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free
    pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease
    process_vm_readv process_vm_writev pselect6 pselect6_time64 ptrace pwrite64 pwritev pwritev2 read
    readahead readlink readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages
    removexattr removexattrat rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction
    rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
    rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity
    sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64
    sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl
    semget semop semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto
    set_robust_list set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32
    setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid
    setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid setuid32 setxattr setxattrat shmat
    shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 sigprocmask sigreturn socketcall socketpair
    splice stat stat64 statfs statfs64 statmount statx symlink symlinkat sync sync_file_range syncfs sysinfo
    tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime
    timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times
    tkill truncate truncate64 ugetrlimit umask uname unlink unlinkat uretprobe utime utimensat
    utimensat_time64 utimes vfork vmsplice wait4 waitid waitpid write writev
};

/// What a capability opens beside.
const BY_CAPABILITY: &[(Capability, &[Call])] = &[
    (Capability::DacReadSearch, &calls(["open_by_handle_at"])),
    (
        Capability::SysAdmin,
        &named! {
            bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie
            lsm_get_self_attr lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount
            open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog
            umount umount2 unshare
        },
    ),
    (Capability::SysBoot, &calls(["reboot"])),
    (Capability::SysChroot, &calls(["chroot"])),
    (Capability::SysModule, &calls(["delete_module", "finit_module", "init_module"])),
    (Capability::SysPacct, &calls(["acct"])),
    (Capability::SysPtrace, &calls(["kcmp", "pidfd_getfd", "process_madvise"])),
    (Capability::SysRawio, &calls(["ioperm", "iopl"])),
    (Capability::SysTime, &calls(["clock_settime", "clock_settime64", "settimeofday", "stime"])),
    (Capability::SysTtyConfig, &calls(["vhangup"])),
    (Capability::SysNice, &calls(["get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"])),
    (Capability::Syslog, &calls(["syslog"])),
    (Capability::Bpf, &calls(["bpf"])),
    (Capability::Perfmon, &calls(["perf_event_open"])),
];

/// Of x86-64 and its 32-bit conventions: how programs set up their own memory segments.
const X86: &[Call] = &calls(["arch_prctl", "modify_ldt"]);
/// Of arm and arm64.
const ARM: &[Call] = &calls([
    "arm_fadvise64_64",
    "arm_sync_file_range",
    "breakpoint",
    "cacheflush",
    "set_tls",
    "sync_file_range2",
]);

const SOCKET: &[Call] = &calls(["socket"]);
const PERSONALITY: &[Call] = &calls(["personality"]);
const CLONE: &[Call] = &calls(["clone"]);
const CLONE3: &[Call] = &calls(["clone3"]);

/// `AF_ALG` has had holes in the kernel behind it, `AF_VSOCK` leads out of the container's network namespace.
const AF_ALG: u64 = 38;
const AF_VSOCK: u64 = 40;
/// `PER_LINUX`, `PER_LINUX32`, both with `UNAME26`, and the query.
const PERSONALITIES: [u64; 5] = [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff];
/// `CLONE_NEW…`: a new user namespace would open the kernel's whole privileged surface.
const CLONE_NAMESPACES: u64 = 0x7e02_0000;

/// The default for a container with these bounding capabilities.
pub fn default_profile(bounding: u64, native: Arch) -> Profile<'static> {
    let mut rules = vec![allow(EVERYBODY)];
    for (capability, calls) in BY_CAPABILITY {
        if bounding & mask_of(*capability) != 0 {
            rules.push(allow(calls));
        }
    }
    rules.push(allow(if native == Arch::Aarch64 { ARM } else { X86 }));
    rules.extend(
        [(Compare::Lt, AF_ALG), (Compare::Eq, AF_ALG + 1), (Compare::Gt, AF_VSOCK)]
            .map(|(compare, value)| allow_if(SOCKET, compare, value)),
    );
    rules.extend(PERSONALITIES.map(|value| allow_if(PERSONALITY, Compare::Eq, value)));
    if bounding & mask_of(Capability::SysAdmin) == 0 {
        rules.push(allow_if(CLONE, Compare::Masked(CLONE_NAMESPACES), 0));
        // Its flags lie in memory that a filter cannot read; libraries fall back to clone.
        rules.push(Rule { action: Action::errno(libc::ENOSYS as u16), ..allow(CLONE3) });
    }
    let arches = match native {
        Arch::Aarch64 => vec![Arch::Aarch64, Arch::Arm],
        _ => vec![Arch::X86_64, Arch::X86, Arch::X32],
    };
    Profile { default: Action::errno(libc::EPERM as u16), arches, rules, flags: 0 }
}

fn allow(calls: &'static [Call]) -> Rule<'static> {
    Rule { calls: Cow::Borrowed(calls), action: Action::ALLOW, conditions: Cow::Borrowed(&[]) }
}

fn allow_if(calls: &'static [Call], compare: Compare, value: u64) -> Rule<'static> {
    Rule { conditions: Cow::Owned(vec![Condition { argument: 0, compare, value }]), ..allow(calls) }
}
