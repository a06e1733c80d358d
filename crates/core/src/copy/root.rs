//! Where paths begin: the host's root, or a container's, which no path leads out of.

use std::collections::{BTreeSet, VecDeque};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{self, AtFlags, CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::owners::Owners;
use super::reader::names_in;
use super::{CODE, failed, persistently};
use crate::error::{Context, Error, Result};
use crate::identity::ProcessIdentity;
use crate::layer::read::{Entry, Kind};

/// As many symbolic links in one path as the kernel itself would follow.
const MAX_SYMLINKS: u32 = 40;

/// A root directory.
#[derive(Debug)]
pub struct Root {
    fd: OwnedFd,
    confined: bool,
    owners: Owners,
}

impl Root {
    /// The host's, whose paths are the caller's own.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn host() -> Result<Self> {
        let fd = fs::openat(CWD, c"/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        Ok(Self { fd: fd.step_at(CODE, "open", "/")?, confined: false, owners: Owners::default() })
    }

    /// The root of a process, with all that is mounted in it (`/proc/pid/root`, proc_pid_root(5)).
    ///
    /// # Errors
    /// `ERR_RCX_NO_SUCH_PROCESS` when that process has ended, `ERR_RCX_COPY`.
    pub fn of_process(process: &ProcessIdentity) -> Result<Self> {
        const GONE: &str = "ERR_RCX_NO_SUCH_PROCESS";
        const STEP: &str = "open the container's root";
        let path = format!("/proc/{}/root", process.pid);
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = match fs::openat(CWD, &path, flags, Mode::empty()) {
            Err(errno @ (Errno::NOENT | Errno::SRCH)) => return Err(Error::os(GONE, STEP, errno).at(path)),
            fd => fd.step_at(CODE, STEP, &path)?,
        };
        let owners = Owners::of_process(process.pid)?;
        // Only now is it sure that it was not the root of another process with that number.
        if process.exists() {
            return Ok(Self { fd, confined: true, owners });
        }
        Err(Error::new(GONE, format!("{STEP}: it has ended")).at(path))
    }

    /// A directory as if it were a container's root: that of a volume.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn at(directory: &Path) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = fs::openat(CWD, directory, flags, Mode::empty());
        let fd = fd.step_at(CODE, "open the directory", directory.display())?;
        Ok(Self { fd, confined: true, owners: Owners::default() })
    }

    /// What stands at an absolute path; `None` for nothing. A link at its end is followed on request, or when a slash comes
    /// after it.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn look(&self, path: &[u8], follow: bool) -> Result<Option<Entry>> {
        let flags = if follow { OFlags::PATH } else { OFlags::PATH | OFlags::NOFOLLOW };
        let fd = match self.open(path, flags) {
            Ok(fd) => fd,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(errno) => return Err(failed("look at", path, errno)),
        };
        let mut entry = entry_of(fd.as_fd(), path.to_vec())?;
        self.owners.show(&mut entry);
        Ok(Some(entry))
    }

    /// Names of what is in the directory at an absolute path, sorted.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn names(&self, path: &[u8]) -> Result<BTreeSet<Vec<u8>>> {
        let fd = self.open(path, OFlags::RDONLY | OFlags::DIRECTORY);
        names_in(fd.map_err(|errno| failed("open", path, errno))?.as_fd(), path)
    }

    pub(super) fn owners(&self) -> &Owners {
        &self.owners
    }

    /// The absolute path without any symbolic link that `path` leads to; what does not exist is kept as it is written. It tells
    /// what is meant: whoever opens it must not rely on it.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn real(&self, path: &[u8]) -> Result<Vec<u8>> {
        let mut left: VecDeque<Vec<u8>> = components(path).collect();
        let mut real = Vec::new();
        let mut links = 0;
        while let Some(part) = left.pop_front() {
            if part == b".." {
                real.truncate(real.iter().rposition(|byte| *byte == b'/').unwrap_or(0));
                continue;
            }
            let next = [&real[..], b"/", &part].concat();
            let Some(Entry { kind: Kind::Symlink { target }, .. }) = self.look(&next, false)? else {
                real = next;
                continue;
            };
            links += 1;
            if links > MAX_SYMLINKS {
                return Err(failed("follow the symbolic links of", path, Errno::LOOP));
            }
            if target.starts_with(b"/") {
                real.clear();
            }
            for part in components(&target).collect::<Vec<_>>().into_iter().rev() {
                left.push_front(part);
            }
        }
        Ok(if real.is_empty() { b"/".to_vec() } else { real })
    }

    pub(super) fn open(&self, path: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let flags = flags | OFlags::CLOEXEC;
        if !self.confined {
            return fs::openat(&self.fd, path, flags, Mode::empty());
        }
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        persistently(|| fs::openat2(&self.fd, path, flags, Mode::empty(), resolve))
    }

    /// A root that no path leads out of.
    pub(super) fn confined(&self) -> Option<BorrowedFd<'_>> {
        self.confined.then(|| self.fd.as_fd())
    }
}

/// What is open by `O_PATH`. A whiteout is a device like any other here.
pub(super) fn entry_of(fd: BorrowedFd<'_>, path: Vec<u8>) -> Result<Entry> {
    let stat = fs::statat(fd, c"", AtFlags::EMPTY_PATH).map_err(|errno| failed("look at", &path, errno))?;
    let mut entry = Entry::of(path, &stat, false);
    match &mut entry.kind {
        Kind::Symlink { target } => {
            let found = fs::readlinkat(fd, c"", Vec::new());
            *target = found.map_err(|errno| failed("read the link", &entry.path, errno))?.into_bytes();
        }
        kind @ Kind::Whiteout => *kind = Kind::Character { major: 0, minor: 0 },
        _ => {}
    }
    Ok(entry)
}

fn components(path: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    path.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b".")).map(<[u8]>::to_vec)
}
