//! Regular files: made, filled in pieces, and given their metadata through one descriptor.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{self, Mode, OFlags};
use rustix::io::{self, Errno};

use super::metadata::check_names;
use super::sink::LayerSink;
use super::{Metadata, invalid, refused};
use crate::error::Result;

/// The file whose content is arriving.
pub(super) struct OpenFile {
    fd: OwnedFd,
    path: Vec<u8>,
    metadata: Metadata,
    /// Where the next byte goes; ahead of the descriptor's own position after a hole.
    offset: u64,
    /// A hole at the end is only there once the file's length says so.
    trailing_hole: bool,
}

impl LayerSink {
    /// Begins a regular file; it replaces whatever this layer has at `path`. Its content follows by [`Self::write`].
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_INVALID`, `ERR_RCX_LAYER_WRITE`.
    pub fn begin_file(&mut self, path: &[u8], metadata: Metadata) -> Result<()> {
        check_names(&metadata.xattrs, path)?;
        self.end_file()?;
        let place = self.resolver.place(path, &mut self.records)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // Mostly right from the start; setuid and setgid only once the content and the owner are.
        let mode = metadata.permissions() & (Mode::RWXU | Mode::RWXG | Mode::RWXO);
        let fd = self.replacing(&place, path, "make the file", |place| {
            fs::openat(&place.parent, &place.name, flags, mode)
        })?;
        self.file = Some(OpenFile { fd, path: path.to_vec(), metadata, offset: 0, trailing_hole: false });
        Ok(())
    }

    /// Appends to the file that was begun.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_WRITE`, `ENOSPC` with a hint among them; `ERR_RCX_LAYER_INVALID` if no file was begun.
    pub fn write(&mut self, mut data: &[u8]) -> Result<()> {
        let file = self.file.as_mut().ok_or_else(|| invalid("content without a file", b""))?;
        self.stats.bytes += data.len() as u64;
        while !data.is_empty() {
            match io::pwrite(&file.fd, data, file.offset) {
                Ok(0) => return Err(refused("write the file", &file.path, Errno::IO)),
                Ok(written) => {
                    file.offset += written as u64;
                    data = &data[written..];
                }
                Err(Errno::INTR) => {}
                Err(e) => return Err(refused("write the file", &file.path, e)),
            }
            file.trailing_hole = false;
        }
        Ok(())
    }

    /// Leaves a hole of `length` bytes, which reads as zeros.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_INVALID` if no file was begun or it would grow beyond what a file can be.
    pub fn skip(&mut self, length: u64) -> Result<()> {
        let file = self.file.as_mut().ok_or_else(|| invalid("content without a file", b""))?;
        file.offset = file
            .offset
            .checked_add(length)
            .filter(|&end| i64::try_from(end).is_ok())
            .ok_or_else(|| invalid("a sparse file is longer than any file can be", &file.path))?;
        file.trailing_hole |= length > 0;
        Ok(())
    }

    /// Ends the file that was begun, if one was: owner, mode, attributes and times are put on it.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_WRITE`.
    pub fn end_file(&mut self) -> Result<()> {
        let Some(file) = self.file.take() else { return Ok(()) };
        if file.trailing_hole {
            fs::ftruncate(&file.fd, file.offset).map_err(|e| refused("set the size", &file.path, e))?;
        }
        self.stats.tree_bytes += file.offset;
        file.metadata.apply_fd(file.fd.as_fd(), &file.path, &self.options)
    }
}
