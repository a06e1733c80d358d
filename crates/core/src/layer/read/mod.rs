//! Reading trees back: a read-write layer on its way to an archive, or several layers as the one tree they show.

mod entry;
mod union;

use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{self, OFlags};
use rustix::io::Errno;

pub(crate) use self::entry::xattrs_through;
pub use self::entry::{Entry, Kind};
pub use self::union::{Found, Union};

use self::entry::{target_of, xattrs_at, xattrs_of};
use self::union::failed;
use crate::error::{Error, Result};
use crate::layer::owner;
use crate::rootless;

/// A layer could not be read.
pub(crate) const READ: &str = "ERR_RCX_LAYER_READ";

/// What becomes of whiteouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whiteouts {
    /// They are entries, as a single layer has them.
    Shown,
    /// They and what they hide are left out, as in the container.
    Applied,
}

/// Walks a tree: each directory before what is in it, names in the order of their bytes, so that the same tree is always read the
/// same way.
#[derive(Debug)]
pub struct TreeReader {
    union: Union,
    whiteouts: Whiteouts,
    started: bool,
    frames: Vec<Frame>,
    /// What was returned last, if it is a directory: its content comes next.
    entered: Option<(Vec<u8>, Vec<usize>)>,
    file: Option<OpenFile>,
    /// Owners are on record only, see [`owner`].
    recorded: bool,
}

/// A directory that is being walked.
#[derive(Debug)]
struct Frame {
    path: Vec<u8>,
    /// Names that are still to come, last first, and the layers that have each.
    names: Vec<(Vec<u8>, Vec<usize>)>,
}

/// The file whose content can be read.
#[derive(Debug)]
struct OpenFile {
    fd: OwnedFd,
    path: Vec<u8>,
    offset: u64,
    size: u64,
}

impl TreeReader {
    /// Opens the layers' directories, topmost first.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_READ`.
    pub fn open(directories: &[PathBuf], whiteouts: Whiteouts) -> Result<Self> {
        let union = Union::open(directories)?;
        let recorded = rootless::has_single_id();
        Ok(Self { union, whiteouts, started: false, frames: Vec::new(), entered: None, file: None, recorded })
    }

