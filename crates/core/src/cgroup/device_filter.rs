//! The device rules as a `BPF_PROG_TYPE_CGROUP_DEVICE` program, which is how cgroup v2 filters devices.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::io::Errno;

use super::devices::{Kind, Rule};

/// The kernel's `struct bpf_insn`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Insn {
    code: u8,
    /// Destination register in the low, source in the high four bits.
    registers: u8,
    offset: i16,
    immediate: i32,
}

// linux/bpf.h: instruction classes with their operations, and the fields of struct bpf_cgroup_dev_ctx.
const LOAD_WORD: u8 = 0x61;
const AND_IMMEDIATE: u8 = 0x54;
const SHIFT_RIGHT_IMMEDIATE: u8 = 0x74;
const MOVE_REGISTER: u8 = 0xbc;
const MOVE_IMMEDIATE: u8 = 0xb7;
const JUMP_EQUAL: u8 = 0x15;
const JUMP_NOT_EQUAL: u8 = 0x55;
const EXIT: u8 = 0x95;
const CONTEXT_ACCESS_TYPE: i16 = 0;
const CONTEXT_MAJOR: i16 = 4;
const CONTEXT_MINOR: i16 = 8;
const DEVICE_BLOCK: i32 = 1;
const DEVICE_CHAR: i32 = 2;
const ACCESS_MKNOD: i32 = 1;
const ACCESS_READ: i32 = 2;
const ACCESS_WRITE: i32 = 4;

// Registers of the program: 1 the context, 2 the type, 3 the access, 4 major, 5 minor, 6 scratch, 0 the verdict.
const TYPE: u8 = 2;
const ACCESS: u8 = 3;
const MAJOR: u8 = 4;
const MINOR: u8 = 5;
const SCRATCH: u8 = 6;

fn insn(code: u8, destination: u8, source: u8, offset: i16, immediate: i32) -> Insn {
    Insn { code, registers: destination | (source << 4), offset, immediate }
}

/// The program: rules are tried from the last to the first, the first that matches decides, nothing matching is a denial.
fn program(rules: &[Rule]) -> Vec<Insn> {
    let mut code = vec![
        insn(LOAD_WORD, TYPE, 1, CONTEXT_ACCESS_TYPE, 0),
        insn(MOVE_REGISTER, ACCESS, TYPE, 0, 0),
        insn(AND_IMMEDIATE, TYPE, 0, 0, 0xffff),
        insn(SHIFT_RIGHT_IMMEDIATE, ACCESS, 0, 0, 16),
        insn(LOAD_WORD, MAJOR, 1, CONTEXT_MAJOR, 0),
        insn(LOAD_WORD, MINOR, 1, CONTEXT_MINOR, 0),
    ];
    for rule in rules.iter().rev() {
        let block = block(rule);
        let decides_all = block.len() == verdict(false).len();
        code.extend(block);
        // The verifier refuses code that cannot be reached.
        if decides_all {
            return code;
        }
    }
    code.extend(verdict(false));
    code
}

fn verdict(allow: bool) -> [Insn; 2] {
    [insn(MOVE_IMMEDIATE, 0, 0, 0, i32::from(allow)), insn(EXIT, 0, 0, 0, 0)]
}

/// The tests of one rule, each jumping behind the rule's verdict when it does not match.
fn block(rule: &Rule) -> Vec<Insn> {
    let mut tests: Vec<Insn> = Vec::new();
    let mut unless_equal = |register: u8, value: i32| tests.push(insn(JUMP_NOT_EQUAL, register, 0, 0, value));
    if let Some(kind) = rule.kind {
        unless_equal(TYPE, if kind == Kind::Block { DEVICE_BLOCK } else { DEVICE_CHAR });
    }
    if let Some(major) = rule.major {
        unless_equal(MAJOR, major.cast_signed());
    }
    if let Some(minor) = rule.minor {
        unless_equal(MINOR, minor.cast_signed());
    }
    tests.extend(access_tests(rule));
    tests.extend(verdict(rule.allow));
    let length = tests.len();
    for (index, test) in tests.iter_mut().enumerate() {
        if matches!(test.code, JUMP_EQUAL | JUMP_NOT_EQUAL) {
            test.offset = i16::try_from(length - index - 1).unwrap_or(i16::MAX);
        }
    }
    tests
}

/// An allow rule matches when it covers all that is asked for; a deny rule when it names any of it.
fn access_tests(rule: &Rule) -> Vec<Insn> {
    let named = [
        (rule.access.mknod, ACCESS_MKNOD),
        (rule.access.read, ACCESS_READ),
        (rule.access.write, ACCESS_WRITE),
    ];
    let mask: i32 = named.iter().filter(|(on, _)| *on).map(|(_, bit)| bit).sum();
    let all = ACCESS_MKNOD | ACCESS_READ | ACCESS_WRITE;
    if mask == all {
        return Vec::new();
    }
    let (bits, leave) = if rule.allow { (all & !mask, JUMP_NOT_EQUAL) } else { (mask, JUMP_EQUAL) };
    vec![
        insn(MOVE_REGISTER, SCRATCH, ACCESS, 0, 0),
        insn(AND_IMMEDIATE, SCRATCH, 0, 0, bits),
        insn(leave, SCRATCH, 0, 0, 0),
    ]
}

