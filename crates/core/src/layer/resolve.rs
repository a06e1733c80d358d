//! Names to directory descriptors, below the layer's root and nowhere else.
//!
//! The usual parent exists and has no symbolic link in its path: one `openat2` that refuses symbolic links opens it.
//! Otherwise the path is walked one component at a time with the same call, and symbolic links are read and applied
//! here, as a process with this layer as its root would see them: `..` and absolute targets stop at the root.

use std::collections::VecDeque;
use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use rustix::fs::{self, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use super::record::Records;
use super::{Metadata, invalid, refused};
use crate::error::Result;

/// As many symbolic links in one path as the kernel itself would follow.
const MAX_SYMLINKS: u32 = 40;

/// Where an entry goes: the open directory and its real path, and the entry's name in it.
pub(super) struct Place {
    pub parent: Rc<OwnedFd>,
    pub parent_path: Rc<[u8]>,
    pub name: CString,
}

impl Place {
    /// The entry's own real path, relative to the layer's root.
    pub fn path(&self) -> Vec<u8> {
        join(&self.parent_path, self.name.to_bytes())
    }
}

/// Resolves parents, and remembers the last one: archives come directory by directory.
pub(super) struct Resolver {
    root: Rc<OwnedFd>,
    last: Option<LastParent>,
}

struct LastParent {
    asked: Vec<u8>,
    fd: Rc<OwnedFd>,
    real: Rc<[u8]>,
}

impl Resolver {
    pub fn new(root: OwnedFd) -> Self {
        Self { root: Rc::new(root), last: None }
    }

    pub fn root(&self) -> &OwnedFd {
        &self.root
    }

    /// To be called when anything is removed: what a path leads to changes in no other way.
    pub fn forget(&mut self) {
        self.last = None;
    }

    /// The place of `path`; directories missing on the way are made and recorded.
    pub fn place(&mut self, path: &[u8], records: &mut Records) -> Result<Place> {
        let (parent, name) = split(path)?;
        let (parent, parent_path) = self.directory(parent, Some(records), path)?;
        Ok(Place { parent, parent_path, name })
    }

    /// The place of `path` if its parent exists.
    pub fn existing_place(&mut self, path: &[u8]) -> Result<Place> {
        let (parent, name) = split(path)?;
        let (parent, parent_path) = self.directory(parent, None, path)?;
        Ok(Place { parent, parent_path, name })
    }

    /// The real path of the directory that `path` leads to, through symbolic links; made where it is missing.
    pub fn real_directory(&mut self, path: &[u8], records: &mut Records) -> Result<Rc<[u8]>> {
        Ok(self.directory(path, Some(records), path)?.1)
    }

    fn directory(
        &mut self,
        asked: &[u8],
        records: Option<&mut Records>,
        entry: &[u8],
    ) -> Result<(Rc<OwnedFd>, Rc<[u8]>)> {
        if asked.is_empty() {
            return Ok((Rc::clone(&self.root), Rc::from(&b""[..])));
        }
        if let Some(last) = self.last.as_ref().filter(|last| last.asked == asked) {
            return Ok((Rc::clone(&last.fd), Rc::clone(&last.real)));
        }
        let (fd, real) = match self.open(asked) {
            Ok(fd) => (fd, asked.to_vec()),
            Err(Errno::NOENT | Errno::LOOP | Errno::NOTDIR | Errno::XDEV) => {
                let real = self.walk(asked, records, entry)?;
                (self.open(&real).map_err(|e| refused("open the directory", entry, e))?, real)
            }
            Err(e) => return Err(refused("open the directory", entry, e)),
        };
        let (fd, real) = (Rc::new(fd), Rc::from(real));
        self.last = Some(LastParent { asked: asked.to_vec(), fd: Rc::clone(&fd), real: Rc::clone(&real) });
        Ok((fd, real))
    }

    /// Opens a directory whose path has no symbolic link and no `..`; the empty path is the root.
    pub fn open(&self, real: &[u8]) -> rustix::io::Result<OwnedFd> {
        self.open_with(real, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC)
    }

    /// The same with the caller's open flags.
    pub fn open_with(&self, real: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
        let real = if real.is_empty() { b"." } else { real };
        fs::openat2(self.root.as_fd(), real, flags, Mode::empty(), resolve)
    }

    /// Follows `asked` from the root, reading symbolic links itself, and returns the real path of the directory.
    fn walk(&self, asked: &[u8], mut records: Option<&mut Records>, entry: &[u8]) -> Result<Vec<u8>> {
        let mut left: VecDeque<Vec<u8>> = components(asked).collect();
        let mut real = Vec::new();
        let mut symlinks = 0;
        while let Some(component) = left.pop_front() {
            if component == b".." {
                real.truncate(real.iter().rposition(|&b| b == b'/').unwrap_or(0));
                continue;
            }
            let next = join(&real, &component);
            match self.look(&next).map_err(|e| refused("look up a parent directory", entry, e))? {
                Found::Directory => real = next,
                Found::Symlink(target) => {
                    symlinks += 1;
                    if symlinks > MAX_SYMLINKS {
                        return Err(invalid("too many symbolic links on the way to the entry", entry));
                    }
                    if target.starts_with(b"/") {
                        real.clear();
                    }
                    for part in components(&target).collect::<Vec<_>>().into_iter().rev() {
                        left.push_front(part);
                    }
                }
                found => {
                    let Some(records) = records.as_deref_mut() else {
                        return Err(invalid("a parent directory is not in this layer", entry));
                    };
                    self.make_parent(&next, &found, records, entry)?;
                    real = next;
                }
            }
        }
        Ok(real)
    }

    fn make_parent(&self, path: &[u8], found: &Found, records: &mut Records, entry: &[u8]) -> Result<()> {
        let make = || -> rustix::io::Result<()> {
            if matches!(found, Found::Whiteout) {
                fs::unlinkat(self.root(), path, fs::AtFlags::empty())?;
            }
            fs::mkdirat(self.root(), path, Mode::RWXU)
        };
        match found {
            // `path` is real up to its last component, which is missing or was just seen to be a whiteout, and nobody
            // else writes into a layer that is being made: the plain calls cannot be led astray.
            Found::Missing | Found::Whiteout => {
                make().map_err(|e| refused("make a parent directory", entry, e))?;
                records.removed(path);
                if matches!(found, Found::Whiteout) {
                    // What was there is deleted: this is another directory, of which nobody says anything.
                    records.made(path.to_vec(), Metadata::implied_directory(), true)
                } else {
                    records.implied(path.to_vec())
                }
            }
            _ => Err(invalid("a parent of the entry is not a directory", entry)),
        }
    }

    fn look(&self, real: &[u8]) -> rustix::io::Result<Found> {
        let fd = match self.open_with(real, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(Found::Missing),
            Err(e) => return Err(e),
        };
        let stat = fs::fstat(&fd)?;
        Ok(match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Found::Directory,
            FileType::Symlink => Found::Symlink(fs::readlinkat(&fd, c"", Vec::new())?.into_bytes()),
            _ if is_whiteout(&stat) => Found::Whiteout,
            _ => Found::Other,
        })
    }
}

enum Found {
    Directory,
    Symlink(Vec<u8>),
    Whiteout,
    Other,
    Missing,
}

/// Overlay's form of "deleted in this layer": a character device 0/0.
pub(super) fn is_whiteout(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == 0
}

fn split(path: &[u8]) -> Result<(&[u8], CString)> {
    let (parent, name) = match path.iter().rposition(|&b| b == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&path[..0], path),
    };
    if matches!(name, b"" | b"." | b"..") {
        return Err(invalid("the entry has no name of its own", path));
    }
    let name = CString::new(name).map_err(|_| invalid("the entry's name has a NUL byte", path))?;
    Ok((parent, name))
}

fn components(path: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    path.split(|&b| b == b'/').filter(|part| !matches!(*part, b"" | b".")).map(<[u8]>::to_vec)
}

fn join(parent: &[u8], name: &[u8]) -> Vec<u8> {
    if parent.is_empty() { name.to_vec() } else { [parent, b"/", name].concat() }
}
