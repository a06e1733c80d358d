//! The binary `rcx-init` as a sealed memfd: what is executed inside a container can never lead back to a writable file of
//! the host through `/proc/self/exe` (CVE-2019-5736).

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create, sendfile};
use rustix::io::Errno;

use crate::error::{Context, Result};

/// `MFD_EXEC` (Linux 6.3): wanted where `vm.memfd_noexec` is set; older kernels answer EINVAL.
const MFD_EXEC: MemfdFlags = MemfdFlags::from_bits_retain(0x0010);

/// Bytes; the kernel copies less where the file is shorter.
const MOST_AT_ONCE: usize = 1 << 24;

static CACHE: Mutex<Option<(PathBuf, Arc<OwnedFd>)>> = Mutex::new(None);

/// The sealed copy of the binary at `path`, made once and kept until [`forget`].
pub fn sealed(path: &Path) -> Result<Arc<OwnedFd>> {
    let mut cache = cache();
    if let Some((known, fd)) = &*cache
        && known == path
    {
        return Ok(Arc::clone(fd));
    }
    let fd = Arc::new(copy_and_seal(path)?);
    *cache = Some((path.to_owned(), Arc::clone(&fd)));
    Ok(fd)
}

/// Gives the copy's memory back, which is as much as the binary is long: for processes that launch once and live long.
pub fn forget() {
    *cache() = None;
}

fn cache() -> MutexGuard<'static, Option<(PathBuf, Arc<OwnedFd>)>> {
    CACHE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn copy_and_seal(path: &Path) -> Result<OwnedFd> {
    const CODE: &str = "ERR_RCX_INIT_BINARY";
    let file = File::open(path)
        .step_at(CODE, "open rcx-init", path.display())
        .map_err(|e| e.hint("reinstall rcx, or build it with: npm run build"))?;
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let fd = match memfd_create(c"rcx-init", flags | MFD_EXEC) {
        Err(Errno::INVAL) => memfd_create(c"rcx-init", flags),
        other => other,
    }
    .step(CODE, "create a memfd for rcx-init")?;
    // Within the kernel: by way of this process' memory it takes twice as long, and it is done at every start.
    while sendfile(&fd, &file, None, MOST_AT_ONCE).step_at(
        CODE,
        "copy rcx-init to a memfd",
        path.display(),
    )? > 0
    {}
    fcntl_add_seals(&fd, SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE)
        .step(CODE, "seal the memfd of rcx-init")?;
    Ok(fd)
}
