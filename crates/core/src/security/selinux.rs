//! SELinux: the labels of a container's processes and files (selinux(8); `process.selinuxLabel` and `linux.mountLabel` of the
//! runtime-spec).

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
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
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let root = fs::openat(CWD, path, flags, Mode::empty())?;
    set(root.as_fd(), label)?;
    if !recursive || !is_directory(&fs::statat(&root, c"", AtFlags::EMPTY_PATH)?) {
        return Ok(());
    }
    walk::below(root.as_fd(), |directory, name, _| match fs::openat(directory, name, flags, Mode::empty()) {
        // Removed meanwhile.
        Err(Errno::NOENT) => Ok(()),
        found => set(found?.as_fd(), label),
    })
}

/// What is open by its path alone takes no attributes, but its magic link leads to that very object, and a symbolic link behind it
/// is not followed. Nothing is written where the label is right already: it would change the times of every file.
fn set(fd: BorrowedFd<'_>, label: &[u8]) -> rustix::io::Result<()> {
    let link = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let mut now = [0u8; 256];
    let length = fs::getxattr(&link, ATTRIBUTE, &mut now);
    // The kernel ends it with a zero.
    if length.is_ok_and(|length| now[..length].strip_suffix(b"\0").unwrap_or(&now[..length]) == label) {
        return Ok(());
    }
    fs::setxattr(&link, ATTRIBUTE, label, XattrFlags::empty())
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
