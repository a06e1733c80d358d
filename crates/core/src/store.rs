//! What the stores in TypeScript need of the kernel besides locks and tree removal: knowing what is on the disk.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rustix::fd::AsFd;
use rustix::fs::{self, CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::error::{Context, Error, Result};

const CODE: &str = "ERR_RCX_FLUSH";

/// The file in a layer's directory that says: all of this layer is on the disk.
const MARKER: &str = "flushed";

/// Writes everything of the file system that holds the directory `layers` to the disk, then marks the layers `names` in
/// it as being there. A layer that has been removed meanwhile is no error.
///
/// # Errors
/// `ERR_RCX_FLUSH` with the kernel's errno: `EIO` and `ENOSPC` say that what was written is not on the disk.
pub fn flush(layers: &Path, names: &[String]) -> Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory =
        fs::openat(CWD, layers, flags, Mode::empty()).step_at(CODE, "open the layers", layers.display())?;
    fs::syncfs(&directory).step_at(CODE, "flush the file system to the disk", layers.display())?;
    for name in names {
        match mark(directory.as_fd(), name) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(e) => return Err(Error::os(CODE, "mark the layer as flushed", e).at(name.as_str())),
        }
    }
    Ok(())
}

fn mark(directory: rustix::fd::BorrowedFd<'_>, name: &str) -> rustix::io::Result<()> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let layer = fs::openat2(directory, name, flags, Mode::empty(), resolve)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    fs::openat(layer, MARKER, flags, Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH).map(drop)
}

/// `rcx-runtime flush LAYERS NAME…`: [`flush`] in a process of its own, which outlives the command that pulled.
pub fn flush_main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(2);
    let layers = PathBuf::from(arguments.next().unwrap_or_default());
    let names: Vec<String> = arguments.filter_map(|name| name.into_string().ok()).collect();
    match flush(&layers, &names) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rcx-runtime: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_the_layers_that_are_there() {
        let root = std::env::temp_dir().join(format!("rcx-flush-{}", std::process::id()));
        std::fs::create_dir_all(root.join("a")).unwrap();
        std::fs::create_dir_all(root.join("b")).unwrap();
        flush(&root, &["a".into(), "gone".into()]).unwrap();
        assert!(root.join("a").join(MARKER).exists());
        assert!(!root.join("b").join(MARKER).exists());
        crate::tree::remove_tree(&root).unwrap();
    }

    #[test]
    fn a_name_cannot_lead_out_of_the_layers() {
        let root = std::env::temp_dir().join(format!("rcx-flush-out-{}", std::process::id()));
        std::fs::create_dir_all(root.join("layers")).unwrap();
        let error = flush(&root.join("layers"), &["..".into()]).unwrap_err();
        assert_eq!(error.errno, Some(Errno::XDEV));
        assert!(!root.join(MARKER).exists());
        crate::tree::remove_tree(&root).unwrap();
    }
}
