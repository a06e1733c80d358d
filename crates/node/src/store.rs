//! What the store needs of the kernel: locks between processes, tree removal, and flushing to the disk.

use std::path::Path;

use napi::bindgen_prelude::{AsyncTask, Result};
use napi::{Env, Task};
use napi_derive::napi;
use rcx_core::lock::{self, LockMode, LockTarget};
use rcx_core::{store, tree};

use crate::error::to_js;

/// A held `flock(2)`, let go by `release` or with the process.
#[napi]
pub struct FileLock {
    inner: Option<lock::FileLock>,
}

#[napi]
impl FileLock {
    /// Takes the lock on the file, made if it does not exist; `null` if somebody else holds it.
    #[napi]
    pub fn try_acquire(env: Env, path: String, shared: bool) -> Result<Option<FileLock>> {
        acquire(env, &path, if shared { LockMode::Shared } else { LockMode::Exclusive }, LockTarget::File)
    }

    /// Takes the lock on an existing directory; `null` if somebody else holds it.
    #[napi]
    pub fn try_acquire_directory(env: Env, path: String) -> Result<Option<FileLock>> {
        acquire(env, &path, LockMode::Exclusive, LockTarget::Directory)
    }

    /// Lets go; once is enough, more does no harm.
    #[napi]
    pub fn release(&mut self) {
        self.inner = None;
    }

    /// Removes the lock file, then lets go.
    #[napi]
    pub fn remove(&mut self, env: Env) -> Result<()> {
        match self.inner.take() {
            Some(lock) => lock.remove().map_err(|e| to_js(&env, &e)),
            None => Ok(()),
        }
    }
}

fn acquire(env: Env, path: &str, mode: LockMode, target: LockTarget) -> Result<Option<FileLock>> {
    let lock = lock::FileLock::try_acquire(Path::new(path), mode, target).map_err(|e| to_js(&env, &e))?;
    Ok(lock.map(|inner| FileLock { inner: Some(inner) }))
}

/// A blocking operation of the core, run on the thread pool.
pub struct Blocking(Box<dyn Fn() -> rcx_core::Result<()> + Send>);

impl Blocking {
    /// An operation that resolves to nothing.
    pub fn new(operation: impl Fn() -> rcx_core::Result<()> + Send + 'static) -> Self {
        Self(Box::new(operation))
    }
}

impl Task for Blocking {
    type Output = rcx_core::Result<()>;
    type JsValue = ();

    fn compute(&mut self) -> Result<Self::Output> {
        Ok((self.0)())
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> Result<()> {
        output.map_err(|e| to_js(&env, &e))
    }
}

/// Removes a directory tree or file without following symbolic links or crossing mounts; a missing one is no error.
#[napi(ts_return_type = "Promise<void>")]
pub fn remove_tree(path: String) -> AsyncTask<Blocking> {
    AsyncTask::new(Blocking::new(move || tree::remove_tree(Path::new(&path))))
}

/// Writes the file system that holds the directory `layers` to the disk, then marks the layers `names` in it as flushed.
#[napi(ts_return_type = "Promise<void>")]
pub fn flush_layers(layers: String, names: Vec<String>) -> AsyncTask<Blocking> {
    AsyncTask::new(Blocking::new(move || store::flush(Path::new(&layers), &names)))
}
