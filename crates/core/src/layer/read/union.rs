//! Layers seen as one tree, the way overlayfs shows them, without a mount: whiteouts and opaque directories are applied here.
//!
//! Layers may be a stranger's and the topmost one may belong to a running container, so every path is resolved below the
//! layer's descriptor by `openat2` and no symbolic link is ever followed.

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{self, AtFlags, CWD, FileType, Mode, OFlags, RawDir, ResolveFlags, Stat};
use rustix::io::Errno;

use super::READ;
use crate::error::{Context, Error, Result};
use crate::layer::resolve::is_whiteout;

/// Directories, topmost first.
#[derive(Debug)]
pub struct Union {
    layers: Vec<OwnedFd>,
}

/// What the layers have at a path.
#[derive(Debug)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// The topmost layer that has something says that there is nothing.
    Whiteout { stat: Stat },
    /// A directory, of which these layers show something, topmost first; its attributes are those of the first.
    Directory { layers: Vec<usize>, stat: Stat, opaque: bool },
    /// Anything else.
    Other { layer: usize, stat: Stat },
}

impl Union {
    /// Opens the layers' directories.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_READ` if one cannot be opened.
    pub fn open(directories: &[PathBuf]) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let open = |path: &PathBuf| {
            fs::openat(CWD, path, flags, Mode::empty()).step_at(READ, "open the layer", path.display())
        };
        Ok(Self { layers: directories.iter().map(open).collect::<Result<_>>()? })
    }

    /// Indices of all layers.
    pub fn all(&self) -> Vec<usize> {
        (0..self.layers.len()).collect()
    }

    /// What stands at a path from the root on, without `.` and `..`; empty for the root.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_READ`.
    pub fn find(&self, path: &[u8]) -> Result<Found> {
        let mut found = self.at(&self.all(), b"")?;
        for end in ends(path) {
            let Found::Directory { layers, .. } = found else { return Ok(Found::Nothing) };
            found = self.at(&layers, &path[..end])?;
        }
        Ok(found)
    }

    /// What stands at a path whose parent these layers show.
    pub(super) fn at(&self, parents: &[usize], path: &[u8]) -> Result<Found> {
        let mut directory: Option<(Vec<usize>, Stat, bool)> = None;
        for &layer in parents {
            let Some(stat) = self.stat(layer, path)? else { continue };
            let is_directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
            match &mut directory {
                None if is_whiteout(&stat) => return Ok(Found::Whiteout { stat }),
                None if !is_directory => return Ok(Found::Other { layer, stat }),
                None => directory = Some((vec![layer], stat, false)),
                // A directory hides what is not one below it.
                Some(_) if !is_directory => break,
                Some((layers, _, _)) => layers.push(layer),
            }
            if self.is_opaque(layer, path)? {
                if let Some((layers, _, opaque)) = &mut directory {
                    *opaque = layers.len() == 1;
                }
                break;
            }
        }
        Ok(directory.map_or(Found::Nothing, |(layers, stat, opaque)| Found::Directory {
            layers,
            stat,
            opaque,
        }))
    }

    /// The directory at a path as the topmost layer says that describes it: some layers have it only for what is in it.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_READ`.
    pub fn described(&self, path: &[u8], implied_in: &[usize]) -> Result<Option<Stat>> {
        let at = path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        let Found::Directory { layers, .. } = self.find(&path[..at])? else { return Ok(None) };
        for layer in layers {
            match self.stat(layer, path)? {
                Some(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::Directory => {
                    return Ok(None);
                }
                // Also where it is opaque: that is said of its content.
                Some(stat) if !implied_in.contains(&layer) => return Ok(Some(stat)),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Names of what a container sees in a directory, in the order of their bytes; none where there is no directory.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_READ`.
    pub fn names(&self, path: &[u8]) -> Result<Vec<Vec<u8>>> {
        let Found::Directory { layers, .. } = self.find(path)? else { return Ok(Vec::new()) };
        let mut names = Vec::new();
        for (name, layers) in self.list(path, &layers)? {
            let below = if path.is_empty() { name.clone() } else { [path, b"/", &name].concat() };
            if !matches!(self.at(&layers, &below)?, Found::Nothing | Found::Whiteout { .. }) {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Names in a directory that several layers show, whiteouts included, with the layers that have each.
    pub(super) fn list(&self, path: &[u8], layers: &[usize]) -> Result<BTreeMap<Vec<u8>, Vec<usize>>> {
        let mut names: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        for &layer in layers {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
            let fd = match self.open_in(layer, path, flags) {
                Ok(fd) => fd,
                Err(Errno::NOENT | Errno::NOTDIR) => continue,
                Err(errno) => return Err(failed("open", path, errno)),
            };
            let mut buffer = [MaybeUninit::<u8>::uninit(); 16 * 1024];
            let mut entries = RawDir::new(&fd, &mut buffer);
            while let Some(entry) = entries.next() {
                let entry = match entry {
                    // Removed while it was open.
                    Err(Errno::NOENT) => break,
                    entry => entry.map_err(|errno| failed("list", path, errno))?,
                };
                let name = entry.file_name().to_bytes();
                if name != b"." && name != b".." {
                    names.entry(name.to_owned()).or_default().push(layer);
                }
            }
        }
        Ok(names)
    }

    /// Opens something of one layer.
    pub(super) fn open_in(&self, layer: usize, path: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let root = self.layers.get(layer).ok_or(Errno::BADF)?;
        let path = if path.is_empty() { b"." } else { path };
        fs::openat2(root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve)
    }

    fn stat(&self, layer: usize, path: &[u8]) -> Result<Option<Stat>> {
        let opened = self.open_in(layer, path, OFlags::PATH | OFlags::NOFOLLOW);
        match opened.and_then(|fd| fs::statat(fd, c"", AtFlags::EMPTY_PATH)) {
            Ok(stat) => Ok(Some(stat)),
            // A parent that is no directory, or was removed by a container that runs.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
            Err(errno) => Err(failed("look at", path, errno)),
        }
    }

    /// overlayfs' mark on a directory that hides what is below, in the form for root and in that for users.
    fn is_opaque(&self, layer: usize, path: &[u8]) -> Result<bool> {
        let fd = match self.open_in(layer, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW) {
            Ok(fd) => fd,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(false),
            Err(errno) => return Err(failed("open", path, errno)),
        };
        let marked = |name: &std::ffi::CStr| {
            let mut value = [0; 2];
            match fs::fgetxattr(fd.as_fd(), name, &mut value[..]) {
                Ok(length) => Ok(&value[..length] == b"y"),
                Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::RANGE) => Ok(false),
                Err(errno) => Err(failed("read the attributes of", path, errno)),
            }
        };
        Ok(marked(c"trusted.overlay.opaque")? || marked(c"user.overlay.opaque")?)
    }
}

/// Where the path of each ancestor ends, and last the path itself.
fn ends(path: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let inner = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    inner.chain((!path.is_empty()).then_some(path.len()))
}

/// A refused system call on something of a layer.
pub(super) fn failed(what: &str, path: &[u8], errno: Errno) -> Error {
    let path = String::from_utf8_lossy(path);
    let error = Error::os(READ, format!("{what} a file of the layer"), errno).at(format!("/{path}"));
    if errno == Errno::NAMETOOLONG {
        error.hint("the kernel takes no paths of more than 4096 bytes")
    } else {
        error
    }
}