    /// The next entry, the root first; `None` at the end. What a running container removes meanwhile is left out.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_READ`.
    pub fn next_entry(&mut self) -> Result<Option<Entry>> {
        self.file = None;
        if !self.started {
            self.started = true;
            return self.entry(Vec::new(), &self.union.all());
        }
        if let Some((path, layers)) = self.entered.take() {
            let names = self.union.list(&path, &layers)?.into_iter().rev().collect();
            self.frames.push(Frame { path, names });
        }
        while let Some(frame) = self.frames.last_mut() {
            let Some((name, layers)) = frame.names.pop() else {
                self.frames.pop();
                continue;
            };
            let path = if frame.path.is_empty() { name } else { [&frame.path[..], b"/", &name].concat() };
            if let Some(entry) = self.entry(path, &layers)? {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// Reads the content of the entry that was returned last, if it is a file; 0 at its end.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_READ`, also when the file ends before the size that was told.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let Some(file) = &mut self.file else { return Ok(0) };
        let left = usize::try_from(file.size - file.offset).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        let read = loop {
            match rustix::io::pread(&file.fd, &mut buffer[..wanted], file.offset) {
                Err(Errno::INTR) => {}
                read => break read.map_err(|errno| failed("read", &file.path, errno))?,
            }
        };
        if read == 0 {
            return Err(changed(&file.path));
        }
        file.offset += read as u64;
        Ok(read)
    }

    fn entry(&mut self, path: Vec<u8>, layers: &[usize]) -> Result<Option<Entry>> {
        match self.union.at(layers, &path)? {
            Found::Nothing => Ok(None),
            Found::Whiteout { stat } if self.whiteouts == Whiteouts::Shown => {
                Ok(Some(Entry::of(path, &stat, false)))
            }
            Found::Whiteout { .. } => Ok(None),
            Found::Directory { layers, stat, opaque } => {
                let mut entry = Entry::of(path.clone(), &stat, opaque);
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
                let first = layers.first().copied().unwrap_or_default();
                let Some(fd) = self.open_unless_removed(first, &path, flags)? else { return Ok(None) };
                entry.xattrs = xattrs_of(fd.as_fd(), &path)?;
                self.restore_owner(&mut entry);
                self.entered = Some((path, layers));
                Ok(Some(entry))
            }
            Found::Other { layer, stat } => {
                let entry = Entry::of(path, &stat, false);
                if entry.kind == Kind::File { self.file(entry.path, layer) } else { self.other(entry, layer) }
            }
        }
    }

    /// A file as it is once it is open: another one may have been put in its place since it was looked at.
    fn file(&mut self, path: Vec<u8>, layer: usize) -> Result<Option<Entry>> {
        // A pipe put there would block without NONBLOCK.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let Some(fd) = self.open_unless_removed(layer, &path, flags)? else { return Ok(None) };
        let stat = fs::fstat(&fd).map_err(|errno| failed("look at", &path, errno))?;
        let mut entry = Entry::of(path.clone(), &stat, false);
        if entry.kind != Kind::File {
            return Err(changed(&path));
        }
        entry.xattrs = xattrs_of(fd.as_fd(), &path)?;
        self.restore_owner(&mut entry);
        self.file = Some(OpenFile { fd, path, offset: 0, size: entry.size });
        Ok(Some(entry))
    }

    /// What a container could have put there itself counts only where nobody in it could have another owner.
    fn restore_owner(&self, entry: &mut Entry) {
        if let Some(found) = self.recorded.then(|| owner::take(&mut entry.xattrs)).flatten() {
            (entry.uid, entry.gid) = found;
        }
    }

    /// Adds what stat(2) does not say of something that has no content.
    fn other(&self, mut entry: Entry, layer: usize) -> Result<Option<Entry>> {
        let slash = entry.path.iter().rposition(|byte| *byte == b'/');
        let (above, name) =
            slash.map_or((&b""[..], &entry.path[..]), |at| (&entry.path[..at], &entry.path[at + 1..]));
        let Some(parent) = self.open_unless_removed(layer, above, OFlags::PATH | OFlags::DIRECTORY)? else {
            return Ok(None);
        };
        if let Kind::Symlink { target } = &mut entry.kind {
            let Some(found) = target_of(parent.as_fd(), name, &entry.path)? else { return Ok(None) };
            *target = found;
        }
        let Some(xattrs) = xattrs_at(parent.as_fd(), name, &entry.path)? else { return Ok(None) };
        entry.xattrs = xattrs;
        Ok(Some(entry))
    }

    /// `None` for what was removed meanwhile.
    fn open_unless_removed(&self, layer: usize, path: &[u8], flags: OFlags) -> Result<Option<OwnedFd>> {
        match self.union.open_in(layer, path, flags) {
            Err(Errno::NOENT) => Ok(None),
            opened => opened.map(Some).map_err(|errno| failed("open", path, errno)),
        }
    }
}

fn changed(path: &[u8]) -> Error {
    Error::new(READ, "read a file of the layer: it changed meanwhile")
        .at(format!("/{}", String::from_utf8_lossy(path)))
        .hint("pause or stop the container, then try again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, symlink};

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("rcx-read-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    fn all(layers: &[PathBuf], whiteouts: Whiteouts) -> Vec<(String, Kind)> {
        let mut reader = TreeReader::open(layers, whiteouts).unwrap();
        std::iter::from_fn(|| reader.next_entry().unwrap())
            .map(|entry| (String::from_utf8(entry.path).unwrap(), entry.kind))
            .collect()
    }

    #[test]
    fn walks_in_the_order_of_bytes_and_follows_nothing() {
        let root = folder("order");
        for name in ["b", "a", "a/z", "a-b", "B"] {
            std::fs::create_dir(root.join(name)).unwrap();
        }
        std::fs::write(root.join("a/file"), b"content").unwrap();
        symlink("/etc", root.join("link")).unwrap();
        let paths: Vec<_> =
            all(std::slice::from_ref(&root), Whiteouts::Shown).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["", "B", "a", "a/file", "a/z", "a-b", "b", "link"]);
        crate::tree::remove_tree(&root).unwrap();
    }

    #[test]
    fn reads_content_in_pieces_and_metadata() {
        let root = folder("content");
        std::fs::write(root.join("file"), b"0123456789").unwrap();
        let mut reader = TreeReader::open(std::slice::from_ref(&root), Whiteouts::Shown).unwrap();
        reader.next_entry().unwrap();
        let entry = reader.next_entry().unwrap().unwrap();
        let expected = std::fs::metadata(root.join("file")).unwrap();
        assert_eq!((entry.size, entry.mtime.0, entry.inode.1), (10, expected.mtime(), expected.ino()));
        let mut buffer = [0; 4];
        let mut content = Vec::new();
        loop {
            let length = reader.read(&mut buffer).unwrap();
            if length == 0 {
                break;
            }
            content.extend_from_slice(&buffer[..length]);
        }
        assert_eq!(content, b"0123456789");
        crate::tree::remove_tree(&root).unwrap();
    }

    #[test]
    fn a_file_that_shrinks_is_an_error() {
        let root = folder("shrink");
        std::fs::write(root.join("file"), b"0123456789").unwrap();
        let mut reader = TreeReader::open(std::slice::from_ref(&root), Whiteouts::Shown).unwrap();
        reader.next_entry().unwrap();
        reader.next_entry().unwrap();
        std::fs::write(root.join("file"), b"01").unwrap();
        let mut buffer = [0; 16];
        assert_eq!(reader.read(&mut buffer).unwrap(), 2);
        assert_eq!(reader.read(&mut buffer).unwrap_err().code, READ);
        crate::tree::remove_tree(&root).unwrap();
    }

    #[test]
    fn what_is_removed_or_replaced_meanwhile_is_no_error() {
        let root = folder("busy");
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    for name in ["a", "b", "c", "d"] {
                        std::fs::write(root.join("new"), b"content").unwrap();
                        std::fs::rename(root.join("new"), root.join(name)).unwrap();
                        std::fs::create_dir_all(root.join("e/f")).unwrap();
                        symlink("target", root.join("e/link")).unwrap();
                        std::fs::remove_dir_all(root.join("e")).unwrap();
                    }
                    std::fs::remove_file(root.join("b")).unwrap();
                }
            });
            let walk = || {
                let mut reader = TreeReader::open(std::slice::from_ref(&root), Whiteouts::Shown)?;
                while reader.next_entry()?.is_some() {}
                Ok::<_, Error>(())
            };
            let walks: Result<Vec<()>> = (0..2000).map(|_| walk()).collect();
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            walks.unwrap();
        });
        crate::tree::remove_tree(&root).unwrap();
    }

    #[test]
    fn layers_without_whiteouts_are_merged_and_the_upper_one_wins() {
        let (upper, lower) = (folder("upper"), folder("lower"));
        std::fs::create_dir(upper.join("both")).unwrap();
        std::fs::create_dir(lower.join("both")).unwrap();
        std::fs::write(upper.join("both/up"), b"").unwrap();
        std::fs::write(lower.join("both/low"), b"").unwrap();
        // A file over a directory, and a directory over a file, hide what is below.
        std::fs::write(upper.join("file"), b"").unwrap();
        std::fs::create_dir(lower.join("file")).unwrap();
        std::fs::write(lower.join("file/hidden"), b"").unwrap();
        std::fs::create_dir(upper.join("directory")).unwrap();
        std::fs::write(lower.join("directory"), b"").unwrap();
        let layers = [upper.clone(), lower.clone()];
        let entries = all(&layers, Whiteouts::Applied);
        let paths: Vec<_> = entries.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["", "both", "both/low", "both/up", "directory", "file"]);
        let union = Union::open(&layers).unwrap();
        assert!(matches!(union.find(b"both/low").unwrap(), Found::Other { layer: 1, .. }));
        assert!(matches!(union.find(b"file/hidden").unwrap(), Found::Nothing));
        assert!(matches!(union.find(b"none/below").unwrap(), Found::Nothing));
        assert!(matches!(union.find(b"").unwrap(), Found::Directory { .. }));
        assert_eq!(union.names(b"both").unwrap(), [b"low".to_vec(), b"up".to_vec()]);
        assert_eq!(union.names(b"file").unwrap(), Vec::<Vec<u8>>::new());
        for path in layers {
            crate::tree::remove_tree(&path).unwrap();
        }
    }
}
