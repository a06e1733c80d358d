//! The sink itself: its options, its life, and the operations on names. File content is in [`super::write`].

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{self, AtFlags, CWD, FileType, Mode, OFlags, XattrFlags};
use rustix::io::Errno;

use super::metadata::check_names;
use super::owner::Ownership;
use super::record::Records;
use super::resolve::{Place, Resolver, is_whiteout};
use super::write::OpenFile;
use super::{INVALID, Metadata, WRITE, invalid, refused};
use crate::error::{Context, Result};
use crate::{measure, tree};

/// What the calling process may do, and how overlay will be mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SinkOptions {
    /// May write `trusted.*` and `security.*` attributes and make device nodes; without it both are left out.
    pub privileged: bool,
    /// Whose files are.
    pub ownership: Ownership,
    /// Opaque directories are marked for overlay's `userxattr` option.
    pub userxattr: bool,
    /// Bytes of memory that directories and whiteouts may take until the layer's end.
    pub most_held: usize,
}

/// What kind of special file to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// A character device with its numbers.
    Character {
        /// Device major number.
        major: u32,
        /// Device minor number.
        minor: u32,
    },
    /// A block device with its numbers.
    Block {
        /// Device major number.
        major: u32,
        /// Device minor number.
        minor: u32,
    },
    /// A named pipe.
    Fifo,
}

/// The kernel has 12 and 20 bits for them, and cuts off what is beyond: to 0/0, for one, which is a deletion.
const LARGEST_MAJOR: u32 = (1 << 12) - 1;
const LARGEST_MINOR: u32 = (1 << 20) - 1;

/// So many implied directories are told of a layer: enough for all that other layers may have, and nothing to hold up a start.
const MOST_IMPLIED: usize = 1000;

/// What a finished layer holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinkStats {
    /// Bytes of file content written.
    pub bytes: u64,
    /// Device nodes left out for want of privilege.
    pub skipped_nodes: u64,
    /// The layer's root hides everything below: overlay itself does not look for that mark on a root.
    pub opaque_root: bool,
    /// Names in the tree that came of it, as [`measure`] counts them.
    pub tree_entries: u64,
    /// Length of the regular files in it, as [`measure`] counts it.
    pub tree_bytes: u64,
    /// Directories, without the root, that are there because of what is in them: the archive says nothing of their owner and
    /// mode. In the order of their paths; of more than 1000 the outer ones.
    pub implied: Vec<Vec<u8>>,
}

/// Writes one layer below one directory.
///
/// Paths are raw bytes relative to that directory. Parents are followed through the layer's own symbolic links and made
/// where they are missing; the last component is never followed. Nobody else may write to the directory meanwhile.
pub struct LayerSink {
    pub(super) resolver: Resolver,
    pub(super) records: Records,
    pub(super) options: SinkOptions,
    pub(super) file: Option<OpenFile>,
    pub(super) stats: SinkStats,
    /// Something was removed again: what was counted on the way is not what is there.
    replaced: bool,
}

