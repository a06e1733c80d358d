//! Networks.

use std::path::Path;

use napi::Env;
use napi::bindgen_prelude::Result;
use napi_derive::napi;
use rcx_core::{monitor, network};

use crate::error::to_js;

/// Removes a bridge of this machine, or with `user`, his runtime directory, that of an ordinary user; one that is gone is no error.
/// Throws `ERR_RCX_NETWORK`.
#[napi]
pub fn remove_bridge(env: Env, name: String, user: Option<String>) -> Result<()> {
    network::remove_bridge(&name, user.as_deref().map(Path::new)).map_err(|e| to_js(&env, &e))
}

/// Has a container that runs be in the networks of its record; `own` is its runtime directory. Returns when it is. Throws
/// `ERR_RCX_NETWORK`, and `ERR_RCX_MONITOR` when its monitor does not answer.
#[napi]
pub fn change_networks(env: Env, own: String) -> Result<()> {
    monitor::change_networks(own.as_ref()).map_err(|e| to_js(&env, &e))
}

/// Tries whether this machine can have networks, where nobody else sees it. Throws `ERR_RCX_NETWORK`.
#[napi]
pub fn try_network(env: Env) -> Result<()> {
    network::try_out().map_err(|e| to_js(&env, &e))
}
