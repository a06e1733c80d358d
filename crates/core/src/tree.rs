//! Removal of a directory tree by file descriptors alone: no path is ever resolved twice, no symbolic link followed, no
//! mount crossed, and depth costs neither stack nor descriptors.

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{self, AtFlags, CWD, Mode, OFlags, RawDir, ResolveFlags};
use rustix::io::Errno;

use crate::error::{Context, Error, Result};

const CODE: &str = "ERR_RCX_REMOVE";
const STEP: &str = "remove the directory tree";

/// Directories held open at once. A deeper one is renamed into the top directory and taken up from there, so that a
/// tree of any depth needs this many descriptors and paths never reach `PATH_MAX`.
const MAX_DEPTH: usize = 48;

/// A directory that was emptied but is not empty has been written to meanwhile: so often is it read again.
const MAX_PASSES: u32 = 64;

/// Removes `path` and all below it; a path that does not exist is no error. Its last component is not followed if it
/// is a symbolic link; the components before it are (they belong to the caller, not to the tree).
///
/// # Errors
/// `ERR_RCX_REMOVE` with the kernel's errno; a mount point inside the tree is refused with `EXDEV`, not emptied.
pub fn remove_tree(path: &Path) -> Result<()> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Error::new(CODE, "refuse to remove a path without a name").at(path.display().to_string()));
    };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = match fs::openat(CWD, parent, flags, Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::NOENT) => return Ok(()),
        Err(e) => return Err(Error::os(CODE, STEP, e).at(path.display().to_string())),
    };
    let name = CString::new(name.as_encoded_bytes())
        .map_err(|_| Error::new(CODE, "remove a name with a NUL byte").at(path.display().to_string()))?;
    remove_at(directory.as_fd(), &name).map_err(|e| e.at(path.display().to_string()))
}

/// Removes `name` in the open directory `parent`, whatever it is; a name that does not exist is no error.
///
/// # Errors
/// As [`remove_tree`]; the error's path is that of the entry where it failed, relative to `parent`.
pub fn remove_at(parent: BorrowedFd<'_>, name: &CStr) -> Result<()> {
    match fs::unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        // POSIX allows EPERM for a directory; Linux file systems say EISDIR, FUSE ones may say either.
        Err(Errno::ISDIR | Errno::PERM) => Remover { parent, top: name, stack: Vec::new(), moved: 0 }.run(),
        Err(e) => Err(failed(name, e)),
    }
}

struct Frame {
    fd: OwnedFd,
    name: CString,
    passes: u32,
}

struct Remover<'a> {
    parent: BorrowedFd<'a>,
    top: &'a CStr,
    stack: Vec<Frame>,
    moved: u64,
}

impl Remover<'_> {
    fn run(mut self) -> Result<()> {
        self.enter(self.top.to_owned())?;
        while !self.stack.is_empty() {
            if let Some(directory) = self.clear_top()? {
                self.descend(directory)?;
            } else {
                self.leave()?;
            }
        }
        Ok(())
    }

    fn holder(&self) -> BorrowedFd<'_> {
        self.stack.last().map_or(self.parent, |frame| frame.fd.as_fd())
    }

    fn enter(&mut self, name: CString) -> Result<()> {
        match open_directory(self.holder(), &name) {
            Ok(fd) => self.stack.push(Frame { fd, name, passes: 0 }),
            Err(Errno::NOENT) => {}
            Err(e) => return Err(failed(&name, e)),
        }
        Ok(())
    }

    /// Unlinks what is not a directory in the innermost open directory and returns the first directory it meets.
    fn clear_top(&self) -> Result<Option<CString>> {
        let directory = self.holder();
        fs::seek(directory, fs::SeekFrom::Start(0)).step(CODE, STEP)?;
        let mut buffer = [MaybeUninit::<u8>::uninit(); 16 * 1024];
        let mut entries = RawDir::new(directory, &mut buffer);
        while let Some(entry) = entries.next() {
            let entry = entry.step(CODE, STEP)?;
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            if entry.file_type().is_dir() {
                return Ok(Some(name.to_owned()));
            }
            match fs::unlinkat(directory, name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(Errno::ISDIR) => return Ok(Some(name.to_owned())),
                Err(e) => return Err(failed(name, e)),
            }
        }
        Ok(None)
    }

    fn descend(&mut self, name: CString) -> Result<()> {
        // An empty directory, the usual leaf, needs no descriptor.
        if fs::unlinkat(self.holder(), &name, AtFlags::REMOVEDIR).is_ok() {
            return Ok(());
        }
        if self.stack.len() < MAX_DEPTH {
            return self.enter(name);
        }
        let top = self.stack[0].fd.as_fd();
        loop {
            let target = CString::new(format!(".rcx-removed-{}", self.moved)).unwrap_or_default();
            self.moved += 1;
            match fs::renameat_with(self.holder(), &name, top, &target, fs::RenameFlags::NOREPLACE) {
                Ok(()) | Err(Errno::NOENT) => return Ok(()),
                Err(Errno::EXIST) => {}
                Err(e) => return Err(failed(&name, e)),
            }
        }
    }

    fn leave(&mut self) -> Result<()> {
        let Some(mut frame) = self.stack.pop() else { return Ok(()) };
        match fs::unlinkat(self.holder(), &frame.name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(Errno::NOTEMPTY) if frame.passes < MAX_PASSES => {
                frame.passes += 1;
                self.stack.push(frame);
                Ok(())
            }
            Err(e) => Err(failed(&frame.name, e)),
        }
    }
}

