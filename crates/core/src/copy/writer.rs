//! Writing into a tree that others change meanwhile.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};
use rustix::io::{self, Errno};

use super::place::{Destination, Directory, Place};
use super::{CopyReader, Root, denied, failed, mount_of, reopen};
use crate::error::{Error, Result};
use crate::layer::{Metadata, NodeKind, SinkOptions};

/// How often something is removed for an entry that somebody else makes again at once.
const MAX_TRIES: usize = 16;
/// Content goes from file to file in pieces of this size.
const PIECE: usize = 128 * 1024;

/// Writes the entries of an archive below a directory. Their paths are relative to it, raw bytes, without `.` and `..`.
///
/// As with docker an entry takes the place of what has its name, unless only one of the two is a directory. A directory that is
/// there already is filled, and gets the archive's mode and times.
#[derive(Debug)]
pub struct CopyWriter {
    destination: Destination,
    options: SinkOptions,
    directories: BTreeMap<Vec<u8>, Directory>,
    file: Option<OpenFile>,
    buffer: Vec<u8>,
}

/// The file whose content is arriving.
#[derive(Debug)]
struct OpenFile {
    fd: OwnedFd,
    place: Place,
    path: Vec<u8>,
    metadata: Metadata,
    offset: u64,
    ended: bool,
}

impl CopyWriter {
    /// Opens a directory of a root, links at its end followed.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`; `ERR_RCX_READ_ONLY` where a container may not be written to.
    pub fn open(root: &Root, directory: &[u8], options: SinkOptions) -> Result<Self> {
        let destination = Destination::open(root, directory)?;
        Ok(Self { destination, options, directories: BTreeMap::new(), file: None, buffer: Vec::new() })
    }

    /// Makes a directory or takes the one that is there. Mode and times are put on it once more at the end.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn directory(&mut self, path: &[u8], metadata: Metadata) -> Result<()> {
        let place = self.destination.place(path, &self.directories)?;
        let shown = self.destination.shown(path);
        let owners = &self.destination.owners;
        let metadata = owners.store(metadata, &shown)?;
        match owners.making(|| fs::mkdirat(&*place.parent, &place.name, Mode::RWXU)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(failed("make the directory", &shown, errno)),
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let node = match fs::openat(&*place.parent, &place.name, flags, Mode::empty()) {
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(overwrites("non-directory", &shown, "directory")),
            opened => opened.map_err(|errno| failed("open the directory", &shown, errno))?,
        };
        let fd = reopen(node.as_fd(), OFlags::RDONLY | OFlags::DIRECTORY)
            .map_err(|errno| failed("open the directory", &shown, errno))?;
        let stat = fs::fstat(&fd).map_err(|errno| failed("look at", &shown, errno))?;
        // It has to be filled first, by somebody who may not be root.
        let now = Metadata { mode: metadata.mode | 0o700, ..metadata.clone() };
        now.put_on(fd.as_fd(), &self.options)
            .map_err(|refusal| failed(&refusal.step, &shown, refusal.errno))?;
        let identity = (stat.st_dev, stat.st_ino);
        self.directories.insert(path.to_vec(), Directory { metadata, identity });
        Ok(())
    }

    /// Begins a regular file. Its content follows by [`Self::write`] or [`Self::fill`], its end by [`Self::end_file`].
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn begin_file(&mut self, path: &[u8], metadata: Metadata) -> Result<()> {
        self.file = None;
        let place = self.destination.place(path, &self.directories)?;
        let metadata = self.destination.owners.store(metadata, &self.destination.shown(path))?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = self.replacing(&place, path, "make the file", |place| {
            fs::openat(&*place.parent, &place.name, flags, Mode::RUSR | Mode::WUSR)
        })?;
        self.file = Some(OpenFile {
            fd,
            place,
            path: self.destination.shown(path),
            metadata,
            offset: 0,
            ended: false,
        });
        Ok(())
    }

