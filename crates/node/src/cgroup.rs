//! Cgroups of containers for JavaScript, by their path below each hierarchy: `/rcx/<id>`.

use napi::Env;
use napi::bindgen_prelude::{AsyncTask, Result};
use napi_derive::napi;
use rcx_core::cgroup;

use crate::error::to_js;
use crate::store::Blocking;

/// Kills what is left in a container's cgroups and removes them.
#[napi]
pub fn remove_cgroup(env: &Env, path: String) -> Result<()> {
    cgroup::remove(&path).map_err(|error| to_js(env, &error))
}

/// Applies the limits of `resources`, the runtime-spec's `linux.resources` as JSON, to a container that runs. Where one needs a v1
/// hierarchy that the container was not in, its processes are moved there.
#[napi]
pub fn update_cgroup(env: &Env, path: String, resources: String) -> Result<()> {
    cgroup::update(&path, &resources).map_err(|error| to_js(env, &error))
}

/// Finds out whether limits can be applied, before there is a container at `path` that has them. A refusal
/// begins with `apply the limit NAME`, the name that it has in the runtime-spec.
#[napi]
pub fn check_cgroup(env: &Env, path: String, resources: String) -> Result<()> {
    cgroup::check(&path, &resources).map_err(|error| to_js(env, &error))
}

/// Whether systemd can make containers' cgroups here; throws what is missing.
#[napi]
pub fn check_systemd(env: &Env) -> Result<()> {
    cgroup::systemd::check().map_err(|error| to_js(env, &error))
}

/// Path below the hierarchies that containers' cgroups are made under: empty, but in a cgroup that was delegated to this user.
#[napi]
pub fn cgroup_base(env: &Env) -> Result<String> {
    cgroup::base().map_err(|error| to_js(env, &error))
}

/// Stops all processes of a container, or lets them go on; resolves when it is so.
#[napi(ts_return_type = "Promise<void>")]
pub fn freeze_cgroup(path: String, frozen: bool) -> AsyncTask<Blocking> {
    AsyncTask::new(Blocking::new(move || cgroup::freeze(&path, frozen)))
}

/// Whether the cgroup at `path` is frozen; one that is not there is not.
#[napi]
pub fn is_cgroup_frozen(env: &Env, path: String) -> Result<bool> {
    cgroup::is_frozen(&path).map_err(|error| to_js(env, &error))
}
