//! One object of a tree with everything that an archive can hold of it.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rustix::fs::{self, FileType, Stat};
use rustix::io::Errno;

use super::union::failed;
use crate::error::Result;
use crate::layer::Xattr;

/// What an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory; `opaque` when it hides what the layers below have in it.
    Directory { opaque: bool },
    /// A symbolic link.
    Symlink { target: Vec<u8> },
    /// A character device.
    Character { major: u32, minor: u32 },
    /// A block device.
    Block { major: u32, minor: u32 },
    /// A named pipe.
    Fifo,
    /// A socket, which no archive can hold.
    Socket,
    /// Something was deleted here.
    Whiteout,
}

/// An object of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the tree's root, which is empty.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: Kind,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// Numeric owner.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Modification time: whole seconds, then nanoseconds.
    pub mtime: (i64, u32),
    /// Bytes of a file, of any other object what stat(2) says.
    pub size: u64,
    /// Whether the object has several names.
    pub shared: bool,
    /// What names of the same object have in common.
    pub inode: (u64, u64),
    /// All that can be read, overlayfs' own included.
    pub xattrs: Vec<Xattr>,
}

impl Entry {
    /// From what stat(2) says; `opaque` counts for a directory. The target of a link and attributes are not in it.
    pub fn of(path: Vec<u8>, stat: &Stat, opaque: bool) -> Self {
        let (major, minor) = (fs::major(stat.st_rdev), fs::minor(stat.st_rdev));
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Kind::Directory { opaque },
            FileType::Symlink => Kind::Symlink { target: Vec::new() },
            FileType::CharacterDevice if stat.st_rdev == 0 => Kind::Whiteout,
            FileType::CharacterDevice => Kind::Character { major, minor },
            FileType::BlockDevice => Kind::Block { major, minor },
            FileType::Fifo => Kind::Fifo,
            FileType::Socket => Kind::Socket,
            _ => Kind::File,
        };
        Self {
            path,
            kind,
            mode: stat.st_mode & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
            mtime: (stat.st_mtime, u32::try_from(stat.st_mtime_nsec).unwrap_or(0)),
            size: u64::try_from(stat.st_size).unwrap_or(0),
            shared: stat.st_nlink > 1,
            inode: (stat.st_dev, stat.st_ino),
            xattrs: Vec::new(),
        }
    }
}

/// Extended attributes of an open file or directory.
pub(super) fn xattrs_of(fd: BorrowedFd<'_>, path: &[u8]) -> Result<Vec<Xattr>> {
    let list = |buffer: &mut [u8]| fs::flistxattr(fd, buffer);
    let get = |name: &CStr, buffer: &mut [u8]| fs::fgetxattr(fd, name, buffer);
    collect(list, get).map_err(|errno| failed("read the attributes of", path, errno))
}

/// The same for what cannot be opened, by its name in an open directory: the way goes through that directory's own magic link,
/// and the last component is not followed. `None` when it was removed meanwhile.
pub(super) fn xattrs_at(parent: BorrowedFd<'_>, name: &[u8], path: &[u8]) -> Result<Option<Vec<Xattr>>> {
    let mut link = format!("/proc/self/fd/{}/", parent.as_raw_fd()).into_bytes();
    link.extend_from_slice(name);
    let list = |buffer: &mut [u8]| fs::llistxattr(&link[..], buffer);
    let get = |name: &CStr, buffer: &mut [u8]| fs::lgetxattr(&link[..], name, buffer);
    unless_removed(collect(list, get), "read the attributes of", path)
}

/// The same of what is open by `O_PATH`, whatever it is: through the descriptor's own magic link, behind which a symbolic link is
/// not followed.
pub(crate) fn xattrs_through(fd: BorrowedFd<'_>) -> rustix::io::Result<Vec<Xattr>> {
    let link = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let list = |buffer: &mut [u8]| fs::listxattr(&link, buffer);
    let get = |name: &CStr, buffer: &mut [u8]| fs::getxattr(&link, name, buffer);
    collect(list, get)
}

/// Sorted by name: in which order a file system keeps them must not show.
fn collect(
    list: impl Fn(&mut [u8]) -> rustix::io::Result<usize>,
    get: impl Fn(&CStr, &mut [u8]) -> rustix::io::Result<usize>,
) -> rustix::io::Result<Vec<Xattr>> {
    let names = match grown(list) {
        Err(Errno::OPNOTSUPP) => return Ok(Vec::new()),
        names => names?,
    };
    let mut xattrs = Vec::new();
    for name in
        names.split_inclusive(|byte| *byte == 0).filter_map(|name| CStr::from_bytes_with_nul(name).ok())
    {
        match grown(|buffer: &mut [u8]| get(name, buffer)) {
            Ok(value) => xattrs.push(Xattr { name: CString::from(name), value }),
            // Removed meanwhile, or not for this caller to see.
            Err(Errno::NODATA | Errno::PERM | Errno::ACCESS | Errno::OPNOTSUPP) => {}
            Err(errno) => return Err(errno),
        }
    }
    xattrs.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(xattrs)
}

/// Calls with a buffer that is large enough; most objects have no attributes, so the first one is small.
fn grown(call: impl Fn(&mut [u8]) -> rustix::io::Result<usize>) -> rustix::io::Result<Vec<u8>> {
    /// The kernel's limits on a value and on the list (xattr(7)).
    const LARGEST: usize = 64 * 1024;
    for size in [256, 4096, LARGEST] {
        let mut buffer = vec![0; size];
        match call(&mut buffer) {
            Err(Errno::RANGE) if size < LARGEST => {}
            length => {
                buffer.truncate(length?);
                return Ok(buffer);
            }
        }
    }
    Err(Errno::RANGE)
}

/// The target of a symbolic link, by its name in an open directory; `None` when it was removed meanwhile.
pub(super) fn target_of(parent: BorrowedFd<'_>, name: &[u8], path: &[u8]) -> Result<Option<Vec<u8>>> {
    let target = fs::readlinkat(parent.as_fd(), name, Vec::new());
    unless_removed(target.map(CString::into_bytes), "read", path)
}

fn unless_removed<T>(result: rustix::io::Result<T>, what: &str, path: &[u8]) -> Result<Option<T>> {
    match result {
        Err(Errno::NOENT) => Ok(None),
        result => result.map(Some).map_err(|errno| failed(what, path, errno)),
    }
}
