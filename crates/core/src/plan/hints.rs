//! What to do about a step that the kernel refused.

use rustix::io::Errno;

use super::op::{Op, Outside};
use super::user::SHIFT_HINT;

/// One sentence for the reader of the error, where rcx knows the usual reason.
pub fn hint(op: &Op, errno: Errno) -> Option<&'static str> {
    Some(match (op, errno) {
        (Op::Outside(Outside::ShiftTree { .. } | Outside::ShiftLayer(_)), Errno::INVAL) => SHIFT_HINT,
        (Op::Mount { fs, .. }, Errno::PERM) if matches!(fs.to_bytes(), b"proc" | b"sysfs") => {
            "in a user namespace the kernel wants to see a whole procfs and sysfs of the machine first; an outer container \
             covers parts of them"
        }
        (Op::Overlay(_), Errno::NODEV) => "the kernel has no overlayfs: load it with modprobe overlay",
        (Op::Overlay(_), Errno::INVAL) => {
            "the store may lie on a filesystem that overlayfs cannot write to (overlay itself, NFS, eCryptfs): \
             point RCX_ROOT at ext4, xfs, btrfs or tmpfs"
        }
        (Op::Overlay(_), Errno::TOOBIG) => {
            "too many layers for this kernel's mount call; Linux 6.8 lifts the limit"
        }
        (Op::Overlay(_), Errno::NOENT) => "a layer of the image is missing: pull the image again",
        (Op::Propagation(_), Errno::INVAL) => {
            "rcx runs in a chroot whose root is no mount point: enter it by pivot_root, or bind it onto itself before"
        }
        (Op::CloneTree { below: Some(_), .. } | Op::AttachView { below: Some(_), .. }, Errno::NOENT) => {
            "there is nothing of that name in it: make it first, or leave the subpath out"
        }
        (Op::CloneTree { .. }, Errno::STALE) => {
            "the path was replaced while the container started: try again"
        }
        (Op::Mount { .. } | Op::Attach { .. } | Op::AttachView { .. }, Errno::LOOP) => {
            "the image has a symbolic link where rcx mounts; it is refused, because it could lead elsewhere"
        }
        (Op::Mount { .. } | Op::Attach { .. }, Errno::ACCESS) => {
            "where it leads into /proc, nothing of the user's is mounted: what the kernel is told there must reach it; and in a \
             directory that belongs to others no mount point can be made"
        }
        (Op::Mount { .. }, Errno::INVAL) => {
            "the kernel knows no such option of this filesystem, or not this value of it"
        }
        (Op::Sysctl { .. }, Errno::NOENT) => {
            "there is no such setting in the container's namespaces; some below net. are the host's alone"
        }
        (Op::CloneSharedMemory { .. }, Errno::NOENT | Errno::XDEV | Errno::LOOP | Errno::NOTDIR) => {
            "the container whose IPC namespace is shared has no tmpfs there any more"
        }
        (Op::Attach { .. } | Op::AttachView { .. }, Errno::NOTDIR) => {
            "a directory can only be mounted on a directory and a file only on a file"
        }
        (_, Errno::NOSPC) => "the filesystem is full, or the limit in /proc/sys/fs/mount-max is reached",
        (_, Errno::NOSYS) => "rcx needs Linux 5.12 or newer",
        (_, Errno::PERM) => {
            "this needs root, and must not be forbidden by an outer container's seccomp filter"
        }
        _ => return None,
    })
}
