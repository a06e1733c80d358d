//! What a directory tree takes on the disk.

use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{self, AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::walk::{self, identity, is_directory};

const CODE: &str = "ERR_RCX_MEASURE";
const STEP: &str = "measure the directory tree";

/// `st_blocks` counts these, whatever the file system's own blocks are (stat(2)).
const BLOCK: u64 = 512;

/// What was found; each object counts once, however many names it has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TreeSize {
    /// Names below the root.
    pub entries: u64,
    /// Length of the regular files, holes included.
    pub bytes: u64,
    /// What all objects take on the disk, the root included.
    pub disk: u64,
    /// The part of `disk` that comes free when the tree is removed: without objects that have names elsewhere.
    pub freed: u64,
}

/// Measures `path` and all below it; nothing for a path that does not exist. What is removed meanwhile is left
/// out, and so is the content of directories that cannot be read.
///
/// # Errors
/// `ERR_RCX_MEASURE` with the kernel's errno.
pub fn measure(path: &Path) -> Result<TreeSize> {
    let failed = |errno| Error::os(CODE, STEP, errno).at(path.display().to_string());
    let root = match fs::openat(CWD, path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::NOENT) => return Ok(TreeSize::default()),
        Err(errno) => return Err(failed(errno)),
    };
    measure_open(root.as_fd()).map_err(failed)
}

/// The same for something open, if only as a path.
pub(crate) fn measure_open(root: BorrowedFd<'_>) -> rustix::io::Result<TreeSize> {
    let stat = fs::statat(root, c"", AtFlags::EMPTY_PATH)?;
    let mut found = Count::default();
    found.count(&stat);
    if is_directory(&stat) {
        walk::below(root, |_, _, stat| {
            found.size.entries += 1;
            found.count(stat);
            Ok(())
        })?;
    }
    Ok(found.finish())
}

#[derive(Default)]
struct Count {
    size: TreeSize,
    /// Objects with several names: how many names were not seen yet, and what they take.
    shared: HashMap<(u64, u64), (u128, u64)>,
}

impl Count {
    fn count(&mut self, stat: &Stat) {
        let disk = u64::try_from(stat.st_blocks).unwrap_or(0) * BLOCK;
        // Wide enough for the type on any architecture.
        let names = u128::from(stat.st_nlink);
        if !is_directory(stat) && names > 1 {
            if let Some((left, _)) = self.shared.get_mut(&identity(stat)) {
                *left = left.saturating_sub(1);
                return;
            }
            self.shared.insert(identity(stat), (names - 1, disk));
        } else {
            self.size.freed += disk;
        }
        self.size.disk += disk;
        if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
            self.size.bytes += u64::try_from(stat.st_size).unwrap_or(0);
        }
    }

    fn finish(self) -> TreeSize {
        let whole: u64 = self.shared.values().filter(|(left, _)| *left == 0).map(|(_, disk)| disk).sum();
        TreeSize { freed: self.size.freed + whole, ..self.size }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, symlink};
    use std::path::PathBuf;

    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("rcx-measure-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    fn disk(path: &Path) -> u64 {
        path.symlink_metadata().unwrap().blocks() * BLOCK
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(measure(Path::new("/nonexistent-rcx/tree")).unwrap(), TreeSize::default());
    }

    #[test]
    fn counts_names_lengths_and_blocks_and_follows_nothing() {
        let root = scratch("plain");
        std::fs::create_dir(root.join("sub")).unwrap();
        std::fs::write(root.join("sub/file"), vec![1; 10_000]).unwrap();
        std::fs::File::create(root.join("hole")).unwrap().set_len(1 << 20).unwrap();
        symlink("/usr", root.join("link")).unwrap();
        let size = measure(&root).unwrap();
        let disk: u64 =
            ["", "sub", "sub/file", "hole", "link"].iter().map(|name| disk(&root.join(name))).sum();
        assert_eq!(size, TreeSize { entries: 4, bytes: 10_000 + (1 << 20), disk, freed: disk });
        let file = measure(&root.join("sub/file")).unwrap();
        assert_eq!((file.entries, file.bytes), (0, 10_000));
        crate::tree::remove_tree(&root).unwrap();
    }

    #[test]
    fn a_file_of_several_names_counts_once_and_is_freed_with_its_last() {
        let root = scratch("links");
        std::fs::create_dir(root.join("tree")).unwrap();
        std::fs::write(root.join("tree/one"), vec![1; 10_000]).unwrap();
        std::fs::hard_link(root.join("tree/one"), root.join("tree/two")).unwrap();
        let inside = measure(&root.join("tree")).unwrap();
        assert_eq!((inside.entries, inside.bytes, inside.freed), (2, 10_000, inside.disk));
        std::fs::hard_link(root.join("tree/one"), root.join("outside")).unwrap();
        let outside = measure(&root.join("tree")).unwrap();
        assert_eq!((outside.disk, outside.freed), (inside.disk, disk(&root.join("tree"))));
        crate::tree::remove_tree(&root).unwrap();
    }

    #[test]
    fn reads_a_tree_deeper_than_path_max_with_something_at_every_level() {
        let root = scratch("deep");
        let mut fd = fs::openat(CWD, &root, OFlags::PATH, Mode::empty()).unwrap();
        for _ in 0..3000 {
            fs::mkdirat(&fd, c"d", Mode::RWXU).unwrap();
            fs::mkdirat(&fd, c"e", Mode::RWXU).unwrap();
            fd = fs::openat(&fd, c"d", OFlags::PATH, Mode::empty()).unwrap();
        }
        drop(fd);
        assert_eq!(measure(&root).unwrap().entries, 6000);
        crate::tree::remove_tree(&root).unwrap();
    }
}
