//! Confinement of the container's processes: capabilities, ids, the seccomp filter, AppArmor, SELinux.

pub mod apparmor;
pub mod capabilities;
pub mod ids;
pub mod seccomp;
pub mod selinux;
