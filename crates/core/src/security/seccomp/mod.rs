//! Seccomp filters (seccomp(2)): profiles, what they come to for a container, and their installation.

mod arch;
mod bpf;
mod check;
mod compile;
mod default;
mod document;
mod profile;
mod syscalls;
mod table;
#[cfg(test)]
mod tests;

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use self::arch::Arch;
use self::bpf::Instruction;
use self::document::Machine;
use crate::error::Result;
use crate::kernel;

/// A program with the flags of its installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Instructions.
    pub program: Vec<Instruction>,
    /// `SECCOMP_FILTER_FLAG_…`.
    pub flags: u32,
}

/// The default filter of a container with these bounding capabilities.
pub fn default_filter(bounding: u64) -> Result<Filter> {
    made(&default::default_profile(bounding, Arch::NATIVE))
}

/// The filter of a profile in Docker's format or the runtime-spec's.
///
/// # Errors
/// `ERR_RCX_SECCOMP_PROFILE`
pub fn filter(profile: &str, bounding: u64) -> Result<Filter> {
    let kernel = kernel::running().unwrap_or((0, 0));
    made(&document::parse(profile, Machine { bounding, kernel, native: Arch::NATIVE })?)
}

/// Finds out whether a profile can be used here, whatever a container's capabilities, and takes the white space out of it.
///
/// # Errors
/// `ERR_RCX_SECCOMP_PROFILE`
pub fn check(profile: &str) -> Result<String> {
    filter(profile, 0)?;
    filter(profile, u64::MAX)?;
    Ok(document::compact(profile))
}

fn made(profile: &profile::Profile<'_>) -> Result<Filter> {
    Ok(Filter { program: compile::compile(profile)?, flags: profile.flags })
}

#[repr(C)]
struct KernelInstruction {
    code: u16,
    yes: u8,
    no: u8,
    operand: u32,
}

#[repr(C)]
struct Program {
    length: libc::c_ushort,
    instructions: *const KernelInstruction,
}

/// Installs a filter for the calling thread and all it will start. Needs `no_new_privs` or `CAP_SYS_ADMIN`.
pub fn install(filter: &Filter) -> std::result::Result<(), Errno> {
    const SECCOMP_SET_MODE_FILTER: libc::c_uint = 1;
    let instructions: Vec<KernelInstruction> = filter
        .program
        .iter()
        .map(|word| KernelInstruction {
            code: *word as u16,
            yes: (word >> 16) as u8,
            no: (word >> 24) as u8,
            operand: (word >> 32) as u32,
        })
        .collect();
    let length = libc::c_ushort::try_from(instructions.len()).map_err(|_| Errno::TOOBIG)?;
    let program = Program { length, instructions: instructions.as_ptr() };
    // SAFETY: the program and its instructions are valid for the call, the kernel copies them.
    let result = unsafe {
        libc::syscall(libc::SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter.flags, std::ptr::from_ref(&program))
    };
    crate::sys::check(result).map(drop)
}
