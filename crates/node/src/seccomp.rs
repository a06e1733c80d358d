//! Seccomp profiles, for JavaScript.

use napi::Env;
use napi_derive::napi;
use rcx_core::security::seccomp;

use crate::error::to_js;

/// Finds out whether a seccomp profile in Docker's format can be used on this machine.
/// Returns its text without white space between its parts. Throws `ERR_RCX_SECCOMP_PROFILE` with the place of what is wrong.
#[napi]
pub fn check_seccomp_profile(env: Env, text: String) -> napi::Result<String> {
    seccomp::check(&text).map_err(|error| to_js(&env, &error))
}
