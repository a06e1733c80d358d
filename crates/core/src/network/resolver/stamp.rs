//! Telling that a file or a folder has changed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The kernel's clock for files goes on in steps of up to 10 ms (`CONFIG_HZ`), so two changes may bear the same time.
const STEP: Duration = Duration::from_millis(50);

/// What was there when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    seconds: i64,
    nanoseconds: i64,
    size: u64,
}

impl Stamp {
    /// To be taken before what it is about is read. `None` when there is nothing, or it has changed so recently that the next change
    /// might not show.
    pub fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        let age = SystemTime::now().duration_since(found.modified().ok()?).ok()?;
        (age >= STEP).then(|| Self {
            device: found.dev(),
            inode: found.ino(),
            seconds: found.mtime(),
            nanoseconds: found.mtime_nsec(),
            size: found.size(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_just_changed_may_change_unseen() {
        let path = std::env::temp_dir().join(format!("rcx-stamp-{}", std::process::id()));
        let set = |age: Duration| {
            let file = fs::File::create(&path).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
            Stamp::of(&path)
        };
        assert_eq!(set(Duration::ZERO), None);
        let old = set(STEP * 20);
        assert!(old.is_some());
        assert_eq!(old, Stamp::of(&path));
        assert_ne!(old, set(STEP * 10));
        fs::remove_file(&path).unwrap();
        assert_eq!(Stamp::of(&path), None);
    }
}
