//! Confinement of the container's processes: capabilities, the seccomp filter, AppArmor.

pub mod apparmor;
pub mod capabilities;
pub mod seccomp;
