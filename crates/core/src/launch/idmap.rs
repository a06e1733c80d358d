//! Whether the owners of a filesystem can be shifted, tried on a mount that nobody sees.

use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

use rustix::io::Errno;

use super::mount::clone_of;
use super::outside::shift;
use super::resolve::open_host;
use super::user_namespace;
use crate::error::{Context, Error, Result};
use crate::id_map::{IdMaps, IdRange};
use crate::plan::target::cstring;
use crate::plan::user::{CODE, SHIFT_HINT};

/// Makes sure that containers with a user namespace can have their layers in these directories.
///
/// # Errors
/// `ERR_RCX_IDMAP` naming the first that cannot be shifted, `ERR_RCX_USER_NAMESPACE` where there are no user namespaces.
pub fn can_shift(paths: &[&Path]) -> Result<()> {
    crate::plan::user::require_kernel()?;
    // The ids are those of nobody's in particular: nothing is done with them.
    let ranges = vec![IdRange { container: 0, host: 1 << 30, size: 1 }];
    let namespace = user_namespace::make(&IdMaps { uids: ranges.clone(), gids: ranges }, false)?.user;
    for path in paths {
        const STEP: &str = "shift the owners of the container's layers";
        let directory = open_host(&cstring(&path.to_string_lossy())?).step_at(CODE, STEP, path.display())?;
        let tree = clone_of(directory.as_fd(), false).step_at(CODE, STEP, path.display())?;
        match shift(tree.as_fd(), false, namespace.as_raw_fd()) {
            Err(errno @ Errno::INVAL) => {
                return Err(Error::os(CODE, STEP, errno).at(path.display().to_string()).hint(SHIFT_HINT));
            }
            other => other.step_at(CODE, STEP, path.display())?,
        }
    }
    Ok(())
}
