//! What the kernel lets this process do, for JavaScript.

use napi_derive::napi;
use rcx_core::error::errno_name;
use rcx_core::features;

/// A system call or a kind of namespace that was tried.
#[napi(object, object_from_js = false)]
pub struct KernelFeature {
    /// `openat2`, `namespace:user`.
    pub name: String,
    /// The errno (`ENOSYS`, `EPERM`) that the kernel refused it with.
    pub refused: Option<String>,
}

/// Tries what containers are made with; nothing of it is left.
#[napi]
pub fn kernel_features() -> Vec<KernelFeature> {
    features::probe()
        .into_iter()
        .map(|feature| KernelFeature {
            name: feature.name.to_owned(),
            refused: feature.refused.map(|errno| errno_name(errno).to_owned()),
        })
        .collect()
}
