//! Ids of the calling thread alone, by raw system calls: libc's functions of these names change all threads of a process.
//! No allocation, no lock.

use rustix::io::Errno;

use super::capabilities;
use crate::sys;

/// Has what the calling thread makes from now on belong to these ids, and keeps its capabilities, of which those about files go
/// with the filesystem id of root (capabilities(7)).
///
/// # Errors
/// `EPERM` without `CAP_SETUID` and `CAP_SETGID`.
pub fn create_as(uid: u32, gid: u32) -> Result<(), Errno> {
    set_filesystem_id(libc::SYS_setfsgid, gid)?;
    set_filesystem_id(libc::SYS_setfsuid, uid)?;
    capabilities::raise_permitted()
}

/// Runs `make` with [`create_as`], then has the thread as it was.
///
/// # Errors
/// Those of `make`; `EPERM` without the privileges.
pub fn creating_as<T>(uid: u32, gid: u32, make: impl FnOnce() -> Result<T, Errno>) -> Result<T, Errno> {
    let (own_uid, own_gid) = (rustix::process::geteuid(), rustix::process::getegid());
    let dumpable = sys::prctl(libc::PR_GET_DUMPABLE, 0, 0)?;
    let made = create_as(uid, gid).and_then(|()| make());
    create_as(own_uid.as_raw(), own_gid.as_raw())?;
    // A change of the filesystem ids clears it (proc_pid(5)). They give nobody access to this process: that is for its user ids to
    // say, which were never changed.
    if dumpable == 1 {
        sys::prctl(libc::PR_SET_DUMPABLE, 1, 0)?;
    }
    made
}

/// setfsuid(2) tells the id that was, and never an error: whether it was set is seen by asking for one that is not valid.
fn set_filesystem_id(call: libc::c_long, id: u32) -> Result<(), Errno> {
    // SAFETY: plain integers; the calls take 32 bits.
    let set = unsafe {
        libc::syscall(call, libc::c_ulong::from(id));
        libc::syscall(call, libc::c_ulong::from(u32::MAX))
    };
    if set == libc::c_long::from(id) { Ok(()) } else { Err(Errno::PERM) }
}

/// Enters a user namespace and becomes its root, without the groups of outside. In memory that others share this must not be done:
/// it may then no longer be dumped, nor traced, by its owner.
///
/// # Errors
/// Those of setns(2), setgroups(2) and setresuid(2).
pub fn enter_user_namespace(namespace: std::os::fd::BorrowedFd<'_>) -> Result<(), Errno> {
    sys::setns(namespace, u64::from(libc::CLONE_NEWUSER.cast_unsigned()))?;
    become_root()
}

/// Becomes root, with no supplementary group, of the user namespace that the calling thread is in.
///
/// # Errors
/// Those of setgroups(2) and setresuid(2).
pub fn become_root() -> Result<(), Errno> {
    // SAFETY: no list of groups is read, and plain integers.
    unsafe {
        sys::check(libc::syscall(libc::SYS_setgroups, 0, std::ptr::null::<libc::gid_t>()))?;
        sys::check(libc::syscall(libc::SYS_setresgid, 0, 0, 0))?;
        sys::check(libc::syscall(libc::SYS_setresuid, 0, 0, 0)).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn what_is_made_belongs_to_others_and_the_thread_keeps_its_capabilities() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: taking other ids needs root");
            return;
        }
        // Ids are the thread's own: this one is not used again.
        std::thread::spawn(|| {
            let folder = std::env::temp_dir().join(format!("rcx-ids-{}", std::process::id()));
            std::fs::create_dir(&folder).unwrap();
            create_as(70_001, 70_002).unwrap();
            // The folder is root's, with mode 0755: to write in it takes CAP_DAC_OVERRIDE.
            let made = std::fs::write(folder.join("file"), "").and_then(|()| folder.join("file").metadata());
            create_as(0, 0).unwrap();
            std::fs::remove_dir_all(&folder).unwrap();
            let made = made.unwrap();
            assert_eq!((made.uid(), made.gid()), (70_001, 70_002));
        })
        .join()
        .unwrap();
    }
}
