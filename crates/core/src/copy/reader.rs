//! Reading a tree that others change meanwhile, by descriptor from its top on.

use std::collections::BTreeSet;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{self, Mode, OFlags, RawDir};
use rustix::io::Errno;

use super::owners::Owners;
use super::root::entry_of;
use super::{Root, failed, join, reopen};
use crate::error::Result;
use crate::layer::read::{Entry, Kind, xattrs_through};

/// What others did to a file while it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It ended early: zeros took the place of the rest.
    Shrank,
    /// It has more than was told: the rest was left out.
    Grew,
}

/// Walks what stands at one path: each directory before what is in it, names in the order of their bytes.
#[derive(Debug)]
pub struct CopyReader {
    /// Where the top is, for messages.
    origin: Vec<u8>,
    owners: Owners,
    top: Option<OwnedFd>,
    frames: Vec<Frame>,
    /// What was returned last, if it is a directory: its content comes next.
    entered: Option<(OwnedFd, Vec<u8>)>,
    file: Option<OpenFile>,
}

/// A directory that is being walked.
#[derive(Debug)]
struct Frame {
    fd: OwnedFd,
    path: Vec<u8>,
    /// Names that are still to come, last first.
    names: Vec<Vec<u8>>,
}

/// The file whose content can be read.
#[derive(Debug)]
struct OpenFile {
    /// By `O_PATH`.
    node: OwnedFd,
    /// Once something was read.
    content: Option<OwnedFd>,
    path: Vec<u8>,
    offset: u64,
    size: u64,
    shrank: bool,
}

impl CopyReader {
    /// Opens what stands at an absolute path of a root; a link at its end is followed on request, or when a slash comes after
    /// it.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn open(root: &Root, path: &[u8], follow: bool) -> Result<Self> {
        let flags = if follow { OFlags::PATH } else { OFlags::PATH | OFlags::NOFOLLOW };
        let top = root.open(path, flags).map_err(|errno| failed("open", path, errno))?;
        let origin = path.strip_suffix(b"/").unwrap_or(path).to_vec();
        let owners = root.owners().clone();
        Ok(Self { origin, owners, top: Some(top), frames: Vec::new(), entered: None, file: None })
    }

    /// The next entry, at first that of the top, whose path is empty; `None` at the end. What is removed meanwhile is left out.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn next_entry(&mut self) -> Result<Option<Entry>> {
        self.file = None;
        if let Some(top) = self.top.take() {
            return self.entry(top, Vec::new()).map(Some);
        }
        if let Some((node, path)) = self.entered.take() {
            let shown = self.shown(&path);
            self.frames.push(list(&node, path, &shown)?);
        }
        while let Some(frame) = self.frames.last_mut() {
            let Some(name) = frame.names.pop() else {
                self.frames.pop();
                continue;
            };
            let path = join(&frame.path, &name);
            let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            match fs::openat(&frame.fd, &name[..], flags, Mode::empty()) {
                Ok(node) => return self.entry(node, path).map(Some),
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(failed("open", &self.shown(&path), errno)),
            }
        }
        Ok(None)
    }

    /// Reads what comes next of the entry that was returned last, if it is a file; 0 at its end. It has as many bytes as its entry
    /// says, whatever others do to it.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let Some(file) = &mut self.file else { return Ok(0) };
        let left = usize::try_from(file.size - file.offset).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        let mut read = if file.shrank { 0 } else { file.read(&mut buffer[..wanted])? };
        if read == 0 {
            file.shrank = true;
            buffer[..wanted].fill(0);
            read = wanted;
        }
        file.offset += read as u64;
        Ok(read)
    }

    /// What has become of the file since its entry was returned; to be asked when all of it was read.
    ///
    /// # Errors
    /// `ERR_RCX_COPY`.
    pub fn change(&mut self) -> Result<Option<Change>> {
        let Some(file) = &mut self.file else { return Ok(None) };
        if file.shrank {
            return Ok(Some(Change::Shrank));
        }
        // Looked at the content, not the size: files of procfs have none.
        Ok((file.read(&mut [0])? > 0).then_some(Change::Grew))
    }

    fn entry(&mut self, node: OwnedFd, path: Vec<u8>) -> Result<Entry> {
        let mut entry = entry_of(node.as_fd(), path)?;
        self.owners.show(&mut entry);
        entry.xattrs = xattrs_through(node.as_fd())
            .map_err(|errno| failed("read the attributes of", &self.shown(&entry.path), errno))?;
        match entry.kind {
            Kind::Directory { .. } => self.entered = Some((node, entry.path.clone())),
            Kind::File => {
                let (path, size) = (self.shown(&entry.path), entry.size);
                self.file = Some(OpenFile { node, content: None, path, offset: 0, size, shrank: false });
            }
            _ => {}
        }
        Ok(entry)
    }

    fn shown(&self, path: &[u8]) -> Vec<u8> {
        if path.is_empty() { self.origin.clone() } else { join(&self.origin, path) }
    }
}

impl OpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        // What is opened is known to be a regular file: a device put in its place could act on being opened.
        let content = match &self.content {
            Some(content) => content,
            None => self.content.insert(
                reopen(self.node.as_fd(), OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)
                    .map_err(|errno| failed("open", &self.path, errno))?,
            ),
        };
        loop {
            match rustix::io::pread(content, &mut *buffer, self.offset) {
                Err(Errno::INTR) => {}
                read => return read.map_err(|errno| failed("read", &self.path, errno)),
            }
        }
    }
}

fn list(node: &OwnedFd, path: Vec<u8>, shown: &[u8]) -> Result<Frame> {
    let fd = reopen(node.as_fd(), OFlags::RDONLY | OFlags::DIRECTORY)
        .map_err(|errno| failed("open", shown, errno))?;
    let names = names_in(fd.as_fd(), shown)?.into_iter().rev().collect();
    Ok(Frame { fd, path, names })
}

/// What is in an open directory, sorted.
pub(super) fn names_in(directory: BorrowedFd<'_>, shown: &[u8]) -> Result<BTreeSet<Vec<u8>>> {
    let mut names = BTreeSet::new();
    let mut buffer = [MaybeUninit::<u8>::uninit(); 16 * 1024];
    let mut entries = RawDir::new(directory, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = match entry {
            // Removed while it was open.
            Err(Errno::NOENT) => break,
            entry => entry.map_err(|errno| failed("list", shown, errno))?,
        };
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.insert(name.to_owned());
        }
    }
    Ok(names)
}
