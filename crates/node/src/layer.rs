//! `LayerSink` for JavaScript. Names are byte strings: JavaScript strings whose every character is one byte, because
//! file names on Linux are bytes and need not be UTF-8.

use std::ffi::CString;
use std::path::Path;

use napi::bindgen_prelude::{Array, Buffer, Result};
use napi::{Env, JsString};
use napi_derive::napi;
use rcx_core::layer::{self, Metadata, NodeKind, Ownership, SinkOptions, Xattr};

use crate::error::to_js;

/// What the calling process may do, and how overlay will be mounted.
#[napi(object)]
pub struct LayerSinkOptions {
    /// May write `trusted.*` and `security.*` attributes and make device nodes.
    pub privileged: bool,
    /// Whose files are: those of their owners, the caller's with their owners on record, or the caller's.
    #[napi(ts_type = "'given' | 'recorded' | 'callers'")]
    pub ownership: String,
    /// Opaque directories are marked for overlay's `userxattr` mount option.
    pub userxattr: bool,
    /// Bytes of memory that directories and whiteouts may take until the layer's end; without it there is no limit.
    pub most_held: Option<i64>,
}

pub(crate) fn ownership(word: &str) -> Ownership {
    match word {
        "given" => Ownership::Given,
        "recorded" => Ownership::Recorded,
        _ => Ownership::Callers,
    }
}

/// An extended attribute.
#[napi(object)]
pub struct EntryXattr {
    /// Full name with its namespace, `security.capability`.
    pub name: String,
    /// The raw value.
    pub value: Buffer,
}

/// Owner, mode, modification time and extended attributes of one entry.
#[napi(object)]
pub struct EntryMetadata {
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// Numeric owner.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Whole seconds since the epoch, negative before it.
    pub mtime: i64,
    /// Nanoseconds after `mtime`, 0 to 999999999.
    pub mtime_nsec: u32,
    /// In the archive's order.
    pub xattrs: Option<Vec<EntryXattr>>,
}

/// What a finished layer holds.
#[napi(object, object_from_js = false)]
pub struct LayerSinkStats<'env> {
    /// Bytes of file content written.
    pub bytes: i64,
    /// Device nodes left out for want of privilege.
    pub skipped_nodes: i64,
    /// The layer hides everything below it.
    pub opaque_root: bool,
    /// Names in the tree, as `measureTree` counts them.
    pub tree_entries: i64,
    /// Length of its files, as `measureTree` counts it.
    pub tree_bytes: i64,
    /// Byte strings: directories that are there because of what is in them, of which the archive says nothing; of
    /// more than 1000 the outer ones.
    #[napi(ts_type = "string[]")]
    pub implied: Array<'env>,
}

/// Writes one layer below one directory; see `rcx_core::layer::LayerSink`. All paths are byte strings relative to it.
#[napi]
pub struct LayerSink {
    inner: Option<layer::LayerSink>,
}

