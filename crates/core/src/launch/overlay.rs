//! The union mount. Runs in the child: no allocation, no panic.

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, fsconfig_create, fsconfig_set_flag,
    fsconfig_set_string, fsmount, fsopen, mount,
};

use super::mount::attach;
use super::resolve::open_host;
use crate::plan::op::{Overlay, OverlayApi};

/// Behaviour that a layer's content must not depend on the host's defaults for: a rename of a lower directory copies it
/// (no `redirect`), every changed file is whole in the upper layer (no `metacopy`), so that a commit sees all of it.
fn fixed(userxattr: bool) -> [(&'static CStr, &'static CStr); 3] {
    // Without privileges the kernel takes no other word for it (`ovl_fs_params_verify`): redirects are neither made nor followed.
    let redirect = if userxattr { c"nofollow" } else { c"off" };
    [(c"redirect_dir", redirect), (c"metacopy", c"off"), (c"index", c"off")]
}

/// `fsconfig(2)` takes strings of at most 255 bytes.
const FSCONFIG_STRING_MAX: usize = 255;

/// Mounts the overlay at its host path; true when `mount(2)` had to be used.
pub fn mount_overlay(overlay: &mut Overlay) -> Result<bool, Errno> {
    if overlay.api == OverlayApi::Auto && fits_fsconfig(overlay) {
        match mount_by_fsconfig(overlay) {
            // Before Linux 6.8 overlayfs does not know lowerdir+.
            Err(Errno::INVAL) => {}
            other => return other.map(|()| false),
        }
    }
    mount_by_options(overlay).map(|()| true)
}

fn fits_fsconfig(overlay: &Overlay) -> bool {
    let fits = |path: &std::ffi::CString| path.as_bytes().len() <= FSCONFIG_STRING_MAX;
    overlay.lower.iter().all(fits)
        && overlay.writable.as_ref().is_none_or(|(upper, work)| fits(upper) && fits(work))
}

fn mount_by_fsconfig(overlay: &Overlay) -> Result<(), Errno> {
    let context = fsopen(c"overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    let fs = context.as_fd();
    for layer in &overlay.lower {
        fsconfig_set_string(fs, c"lowerdir+", layer.as_c_str())?;
    }
    if let Some((upper, work)) = &overlay.writable {
        fsconfig_set_string(fs, c"upperdir", upper.as_c_str())?;
        fsconfig_set_string(fs, c"workdir", work.as_c_str())?;
    }
    for (key, value) in fixed(overlay.userxattr) {
        fsconfig_set_string(fs, key, value)?;
    }
    if let Some(label) = &overlay.label {
        fsconfig_set_string(fs, c"context", label.as_c_str())?;
    }
    if overlay.volatile {
        fsconfig_set_flag(fs, c"volatile")?;
    }
    if overlay.userxattr {
        fsconfig_set_flag(fs, c"userxattr")?;
    }
    fsconfig_set_string(fs, c"source", c"overlay")?;
    fsconfig_create(fs)?;
    let mounted = fsmount(fs, FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty())?;
    attach(mounted.as_fd(), open_host(&overlay.at)?.as_fd())
}

/// `mount(2)` takes one page of options. A layer is named by its descriptor, relative to `/proc/self/fd`: at most five
/// characters, so that 127 layers fit wherever the store lies.
fn mount_by_options(overlay: &mut Overlay) -> Result<(), Errno> {
    let mut text = OptionPage { page: &mut overlay.options };
    let dirs = open_dir(c"/proc/self/fd")?;
    text.push(b"lowerdir=")?;
    for (index, layer) in overlay.lower.iter().enumerate() {
        if index > 0 {
            text.push(b":")?;
        }
        // Stays open until exec closes it: the option names it by number.
        text.push_fd(&std::mem::ManuallyDrop::new(open_dir(layer)?))?;
    }
    if let Some((upper, work)) = &overlay.writable {
        // As the layers: named by number, so they stay open.
        text.push(b",upperdir=")?;
        text.push_fd(&std::mem::ManuallyDrop::new(open_dir(upper)?))?;
        text.push(b",workdir=")?;
        text.push_fd(&std::mem::ManuallyDrop::new(open_dir(work)?))?;
    }
    for (key, value) in fixed(overlay.userxattr) {
        text.push(b",")?;
        text.push(key.to_bytes())?;
        text.push(b"=")?;
        text.push(value.to_bytes())?;
    }
    if let Some(label) = &overlay.label {
        // In quotes, as there are commas in it.
        text.push(b",context=\"")?;
        text.push(label.to_bytes())?;
        text.push(b"\"")?;
    }
    if overlay.volatile {
        text.push(b",volatile")?;
    }
    if overlay.userxattr {
        text.push(b",userxattr")?;
    }
    text.push(b"\0")?;
    let options = CStr::from_bytes_with_nul(&overlay.options).map_err(|_| Errno::INVAL)?;
    rustix::process::fchdir(&dirs)?;
    mount(c"overlay", overlay.at.as_c_str(), c"overlay", MountFlags::empty(), options)
}

fn open_dir(path: &CStr) -> Result<OwnedFd, Errno> {
    open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// Appends to a buffer whose capacity was reserved beforehand, and refuses rather than grow it.
struct OptionPage<'a> {
    page: &'a mut Vec<u8>,
}

impl OptionPage<'_> {
    fn push(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        if self.page.capacity() - self.page.len() < bytes.len() {
            return Err(Errno::TOOBIG);
        }
        self.page.extend_from_slice(bytes);
        Ok(())
    }

    fn push_fd(&mut self, fd: &OwnedFd) -> Result<(), Errno> {
        let mut digits = [0u8; 10];
        let mut start = digits.len();
        let mut rest = fd.as_raw_fd().unsigned_abs();
        loop {
            start -= 1;
            digits[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.push(&digits[start..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::FromRawFd;

    #[test]
    fn the_option_page_refuses_to_grow() {
        let mut page = Vec::with_capacity(8);
        let capacity = page.capacity();
        let mut text = OptionPage { page: &mut page };
        text.push(&vec![b'a'; capacity]).unwrap();
        assert_eq!(text.push(b"b"), Err(Errno::TOOBIG));
    }

    #[test]
    fn descriptors_are_written_in_decimal() {
        let mut page = Vec::with_capacity(16);
        // SAFETY: never used as a descriptor, and not dropped.
        let fd = std::mem::ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(10_203) });
        OptionPage { page: &mut page }.push_fd(&fd).unwrap();
        assert_eq!(page, b"10203");
    }
}
