//! The kernel side of rcx as a plain Rust library: launch, root filesystem, cgroups, security, supervision and the
//! layer sink. It knows nothing of Node and decides nothing about images: TypeScript decides, this crate touches.

pub mod cgroup;
mod clock;
pub mod copy;
pub mod error;
pub mod features;
pub mod id_map;
pub mod identity;
pub mod init;
mod init_binary;
mod kernel;
pub mod launch;
pub mod layer;
pub mod lock;
pub mod measure;
pub mod monitor;
pub mod network;
pub mod plan;
pub mod rootless;
pub mod security;
pub mod store;
pub mod supervise;
mod sys;
pub mod tree;
mod walk;
mod wire;

pub use error::{Error, Result};
