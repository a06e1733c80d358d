//! The default seccomp filter (seccomp(2)): an allow-list as a balanced search over ranges of numbers, so that a call costs
//! a handful of instructions and the kernel's cache of always-allowed calls is built quickly.

use rustix::io::Errno;

use super::syscalls::{ARCHITECTURE, COMMON, LAST_KNOWN, NEWER, UNNAMED};

/// One instruction: the kernel's `struct sock_filter`, packed into a word so that a program can travel as numbers.
pub type Instruction = u64;

// linux/bpf_common.h
const LOAD: u16 = 0x20;
const JUMP_ALWAYS: u16 = 0x05;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_GREATER_OR_EQUAL: u16 = 0x35;
const JUMP_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;
// linux/seccomp.h: actions, and offsets into struct seccomp_data.
const ALLOW: u32 = 0x7fff_0000;
const ERRNO: u32 = 0x0005_0000;
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const FIRST_ARGUMENT: u32 = 16;

#[cfg(target_arch = "x86_64")]
const AUDIT_ARCH: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const AUDIT_ARCH: u32 = 0xc000_00b7;

/// `CLONE_NEW…` in the flags of `clone(2)`: a new user namespace would open the kernel's whole privileged surface.
const CLONE_NAMESPACES: u32 = 0x7e02_0000;
/// Socket families outside the container's network namespace (`AF_VSOCK`) or with a history of kernel holes (`AF_ALG`).
const DENIED_FAMILIES: [u32; 2] = [40, 38];
/// `PER_LINUX`, `PER_LINUX32`, both with `UNAME26`, and the query.
const PERSONALITIES: [u32; 5] = [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/// The default filter for a container without extra capabilities.
pub fn default_filter() -> Vec<Instruction> {
    let denied = ERRNO | libc::EPERM.unsigned_abs();
    let absent = ERRNO | libc::ENOSYS.unsigned_abs();
    let mut code = vec![
        statement(LOAD, ARCH),
        jump(JUMP_EQUAL, AUDIT_ARCH, 1, 0),
        // Another calling convention has other numbers: nothing of it is known to be harmless.
        statement(RETURN, absent),
        statement(LOAD, NUMBER),
    ];
    let special = [
        // Its flags lie in memory that a filter cannot read; libraries fall back to clone.
        (libc::SYS_clone3, vec![statement(RETURN, absent)]),
        (libc::SYS_clone, unless_any_bit(CLONE_NAMESPACES, denied)),
        (libc::SYS_socket, unless_equal(&DENIED_FAMILIES, denied)),
        (libc::SYS_personality, only_equal(&PERSONALITIES, denied)),
    ];
    for (number, body) in special {
        code.push(jump(JUMP_EQUAL, low(number), 0, u8::try_from(body.len()).unwrap_or(u8::MAX)));
        code.extend(body);
    }
    code.extend(search(&ranges(denied, absent)));
    code
}

fn low(number: libc::c_long) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn statement(code: u16, operand: u32) -> Instruction {
    u64::from(code) | u64::from(operand) << 32
}

fn jump(code: u16, operand: u32, yes: u8, no: u8) -> Instruction {
    u64::from(code) | u64::from(yes) << 16 | u64::from(no) << 24 | u64::from(operand) << 32
}

fn unless_any_bit(mask: u32, denied: u32) -> Vec<Instruction> {
    vec![
        statement(LOAD, FIRST_ARGUMENT),
        jump(JUMP_ANY_BIT, mask, 0, 1),
        statement(RETURN, denied),
        statement(RETURN, ALLOW),
    ]
}

fn unless_equal(values: &[u32], denied: u32) -> Vec<Instruction> {
    let mut code = vec![statement(LOAD, FIRST_ARGUMENT)];
    for value in values {
        code.push(jump(JUMP_EQUAL, *value, 0, 1));
        code.push(statement(RETURN, denied));
    }
    code.push(statement(RETURN, ALLOW));
    code
}

fn only_equal(values: &[u32], denied: u32) -> Vec<Instruction> {
    let mut code = unless_equal(values, ALLOW);
    if let Some(last) = code.last_mut() {
        *last = statement(RETURN, denied);
    }
    code
}

/// Runs of numbers with the same answer, by their first number.
fn ranges(denied: u32, absent: u32) -> Vec<(u32, u32)> {
    let mut allowed: Vec<u32> =
        COMMON.iter().chain(NEWER).chain(UNNAMED).chain(ARCHITECTURE).map(|number| low(*number)).collect();
    allowed.sort_unstable();
    allowed.dedup();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in 0..=LAST_KNOWN {
        let answer = if allowed.binary_search(&number).is_ok() { ALLOW } else { denied };
        if ranges.last().is_none_or(|(_, last)| *last != answer) {
            ranges.push((number, answer));
        }
    }
    ranges.push((LAST_KNOWN + 1, absent));
    ranges
}

/// A balanced tree of comparisons over the ranges.
fn search(ranges: &[(u32, u32)]) -> Vec<Instruction> {
    match ranges {
        [] => Vec::new(),
        [(_, answer)] => vec![statement(RETURN, *answer)],
        _ => {
            let (lower, upper) = ranges.split_at(ranges.len() / 2);
            let (below, above) = (search(lower), search(upper));
            let first = upper.first().map_or(0, |(first, _)| *first);
            let mut code = match u8::try_from(below.len()) {
                Ok(skip) => vec![jump(JUMP_GREATER_OR_EQUAL, first, skip, 0)],
                // A conditional jump reaches 255 instructions, an unconditional one all of them.
                Err(_) => vec![
                    jump(JUMP_GREATER_OR_EQUAL, first, 0, 1),
                    statement(JUMP_ALWAYS, u32::try_from(below.len()).unwrap_or(u32::MAX)),
                ],
            };
            code.extend(below);
            code.extend(above);
            code
        }
    }
}

#[repr(C)]
struct Filter {
    code: u16,
    yes: u8,
    no: u8,
    operand: u32,
}

#[repr(C)]
struct Program {
    length: libc::c_ushort,
    filters: *const Filter,
}

/// Installs a filter for the calling thread and all it will start. Needs `no_new_privs` or `CAP_SYS_ADMIN`.
pub fn install(program: &[Instruction]) -> Result<(), Errno> {
    const SECCOMP_SET_MODE_FILTER: libc::c_uint = 1;
    let filters: Vec<Filter> = program
        .iter()
        .map(|word| Filter {
            code: *word as u16,
            yes: (word >> 16) as u8,
            no: (word >> 24) as u8,
            operand: (word >> 32) as u32,
        })
        .collect();
    let length = libc::c_ushort::try_from(filters.len()).map_err(|_| Errno::TOOBIG)?;
    let program = Program { length, filters: filters.as_ptr() };
    // SAFETY: the program and its instructions are valid for the call, the kernel copies them.
    let result =
        unsafe { libc::syscall(libc::SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, std::ptr::from_ref(&program)) };
    crate::sys::check(result).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Classic BPF, as much of it as the filter uses: what the kernel would answer.
    fn run(program: &[Instruction], number: u32, arch: u32, argument: u32) -> u32 {
        let (mut at, mut accumulator) = (0usize, 0u32);
        loop {
            let word = program[at];
            let (code, operand) = (word as u16, (word >> 32) as u32);
            let (yes, no) = ((word >> 16) as u8 as usize, (word >> 24) as u8 as usize);
            at += 1;
            let mut branch = |taken: bool| at += if taken { yes } else { no };
            match code {
                LOAD => {
                    accumulator = match operand {
                        NUMBER => number,
                        ARCH => arch,
                        _ => argument,
                    }
                }
                JUMP_EQUAL => branch(accumulator == operand),
                JUMP_GREATER_OR_EQUAL => branch(accumulator >= operand),
                JUMP_ANY_BIT => branch(accumulator & operand != 0),
                JUMP_ALWAYS => at += operand as usize,
                RETURN => return operand,
                other => panic!("instruction {other:#x}"),
            }
        }
    }

    fn ask(number: libc::c_long, argument: u32) -> u32 {
        run(&default_filter(), low(number), AUDIT_ARCH, argument)
    }

    const EPERM: u32 = ERRNO | 1;
    const ENOSYS: u32 = ERRNO | 38;

    #[test]
    fn every_listed_call_is_allowed_and_every_other_is_not() {
        let program = default_filter();
        let special = [libc::SYS_clone, libc::SYS_clone3, libc::SYS_socket, libc::SYS_personality].map(low);
        for number in (0..=LAST_KNOWN).filter(|number| !special.contains(number)) {
            let listed = COMMON
                .iter()
                .chain(NEWER)
                .chain(UNNAMED)
                .chain(ARCHITECTURE)
                .any(|known| low(*known) == number);
            let answer = run(&program, number, AUDIT_ARCH, 0);
            assert_eq!(answer, if listed { ALLOW } else { EPERM }, "system call {number}");
        }
    }

    #[test]
    fn dangerous_calls_are_denied() {
        for number in [
            libc::SYS_mount,
            libc::SYS_bpf,
            libc::SYS_keyctl,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_reboot,
        ] {
            assert_eq!(ask(number, 0), EPERM);
        }
    }

    #[test]
    fn newer_calls_and_other_architectures_do_not_exist() {
        assert_eq!(ask(i64::from(LAST_KNOWN) + 1, 0), ENOSYS);
        assert_eq!(ask(libc::SYS_read + 0x4000_0000, 0), ENOSYS);
        assert_eq!(run(&default_filter(), low(libc::SYS_read), 0x4000_0003, 0), ENOSYS);
    }

    #[test]
    fn clone_makes_processes_but_no_namespaces() {
        assert_eq!(ask(libc::SYS_clone, 0x11), ALLOW);
        assert_eq!(ask(libc::SYS_clone, 0x1000_0000), EPERM);
        assert_eq!(ask(libc::SYS_clone3, 0), ENOSYS);
    }

    #[test]
    fn sockets_stay_in_the_network_namespace() {
        assert_eq!(ask(libc::SYS_socket, 2), ALLOW);
        assert_eq!(ask(libc::SYS_socket, 40), EPERM);
        assert_eq!(ask(libc::SYS_personality, 0x2_0008), ALLOW);
        assert_eq!(ask(libc::SYS_personality, 0x4_0000), EPERM);
    }
}
