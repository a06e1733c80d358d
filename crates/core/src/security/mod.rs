//! Confinement of the container's processes: capabilities and the seccomp filter.

pub mod capabilities;
pub mod seccomp;
