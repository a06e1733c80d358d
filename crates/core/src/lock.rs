//! Locks between processes: `flock(2)` on a file or directory, which the kernel drops with its holder, so that a lock
//! tells the truth about who is alive even after `kill -9`.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{self, CWD, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Context, Error, Result};

const CODE: &str = "ERR_RCX_LOCK";

/// How a lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockMode {
    /// Together with other shared holders.
    Shared,
    /// Alone.
    Exclusive,
}

/// What the lock is put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockTarget {
    /// A file, made empty if it does not exist.
    File,
    /// A directory that must exist.
    Directory,
}

/// A held lock; dropping it lets go.
#[derive(Debug)]
pub struct FileLock {
    _fd: OwnedFd,
    path: PathBuf,
}

impl FileLock {
    /// Takes the lock if it is free; `None` if somebody else (this process through another descriptor included) holds
    /// it, or if what was locked is no longer what `path` names.
    ///
    /// # Errors
    /// `ERR_RCX_LOCK` with the kernel's errno, `ENOENT` for a missing directory among them.
    pub fn try_acquire(path: &Path, mode: LockMode, target: LockTarget) -> Result<Option<Self>> {
        let fd = open(path, target).step_at(CODE, "open the lock", path.display())?;
        let operation = match mode {
            LockMode::Shared => FlockOperation::NonBlockingLockShared,
            LockMode::Exclusive => FlockOperation::NonBlockingLockExclusive,
        };
        match fs::flock(&fd, operation) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(e) => return Err(Error::os(CODE, "take the lock", e).at(path.display().to_string())),
        }
        // The previous holder may have removed or renamed the entry between our open and our lock: such a lock guards
        // a name that nobody else will look up.
        if !still_named(&fd, path).step_at(CODE, "check the lock", path.display())? {
            return Ok(None);
        }
        Ok(Some(Self { _fd: fd, path: path.to_owned() }))
    }

    /// Takes the lock when it is free, and looks for that every two milliseconds.
    ///
    /// # Errors
    /// As of [`Self::try_acquire`]; `ERR_RCX_LOCK` when it was not free for as long as `patience`.
    pub fn acquire(path: &Path, mode: LockMode, target: LockTarget, patience: Duration) -> Result<Self> {
        let begin = Instant::now();
        loop {
            if let Some(lock) = Self::try_acquire(path, mode, target)? {
                return Ok(lock);
            }
            if begin.elapsed() > patience {
                let what = format!("take the lock: another process has had it for {} s", patience.as_secs());
                return Err(Error::new(CODE, what).at(path.display().to_string()));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Removes the lock file while it is held, then lets go.
    ///
    /// # Errors
    /// `ERR_RCX_LOCK` if the file cannot be removed; the lock is let go in any case.
    pub fn remove(self) -> Result<()> {
        match fs::unlink(&self.path) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(e) => Err(Error::os(CODE, "remove the lock", e).at(self.path.display().to_string())),
        }
    }
}

fn open(path: &Path, target: LockTarget) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let flags = match target {
        LockTarget::File => flags | OFlags::RDWR | OFlags::CREATE,
        LockTarget::Directory => flags | OFlags::RDONLY | OFlags::DIRECTORY,
    };
    fs::openat(CWD, path, flags, Mode::RUSR | Mode::WUSR)
}

fn still_named(fd: &OwnedFd, path: &Path) -> rustix::io::Result<bool> {
    let held = fs::fstat(fd)?;
    match fs::lstat(path) {
        Ok(named) => Ok(held.st_ino == named.st_ino && held.st_dev == named.st_dev),
        Err(Errno::NOENT) => Ok(false),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("rcx-lock-{}-{name}", std::process::id()))
    }

    fn take(path: &Path, mode: LockMode) -> Option<FileLock> {
        FileLock::try_acquire(path, mode, LockTarget::File).unwrap()
    }

    #[test]
    fn exclusive_excludes_and_dropping_lets_go() {
        let path = path("exclusive");
        let held = take(&path, LockMode::Exclusive).unwrap();
        assert!(take(&path, LockMode::Exclusive).is_none());
        assert!(take(&path, LockMode::Shared).is_none());
        drop(held);
        take(&path, LockMode::Exclusive).unwrap().remove().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn shared_holders_keep_an_exclusive_one_out() {
        let path = path("shared");
        let (a, b) = (take(&path, LockMode::Shared).unwrap(), take(&path, LockMode::Shared).unwrap());
        assert!(take(&path, LockMode::Exclusive).is_none());
        drop((a, b));
        take(&path, LockMode::Exclusive).unwrap().remove().unwrap();
    }

    #[test]
    fn a_missing_directory_is_an_error() {
        let error =
            FileLock::try_acquire(&path("none"), LockMode::Exclusive, LockTarget::Directory).unwrap_err();
        assert_eq!(error.errno, Some(Errno::NOENT));
    }
}
