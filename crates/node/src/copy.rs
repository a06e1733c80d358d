//! Copying for JavaScript, see `rcx_core::copy`. Paths are byte strings, as in `LayerSink`.

use std::path::Path;

use napi::bindgen_prelude::{Array, BufferSlice, Result};
use napi::{Env, JsString};
use napi_derive::napi;
use rcx_core::copy::{self, Change};
use rcx_core::identity::ProcessIdentity;
use rcx_core::layer::{NodeKind, SinkOptions};

use crate::error::to_js;
use crate::layer::{EntryMetadata, LayerSinkOptions, convert, ownership};
use crate::tree_reader::{TreeEntry, byte_strings, convert as entry_to_js};

/// Where the paths of a copy begin.
#[napi]
pub struct CopyRoot {
    inner: Option<copy::Root>,
}

#[napi]
impl CopyRoot {
    /// The host's root.
    #[napi(factory)]
    pub fn host(env: Env) -> Result<Self> {
        Ok(Self { inner: Some(copy::Root::host().map_err(|e| to_js(&env, &e))?) })
    }

    /// The root of a process, with all that is mounted in it; no path leads out of it.
    #[napi(factory)]
    pub fn of_process(env: Env, pid: i32, start_time: String, boot_id: String) -> Result<Self> {
        let process = ProcessIdentity { pid, start_time, boot_id };
        Ok(Self { inner: Some(copy::Root::of_process(&process).map_err(|e| to_js(&env, &e))?) })
    }

    /// A directory as if it were a container's root: no path leads out of it.
    #[napi(factory)]
    pub fn at(env: Env, directory: String) -> Result<Self> {
        Ok(Self { inner: Some(copy::Root::at(Path::new(&directory)).map_err(|e| to_js(&env, &e))?) })
    }

    /// Names of what is in the directory at an absolute path, as byte strings, sorted.
    #[napi(ts_return_type = "string[]")]
    pub fn names<'env>(&self, env: &'env Env, path: JsString) -> Result<Array<'env>> {
        let path = path.into_latin1()?;
        let names = self.root()?.names(path.as_slice()).map_err(|e| to_js(env, &e))?;
        byte_strings(env, names)
    }

    /// What stands at an absolute path, without its attributes; `null` for nothing.
    #[napi]
    pub fn look<'env>(
        &self,
        env: &'env Env,
        path: JsString,
        follow: bool,
    ) -> Result<Option<TreeEntry<'env>>> {
        let path = path.into_latin1()?;
        let found = self.root()?.look(path.as_slice(), follow).map_err(|e| to_js(env, &e))?;
        found.map(|entry| entry_to_js(env, entry)).transpose()
    }

    /// The absolute path without symbolic links that a path leads to; what does not exist is kept as it is.
    #[napi]
    pub fn real<'env>(&self, env: &'env Env, path: JsString) -> Result<JsString<'env>> {
        let path = path.into_latin1()?;
        let real = self.root()?.real(path.as_slice()).map_err(|e| to_js(env, &e))?;
        env.create_string_latin1(&real)
    }

    /// Closes it.
    #[napi]
    pub fn close(&mut self) {
        self.inner = None;
    }

    fn root(&self) -> Result<&copy::Root> {
        self.inner.as_ref().ok_or_else(closed)
    }
}

/// Walks what stands at a path.
#[napi]
pub struct CopyReader {
    inner: Option<copy::CopyReader>,
}

#[napi]
impl CopyReader {
    /// Opens what stands at an absolute path.
    #[napi(factory)]
    pub fn open(env: Env, root: &CopyRoot, path: JsString, follow: bool) -> Result<Self> {
        let path = path.into_latin1()?;
        let inner = copy::CopyReader::open(root.root()?, path.as_slice(), follow);
        Ok(Self { inner: Some(inner.map_err(|e| to_js(&env, &e))?) })
    }

    /// The next entry, directories before what is in them, at first the top itself with an empty path; `null` at the end.
    #[napi]
    pub fn next<'env>(&mut self, env: &'env Env) -> Result<Option<TreeEntry<'env>>> {
        let entry = self.reader()?.next_entry().map_err(|e| to_js(env, &e))?;
        entry.map(|entry| entry_to_js(env, entry)).transpose()
    }

    /// Copies what comes next of the content of the file that `next` returned; 0 at its end, which is where its entry says.
    #[napi]
    pub fn read(&mut self, env: Env, mut buffer: BufferSlice<'_>) -> Result<u32> {
        let read = self.reader()?.read(&mut buffer).map_err(|e| to_js(&env, &e))?;
        Ok(u32::try_from(read).unwrap_or(u32::MAX))
    }

    /// What has become of that file since, once all of it was read.
    #[napi(ts_return_type = "'shrank' | 'grew' | null")]
    pub fn change(&mut self, env: Env) -> Result<Option<&'static str>> {
        let change = self.reader()?.change().map_err(|e| to_js(&env, &e))?;
        Ok(change.map(|change| match change {
            Change::Shrank => "shrank",
            Change::Grew => "grew",
        }))
    }

    /// Closes it.
    #[napi]
    pub fn close(&mut self) {
        self.inner = None;
    }

    fn reader(&mut self) -> Result<&mut copy::CopyReader> {
        self.inner.as_mut().ok_or_else(closed)
    }
}

/// Writes below a directory.
#[napi]
pub struct CopyWriter {
    inner: Option<copy::CopyWriter>,
}

