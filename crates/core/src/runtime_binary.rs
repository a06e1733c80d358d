//! The helper binary as a sealed memfd: what is executed inside a container can never lead back to a writable file of
//! the host through `/proc/self/exe` (CVE-2019-5736).

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Mutex;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;

use crate::error::{Context, Result};

/// `MFD_EXEC` (Linux 6.3): wanted where `vm.memfd_noexec` is set; older kernels answer EINVAL.
const MFD_EXEC: MemfdFlags = MemfdFlags::from_bits_retain(0x0010);

static CACHE: Mutex<Option<(&'static Path, &'static OwnedFd)>> = Mutex::new(None);

/// The sealed copy of the binary at `path`, made once per process and kept for its life.
pub fn sealed(path: &Path) -> Result<BorrowedFd<'static>> {
    let mut cache = CACHE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((known, fd)) = *cache
        && known == path
    {
        return Ok(fd.as_fd());
    }
    // One small descriptor per process and binary, never given back: launches on other threads may be using it.
    let fd: &'static OwnedFd = Box::leak(Box::new(copy_and_seal(path)?));
    *cache = Some((Box::leak(path.into()), fd));
    Ok(fd.as_fd())
}

fn copy_and_seal(path: &Path) -> Result<OwnedFd> {
    const CODE: &str = "ERR_RCX_RUNTIME_BINARY";
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .step_at(CODE, "read the helper binary", path.display())
        .map_err(|e| e.hint("reinstall rcx, or build it with: npm run build"))?;
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let fd = match memfd_create(c"rcx-runtime", flags | MFD_EXEC) {
        Err(Errno::INVAL) => memfd_create(c"rcx-runtime", flags),
        other => other,
    }
    .step(CODE, "create a memfd for the helper binary")?;
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let written = rustix::io::write(&fd, rest).step(CODE, "fill the memfd of the helper binary")?;
        rest = &rest[written..];
    }
    fcntl_add_seals(&fd, SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE)
        .step(CODE, "seal the memfd of the helper binary")?;
    Ok(fd)
}
