//! Capability sets as masks, and their application to the calling process (capabilities(7)).

use std::collections::HashSet;

use oci_spec::runtime::{Capability, LinuxCapabilities};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::sys;

/// The five sets of a process, bit n standing for capability number n.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sets {
    /// Upper limit for everything a process can ever gain.
    pub bounding: u64,
    /// In force.
    pub effective: u64,
    /// May be put in force.
    pub permitted: u64,
    /// Kept across exec of files with inheritable capabilities.
    pub inheritable: u64,
    /// Kept across exec of ordinary files.
    pub ambient: u64,
}

impl Sets {
    /// From the spec; without any, all sets are empty.
    pub fn from_spec(spec: Option<&LinuxCapabilities>) -> Self {
        let Some(spec) = spec else { return Self::default() };
        Self {
            bounding: mask(spec.bounding().as_ref()),
            effective: mask(spec.effective().as_ref()),
            permitted: mask(spec.permitted().as_ref()),
            inheritable: mask(spec.inheritable().as_ref()),
            ambient: mask(spec.ambient().as_ref()),
        }
    }
}

fn mask(set: Option<&HashSet<Capability>>) -> u64 {
    set.into_iter().flatten().fold(0, |mask, capability| mask | mask_of(*capability))
}

/// A capability as the bit of a set, by its name (`CAP_…`); none for a name that the kernel does not have.
pub fn bit(name: &str) -> u64 {
    let short = name.strip_prefix("CAP_").unwrap_or_default();
    short.parse::<Capability>().map_or(0, mask_of)
}

/// A capability as the bit of a set.
pub fn mask_of(capability: Capability) -> u64 {
    1 << number(capability)
}

/// The kernel's number of a capability (linux/capability.h).
fn number(capability: Capability) -> u32 {
    use Capability as C;
    match capability {
        C::Chown => 0,
        C::DacOverride => 1,
        C::DacReadSearch => 2,
        C::Fowner => 3,
        C::Fsetid => 4,
        C::Kill => 5,
        C::Setgid => 6,
        C::Setuid => 7,
        C::Setpcap => 8,
        C::LinuxImmutable => 9,
        C::NetBindService => 10,
        C::NetBroadcast => 11,
        C::NetAdmin => 12,
        C::NetRaw => 13,
        C::IpcLock => 14,
        C::IpcOwner => 15,
        C::SysModule => 16,
        C::SysRawio => 17,
        C::SysChroot => 18,
        C::SysPtrace => 19,
        C::SysPacct => 20,
        C::SysAdmin => 21,
        C::SysBoot => 22,
        C::SysNice => 23,
        C::SysResource => 24,
        C::SysTime => 25,
        C::SysTtyConfig => 26,
        C::Mknod => 27,
        C::Lease => 28,
        C::AuditWrite => 29,
        C::AuditControl => 30,
        C::Setfcap => 31,
        C::MacOverride => 32,
        C::MacAdmin => 33,
        C::Syslog => 34,
        C::WakeAlarm => 35,
        C::BlockSuspend => 36,
        C::AuditRead => 37,
        C::Perfmon => 38,
        C::Bpf => 39,
        C::CheckpointRestore => 40,
    }
}

/// Drops everything outside `bounding` from the calling thread's bounding set. Needs `CAP_SETPCAP`.
pub fn limit_bounding(bounding: u64) -> Result<(), Errno> {
    for capability in 0..64u64 {
        match sys::prctl(libc::PR_CAPBSET_READ, capability, 0) {
            // The first number that this kernel does not have.
            Err(Errno::INVAL) => return Ok(()),
            Err(errno) => return Err(errno),
            Ok(0) => {}
            Ok(_) if bounding & (1 << capability) != 0 => {}
            Ok(_) => drop(sys::prctl(libc::PR_CAPBSET_DROP, capability, 0)?),
        }
    }
    Ok(())
}

/// Sets the remaining sets of the calling thread. Capabilities that the caller does not have itself, or that the bounding
/// set has lost, cannot be given: they are left out, as with every other runtime, or root without a full set (in a
/// container, on a restricted host) could start nothing.
pub fn apply(sets: &Sets) -> Result<(), Errno> {
    let own = get()?.permitted;
    let permitted = sets.permitted & own;
    let wanted = Sets {
        bounding: sets.bounding,
        effective: sets.effective & permitted,
        permitted,
        inheritable: sets.inheritable & own,
        ambient: 0,
    };
    set(&wanted)?;
    sys::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL as u64, 0)?;
    let ambient = sets.ambient & permitted & wanted.inheritable;
    for capability in (0..64u64).filter(|number| ambient & (1 << number) != 0) {
        sys::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE as u64, capability)?;
    }
    Ok(())
}

/// Makes effective what is permitted. A raw system call each: no allocation, no lock.
pub fn raise_permitted() -> Result<(), Errno> {
    let own = get()?;
    set(&Sets { effective: own.permitted, ..own })
}

/// `_LINUX_CAPABILITY_VERSION_3`: 64 bits in two words.
const VERSION: u32 = 0x2008_0522;

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Default, Clone, Copy)]
struct Word {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// The calling thread's sets, without bounding and ambient.
fn get() -> Result<Sets, Errno> {
    let header = Header { version: VERSION, pid: 0 };
    let mut words = [Word::default(); 2];
    // SAFETY: capget fills two words for version 3.
    let result = unsafe { libc::syscall(libc::SYS_capget, std::ptr::from_ref(&header), words.as_mut_ptr()) };
    sys::check(result)?;
    let join = |pick: fn(&Word) -> u32| u64::from(pick(&words[0])) | u64::from(pick(&words[1])) << 32;
    Ok(Sets {
        effective: join(|word| word.effective),
        permitted: join(|word| word.permitted),
        inheritable: join(|word| word.inheritable),
        ..Sets::default()
    })
}

fn set(sets: &Sets) -> Result<(), Errno> {
    let header = Header { version: VERSION, pid: 0 };
    let word = |shift: u32| Word {
        effective: (sets.effective >> shift) as u32,
        permitted: (sets.permitted >> shift) as u32,
        inheritable: (sets.inheritable >> shift) as u32,
    };
    let words = [word(0), word(32)];
    // SAFETY: capset reads two words for version 3.
    sys::check(unsafe { libc::syscall(libc::SYS_capset, std::ptr::from_ref(&header), words.as_ptr()) })
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_bits() {
        let spec: LinuxCapabilities = serde_json::from_str(
            r#"{"bounding":["CAP_CHOWN","CAP_CHECKPOINT_RESTORE"],"effective":["CAP_KILL"]}"#,
        )
        .unwrap();
        let sets = Sets::from_spec(Some(&spec));
        assert_eq!((sets.bounding, sets.effective, sets.ambient), (1 | 1 << 40, 1 << 5, 0));
    }

    #[test]
    fn a_name_is_a_bit() {
        assert_eq!(
            [bit("CAP_CHOWN"), bit("CAP_SYS_ADMIN"), bit("CAP_CHECKPOINT_RESTORE")],
            [1, 1 << 21, 1 << 40]
        );
        assert_eq!([bit("SYS_ADMIN"), bit("CAP_"), bit("CAP_SYS_PTRACE ")], [0; 3]);
    }

    #[test]
    fn no_capabilities_in_the_spec_means_none() {
        assert_eq!(Sets::from_spec(None), Sets::default());
    }

    #[test]
    fn reads_the_own_sets() {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("CapPrm:")).unwrap();
        assert_eq!(get().unwrap().permitted, u64::from_str_radix(line.trim(), 16).unwrap());
    }
}
