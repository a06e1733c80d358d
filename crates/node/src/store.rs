//! What the store needs of the kernel: locks between processes, tree removal, and flushing to the disk.

use std::path::Path;

use napi::bindgen_prelude::{AsyncTask, Result};
use napi::{Env, Task};
use napi_derive::napi;
use rcx_core::lock::{self, LockMode, LockTarget};
use rcx_core::measure::{self, TreeSize as Core};
use rcx_core::security::selinux;
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

/// Gives a path, and with `recursive` all below it on the same mount, an SELinux label; no symbolic link is followed. Rejects with
/// `ERR_RCX_SELINUX`.
#[napi(ts_return_type = "Promise<void>")]
pub fn relabel(path: String, label: String, recursive: bool) -> AsyncTask<Blocking> {
    AsyncTask::new(Blocking::new(move || selinux::relabel(Path::new(&path), &label, recursive)))
}

/// Removes a directory tree or file without following symbolic links or crossing mounts; a missing one is no error.
#[napi(ts_return_type = "Promise<void>")]
pub fn remove_tree(path: String) -> AsyncTask<Blocking> {
    AsyncTask::new(Blocking::new(move || tree::remove_tree(Path::new(&path))))
}

/// What a directory tree takes on the disk, in bytes; each object counts once, however many names it has.
#[napi(object, object_from_js = false)]
pub struct TreeSize {
    /// Names below the root.
    pub entries: i64,
    /// Length of the regular files, holes included.
    pub bytes: i64,
    /// What all objects take on the disk, the root included.
    pub disk: i64,
    /// The part of `disk` that comes free when the tree is removed: without objects that have names elsewhere.
    pub freed: i64,
}

/// A measurement, made on the thread pool.
pub struct Measuring(String);

impl Task for Measuring {
    type Output = rcx_core::Result<Core>;
    type JsValue = TreeSize;

    fn compute(&mut self) -> Result<Self::Output> {
        Ok(measure::measure(Path::new(&self.0)))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> Result<TreeSize> {
        let size = output.map_err(|e| to_js(&env, &e))?;
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Ok(TreeSize {
            entries: number(size.entries),
            bytes: number(size.bytes),
            disk: number(size.disk),
            freed: number(size.freed),
        })
    }
}

/// Measures a tree or file; nothing for a path that does not exist.
#[napi(ts_return_type = "Promise<TreeSize>")]
pub fn measure_tree(path: String) -> AsyncTask<Measuring> {
    AsyncTask::new(Measuring(path))
}

/// Writes the file system that holds the directory `layers` to the disk, then marks the layers `names` in it as flushed.
#[napi(ts_return_type = "Promise<void>")]
pub fn flush_layers(layers: String, names: Vec<String>) -> AsyncTask<Blocking> {
    AsyncTask::new(Blocking::new(move || store::flush(Path::new(&layers), &names)))
}