/// Loads the program and attaches it to the cgroup, beside what an outer manager may have attached.
pub fn attach(cgroup: BorrowedFd<'_>, rules: &[Rule]) -> Result<(), Errno> {
    let program = load(&program(rules))?;
    let attr = AttachAttr {
        target: cgroup.as_raw_fd().unsigned_abs(),
        program: program.as_fd().as_raw_fd().unsigned_abs(),
        kind: ATTACH_CGROUP_DEVICE,
        flags: ATTACH_ALLOW_MULTI,
    };
    bpf(PROG_ATTACH, &attr).map(drop)
}

const PROG_LOAD: libc::c_int = 5;
const PROG_ATTACH: libc::c_int = 8;
const PROG_TYPE_CGROUP_DEVICE: u32 = 15;
const ATTACH_CGROUP_DEVICE: u32 = 6;
const ATTACH_ALLOW_MULTI: u32 = 2;

/// The head of `union bpf_attr` for `BPF_PROG_LOAD`; the kernel takes the rest as zero.
#[repr(C)]
struct LoadAttr {
    kind: u32,
    count: u32,
    instructions: u64,
    license: u64,
    log: [u64; 2],
}

#[repr(C)]
struct AttachAttr {
    target: u32,
    program: u32,
    kind: u32,
    flags: u32,
}

fn load(code: &[Insn]) -> Result<OwnedFd, Errno> {
    let attr = LoadAttr {
        kind: PROG_TYPE_CGROUP_DEVICE,
        count: u32::try_from(code.len()).map_err(|_| Errno::TOOBIG)?,
        instructions: code.as_ptr() as u64,
        license: c"Apache-2.0".as_ptr() as u64,
        log: [0, 0],
    };
    let fd = bpf(PROG_LOAD, &attr)?;
    // SAFETY: on success bpf(2) returns a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn bpf<T>(command: libc::c_int, attr: &T) -> Result<i32, Errno> {
    // SAFETY: `attr` is a prefix of union bpf_attr for this command, with its size; its pointers outlive the call.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_ref(attr), size_of::<T>()) };
    i32::try_from(crate::sys::check(result)?).map_err(|_| Errno::OVERFLOW)
}

#[cfg(test)]
mod tests {
    use super::super::devices::Access;
    use super::*;

    /// Runs the program as the kernel would: 1 allows.
    fn run(code: &[Insn], kind: i32, access: i32, major: i32, minor: i32) -> i32 {
        let mut registers = [0i32; 8];
        let mut at = 0usize;
        loop {
            let insn = code[at];
            let (to, from) = (usize::from(insn.registers & 15), usize::from(insn.registers >> 4));
            at += 1;
            match insn.code {
                LOAD_WORD => {
                    registers[to] =
                        [kind | access << 16, major, minor][usize::try_from(insn.offset / 4).unwrap()]
                }
                MOVE_REGISTER => registers[to] = registers[from],
                AND_IMMEDIATE => registers[to] &= insn.immediate,
                SHIFT_RIGHT_IMMEDIATE => registers[to] >>= insn.immediate,
                MOVE_IMMEDIATE => registers[to] = insn.immediate,
                JUMP_EQUAL if registers[to] == insn.immediate => at += usize::try_from(insn.offset).unwrap(),
                JUMP_NOT_EQUAL if registers[to] != insn.immediate => {
                    at += usize::try_from(insn.offset).unwrap()
                }
                JUMP_EQUAL | JUMP_NOT_EQUAL => {}
                EXIT => return registers[0],
                other => panic!("instruction {other:#x}"),
            }
        }
    }

    fn rule(allow: bool, kind: Option<Kind>, numbers: (Option<u32>, Option<u32>), letters: &str) -> Rule {
        let has = |letter: char| letters.contains(letter);
        let access = Access { read: has('r'), write: has('w'), mknod: has('m') };
        Rule { allow, kind, major: numbers.0, minor: numbers.1, access }
    }

    #[test]
    fn the_last_matching_rule_decides_and_nothing_matching_is_denied() {
        let all = rule(false, None, (None, None), "rwm");
        let null = rule(true, Some(Kind::Char), (Some(1), Some(3)), "rw");
        let code = program(&[all, null]);
        let both = ACCESS_READ | ACCESS_WRITE;
        assert_eq!(run(&code, DEVICE_CHAR, both, 1, 3), 1);
        assert_eq!(run(&code, DEVICE_CHAR, both | ACCESS_MKNOD, 1, 3), 0);
        assert_eq!(run(&code, DEVICE_CHAR, ACCESS_READ, 1, 5), 0);
        assert_eq!(run(&code, DEVICE_BLOCK, ACCESS_READ, 1, 3), 0);
        assert_eq!(run(&program(&[]), DEVICE_CHAR, ACCESS_READ, 1, 3), 0);
    }

    #[test]
    fn denying_one_access_denies_every_request_that_has_it() {
        let all = rule(true, None, (None, None), "rwm");
        let no_writes = rule(false, Some(Kind::Block), (Some(8), None), "w");
        let code = program(&[all, no_writes]);
        assert_eq!(run(&code, DEVICE_BLOCK, ACCESS_READ | ACCESS_WRITE, 8, 0), 0);
        assert_eq!(run(&code, DEVICE_BLOCK, ACCESS_READ, 8, 0), 1);
    }

    #[test]
    fn nothing_follows_a_rule_that_decides_everything() {
        let deny = rule(false, None, (None, None), "rwm");
        assert_eq!(program(&[rule(true, None, (Some(1), None), "r"), deny]), program(&[deny]));
    }
}
