//! A walk through a directory tree by file descriptors alone: no symbolic link is followed, no mount entered, and depth costs no
//! stack and few descriptors.

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, RawDir, ResolveFlags, Stat};
use rustix::io::{Errno, Result};

/// Directories held open at once. From a deeper one the way back leads through its `..`, which is checked.
const MAX_DEPTH: usize = 48;

/// Shows `visit` everything below an open directory, by its name in the open directory that it is in. What is removed meanwhile is
/// left out, and so is the content of directories that cannot be read.
pub fn below(
    root: BorrowedFd<'_>,
    visit: impl FnMut(BorrowedFd<'_>, &CStr, &Stat) -> Result<()>,
) -> Result<()> {
    let fd = open_directory(root, c".")?;
    let stat = fs::fstat(&fd)?;
    let mut walk = Walk { visit, frames: Vec::new() };
    walk.enter(fd, &stat)?;
    walk.run()
}

/// Whether it is a directory.
pub fn is_directory(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Directory
}

/// What tells an object from every other.
pub fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

/// A directory on the way to the one that is being read.
struct Frame {
    /// Open only near the root.
    fd: Option<OwnedFd>,
    identity: (u64, u64),
    /// Directories in it that are still to come.
    pending: Vec<CString>,
}

struct Walk<V> {
    visit: V,
    frames: Vec<Frame>,
}

impl<V: FnMut(BorrowedFd<'_>, &CStr, &Stat) -> Result<()>> Walk<V> {
    fn run(&mut self) -> Result<()> {
        // Of directories that are too deep to be held open, the innermost alone is.
        let mut deep: Option<OwnedFd> = None;
        while let Some(frame) = self.frames.last_mut() {
            let here = frame.fd.as_ref().or(deep.as_ref()).map(AsFd::as_fd);
            match (frame.pending.pop(), here) {
                (Some(name), Some(here)) => {
                    let Some((fd, stat)) = open_child(here, &name)? else { continue };
                    let fd = self.enter(fd, &stat)?;
                    deep = fd.or(deep);
                }
                (None, Some(here)) if frame.fd.is_none() => {
                    let up = open_directory(here, c"..");
                    self.frames.pop();
                    deep = self.checked(up.ok());
                }
                _ => {
                    self.frames.pop();
                }
            }
        }
        Ok(())
    }

    /// Shows what is in a directory. It is held open near the root, else given back.
    fn enter(&mut self, fd: OwnedFd, stat: &Stat) -> Result<Option<OwnedFd>> {
        let pending = self.list(fd.as_fd())?;
        let identity = identity(stat);
        if self.frames.len() < MAX_DEPTH {
            self.frames.push(Frame { fd: Some(fd), identity, pending });
            return Ok(None);
        }
        self.frames.push(Frame { fd: None, identity, pending });
        Ok(Some(fd))
    }

    /// The directory that `..` led to, if it is the one that the way down came through. A program may have moved it
    /// meanwhile: then the rest of that part is left out.
    fn checked(&mut self, up: Option<OwnedFd>) -> Option<OwnedFd> {
        let parent = self.frames.last().filter(|frame| frame.fd.is_none())?;
        let found = up.filter(|fd| fs::fstat(fd).is_ok_and(|stat| identity(&stat) == parent.identity));
        if found.is_none() {
            self.frames.truncate(MAX_DEPTH);
        }
        found
    }

    fn list(&mut self, directory: BorrowedFd<'_>) -> Result<Vec<CString>> {
        let mut directories = Vec::new();
        let mut buffer = [MaybeUninit::<u8>::uninit(); 16 * 1024];
        let mut entries = RawDir::new(directory, &mut buffer);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            let stat = match fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => continue,
                stat => stat?,
            };
            (self.visit)(directory, name, &stat)?;
            if is_directory(&stat) {
                directories.push(name.to_owned());
            }
        }
        Ok(directories)
    }
}

/// A directory in an open one; `None` for what is gone, is none any more, has something mounted on it, or is not for this
/// process to read.
fn open_child(parent: BorrowedFd<'_>, name: &CString) -> Result<Option<(OwnedFd, Stat)>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    let fd = match fs::openat2(parent, name, flags, Mode::empty(), resolve) {
        Ok(fd) => fd,
        // Without privilege not even a layer's owner can read all that an image may hold.
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV | Errno::ACCESS) => return Ok(None),
        Err(errno) => return Err(errno),
    };
    let stat = fs::fstat(&fd)?;
    Ok(Some((fd, stat)))
}

fn open_directory(from: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    fs::openat(from, name, flags, Mode::empty())
}
