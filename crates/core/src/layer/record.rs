//! What can only be settled at a layer's end. A directory's times change with everything made in it, and one without
//! write permission could not be filled unprivileged, so nothing is put on a directory before; and whether a whiteout is
//! needed is known when the last opaque mark has been seen.

use std::collections::{BTreeMap, BTreeSet};

use super::{Metadata, invalid};
use crate::error::Result;

/// The final state of one directory that the layer holds.
#[derive(Debug, Clone)]
pub(super) struct DirectoryRecord {
    pub metadata: Metadata,
    /// Hides what the layers below have in this directory.
    pub opaque: bool,
    /// The archive has something in it and says nothing of the directory itself: it is what the layers below say.
    pub implied: bool,
}

/// Directories and whiteouts of the layer by their real path: relative to the root, without symbolic links, empty for
/// the root.
#[derive(Debug)]
pub(super) struct Records {
    directories: BTreeMap<Vec<u8>, DirectoryRecord>,
    whiteouts: BTreeSet<Vec<u8>>,
    /// About so many bytes of memory.
    held: usize,
    most: usize,
}

/// What a record takes besides its path and attributes.
const OVERHEAD: usize = 256;

impl Records {
    /// Records that may take about `most` bytes of memory. An archive of some kilobytes can have millions of directories: a name
    /// of 4 KiB implies 2000 of them.
    pub fn new(most: usize) -> Self {
        Self { directories: BTreeMap::new(), whiteouts: BTreeSet::new(), held: 0, most }
    }

    /// Notes a directory that was just made.
    ///
    /// # Errors
    /// `ERR_RCX_LAYER_INVALID` when there are too many.
    pub fn made(&mut self, path: Vec<u8>, metadata: Metadata, opaque: bool) -> Result<()> {
        self.insert(path, DirectoryRecord { metadata, opaque, implied: false })
    }

    /// Notes a directory that was made because the archive has something in it.
    ///
    /// # Errors
    /// As [`Self::made`].
    pub fn implied(&mut self, path: Vec<u8>) -> Result<()> {
        let metadata = Metadata::implied_directory();
        self.insert(path, DirectoryRecord { metadata, opaque: false, implied: true })
    }

    fn insert(&mut self, path: Vec<u8>, record: DirectoryRecord) -> Result<()> {
        self.forget_directory(&path);
        self.hold(&path, cost(&path, &record.metadata))?;
        self.directories.insert(path, record);
        Ok(())
    }

    /// The archive describes a directory that is there already: what it says last counts.
    ///
    /// # Errors
    /// As [`Self::made`].
    pub fn describe(&mut self, path: Vec<u8>, metadata: Metadata) -> Result<()> {
        let opaque = self.directories.get(&path).is_some_and(|record| record.opaque);
        self.made(path, metadata, opaque)
    }

    /// Marks a directory of this layer as hiding the layers below.
    pub fn mark_opaque(&mut self, path: &[u8]) {
        if let Some(record) = self.directories.get_mut(path) {
            record.opaque = true;
        }
    }

    /// Marks a directory of this layer as another one than the layers below have there.
    pub fn mark_replaced(&mut self, path: &[u8]) {
        if let Some(record) = self.directories.get_mut(path) {
            record.opaque = true;
            record.implied = false;
        }
    }

    /// Notes a whiteout that was just made.
    ///
    /// # Errors
    /// As [`Self::made`].
    pub fn whited_out(&mut self, path: Vec<u8>) -> Result<()> {
        self.hold(&path, OVERHEAD + path.len())?;
        self.whiteouts.insert(path);
        Ok(())
    }

    /// Forgets what was removed, and everything below it.
    pub fn removed(&mut self, path: &[u8]) {
        self.forget_directory(path);
        self.forget_whiteout(path);
        let (low, high) = ([path, b"/"].concat(), [path, &[b'/' + 1]].concat());
        let directories: Vec<_> = self.directories.range(low.clone()..high.clone()).map(key).collect();
        for path in directories {
            self.forget_directory(&path);
        }
        let whiteouts: Vec<_> = self.whiteouts.range(low..high).cloned().collect();
        for path in whiteouts {
            self.forget_whiteout(&path);
        }
    }

    fn hold(&mut self, path: &[u8], bytes: usize) -> Result<()> {
        self.held += bytes;
        if self.held <= self.most {
            return Ok(());
        }
        let rule =
            format!("the layer is too large: its directories take more than {} bytes of memory", self.most);
        Err(invalid(&rule, path))
    }

    fn forget_directory(&mut self, path: &[u8]) {
        if let Some(record) = self.directories.remove(path) {
            self.held -= cost(path, &record.metadata);
        }
    }

    fn forget_whiteout(&mut self, path: &[u8]) {
        if self.whiteouts.remove(path) {
            self.held -= OVERHEAD + path.len();
        }
    }

    /// The whiteouts in or below opaque directories of this layer. They hide nothing, and overlay does not look for
    /// whiteouts in a directory that it does not merge: it would list them as names of nothing.
    pub fn needless_whiteouts(&self) -> impl Iterator<Item = &[u8]> {
        self.whiteouts.iter().filter(|path| self.below_opaque(path)).map(Vec::as_slice)
    }

