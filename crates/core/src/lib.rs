//! The kernel side of rcx as a plain Rust library: launch, root filesystem, cgroups, security, supervision and the
//! layer sink. It knows nothing of Node and decides nothing about images: TypeScript decides, this crate touches.

pub mod error;
pub mod layer;

pub use error::{Error, Result};
