//! Layers on disk: the sink that the extractor in TypeScript writes through.
//!
//! A layer's archive is hostile input. The extractor decides what each entry means; the sink only touches the disk, and
//! it cannot be led out of its directory: every name is resolved below one directory descriptor, see [`resolve`].

mod compress;
mod metadata;
mod owner;
pub mod read;
mod record;
mod resolve;
mod sink;
pub mod stream;
mod write;

pub use compress::gzip_member;
pub use metadata::{Metadata, Xattr};
pub use owner::Ownership;
pub use sink::{LayerSink, NodeKind, SinkOptions, SinkStats};

use crate::error::Error;
use rustix::io::Errno;

/// The archive asks for something that no layer can hold.
pub(crate) const INVALID: &str = "ERR_RCX_LAYER_INVALID";
/// The kernel refused to write a part of the layer.
pub(crate) const WRITE: &str = "ERR_RCX_LAYER_WRITE";

/// A refused archive entry.
pub(crate) fn invalid(rule: &str, path: &[u8]) -> Error {
    Error::new(INVALID, rule).at(String::from_utf8_lossy(path))
}

/// A refused system call on behalf of an archive entry.
pub(crate) fn refused(step: &str, path: &[u8], errno: Errno) -> Error {
    let error = Error::os(WRITE, step, errno).at(String::from_utf8_lossy(path));
    match errno {
        Errno::NOSPC | Errno::DQUOT => error.hint("free some space on the file system of the layer store"),
        // The kernel's answer to an id that is not mapped (chown(2)).
        Errno::INVAL if step == "set the owner" => error.hint(
            "it belongs to an id that this user has none for: give him more in /etc/subuid and /etc/subgid, then run: rcx system reset",
        ),
        Errno::NAMETOOLONG => error.hint("the file system of the layer store allows no such name"),
        Errno::NOSYS => {
            error.hint("layers need openat2: Linux 5.6 or newer, and a seccomp policy that allows it")
        }
        _ => error,
    }
}
