//! The union mount of a request, and what can be said against it before the kernel is asked.

use std::path::{Path, PathBuf};

use super::op::{Overlay, OverlayApi};
use super::request::{ImageView, Layers};
use super::{Builder, path_cstring};
use crate::error::{Context, Error, Result};
use crate::kernel;

const CODE: &str = "ERR_RCX_OVERLAY";
/// Most that `mount(2)` takes as options, whatever the size of the machine's pages.
const OPTION_PAGE: usize = 4096;

/// The overlay that shows `layers` at a host path.
pub fn overlay(layers: &Layers, at: &Path, builder: &Builder) -> Result<Overlay> {
    let writable = match (&layers.upper, &layers.work) {
        (Some(upper), Some(work)) => {
            refuse_ramfs(upper)?;
            Some((path_cstring(upper)?, path_cstring(work)?))
        }
        (None, None) => None,
        _ => {
            let what = "mount the container's overlay: upper and work belong together";
            return Err(Error::new("ERR_RCX_INVALID_SPEC", what));
        }
    };
    Ok(Overlay { writable, volatile: layers.volatile, ..read_only(&layers.lower, at, layers.api, builder)? })
}

/// The overlay that shows an image for a moment, before the part of it that is wanted is moved to its place.
pub fn view(image: &ImageView, builder: &Builder) -> Result<Overlay> {
    read_only(&image.lower, &image.at, OverlayApi::Auto, builder)
}

fn read_only(lower: &[PathBuf], at: &Path, wanted: OverlayApi, builder: &Builder) -> Result<Overlay> {
    Ok(Overlay {
        lower: lower.iter().map(|path| path_cstring(path)).collect::<Result<_>>()?,
        writable: None,
        at: path_cstring(at)?,
        label: builder.mount_label.clone(),
        volatile: false,
        userxattr: builder.unprivileged.is_some(),
        api: api(wanted, kernel::running()),
        options: Vec::with_capacity(OPTION_PAGE),
    })
}

/// overlayfs marks what was deleted by extended attributes. On ramfs, which has none, the mount succeeds and `rm` fails.
fn refuse_ramfs(upper: &Path) -> Result<()> {
    // linux/magic.h.
    const RAMFS_MAGIC: i64 = 0x8584_58f6;
    let stat = rustix::fs::statfs(upper).step_at(
        CODE,
        "look at the container's read-write layer",
        upper.display(),
    )?;
    if stat.f_type as i64 != RAMFS_MAGIC {
        return Ok(());
    }
    Err(Error::new(CODE, "keep the container's read-write layer on ramfs, where nothing could be deleted")
        .at(upper.display().to_string())
        .hint("point RCX_ROOT at a disk or a tmpfs; an initramfs is a ramfs"))
}

/// Before 6.8 overlayfs finds out only at the mount that it does not know `lowerdir+`, and complains in the kernel's log: at
/// every start of a container.
fn api(wanted: OverlayApi, kernel: Option<(u32, u32)>) -> OverlayApi {
    if kernel.is_some_and(|kernel| kernel < (6, 8)) { OverlayApi::Legacy } else { wanted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowerdir_plus_is_not_tried_before_linux_6_8() {
        for kernel in ["5.15.0-91-generic", "6.1.0-56-cloud-amd64", "6.5.13", "6.7"] {
            assert_eq!(api(OverlayApi::Auto, kernel::version(kernel)), OverlayApi::Legacy, "{kernel}");
        }
        for kernel in ["6.8.0", "6.18.44-rc1", "7.0", "unheard-of"] {
            assert_eq!(api(OverlayApi::Auto, kernel::version(kernel)), OverlayApi::Auto, "{kernel}");
        }
        assert_eq!(api(OverlayApi::Legacy, kernel::version("7.0")), OverlayApi::Legacy);
    }
}
