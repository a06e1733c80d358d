//! What an archive entry says about an object besides its content, and how it is put on it.

use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::fs::{self, AtFlags, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;

use super::owner::Ownership;
use super::sink::SinkOptions;
use super::{invalid, owner, refused};
use crate::error::{Error, Result};

/// An extended attribute as the archive has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Xattr {
    /// Full name with its namespace: `security.capability`.
    pub name: CString,
    /// The raw value.
    pub value: Vec<u8>,
}

/// Owner, mode, modification time and extended attributes of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Permission bits with setuid, setgid and sticky: the lower twelve bits count.
    pub mode: u32,
    /// Numeric owner.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Modification time, whole seconds since the epoch, negative before it.
    pub mtime: i64,
    /// Nanoseconds after `mtime`, 0 to 999 999 999.
    pub mtime_nsec: u32,
    /// Extended attributes, in the archive's order.
    pub xattrs: Vec<Xattr>,
}

impl Metadata {
    /// What a directory gets that the archive implies but does not contain: mode 0755, root, and a fixed time, so
    /// that the same archive always makes the same layer.
    pub fn implied_directory() -> Self {
        Self { mode: 0o755, uid: 0, gid: 0, mtime: 0, mtime_nsec: 0, xattrs: Vec::new() }
    }

    pub(super) fn permissions(&self) -> Mode {
        Mode::from_raw_mode(self.mode & 0o7777)
    }

    fn times(&self) -> Timestamps {
        let time = Timespec { tv_sec: self.mtime, tv_nsec: i64::from(self.mtime_nsec) as _ };
        Timestamps { last_access: time, last_modification: time }
    }

    fn owner(&self) -> (Option<Uid>, Option<Gid>) {
        (Some(Uid::from_raw(self.uid)), Some(Gid::from_raw(self.gid)))
    }

    /// Puts everything on an open file or directory.
    pub(super) fn apply_fd(&self, fd: BorrowedFd<'_>, path: &[u8], options: &SinkOptions) -> Result<()> {
        self.put_on(fd, options).map_err(|refusal| refusal.of_layer(path))
    }

    /// The same, whatever the tree is. The order matters: `chown` clears setuid bits and capabilities.
    pub(crate) fn put_on(
        &self,
        fd: BorrowedFd<'_>,
        options: &SinkOptions,
    ) -> std::result::Result<(), Refusal> {
        // A look costs less than two changes that change nothing, each a transaction of the file system's journal.
        let now = fs::fstat(fd).map_err(|e| Refusal::of("look at what was made", e))?;
        let gives = options.ownership == Ownership::Given;
        let chown = gives && (now.st_uid, now.st_gid) != (self.uid, self.gid);
        if chown {
            let (uid, gid) = self.owner();
            fs::fchown(fd, uid, gid).map_err(|e| Refusal::of("set the owner", e))?;
        }
        if chown || Mode::from_raw_mode(now.st_mode) != self.permissions() {
            fs::fchmod(fd, self.permissions()).map_err(|e| Refusal::of("set the mode", e))?;
        }
        if options.ownership == Ownership::Recorded {
            owner::record(fd, self.uid, self.gid).map_err(|e| Refusal::of("record the owner", e))?;
        }
        for xattr in self.xattrs.iter().filter(|xattr| !owner::is_record(&xattr.name)) {
            let result = fs::fsetxattr(fd, &*xattr.name, &xattr.value, XattrFlags::empty());
            check_xattr(result, xattr, options)?;
        }
        fs::futimens(fd, &self.times()).map_err(|e| Refusal::of("set the times", e))
    }