    /// Appends to the file that was begun.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn write(&mut self, data: &[u8]) -> Result<()> {
        self.file.as_mut().ok_or_else(|| denied("write content without a file"))?.write(data)
    }

    /// Leaves a hole in the file that was begun.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn skip(&mut self, length: u64) -> Result<()> {
        let file = self.file.as_mut().ok_or_else(|| denied("write content without a file"))?;
        let end = file.offset.checked_add(length).filter(|end| i64::try_from(*end).is_ok());
        file.offset = end.ok_or_else(|| failed("make a hole in", &file.path, Errno::FBIG))?;
        fs::ftruncate(&file.fd, file.offset).map_err(|errno| failed("make a hole in", &file.path, errno))
    }

    /// Moves at most so many bytes of the reader's file to the one that was begun; 0 when all of it was moved.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn fill(&mut self, reader: &mut CopyReader, most: u64) -> Result<u64> {
        let file = self.file.as_mut().ok_or_else(|| denied("write content without a file"))?;
        self.buffer.resize(PIECE, 0);
        let mut moved = 0;
        while moved < most {
            let length = reader.read(&mut self.buffer)?;
            if length == 0 {
                break;
            }
            file.write(&self.buffer[..length])?;
            moved += length as u64;
        }
        Ok(moved)
    }

    /// Ends the file that was begun: owner, mode, attributes and times are put on it.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn end_file(&mut self) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        file.metadata
            .put_on(file.fd.as_fd(), &self.options)
            .map_err(|refusal| failed(&refusal.step, &file.path, refusal.errno))?;
        if let Some(mut file) = self.file.take() {
            file.ended = true;
        }
        Ok(())
    }

    /// Makes a symbolic link; `target` is stored as it is.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn symlink(&mut self, path: &[u8], target: &[u8], metadata: &Metadata) -> Result<()> {
        let place = self.destination.place(path, &self.directories)?;
        self.replacing(&place, path, "make the symbolic link", |place| {
            fs::symlinkat(target, &*place.parent, &place.name)
        })?;
        self.describe(&place, path, metadata, FileType::Symlink)
    }

    /// Makes a device node or named pipe.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn node(&mut self, path: &[u8], kind: NodeKind, metadata: &Metadata) -> Result<()> {
        let (file_type, device) = match kind {
            NodeKind::Character { major, minor } => (FileType::CharacterDevice, fs::makedev(major, minor)),
            NodeKind::Block { major, minor } => (FileType::BlockDevice, fs::makedev(major, minor)),
            NodeKind::Fifo => (FileType::Fifo, 0),
        };
        let place = self.destination.place(path, &self.directories)?;
        self.replacing(&place, path, "make the device node", |place| {
            fs::mknodat(&*place.parent, &place.name, file_type, Mode::RUSR | Mode::WUSR, device)
        })?;
        self.describe(&place, path, metadata, file_type)
    }

    /// Makes `path` another name of `target`; a symbolic link is linked, not followed.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn hardlink(&mut self, path: &[u8], target: &[u8]) -> Result<()> {
        let source = self.destination.place(target, &self.directories)?;
        let place = self.destination.place(path, &self.directories)?;
        let look = |place: &Place| fs::statat(&*place.parent, &place.name, AtFlags::SYMLINK_NOFOLLOW);
        let found =
            look(&source).map_err(|errno| failed("link to", &self.destination.shown(target), errno))?;
        // Another name of the same file, or the very name: removing it first would lose the file.
        if look(&place).is_ok_and(|there| (there.st_dev, there.st_ino) == (found.st_dev, found.st_ino)) {
            return Ok(());
        }
        self.replacing(&place, path, "make the hard link", |place| {
            fs::linkat(&*source.parent, &source.name, &*place.parent, &place.name, AtFlags::empty())
        })
    }

    /// Puts mode, attributes and times on all directories.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`, also when one was put in the place of another meanwhile.
    pub fn finish(&mut self) -> Result<()> {
        self.file = None;
        // Children before parents: a parent may lose the permission that the way to a child needs.
        let paths: Vec<Vec<u8>> = self.directories.keys().rev().cloned().collect();
        for path in paths {
            let place = self.destination.place(&path, &self.directories)?;
            let shown = self.destination.shown(&path);
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let fd = fs::openat(&*place.parent, &place.name, flags, Mode::empty())
                .map_err(|errno| failed("open the directory", &shown, errno))?;
            let stat = fs::fstat(&fd).map_err(|errno| failed("look at", &shown, errno))?;
            let Some(directory) = self.directories.get(&path) else { continue };
            if directory.identity != (stat.st_dev, stat.st_ino) {
                return Err(replaced(&shown));
            }
            directory
                .metadata
                .put_on(fd.as_fd(), &self.options)
                .map_err(|refusal| failed(&refusal.step, &shown, refusal.errno))?;
        }
        Ok(())
    }

    /// Puts owner, mode, attributes and times on what was just made, if it is there still.
    fn describe(&self, place: &Place, path: &[u8], metadata: &Metadata, kind: FileType) -> Result<()> {
        let shown = self.destination.shown(path);
        let metadata = self.destination.owners.store(metadata.clone(), &shown)?;
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let node = fs::openat(&*place.parent, &place.name, flags, Mode::empty())
            .map_err(|errno| failed("open", &shown, errno))?;
        let stat =
            fs::statat(&node, c"", AtFlags::EMPTY_PATH).map_err(|errno| failed("look at", &shown, errno))?;
        // Something that has other names was put there by somebody else.
        if FileType::from_raw_mode(stat.st_mode) != kind || stat.st_nlink != 1 {
            return Err(replaced(&shown));
        }
        metadata
            .put_on_node(node.as_fd(), &self.options, kind == FileType::Symlink)
            .map_err(|refusal| failed(&refusal.step, &shown, refusal.errno))
    }

    /// Makes something in the place of what has its name, unless that is a directory.
    fn replacing<T>(
        &self,
        place: &Place,
        path: &[u8],
        step: &str,
        make: impl Fn(&Place) -> rustix::io::Result<T>,
    ) -> Result<T> {
        let shown = self.destination.shown(path);
        for _ in 0..MAX_TRIES {
            match self.destination.owners.making(|| make(place)) {
                Err(Errno::EXIST) => {}
                made => return made.map_err(|errno| not_made(step, &shown, errno)),
            }
            match remove(place) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(Errno::ISDIR) => return Err(overwrites("directory", &shown, "non-directory")),
                Err(Errno::BUSY) => {
                    let error = failed("replace", &shown, Errno::BUSY);
                    return Err(error.hint("something is mounted on it: copy to where it comes from"));
                }
                Err(errno) => return Err(failed("replace", &shown, errno)),
            }
        }
        Err(replaced(&shown))
    }
}

