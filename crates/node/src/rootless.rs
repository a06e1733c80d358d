//! The namespace of an ordinary user, for JavaScript.

use std::path::Path;

use napi::Env;
use napi::bindgen_prelude::{AsyncTask, Result};
use napi_derive::napi;
use rcx_core::rootless::{self, HolderRequest, Session};

use crate::error::to_js;
use crate::store::Blocking;

/// Whether the user's namespace that belongs to the runtime directory `run` exists.
#[napi]
pub fn has_namespace(env: Env, run: String) -> Result<bool> {
    Session::find(Path::new(&run)).map(|found| found.is_some()).map_err(|e| to_js(&env, &e))
}

/// Makes the user's namespace, if there is none. `request` is the JSON of `{ maps: { uidMappings, gidMappings }, helpers }`: the
/// paths of newuidmap and newgidmap, or `null` where the user's own ids are all that is mapped.
#[napi(ts_return_type = "Promise<void>")]
pub fn make_namespace(runtime: String, run: String, request: String) -> AsyncTask<Blocking> {
    AsyncTask::new(Blocking::new(move || {
        let request = HolderRequest::parse(&request)?;
        rootless::make(Path::new(&runtime), Path::new(&run), &request)
    }))
}

/// Replaces this process by `program` with its words, as root of the user's namespace. It returns only by throwing.
#[napi]
pub fn exec_inside(env: Env, runtime: String, run: String, program: Vec<String>) -> Result<()> {
    match rootless::exec_inside(Path::new(&runtime), Path::new(&run), &program) {
        Ok(never) => match never {},
        Err(error) => Err(to_js(&env, &error)),
    }
}

/// Removes a tree as `removeTree`, as root of the user's namespace.
#[napi(ts_return_type = "Promise<void>")]
pub fn remove_inside(runtime: String, run: String, path: String) -> AsyncTask<Blocking> {
    AsyncTask::new(Blocking::new(move || {
        rootless::remove_inside(Path::new(&runtime), Path::new(&run), Path::new(&path))
    }))
}