    /// The same for what cannot be opened but by `O_PATH`: a symbolic link, a device node or a pipe.
    pub(crate) fn put_on_node(
        &self,
        fd: BorrowedFd<'_>,
        options: &SinkOptions,
        symlink: bool,
    ) -> std::result::Result<(), Refusal> {
        // The descriptor's own magic link leads to that very object, and a symbolic link behind it is not followed.
        let link = format!("/proc/self/fd/{}", fd.as_raw_fd());
        if options.ownership == Ownership::Given {
            let (uid, gid) = self.owner();
            fs::chownat(fd, c"", uid, gid, AtFlags::EMPTY_PATH)
                .map_err(|e| Refusal::of("set the owner", e))?;
        }
        if !symlink {
            // Linux has no mode on symbolic links.
            fs::chmodat(fs::CWD, &link, self.permissions(), AtFlags::empty())
                .map_err(|e| Refusal::of("set the mode", e))?;
        }
        for xattr in &self.xattrs {
            let result = fs::setxattr(&link, &*xattr.name, &xattr.value, XattrFlags::empty());
            check_xattr(result, xattr, options)?;
        }
        fs::utimensat(fs::CWD, &link, &self.times(), AtFlags::empty())
            .map_err(|e| Refusal::of("set the times", e))
    }

    /// The same for what cannot be opened: a symbolic link or a device node, just made as `name` in `parent`.
    pub(super) fn apply_at(
        &self,
        parent: BorrowedFd<'_>,
        name: &CStr,
        path: &[u8],
        options: &SinkOptions,
        symlink: bool,
    ) -> Result<()> {
        if options.ownership == Ownership::Given {
            let (uid, gid) = self.owner();
            fs::chownat(parent, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW)
                .map_err(|e| refused("set the owner", path, e))?;
        }
        if !symlink {
            // Linux has no mode on symbolic links; a node that this sink just made is none.
            fs::chmodat(parent, name, self.permissions(), AtFlags::empty())
                .map_err(|e| refused("set the mode", path, e))?;
        }
        // Nothing but files and directories can have attributes of users: peers leave them out as well.
        for xattr in self.xattrs.iter().filter(|xattr| !xattr.name.to_bytes().starts_with(b"user.")) {
            let result = check_xattr(set_xattr_at(parent, name, xattr), xattr, options);
            result.map_err(|refusal| refusal.of_layer(path))?;
        }
        fs::utimensat(parent, name, &self.times(), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|e| refused("set the times", path, e))
    }
}

/// What could not be put on an object, and the kernel's answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// In words.
    pub step: String,
    /// Why.
    pub errno: Errno,
}

impl Refusal {
    fn of(step: &str, errno: Errno) -> Self {
        Self { step: step.to_owned(), errno }
    }

    fn of_layer(&self, path: &[u8]) -> Error {
        refused(&self.step, path, self.errno)
    }
}

/// There is no `setxattrat` before Linux 6.13: the directory is reached through its own descriptor's magic link, and
/// `lsetxattr` does not follow the last component.
fn set_xattr_at(parent: BorrowedFd<'_>, name: &CStr, xattr: &Xattr) -> rustix::io::Result<()> {
    let mut path = format!("/proc/self/fd/{}/", parent.as_raw_fd()).into_bytes();
    path.extend_from_slice(name.to_bytes());
    fs::lsetxattr(path, &*xattr.name, &xattr.value, XattrFlags::empty())
}

fn check_xattr(
    result: rustix::io::Result<()>,
    xattr: &Xattr,
    options: &SinkOptions,
) -> std::result::Result<(), Refusal> {
    match result {
        Ok(()) => Ok(()),
        // The file system has no such attributes (or none on this type of object): peers leave them out as well.
        Err(Errno::OPNOTSUPP) => Ok(()),
        // Without privilege only some namespaces can be written; the content is right without them.
        Err(Errno::PERM) if !options.privileged => Ok(()),
        Err(e) => {
            let name = xattr.name.to_string_lossy();
            Err(Refusal::of(&format!("set the extended attribute {name}"), e))
        }
    }
}

/// Overlay's own attributes would let an archive redirect or hide what is outside its layer.
pub(super) fn check_names(xattrs: &[Xattr], path: &[u8]) -> Result<()> {
    for xattr in xattrs {
        let name = xattr.name.to_bytes();
        if name.starts_with(b"trusted.overlay.") || name.starts_with(b"user.overlay.") {
            return Err(invalid("an overlay attribute may not come from an archive", path));
        }
    }
    Ok(())
}
