//! Owners that cannot be given: where the caller's id is the only one that is mapped. They are kept in an attribute of the file, and
//! told from there when the file is read into an archive.

use std::ffi::CStr;
use std::os::fd::BorrowedFd;

use rustix::fs::{XattrFlags, fsetxattr};
use rustix::io::Errno;

use super::Xattr;

/// `UID:GID` in decimal. Attributes of users are on files and directories only (xattr(7)); anything else has no record, and
/// belongs to root in an archive.
const RECORD: &CStr = c"user.rcx.owner";

/// What becomes of owners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// Files are given to them.
    Given,
    /// Files belong to the caller, and say whose they are.
    Recorded,
    /// Files belong to the caller.
    Callers,
}

/// Whether an attribute is a record of this kind. None may come from an archive.
pub fn is_record(name: &CStr) -> bool {
    name == RECORD
}

/// Keeps the owner of a file or directory. Root's need no record.
pub fn record(fd: BorrowedFd<'_>, uid: u32, gid: u32) -> Result<(), Errno> {
    if (uid, gid) == (0, 0) {
        return Ok(());
    }
    match fsetxattr(fd, RECORD, format!("{uid}:{gid}").as_bytes(), XattrFlags::empty()) {
        // The file system has no such attributes, as tmpfs before Linux 6.6.
        Err(Errno::OPNOTSUPP) => Ok(()),
        other => other,
    }
}

/// Takes the record out of the attributes of a file, if there is one that can be understood.
pub fn take(xattrs: &mut Vec<Xattr>) -> Option<(u32, u32)> {
    let at = xattrs.iter().position(|xattr| is_record(&xattr.name))?;
    let value = xattrs.remove(at).value;
    let (uid, gid) = std::str::from_utf8(&value).ok()?.split_once(':')?;
    Some((uid.parse().ok()?, gid.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(value: &[u8]) -> Vec<Xattr> {
        let xattr = |name: &CStr, value: &[u8]| Xattr { name: name.to_owned(), value: value.to_vec() };
        vec![xattr(c"user.other", b"x"), xattr(RECORD, value)]
    }

    #[test]
    fn a_record_is_taken_and_nothing_else() {
        let mut xattrs = with(b"33:2200000");
        assert_eq!(take(&mut xattrs), Some((33, 2_200_000)));
        assert_eq!(xattrs.len(), 1);
        assert_eq!(take(&mut xattrs), None);
    }

    #[test]
    fn what_cannot_be_understood_is_none() {
        for value in [&b"33"[..], b"", b"33:", b"a:b", b"-1:0", b"4294967296:0", b"1:2:3", b"\xff:1"] {
            assert_eq!(take(&mut with(value)), None, "{value:?}");
        }
    }
}
