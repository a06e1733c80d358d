//! What the directories of a layer get at its end. A directory's times change with everything made in it, and one
//! without write permission could not be filled unprivileged, so nothing is put on a directory before the layer is done.

use std::collections::BTreeMap;

use super::Metadata;

/// The final state of one directory that the layer holds.
#[derive(Debug, Clone)]
pub(super) struct DirectoryRecord {
    pub metadata: Metadata,
    /// Hides what the layers below have in this directory.
    pub opaque: bool,
}

/// All directories of the layer by their real path: relative to the root, without symbolic links, empty for the root.
#[derive(Debug, Default)]
pub(super) struct DirectoryRecords(BTreeMap<Vec<u8>, DirectoryRecord>);

impl DirectoryRecords {
    /// Notes a directory that was just made.
    pub fn made(&mut self, path: Vec<u8>, metadata: Metadata, opaque: bool) {
        self.0.insert(path, DirectoryRecord { metadata, opaque });
    }

    /// The archive describes a directory that is there already: what it says last counts.
    pub fn describe(&mut self, path: Vec<u8>, metadata: Metadata) {
        let opaque = self.0.get(&path).is_some_and(|record| record.opaque);
        self.made(path, metadata, opaque);
    }

    /// Marks a directory of this layer as hiding the layers below.
    pub fn mark_opaque(&mut self, path: &[u8]) {
        if let Some(record) = self.0.get_mut(path) {
            record.opaque = true;
        }
    }

    /// Forgets a directory that was removed, and everything below it.
    pub fn removed(&mut self, path: &[u8]) {
        self.0.remove(path);
        let mut low = path.to_vec();
        low.push(b'/');
        let mut high = path.to_vec();
        high.push(b'/' + 1);
        let below: Vec<_> = self.0.range(low..high).map(|(key, _)| key.clone()).collect();
        for key in below {
            self.0.remove(&key);
        }
    }

    pub fn take(&mut self) -> BTreeMap<Vec<u8>, DirectoryRecord> {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removal_takes_the_subtree_and_nothing_beside_it() {
        let mut records = DirectoryRecords::default();
        for path in ["a", "a/b", "a/b/c", "a-b", "a.b", "ab", "a0"] {
            records.made(path.into(), Metadata::implied_directory(), false);
        }
        records.removed(b"a");
        let left: Vec<_> = records.take().into_keys().map(|k| String::from_utf8(k).unwrap()).collect();
        assert_eq!(left, ["a-b", "a.b", "a0", "ab"]);
    }

    #[test]
    fn describing_keeps_the_opaque_mark() {
        let mut records = DirectoryRecords::default();
        records.made(b"a".to_vec(), Metadata::implied_directory(), false);
        records.mark_opaque(b"a");
        records.describe(b"a".to_vec(), Metadata { mode: 0o700, ..Metadata::implied_directory() });
        let record = &records.take()[&b"a".to_vec()];
        assert!(record.opaque);
        assert_eq!(record.metadata.mode, 0o700);
    }
}
