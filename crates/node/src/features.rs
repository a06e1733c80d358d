//! What the kernel lets this process do, for JavaScript.

use std::path::Path;

use napi::Env;
use napi::bindgen_prelude::Result;
use napi_derive::napi;
use rcx_core::error::errno_name;
use rcx_core::features;

use crate::error::to_js;

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

/// Makes sure that containers with a user namespace can have their layers in these directories; nothing of the trial is left.
/// Throws `ERR_RCX_IDMAP` or `ERR_RCX_USER_NAMESPACE`.
#[napi]
pub fn require_idmapped_mounts(env: &Env, paths: Vec<String>) -> Result<()> {
    let paths: Vec<&Path> = paths.iter().map(Path::new).collect();
    rcx_core::launch::can_shift(&paths).map_err(|error| to_js(env, &error))
}
