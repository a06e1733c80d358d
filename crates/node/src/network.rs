//! Networks.

use napi::Env;
use napi::bindgen_prelude::Result;
use napi_derive::napi;
use rcx_core::network;

use crate::error::to_js;

/// Removes a bridge of this machine; one that is gone is no error. Throws `ERR_RCX_NETWORK`.
#[napi]
pub fn remove_bridge(env: Env, name: String) -> Result<()> {
    network::remove_bridge(&name).map_err(|e| to_js(&env, &e))
}
