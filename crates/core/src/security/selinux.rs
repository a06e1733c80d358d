//! SELinux: the labels of a container's processes and files (selinux(8); `process.selinuxLabel` and `linux.mountLabel` of the
//! runtime-spec).

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{self, AtFlags, CWD, Mode, OFlags, XattrFlags};
use rustix::io::Errno;

use crate::error::{Context, Error, Result};
use crate::walk::{self, is_directory};

/// Stable code of what has to do with labels.
pub const CODE: &str = "ERR_RCX_SELINUX";
const SELINUXFS: &str = "/sys/fs/selinux";
/// Where filesystems keep labels.
pub const ATTRIBUTE: &CStr = c"security.selinux";

/// A label that is wanted, if this machine can apply it.
///
/// # Errors
/// `ERR_RCX_SELINUX` where the kernel has no SELinux: what is promised would not be there.
pub fn label(wanted: Option<&str>) -> Result<Option<String>> {
    let Some(wanted) = wanted.filter(|label| !label.is_empty()) else { return Ok(None) };
    let step = format!("apply the SELinux label {wanted}");
    if wanted.contains(['"', '\0', '\n']) {
        return Err(Error::new(CODE, format!("{step}: it is not a label")));
    }
    if !is_enabled() {
        return Err(Error::new(
            CODE,
            format!("{step}: the kernel has no SELinux, or {SELINUXFS} is not mounted"),
        )
        .hint("leave the label out, or boot with SELinux enabled"));
    }
    Ok(Some(wanted.to_owned()))
}

/// The kernel has SELinux, it was not turned off at boot, and there is a way to it.
pub fn is_enabled() -> bool {
    // linux/magic.h.
    const SELINUX_MAGIC: i64 = 0xf97c_ff8c;
    let kind = || rustix::io::Result::Ok(fs::statfs(SELINUXFS)?.f_type as i64);
    kind() == Ok(SELINUX_MAGIC)
}

/// Gives a path, and with `recursive` all below it on the same mount, a label. No symbolic link is followed. A filesystem that keeps
/// no labels is left as it is.
///
/// # Errors
/// `ERR_RCX_SELINUX` with the kernel's errno: `EINVAL` for a label that its policy does not know.
pub fn relabel(path: &Path, label: &str, recursive: bool) -> Result<()> {
    match put(path, label.as_bytes(), recursive) {
        Err(Errno::OPNOTSUPP) => Ok(()),
        other => other.step_at(CODE, "set the SELinux label of", path.display()),
    }
}

fn put(path: &Path, label: &[u8], recursive: bool) -> rustix::io::Result<()> {
    let root = fs::openat(CWD, path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    set(format!("/proc/self/fd/{}", root.as_raw_fd()).as_bytes(), label, Follow::Yes)?;
    if !recursive || !is_directory(&fs::statat(&root, c"", AtFlags::EMPTY_PATH)?) {
        return Ok(());
    }
    walk::below(rustix::fd::AsFd::as_fd(&root), |directory, name, _| set_in(directory, name, label))
}

/// Whether the last part of a path may be a link: that of a descriptor is one.
enum Follow {
    Yes,
    No,
}

/// By a name in an open directory: the way goes through that directory's own magic link.
fn set_in(directory: BorrowedFd<'_>, name: &CStr, label: &[u8]) -> rustix::io::Result<()> {
    let mut path = format!("/proc/self/fd/{}/", directory.as_raw_fd()).into_bytes();
    path.extend_from_slice(std::ffi::OsStr::from_bytes(name.to_bytes()).as_bytes());
    match set(&path, label, Follow::No) {
        // Removed meanwhile.
        Err(Errno::NOENT) => Ok(()),
        other => other,
    }
}

/// Nothing is written where the label is right already: it would change the times of every file.
fn set(path: &[u8], label: &[u8], follow: Follow) -> rustix::io::Result<()> {
    let mut now = [0u8; 256];
    let length = match follow {
        Follow::Yes => fs::getxattr(path, ATTRIBUTE, &mut now),
        Follow::No => fs::lgetxattr(path, ATTRIBUTE, &mut now),
    };
    // The kernel ends it with a zero.
    if length.is_ok_and(|length| now[..length].strip_suffix(b"\0").unwrap_or(&now[..length]) == label) {
        return Ok(());
    }
    match follow {
        Follow::Yes => fs::setxattr(path, ATTRIBUTE, label, XattrFlags::empty()),
        Follow::No => fs::lsetxattr(path, ATTRIBUTE, label, XattrFlags::empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_refused_where_it_would_not_be_applied() {
        assert_eq!(label(None).unwrap(), None);
        assert_eq!(label(Some("")).unwrap(), None);
        let wanted = "system_u:system_r:container_t:s0:c1,c2";
        if is_enabled() {
            assert_eq!(label(Some(wanted)).unwrap().as_deref(), Some(wanted));
        } else {
            let error = label(Some(wanted)).unwrap_err();
            assert_eq!(error.code, CODE);
            assert!(error.to_string().contains("c1,c2: the kernel has no SELinux"), "{error}");
        }
        assert!(label(Some("a\",rw")).unwrap_err().to_string().contains("it is not a label"));
    }

    #[test]
    fn what_cannot_be_labelled_is_told() {
        let error = relabel(Path::new("/nonexistent-rcx/file"), "a:b:c:s0", true).unwrap_err();
        assert_eq!(error.code, CODE);
        assert_eq!(error.errno, Some(Errno::NOENT));
    }
}