#[napi]
impl CopyWriter {
    /// Opens the directory at an absolute path.
    #[napi(factory)]
    pub fn open(env: Env, root: &CopyRoot, directory: JsString, options: LayerSinkOptions) -> Result<Self> {
        let options = SinkOptions {
            privileged: options.privileged,
            ownership: ownership(&options.ownership),
            userxattr: options.userxattr,
            most_held: usize::MAX,
        };
        let directory = directory.into_latin1()?;
        let inner = copy::CopyWriter::open(root.root()?, directory.as_slice(), options);
        Ok(Self { inner: Some(inner.map_err(|e| to_js(&env, &e))?) })
    }

    /// Makes a directory or takes the one that is there.
    #[napi]
    pub fn directory(&mut self, env: Env, path: JsString, metadata: EntryMetadata) -> Result<()> {
        let (path, metadata) = (path.into_latin1()?, convert(metadata)?);
        self.writer()?.directory(path.as_slice(), metadata).map_err(|e| to_js(&env, &e))
    }

    /// Makes a regular file; with `content`, the whole of it.
    #[napi]
    pub fn file(
        &mut self,
        env: Env,
        path: JsString,
        metadata: EntryMetadata,
        content: Option<&[u8]>,
    ) -> Result<()> {
        let (path, metadata) = (path.into_latin1()?, convert(metadata)?);
        let writer = self.writer()?;
        writer
            .begin_file(path.as_slice(), metadata)
            .and_then(|()| match content {
                Some(content) => writer.write(content).and_then(|()| writer.end_file()),
                None => Ok(()),
            })
            .map_err(|e| to_js(&env, &e))
    }

    /// Appends to the file that was begun without content.
    #[napi]
    pub fn write(&mut self, env: Env, content: &[u8]) -> Result<()> {
        self.writer()?.write(content).map_err(|e| to_js(&env, &e))
    }

    /// Leaves a hole of so many bytes in the file that was begun.
    #[napi]
    pub fn skip(&mut self, env: Env, length: i64) -> Result<()> {
        self.writer()?.skip(length.unsigned_abs()).map_err(|e| to_js(&env, &e))
    }

    /// Moves at most so many bytes of the reader's file to the one that was begun; 0 when all of it was moved.
    #[napi]
    pub fn fill(&mut self, env: Env, reader: &mut CopyReader, most: u32) -> Result<i64> {
        let moved = self.writer()?.fill(reader.reader()?, u64::from(most)).map_err(|e| to_js(&env, &e))?;
        Ok(i64::try_from(moved).unwrap_or(i64::MAX))
    }

    /// Ends the file that was begun without content.
    #[napi]
    pub fn end_file(&mut self, env: Env) -> Result<()> {
        self.writer()?.end_file().map_err(|e| to_js(&env, &e))
    }

    /// Makes a symbolic link; the target is stored as it is.
    #[napi]
    pub fn symlink(
        &mut self,
        env: Env,
        path: JsString,
        target: JsString,
        metadata: EntryMetadata,
    ) -> Result<()> {
        let (path, target, metadata) = (path.into_latin1()?, target.into_latin1()?, convert(metadata)?);
        self.writer()?.symlink(path.as_slice(), target.as_slice(), &metadata).map_err(|e| to_js(&env, &e))
    }

    /// Makes a character device.
    #[napi]
    pub fn character_device(
        &mut self,
        env: Env,
        path: JsString,
        major: u32,
        minor: u32,
        metadata: EntryMetadata,
    ) -> Result<()> {
        self.node(env, path, NodeKind::Character { major, minor }, metadata)
    }

    /// Makes a block device.
    #[napi]
    pub fn block_device(
        &mut self,
        env: Env,
        path: JsString,
        major: u32,
        minor: u32,
        metadata: EntryMetadata,
    ) -> Result<()> {
        self.node(env, path, NodeKind::Block { major, minor }, metadata)
    }

    /// Makes a named pipe.
    #[napi]
    pub fn fifo(&mut self, env: Env, path: JsString, metadata: EntryMetadata) -> Result<()> {
        self.node(env, path, NodeKind::Fifo, metadata)
    }

    /// Makes `path` another name of `target`.
    #[napi]
    pub fn hardlink(&mut self, env: Env, path: JsString, target: JsString) -> Result<()> {
        let (path, target) = (path.into_latin1()?, target.into_latin1()?);
        self.writer()?.hardlink(path.as_slice(), target.as_slice()).map_err(|e| to_js(&env, &e))
    }

    /// Puts mode, attributes and times on all directories and closes the writer.
    #[napi]
    pub fn finish(&mut self, env: Env) -> Result<()> {
        self.writer()?.finish().map_err(|e| to_js(&env, &e))?;
        self.inner = None;
        Ok(())
    }

    /// Closes it; a file that was not ended is removed.
    #[napi]
    pub fn close(&mut self) {
        self.inner = None;
    }

    fn node(&mut self, env: Env, path: JsString, kind: NodeKind, metadata: EntryMetadata) -> Result<()> {
        let (path, metadata) = (path.into_latin1()?, convert(metadata)?);
        self.writer()?.node(path.as_slice(), kind, &metadata).map_err(|e| to_js(&env, &e))
    }

    fn writer(&mut self) -> Result<&mut copy::CopyWriter> {
        self.inner.as_mut().ok_or_else(closed)
    }
}

fn closed() -> napi::Error {
    napi::Error::from_reason("the copy is closed")
}
