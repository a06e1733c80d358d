//! Where a copy's entries go: names to open directories, below the destination or, for a container, below its root.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use rustix::fs::{self, Mode, OFlags, ResolveFlags, StatVfsMountFlags};
use rustix::io::Errno;

use super::owners::Owners;
use super::{Root, denied, failed, mount_of, persistently, reopen, split};
use crate::error::{Error, Result};
use crate::layer::Metadata;

/// Nothing can be written where a copy is to go.
const READ_ONLY: &str = "ERR_RCX_READ_ONLY";

/// A directory of the archive, as it was when it was made or found.
#[derive(Debug)]
pub(super) struct Directory {
    pub metadata: Metadata,
    /// Device and inode number.
    pub identity: (u64, u64),
}

/// An open directory, and a name in it.
#[derive(Debug)]
pub(super) struct Place {
    pub parent: Rc<OwnedFd>,
    pub name: CString,
}

/// The directory that is copied into.
#[derive(Debug)]
pub(super) struct Destination {
    fd: OwnedFd,
    /// Absolute.
    path: Vec<u8>,
    /// A container's root.
    root: Option<OwnedFd>,
    pub owners: Owners,
    /// Archives come directory by directory.
    last: Option<(Vec<u8>, Rc<OwnedFd>)>,
}

impl Destination {
    pub fn open(root: &Root, path: &[u8]) -> Result<Self> {
        let opened = root.open(path, OFlags::PATH | OFlags::DIRECTORY);
        let fd = opened.map_err(|errno| failed("open the directory", path, errno))?;
        let confined = root.confined().map(|fd| fd.try_clone_to_owned()).transpose();
        let confined = confined.map_err(|_| failed("open the root of", path, Errno::MFILE))?;
        let path = path.strip_suffix(b"/").unwrap_or(path).to_vec();
        let destination = Self { fd, path, root: confined, owners: root.owners().clone(), last: None };
        destination.check_writable()?;
        Ok(destination)
    }

    /// Docker's words where a container may not be written to. Of the host's directories the kernel says it.
    fn check_writable(&self) -> Result<()> {
        let Some(root) = &self.root else { return Ok(()) };
        let flags = fs::fstatvfs(&self.fd).map_err(|errno| failed("look at", &self.path, errno))?.f_flag;
        if !flags.contains(StatVfsMountFlags::RDONLY) {
            return Ok(());
        }
        let mount = |fd: &OwnedFd| mount_of(fd.as_fd()).map_err(|errno| failed("look at", &self.path, errno));
        let what = if mount(&self.fd)? == mount(root)? { "container rootfs" } else { "mounted volume" };
        Err(Error::new(READ_ONLY, format!("{what} is marked read-only")))
    }

    /// An entry's whole path, for messages.
    pub fn shown(&self, path: &[u8]) -> Vec<u8> {
        [&self.path, &b"/"[..], path].concat()
    }

    /// The place of an entry; directories missing on the way are made.
    pub fn place(&mut self, path: &[u8], known: &BTreeMap<Vec<u8>, Directory>) -> Result<Place> {
        let (above, name) = split(path)?;
        Ok(Place { parent: self.parent(above, known)?, name })
    }

    fn parent(&mut self, above: &[u8], known: &BTreeMap<Vec<u8>, Directory>) -> Result<Rc<OwnedFd>> {
        if let Some((_, fd)) = self.last.as_ref().filter(|(asked, _)| asked == above) {
            return Ok(Rc::clone(fd));
        }
        let fd = match self.directory(above, known) {
            Err(Errno::NOENT) => self.make(above, known)?,
            opened => opened.map_err(|errno| self.refused(above, errno))?,
        };
        let fd = Rc::new(fd);
        self.last = Some((above.to_vec(), Rc::clone(&fd)));
        Ok(fd)
    }

    /// Opens a directory below the destination, through no symbolic link; or, in a container, through links that were there
    /// before the copy, as a process in it would. What the archive itself says is a directory must be one still: somebody in
    /// the container could put a link in its place.
    fn directory(&self, path: &[u8], known: &BTreeMap<Vec<u8>, Directory>) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let name = if path.is_empty() { b"." } else { path };
        match persistently(|| fs::openat2(&self.fd, name, flags, Mode::empty(), resolve)) {
            Err(Errno::LOOP) if !is_below(path, known) => {
                let Some(root) = &self.root else { return Err(Errno::LOOP) };
                let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
                let whole = self.shown(path);
                persistently(|| fs::openat2(root, &whole[..], flags, Mode::empty(), resolve))
            }
            opened => opened,
        }
    }

    /// Makes directories that the archive implies.
    fn make(&self, path: &[u8], known: &BTreeMap<Vec<u8>, Directory>) -> Result<OwnedFd> {
        let mut above = self.directory(b"", known).map_err(|errno| self.refused(b"", errno))?;
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        for end in ends.chain([path.len()]) {
            let prefix = &path[..end];
            above = match self.directory(prefix, known) {
                Err(Errno::NOENT) => {
                    let (_, name) = split(prefix)?;
                    self.make_one(&above, &name).map_err(|errno| self.refused(prefix, errno))?
                }
                opened => opened.map_err(|errno| self.refused(prefix, errno))?,
            };
        }
        Ok(above)
    }

    fn make_one(&self, above: &OwnedFd, name: &CString) -> rustix::io::Result<OwnedFd> {
        match self.owners.making(|| fs::mkdirat(above, name, Mode::from_raw_mode(0o755))) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = fs::openat(above, name, flags, Mode::empty())?;
        if self.root.is_some() {
            // The umask is the host's.
            let open = reopen(made.as_fd(), OFlags::RDONLY | OFlags::DIRECTORY)?;
            fs::fchmod(open, Mode::from_raw_mode(0o755))?;
        }
        Ok(made)
    }

    fn refused(&self, path: &[u8], errno: Errno) -> Error {
        match errno {
            Errno::NOTDIR => denied("copy below something that is no directory")
                .at(String::from_utf8_lossy(&self.shown(path))),
            Errno::LOOP => denied("copy through a symbolic link: it leads out of what is copied to")
                .at(String::from_utf8_lossy(&self.shown(path))),
            _ => failed("open the directory", &self.shown(path), errno),
        }
    }
}

/// Whether a path is, or lies below, a directory of the archive.
fn is_below(path: &[u8], known: &BTreeMap<Vec<u8>, Directory>) -> bool {
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    ends.chain([path.len()]).any(|end| known.contains_key(&path[..end]))
}
