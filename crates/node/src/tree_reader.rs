//! Trees for JavaScript: layers read back. Paths are byte strings, as in `LayerSink`.

use std::path::PathBuf;

use napi::bindgen_prelude::{Array, Buffer, BufferSlice, JsObjectValue, Object, Result};
use napi::{Env, JsString};
use napi_derive::napi;
use rcx_core::layer::read::{self, Entry, Found, Kind, Whiteouts};

use crate::error::to_js;

/// What stands at a path of a tree.
#[napi(object, object_from_js = false)]
pub struct TreeEntry<'env> {
    /// Byte string relative to the root, which is empty.
    pub path: JsString<'env>,
    #[napi(
        ts_type = "'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket' | 'whiteout'"
    )]
    pub kind: &'static str,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Whole seconds since the epoch.
    pub mtime: i64,
    /// Nanoseconds after `mtime`.
    pub mtime_nsec: u32,
    /// Bytes.
    pub size: i64,
    /// The same for all names of one object, where it has several; else absent.
    pub inode: Option<String>,
    /// Target of a symbolic link, a byte string.
    pub target: Option<JsString<'env>>,
    /// Numbers of a device.
    pub major: Option<u32>,
    pub minor: Option<u32>,
    /// The directory hides what the layers below have in it.
    pub opaque: bool,
    /// Sorted by name; absent when there are none.
    #[napi(ts_type = "EntryXattr[]")]
    pub xattrs: Option<Array<'env>>,
}

/// Walks one or several layers; see `rcx_core::layer::read::TreeReader`.
#[napi]
pub struct TreeReader {
    inner: Option<read::TreeReader>,
}

#[napi]
impl TreeReader {
    /// Opens directories, topmost first. With `apply_whiteouts` they are the one tree that a container sees; without, deletions are
    /// entries.
    #[napi(factory)]
    pub fn open(env: Env, directories: Vec<String>, apply_whiteouts: bool) -> Result<Self> {
        let whiteouts = if apply_whiteouts { Whiteouts::Applied } else { Whiteouts::Shown };
        let paths: Vec<PathBuf> = directories.into_iter().map(PathBuf::from).collect();
        let inner = read::TreeReader::open(&paths, whiteouts).map_err(|e| to_js(&env, &e))?;
        Ok(Self { inner: Some(inner) })
    }

    /// The next entry, directories before what is in them; `null` at the end.
    #[napi]
    pub fn next<'env>(&mut self, env: &'env Env) -> Result<Option<TreeEntry<'env>>> {
        let entry = self.reader()?.next_entry().map_err(|e| to_js(env, &e))?;
        entry.map(|entry| convert(env, entry)).transpose()
    }

    /// Copies what comes next of the content of the file that `next` returned; 0 at its end.
    #[napi]
    pub fn read(&mut self, env: Env, mut buffer: BufferSlice<'_>) -> Result<u32> {
        let read = self.reader()?.read(&mut buffer).map_err(|e| to_js(&env, &e))?;
        Ok(u32::try_from(read).unwrap_or(u32::MAX))
    }

    /// Closes it.
    #[napi]
    pub fn close(&mut self) {
        self.inner = None;
    }

    fn reader(&mut self) -> Result<&mut read::TreeReader> {
        self.inner.as_mut().ok_or_else(|| napi::Error::from_reason("the tree reader is closed"))
    }
}

/// Looks things up in layers; see `rcx_core::layer::read::Union`.
#[napi]
pub struct UnionTree {
    inner: read::Union,
}

#[napi]
impl UnionTree {
    /// Opens directories, topmost first.
    #[napi(factory)]
    pub fn open(env: Env, directories: Vec<String>) -> Result<Self> {
        let paths: Vec<PathBuf> = directories.into_iter().map(PathBuf::from).collect();
        Ok(Self { inner: read::Union::open(&paths).map_err(|e| to_js(&env, &e))? })
    }