    fn below_opaque(&self, path: &[u8]) -> bool {
        let mut above = path;
        while let Some(slash) = above.iter().rposition(|&b| b == b'/') {
            above = &above[..slash];
            if self.directories.get(above).is_some_and(|record| record.opaque) {
                return true;
            }
        }
        self.directories.get(&b""[..]).is_some_and(|root| root.opaque)
    }

    /// Directories below the root, and whiteouts that are not needless.
    pub fn objects(&self) -> u64 {
        (self.directories.len() - 1 + self.whiteouts.len() - self.needless_whiteouts().count()) as u64
    }

    /// Whether the layer's root hides everything below.
    pub fn opaque_root(&self) -> bool {
        self.directories.get(&b""[..]).is_some_and(|root| root.opaque)
    }

    /// Directories that the archive only implies, in the order of their paths. If there are too many, the outer ones: those are
    /// the ones that other layers may have, too.
    pub fn implied_directories(&self, most: usize) -> Vec<Vec<u8>> {
        let implied = self.directories.iter().filter(|(_, record)| record.implied);
        let mut paths: Vec<&Vec<u8>> = implied.map(|(path, _)| path).collect();
        if paths.len() > most {
            paths.sort_by_cached_key(|path| path.iter().filter(|&&byte| byte == b'/').count());
            paths.truncate(most);
            paths.sort_unstable();
        }
        paths.into_iter().cloned().collect()
    }

    pub fn take_directories(&mut self) -> BTreeMap<Vec<u8>, DirectoryRecord> {
        std::mem::take(&mut self.directories)
    }
}

fn cost(path: &[u8], Metadata { xattrs, .. }: &Metadata) -> usize {
    let attributes: usize =
        xattrs.iter().map(|xattr| OVERHEAD + xattr.name.as_bytes().len() + xattr.value.len()).sum();
    OVERHEAD + path.len() + attributes
}

fn key((path, _): (&Vec<u8>, &DirectoryRecord)) -> Vec<u8> {
    path.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removal_takes_the_subtree_and_nothing_beside_it() {
        let mut records = Records::new(usize::MAX);
        for path in ["a", "a/b", "a/b/c", "a-b", "a.b", "ab", "a0"] {
            records.made(path.into(), Metadata::implied_directory(), false).unwrap();
        }
        records.removed(b"a");
        let left: Vec<_> =
            records.take_directories().into_keys().map(|k| String::from_utf8(k).unwrap()).collect();
        assert_eq!(left, ["a-b", "a.b", "a0", "ab"]);
    }

    #[test]
    fn whiteouts_below_an_opaque_directory_are_needless() {
        let mut records = Records::new(usize::MAX);
        for path in ["", "a", "a/b", "c"] {
            records.made(path.into(), Metadata::implied_directory(), false).unwrap();
        }
        for path in ["x", "a/x", "a/b/x", "c/x", "c/y"] {
            records.whited_out(path.into()).unwrap();
        }
        records.removed(b"c/y");
        records.mark_opaque(b"a");
        assert_eq!(records.needless_whiteouts().collect::<Vec<_>>(), [&b"a/b/x"[..], b"a/x"]);
        records.mark_opaque(b"");
        assert_eq!(records.needless_whiteouts().count(), 4);
    }

    #[test]
    fn describing_keeps_the_opaque_mark() {
        let mut records = Records::new(usize::MAX);
        records.made(b"a".to_vec(), Metadata::implied_directory(), false).unwrap();
        records.mark_opaque(b"a");
        records.describe(b"a".to_vec(), Metadata { mode: 0o700, ..Metadata::implied_directory() }).unwrap();
        let record = &records.take_directories()[&b"a".to_vec()];
        assert!(record.opaque);
        assert_eq!(record.metadata.mode, 0o700);
    }

    #[test]
    fn what_is_removed_or_replaced_takes_no_memory_any_more() {
        let mut records = Records::new(10 * OVERHEAD);
        for _ in 0..100 {
            for path in ["a", "a/b", "a/c"] {
                records.made(path.into(), Metadata::implied_directory(), false).unwrap();
            }
            records.whited_out(b"a/x".to_vec()).unwrap();
            records.describe(b"a/b".to_vec(), Metadata::implied_directory()).unwrap();
            records.removed(b"a");
        }
        let many = (0..100u8).try_for_each(|i| records.whited_out(vec![b'w', i]));
        assert!(many.unwrap_err().step.contains("more than 2560 bytes of memory"));
    }

    #[test]
    fn a_directory_is_implied_until_it_is_described() {
        let mut records = Records::new(usize::MAX);
        for path in ["a", "a/b", "a/c", "d"] {
            records.implied(path.into()).unwrap();
        }
        records.mark_opaque(b"a");
        records.describe(b"a/b".to_vec(), Metadata::implied_directory()).unwrap();
        records.removed(b"d");
        assert_eq!(records.implied_directories(9), [&b"a"[..], b"a/c"]);
        records.implied(b"z".to_vec()).unwrap();
        assert_eq!(records.implied_directories(2), [&b"a"[..], b"z"]);
        records.removed(b"z");
        records.mark_replaced(b"a");
        assert_eq!(records.implied_directories(9), [&b"a/c"[..]]);
    }
}
