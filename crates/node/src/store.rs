//! What the store needs of the kernel: locks between processes, tree removal, and flushing to the disk.

use std::path::{Path, PathBuf};

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

/// One blocking operation of the core, run on the thread pool.
pub struct Blocking {
    path: PathBuf,
    run: fn(&Path) -> rcx_core::Result<()>,
}

impl Task for Blocking {
    type Output = rcx_core::Result<()>;
    type JsValue = ();

    fn compute(&mut self) -> Result<Self::Output> {
        Ok((self.run)(&self.path))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> Result<()> {
        output.map_err(|e| to_js(&env, &e))
    }
}

/// Removes a directory tree or file without following symbolic links or crossing mounts; a missing one is no error.
#[napi(ts_return_type = "Promise<void>")]
pub fn remove_tree(path: String) -> AsyncTask<Blocking> {
    AsyncTask::new(Blocking { path: path.into(), run: tree::remove_tree })
}

/// Writes everything of the file system that holds `path` to the disk, `syncfs(2)`.
#[napi(ts_return_type = "Promise<void>")]
pub fn sync_filesystem(path: String) -> AsyncTask<Blocking> {
    AsyncTask::new(Blocking { path: path.into(), run: store::sync_filesystem })
}