    /// What a container sees at a path from the root on; `null` for nothing. Neither link target nor attributes are read.
    #[napi]
    pub fn find<'env>(&self, env: &'env Env, path: JsString) -> Result<Option<TreeEntry<'env>>> {
        let path = path.into_latin1()?.as_slice().to_vec();
        let (stat, opaque) = match self.inner.find(&path).map_err(|e| to_js(env, &e))? {
            Found::Nothing | Found::Whiteout { .. } => return Ok(None),
            Found::Directory { stat, opaque, .. } => (stat, opaque),
            Found::Other { stat, .. } => (stat, false),
        };
        convert(env, Entry::of(path, &stat, opaque)).map(Some)
    }

    /// The directory at a path as the topmost layer says that describes it, apart from those where it is only implied by what is
    /// in it; `null` where none does.
    #[napi]
    pub fn described<'env>(
        &self,
        env: &'env Env,
        path: JsString,
        implied_in: Vec<u32>,
    ) -> Result<Option<TreeEntry<'env>>> {
        let path = path.into_latin1()?.as_slice().to_vec();
        let implied_in: Vec<usize> = implied_in.into_iter().map(|layer| layer as usize).collect();
        let stat = self.inner.described(&path, &implied_in).map_err(|e| to_js(env, &e))?;
        stat.map(|stat| convert(env, Entry::of(path, &stat, false))).transpose()
    }

    /// Names of what a container sees in a directory, as byte strings, sorted; none where there is no directory.
    #[napi(ts_return_type = "string[]")]
    pub fn names<'env>(&self, env: &'env Env, path: JsString) -> Result<Array<'env>> {
        let path = path.into_latin1()?.as_slice().to_vec();
        byte_strings(env, self.inner.names(&path).map_err(|e| to_js(env, &e))?)
    }
}

pub(crate) fn byte_strings(env: &Env, names: impl IntoIterator<Item = Vec<u8>>) -> Result<Array<'_>> {
    let mut array = env.create_array(0)?;
    for name in names {
        array.insert(env.create_string_latin1(&name)?)?;
    }
    Ok(array)
}

pub(crate) fn convert(env: &Env, entry: Entry) -> Result<TreeEntry<'_>> {
    let mut target = None;
    let (mut major, mut minor, mut opaque) = (None, None, false);
    let kind = match &entry.kind {
        Kind::File => "file",
        Kind::Directory { opaque: hides } => {
            opaque = *hides;
            "directory"
        }
        Kind::Symlink { target: to } => {
            target = Some(env.create_string_latin1(to)?);
            "symlink"
        }
        Kind::Character { major: a, minor: b } | Kind::Block { major: a, minor: b } => {
            (major, minor) = (Some(*a), Some(*b));
            if matches!(entry.kind, Kind::Block { .. }) { "block" } else { "character" }
        }
        Kind::Fifo => "fifo",
        Kind::Socket => "socket",
        Kind::Whiteout => "whiteout",
    };
    Ok(TreeEntry {
        path: env.create_string_latin1(&entry.path)?,
        kind,
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
        mtime: entry.mtime.0,
        mtime_nsec: entry.mtime.1,
        size: i64::try_from(entry.size).unwrap_or(i64::MAX),
        inode: entry.shared.then(|| format!("{}:{}", entry.inode.0, entry.inode.1)),
        target,
        major,
        minor,
        opaque,
        xattrs: xattrs(env, entry.xattrs)?,
    })
}

fn xattrs(env: &Env, xattrs: Vec<rcx_core::layer::Xattr>) -> Result<Option<Array<'_>>> {
    if xattrs.is_empty() {
        return Ok(None);
    }
    let mut array = env.create_array(0)?;
    for xattr in xattrs {
        let mut object = Object::new(env)?;
        object.set_named_property("name", xattr.name.to_string_lossy().as_ref())?;
        object.set_named_property("value", Buffer::from(xattr.value))?;
        array.insert(object)?;
    }
    Ok(Some(array))
}