/// Removes what an entry is going to replace, unless it is a directory or something is mounted on it: in this namespace, which
/// is not the container's, the kernel would remove the name and the mount with it (rename(2) and unlink(2) since Linux 3.18).
fn remove(place: &Place) -> rustix::io::Result<()> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let node = fs::openat(&*place.parent, &place.name, flags, Mode::empty())?;
    if mount_of(node.as_fd())? != mount_of(place.parent.as_fd())? {
        return Err(Errno::BUSY);
    }
    fs::unlinkat(&*place.parent, &place.name, AtFlags::empty())
}

impl OpenFile {
    fn write(&mut self, mut data: &[u8]) -> Result<()> {
        while !data.is_empty() {
            match io::pwrite(&self.fd, data, self.offset) {
                Ok(0) => return Err(failed("write", &self.path, Errno::IO)),
                Ok(written) => {
                    self.offset += written as u64;
                    data = &data[written..];
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(failed("write", &self.path, errno)),
            }
        }
        Ok(())
    }
}

/// A file without its end would be taken for whole.
impl Drop for OpenFile {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let own = fs::fstat(&self.fd).map(|stat| (stat.st_dev, stat.st_ino));
        let there = fs::statat(&*self.place.parent, &self.place.name, AtFlags::SYMLINK_NOFOLLOW);
        if own.is_ok() && own == there.map(|stat| (stat.st_dev, stat.st_ino)) {
            // The failure that led here is what the caller must hear.
            let _unheard = fs::unlinkat(&*self.place.parent, &self.place.name, AtFlags::empty());
        }
    }
}

/// Docker's words.
fn overwrites(there: &str, path: &[u8], entry: &str) -> Error {
    let path = String::from_utf8_lossy(path);
    denied(format!("cannot overwrite {there} with {entry}")).at(path)
}

fn replaced(path: &[u8]) -> Error {
    denied("copy: somebody else has replaced it meanwhile")
        .at(String::from_utf8_lossy(path))
        .hint("pause or stop the container, then try again")
}

fn not_made(step: &str, path: &[u8], errno: Errno) -> Error {
    let error = failed(step, path, errno);
    if errno == Errno::PERM && step == "make the device node" {
        return error.hint("devices can only be made by root");
    }
    error
}