impl LayerSink {
    /// Opens the directory to fill; it must exist and be empty.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_WRITE` if it cannot be opened.
    pub fn open(directory: &Path, options: SinkOptions) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let root = fs::openat(CWD, directory, flags, Mode::empty()).step_at(
            WRITE,
            "open the layer's directory",
            directory.display(),
        )?;
        let mut records = Records::new(options.most_held);
        records.made(Vec::new(), Metadata::implied_directory(), false)?;
        let (resolver, stats) = (Resolver::new(root), SinkStats::default());
        Ok(Self { resolver, records, options, file: None, stats, replaced: false })
    }

    /// Makes a directory, or describes anew one that is there. An empty path is the layer's root.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_INVALID`, `ERR_RCX_LAYER_WRITE`.
    pub fn directory(&mut self, path: &[u8], metadata: Metadata) -> Result<()> {
        check_names(&metadata.xattrs, path)?;
        if path.is_empty() {
            return self.records.describe(Vec::new(), metadata);
        }
        let place = self.resolver.place(path, &mut self.records)?;
        match fs::mkdirat(&place.parent, &place.name, Mode::RWXU) {
            Ok(()) => self.records.made(place.path(), metadata, false),
            Err(Errno::EXIST) if self.kind(&place, path)? == Some(Kind::Directory) => {
                self.records.describe(place.path(), metadata)
            }
            Err(Errno::EXIST) => {
                // It takes the place of a file or whiteout of this layer, which hid what is below: so must it.
                self.clear(&place, path)?;
                self.make_opaque_directory(&place, path, metadata)
            }
            Err(e) => Err(refused("make the directory", path, e)),
        }
    }

    fn make_opaque_directory(&mut self, place: &Place, path: &[u8], metadata: Metadata) -> Result<()> {
        fs::mkdirat(&place.parent, &place.name, Mode::RWXU)
            .map_err(|e| refused("make the directory", path, e))?;
        self.records.made(place.path(), metadata, true)
    }

    /// Makes a symbolic link; `target` is stored as it is.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_INVALID`, `ERR_RCX_LAYER_WRITE`.
    pub fn symlink(&mut self, path: &[u8], target: &[u8], metadata: &Metadata) -> Result<()> {
        check_names(&metadata.xattrs, path)?;
        let place = self.resolver.place(path, &mut self.records)?;
        self.replacing(&place, path, "make the symbolic link", |place| {
            fs::symlinkat(target, &place.parent, &place.name)
        })?;
        metadata.apply_at(place.parent.as_fd(), &place.name, path, &self.options, true)
    }

    /// Makes a device node or named pipe. Devices are left out, and counted, where the caller may not make them.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_INVALID`, `ERR_RCX_LAYER_WRITE`.
    pub fn node(&mut self, path: &[u8], kind: NodeKind, metadata: &Metadata) -> Result<()> {
        check_names(&metadata.xattrs, path)?;
        let (file_type, device) = match kind {
            NodeKind::Character { major, minor } => (FileType::CharacterDevice, fs::makedev(major, minor)),
            NodeKind::Block { major, minor } => (FileType::BlockDevice, fs::makedev(major, minor)),
            NodeKind::Fifo => (FileType::Fifo, 0),
        };
        if let NodeKind::Character { major, minor } | NodeKind::Block { major, minor } = kind
            && (major > LARGEST_MAJOR || minor > LARGEST_MINOR)
        {
            return Err(invalid("its device number is larger than any of the kernel", path));
        }
        if file_type == FileType::CharacterDevice && device == 0 {
            return Err(invalid("a character device 0/0 would be taken for a deletion", path));
        }
        let place = self.resolver.place(path, &mut self.records)?;
        if !self.options.privileged && file_type != FileType::Fifo {
            self.clear(&place, path)?;
            self.stats.skipped_nodes += 1;
            return Ok(());
        }
        self.replacing(&place, path, "make the device node", |place| {
            fs::mknodat(&place.parent, &place.name, file_type, metadata.permissions(), device)
        })?;
        metadata.apply_at(place.parent.as_fd(), &place.name, path, &self.options, false)
    }

    /// Makes `path` another name of `target`, which must be in this layer; a symbolic link is linked, not followed.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_INVALID` if the target is missing or a directory, `ERR_RCX_LAYER_WRITE`.
    pub fn hardlink(&mut self, path: &[u8], target: &[u8]) -> Result<()> {
        let absent = || invalid("the target of the hard link is not in this layer", path);
        let source = match self.resolver.existing_place(target) {
            Err(e) if e.code == INVALID => return Err(absent()),
            source => source?,
        };
        let found = match fs::statat(&source.parent, &source.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if !is_whiteout(&stat) => stat,
            Ok(_) | Err(Errno::NOENT) => return Err(absent()),
            Err(e) => return Err(refused("look up the target of the hard link", path, e)),
        };
        if FileType::from_raw_mode(found.st_mode) == FileType::Directory {
            return Err(invalid("the target of the hard link is a directory", path));
        }
        let place = self.resolver.place(path, &mut self.records)?;
        // Another name of the same file, or the very name: removing it first would lose the file.
        if let Ok(there) = fs::statat(&place.parent, &place.name, AtFlags::SYMLINK_NOFOLLOW)
            && there.st_ino == found.st_ino
            && there.st_dev == found.st_dev
        {
            return Ok(());
        }
        self.replacing(&place, path, "make the hard link", |place| {
            fs::linkat(&source.parent, &source.name, &place.parent, &place.name, AtFlags::empty())
        })
    }

    /// Hides `path` of the layers below. What this layer itself has there stays; of a directory, only that.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_INVALID`, `ERR_RCX_LAYER_WRITE`.
    pub fn whiteout(&mut self, path: &[u8]) -> Result<()> {
        let place = self.resolver.place(path, &mut self.records)?;
        // Mode 0 and device 0/0: the one device that needs no privilege since Linux 5.8.
        match fs::mknodat(&place.parent, &place.name, FileType::CharacterDevice, Mode::empty(), 0) {
            Ok(()) => self.records.whited_out(place.path()),
            Err(Errno::EXIST) => {
                if self.kind(&place, path)? == Some(Kind::Directory) {
                    self.records.mark_replaced(&place.path());
                }
                Ok(())
            }
            Err(e) => Err(refused("make the whiteout", path, e)),
        }
    }

    /// Hides everything that the layers below have in the directory `path`; an empty path is the root.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_INVALID` if this layer has something else there, `ERR_RCX_LAYER_WRITE`.
    pub fn opaque(&mut self, path: &[u8]) -> Result<()> {
        let real = self.resolver.real_directory(path, &mut self.records)?;
        self.records.mark_opaque(&real);
        Ok(())
    }

    /// Puts owner, mode, attributes and times on all directories and returns what was written.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_WRITE`.
    pub fn finish(&mut self) -> Result<SinkStats> {
        self.end_file()?;
        self.resolver.forget();
        self.stats.opaque_root = self.records.opaque_root();
        self.stats.implied = self.records.implied_directories(MOST_IMPLIED);
        for path in self.records.needless_whiteouts() {
            self.remove_whiteout(path)?;
        }
        self.count_tree()?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // Children before parents: a parent may lose the search permission that the way to a child needs.
        for (path, record) in self.records.take_directories().into_iter().rev() {
            let fd = self.resolver.open_with(&path, flags).map_err(|e| refused("open", &path, e))?;
            // Overlay does not look for the mark on a layer's root: that is said in the layer's record instead.
            if record.opaque && !path.is_empty() {
                self.set_opaque(&fd, &path)?;
            }
            record.metadata.apply_fd(fd.as_fd(), &path, &self.options)?;
        }
        Ok(std::mem::take(&mut self.stats))
    }

    /// Without a look at the tree, which would cost a pull time, unless an entry took the place of another.
    fn count_tree(&mut self) -> Result<()> {
        if self.replaced {
            let size = measure::measure_open(self.resolver.root().as_fd())
                .map_err(|e| refused("measure the layer", b"", e))?;
            (self.stats.tree_entries, self.stats.tree_bytes) = (size.entries, size.bytes);
        } else {
            self.stats.tree_entries += self.records.objects();
        }
        Ok(())
    }

    fn remove_whiteout(&self, path: &[u8]) -> Result<()> {
        let at = path.iter().rposition(|&b| b == b'/').map_or(0, |slash| slash + 1);
        let (parent, name) = path.split_at(at);
        let parent = parent.strip_suffix(b"/").unwrap_or(parent);
        let parent = self.resolver.open(parent).map_err(|e| refused("open the directory", path, e))?;
        fs::unlinkat(parent, name, AtFlags::empty())
            .map_err(|e| refused("remove a needless whiteout", path, e))
    }

    fn set_opaque(&self, fd: &OwnedFd, path: &[u8]) -> Result<()> {
        let name = if self.options.userxattr { c"user.overlay.opaque" } else { c"trusted.overlay.opaque" };
        fs::fsetxattr(fd, name, b"y", XattrFlags::empty())
            .map_err(|e| refused("mark the directory as opaque", path, e))
    }

    /// Makes something at `place`, which takes the place of whatever this layer has there.
    pub(super) fn replacing<T>(
        &mut self,
        place: &Place,
        path: &[u8],
        step: &str,
        make: impl Fn(&Place) -> rustix::io::Result<T>,
    ) -> Result<T> {
        match make(place) {
            Err(Errno::EXIST) => {
                self.clear(place, path)?;
                make(place)
            }
            result => result,
        }
        .inspect(|_| self.stats.tree_entries += 1)
        .map_err(|e| refused(step, path, e))
    }

    fn clear(&mut self, place: &Place, path: &[u8]) -> Result<()> {
        self.replaced = true;
        self.resolver.forget();
        self.records.removed(&place.path());
        tree::remove_at(place.parent.as_fd(), &place.name)
            .map_err(|e| refused("replace an earlier entry", path, e.errno.unwrap_or(Errno::IO)))
    }

    fn kind(&self, place: &Place, path: &[u8]) -> Result<Option<Kind>> {
        match fs::statat(&place.parent, &place.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => {
                Ok(Some(Kind::Directory))
            }
            Ok(_) => Ok(Some(Kind::Other)),
            Err(Errno::NOENT) => Ok(None),
            Err(e) => Err(refused("look up an earlier entry", path, e)),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Directory,
    Other,
}