#[napi]
impl LayerSink {
    /// Opens the directory to fill; it must exist and be empty.
    #[napi(factory)]
    pub fn open(env: Env, directory: String, options: LayerSinkOptions) -> Result<Self> {
        let options = SinkOptions {
            privileged: options.privileged,
            ownership: ownership(&options.ownership),
            userxattr: options.userxattr,
            most_held: options.most_held.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX),
        };
        let sink = layer::LayerSink::open(Path::new(&directory), options).map_err(|e| to_js(&env, &e))?;
        Ok(Self { inner: Some(sink) })
    }

    /// Makes a directory, or describes anew one that is there. An empty path is the layer's root.
    #[napi]
    pub fn directory(&mut self, env: Env, path: JsString, metadata: EntryMetadata) -> Result<()> {
        let (path, metadata) = (path.into_latin1()?, convert(metadata)?);
        self.sink()?.directory(path.as_slice(), metadata).map_err(|e| to_js(&env, &e))
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
        let sink = self.sink()?;
        sink.begin_file(path.as_slice(), metadata)
            .and_then(|()| match content {
                Some(content) => sink.write(content).and_then(|()| sink.end_file()),
                None => Ok(()),
            })
            .map_err(|e| to_js(&env, &e))
    }

    /// Appends to the file that was begun without content.
    #[napi]
    pub fn write(&mut self, env: Env, content: &[u8]) -> Result<()> {
        self.sink()?.write(content).map_err(|e| to_js(&env, &e))
    }

    /// Leaves a hole of so many bytes in the file that was begun.
    #[napi]
    pub fn skip(&mut self, env: Env, length: i64) -> Result<()> {
        self.sink()?.skip(length.unsigned_abs()).map_err(|e| to_js(&env, &e))
    }

    /// Ends the file that was begun without content.
    #[napi]
    pub fn end_file(&mut self, env: Env) -> Result<()> {
        self.sink()?.end_file().map_err(|e| to_js(&env, &e))
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
        self.sink()?.symlink(path.as_slice(), target.as_slice(), &metadata).map_err(|e| to_js(&env, &e))
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

    /// Makes `path` another name of `target`, which must be in this layer.
    #[napi]
    pub fn hardlink(&mut self, env: Env, path: JsString, target: JsString) -> Result<()> {
        let (path, target) = (path.into_latin1()?, target.into_latin1()?);
        self.sink()?.hardlink(path.as_slice(), target.as_slice()).map_err(|e| to_js(&env, &e))
    }

    /// Hides `path` of the layers below; what this layer itself has there stays.
    #[napi]
    pub fn whiteout(&mut self, env: Env, path: JsString) -> Result<()> {
        let path = path.into_latin1()?;
        self.sink()?.whiteout(path.as_slice()).map_err(|e| to_js(&env, &e))
    }

    /// Hides everything that the layers below have in the directory; an empty path is the root.
    #[napi]
    pub fn opaque(&mut self, env: Env, directory: JsString) -> Result<()> {
        let directory = directory.into_latin1()?;
        self.sink()?.opaque(directory.as_slice()).map_err(|e| to_js(&env, &e))
    }

    /// Puts owner, mode, attributes and times on all directories and closes the sink.
    #[napi]
    pub fn finish<'env>(&mut self, env: &'env Env) -> Result<LayerSinkStats<'env>> {
        let stats = self.sink()?.finish().map_err(|e| to_js(env, &e))?;
        self.inner = None;
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let mut implied = env.create_array(0)?;
        for path in stats.implied {
            implied.insert(env.create_string_latin1(&path)?)?;
        }
        Ok(LayerSinkStats {
            bytes: number(stats.bytes),
            skipped_nodes: number(stats.skipped_nodes),
            opaque_root: stats.opaque_root,
            tree_entries: number(stats.tree_entries),
            tree_bytes: number(stats.tree_bytes),
            implied,
        })
    }

    /// Closes the sink without finishing the layer.
    #[napi]
    pub fn close(&mut self) {
        self.inner = None;
    }

    fn node(&mut self, env: Env, path: JsString, kind: NodeKind, metadata: EntryMetadata) -> Result<()> {
        let (path, metadata) = (path.into_latin1()?, convert(metadata)?);
        self.sink()?.node(path.as_slice(), kind, &metadata).map_err(|e| to_js(&env, &e))
    }

    fn sink(&mut self) -> Result<&mut layer::LayerSink> {
        self.inner.as_mut().ok_or_else(|| napi::Error::from_reason("the layer sink is closed"))
    }
}

pub(crate) fn convert(metadata: EntryMetadata) -> Result<Metadata> {
    let xattrs = metadata.xattrs.unwrap_or_default().into_iter().map(convert_xattr).collect::<Result<_>>()?;
    Ok(Metadata {
        mode: metadata.mode,
        uid: metadata.uid,
        gid: metadata.gid,
        mtime: metadata.mtime,
        mtime_nsec: metadata.mtime_nsec,
        xattrs,
    })
}

fn convert_xattr(xattr: EntryXattr) -> Result<Xattr> {
    let name = CString::new(xattr.name)
        .map_err(|_| napi::Error::from_reason("an extended attribute's name has a NUL byte"))?;
    Ok(Xattr { name, value: xattr.value.to_vec() })
}
