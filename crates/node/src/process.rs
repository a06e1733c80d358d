//! Processes of this machine, for JavaScript.

use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;
use rcx_core::error::{Context, Result};
use rcx_core::identity::ProcessIdentity;

use crate::container::{Resolver, settle};
use crate::error::to_js;

/// Resolves when the process of that pid has ended, whoever its parent is. Throws `ERR_RCX_NO_SUCH_PROCESS` when there is none.
#[napi(ts_return_type = "Promise<void>")]
pub fn wait_for_process<'env>(env: &'env Env, pid: i32) -> napi::Result<Object<'env>> {
    let process = ProcessIdentity::of(pid).map_err(|error| to_js(env, &error))?;
    let (deferred, promise) = env.create_deferred::<(), Resolver<()>>()?;
    // A thread of its own: it may take for ever, and Node's pool has four.
    let waiting = std::thread::Builder::new()
        .name("rcx-wait".to_owned())
        .spawn(move || settle(deferred, process.wait()))
        .step("ERR_RCX_CONTAINER", "start a thread that waits for a process");
    let waiting: Result<_> = waiting;
    waiting.map_err(|error| to_js(env, &error))?;
    Ok(promise)
}
