//! What can only be settled at a layer's end. A directory's times change with everything made in it, and one without
//! write permission could not be filled unprivileged, so nothing is put on a directory before; and whether a whiteout is
//! needed is known when the last opaque mark has been seen.

use std::collections::{BTreeMap, BTreeSet};

use super::Metadata;

/// The final state of one directory that the layer holds.
#[derive(Debug, Clone)]
pub(super) struct DirectoryRecord {
    pub metadata: Metadata,
    /// Hides what the layers below have in this directory.
    pub opaque: bool,
}

/// Directories and whiteouts of the layer by their real path: relative to the root, without symbolic links, empty for
/// the root.
#[derive(Debug, Default)]
pub(super) struct Records {
    directories: BTreeMap<Vec<u8>, DirectoryRecord>,
    whiteouts: BTreeSet<Vec<u8>>,
}

impl Records {
    /// Notes a directory that was just made.
    pub fn made(&mut self, path: Vec<u8>, metadata: Metadata, opaque: bool) {
        self.directories.insert(path, DirectoryRecord { metadata, opaque });
    }

    /// The archive describes a directory that is there already: what it says last counts.
    pub fn describe(&mut self, path: Vec<u8>, metadata: Metadata) {
        let opaque = self.directories.get(&path).is_some_and(|record| record.opaque);
        self.made(path, metadata, opaque);
    }

    /// Marks a directory of this layer as hiding the layers below.
    pub fn mark_opaque(&mut self, path: &[u8]) {
        if let Some(record) = self.directories.get_mut(path) {
            record.opaque = true;
        }
    }

    /// Notes a whiteout that was just made.
    pub fn whited_out(&mut self, path: Vec<u8>) {
        self.whiteouts.insert(path);
    }

    /// Forgets what was removed, and everything below it.
    pub fn removed(&mut self, path: &[u8]) {
        self.directories.remove(path);
        self.whiteouts.remove(path);
        let (low, high) = ([path, b"/"].concat(), [path, &[b'/' + 1]].concat());
        let directories: Vec<_> = self.directories.range(low.clone()..high.clone()).map(key).collect();
        for path in directories {
            self.directories.remove(&path);
        }
        let whiteouts: Vec<_> = self.whiteouts.range(low..high).cloned().collect();
        for path in whiteouts {
            self.whiteouts.remove(&path);
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

    pub fn take_directories(&mut self) -> BTreeMap<Vec<u8>, DirectoryRecord> {
        std::mem::take(&mut self.directories)
    }
}

fn key((path, _): (&Vec<u8>, &DirectoryRecord)) -> Vec<u8> {
    path.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removal_takes_the_subtree_and_nothing_beside_it() {
        let mut records = Records::default();
        for path in ["a", "a/b", "a/b/c", "a-b", "a.b", "ab", "a0"] {
            records.made(path.into(), Metadata::implied_directory(), false);
        }
        records.removed(b"a");
        let left: Vec<_> =
            records.take_directories().into_keys().map(|k| String::from_utf8(k).unwrap()).collect();
        assert_eq!(left, ["a-b", "a.b", "a0", "ab"]);
    }

    #[test]
    fn whiteouts_below_an_opaque_directory_are_needless() {
        let mut records = Records::default();
        for path in ["", "a", "a/b", "c"] {
            records.made(path.into(), Metadata::implied_directory(), false);
        }
        for path in ["x", "a/x", "a/b/x", "c/x", "c/y"] {
            records.whited_out(path.into());
        }
        records.removed(b"c/y");
        records.mark_opaque(b"a");
        assert_eq!(records.needless_whiteouts().collect::<Vec<_>>(), [&b"a/b/x"[..], b"a/x"]);
        records.mark_opaque(b"");
        assert_eq!(records.needless_whiteouts().count(), 4);
    }

    #[test]
    fn describing_keeps_the_opaque_mark() {
        let mut records = Records::default();
        records.made(b"a".to_vec(), Metadata::implied_directory(), false);
        records.mark_opaque(b"a");
        records.describe(b"a".to_vec(), Metadata { mode: 0o700, ..Metadata::implied_directory() });
        let record = &records.take_directories()[&b"a".to_vec()];
        assert!(record.opaque);
        assert_eq!(record.metadata.mode, 0o700);
    }
}