fn open_directory(parent: BorrowedFd<'_>, name: &CStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    // NO_XDEV also stops at a bind mount of the same file system, which a comparison of device numbers would not see.
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    match fs::openat2(parent, name, flags, Mode::empty(), resolve) {
        Err(Errno::ACCESS) => {
            make_accessible(parent, name, resolve)?;
            fs::openat2(parent, name, flags, Mode::empty(), resolve)
        }
        Ok(fd) if rustix::process::geteuid().is_root() => Ok(fd),
        Ok(fd) => {
            // An image may hold directories that their own owner cannot write to.
            fs::fchmod(&fd, Mode::RWXU)?;
            Ok(fd)
        }
        Err(e) => Err(e),
    }
}

/// Gives the owner access to a directory without ever resolving its name again after the check that it is one.
fn make_accessible(parent: BorrowedFd<'_>, name: &CStr, resolve: ResolveFlags) -> rustix::io::Result<()> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = fs::openat2(parent, name, flags, Mode::empty(), resolve)?;
    // fchmod refuses O_PATH descriptors; the magic link leads to this very inode.
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&fd));
    fs::chmodat(CWD, path, Mode::RWXU, AtFlags::empty())
}

fn failed(name: &CStr, errno: Errno) -> Error {
    let error = Error::os(CODE, STEP, errno).at(name.to_string_lossy());
    match errno {
        Errno::XDEV | Errno::BUSY => error.hint("something is still mounted in this tree: unmount it first"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("rcx-tree-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn a_missing_path_is_no_error() {
        remove_tree(Path::new("/nonexistent-rcx/tree")).unwrap();
    }

    #[test]
    fn the_target_of_a_symbolic_link_survives() {
        let dir = scratch("symlink");
        std::fs::create_dir_all(dir.join("victim")).unwrap();
        std::fs::write(dir.join("victim/file"), "x").unwrap();
        std::fs::create_dir_all(dir.join("tree/sub")).unwrap();
        symlink(dir.join("victim"), dir.join("tree/sub/link")).unwrap();
        symlink(dir.join("victim"), dir.join("top")).unwrap();
        remove_tree(&dir.join("tree")).unwrap();
        remove_tree(&dir.join("top")).unwrap();
        assert!(!dir.join("tree").exists());
        assert!(dir.join("top").symlink_metadata().is_err());
        assert_eq!(std::fs::read(dir.join("victim/file")).unwrap(), b"x");
        remove_tree(&dir).unwrap();
    }

    #[test]
    fn a_tree_deeper_than_path_max_goes() {
        let dir = scratch("deep");
        let mut fd = fs::openat(CWD, &dir, OFlags::PATH, Mode::empty()).unwrap();
        for _ in 0..5000 {
            fs::mkdirat(&fd, c"d", Mode::RWXU).unwrap();
            fd = fs::openat(&fd, c"d", OFlags::PATH, Mode::empty()).unwrap();
        }
        drop(fd);
        remove_tree(&dir).unwrap();
        assert!(!dir.exists());
    }

    #[test]
    fn wide_directories_go() {
        let dir = scratch("wide");
        for i in 0..3000 {
            std::fs::write(dir.join(format!("f{i}")), "").unwrap();
            std::fs::create_dir(dir.join(format!("d{i}"))).unwrap();
            std::fs::write(dir.join(format!("d{i}/x")), "").unwrap();
        }
        remove_tree(&dir).unwrap();
        assert!(!dir.exists());
    }
}
