//! The napi-rs bridge: converts types and errors, never decides.

mod attachment;
mod cgroup;
mod compress;
mod container;
mod copy;
mod error;
mod features;
mod layer;
mod layer_stream;
mod network;
mod process;
mod rootless;
mod seccomp;
mod store;
mod tree_reader;
