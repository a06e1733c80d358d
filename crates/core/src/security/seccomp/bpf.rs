//! Instructions of classic BPF, as far as filters of seccomp need them (linux/bpf_common.h, linux/seccomp.h).

/// One instruction: the kernel's `struct sock_filter`, packed into a word so that a program can travel as numbers.
pub type Instruction = u64;

/// Loads a word of `struct seccomp_data`.
pub const LOAD: u16 = 0x20;
/// Keeps the bits of a mask.
pub const AND: u16 = 0x54;
/// Skips instructions.
pub const JUMP_ALWAYS: u16 = 0x05;
/// Compares for equality.
pub const JUMP_EQUAL: u16 = 0x15;
/// Compares, unsigned.
pub const JUMP_GREATER: u16 = 0x25;
/// Compares, unsigned.
pub const JUMP_GREATER_OR_EQUAL: u16 = 0x35;
/// Ends with an answer.
pub const RETURN: u16 = 0x06;

/// Offset of the call's number.
pub const NUMBER: u32 = 0;
/// Offset of the convention.
pub const ARCH: u32 = 4;
/// Offset of the arguments, of eight bytes each, in the byte order of the machine: all that rcx runs on are little-endian.
pub const ARGUMENTS: u32 = 16;

/// An instruction without a condition.
pub fn statement(code: u16, operand: u32) -> Instruction {
    u64::from(code) | u64::from(operand) << 32
}

/// A comparison with the number of instructions to skip when it is true, and when it is not.
pub fn jump(code: u16, operand: u32, yes: u8, no: u8) -> Instruction {
    u64::from(code) | u64::from(yes) << 16 | u64::from(no) << 24 | u64::from(operand) << 32
}

/// What a program answers, and in how many instructions: the kernel's rules, for the tests.
#[cfg(test)]
pub fn run(program: &[Instruction], arch: u32, number: u32, arguments: [u64; 6]) -> (u32, usize) {
    let (mut at, mut accumulator, mut steps) = (0usize, 0u32, 0usize);
    loop {
        let word = program[at];
        let (code, operand) = (word as u16, (word >> 32) as u32);
        let (yes, no) = ((word >> 16) as u8 as usize, (word >> 24) as u8 as usize);
        (at, steps) = (at + 1, steps + 1);
        let mut branch = |taken: bool| at += if taken { yes } else { no };
        match code {
            LOAD => {
                let field = operand.wrapping_sub(ARGUMENTS);
                accumulator = match operand {
                    NUMBER => number,
                    ARCH => arch,
                    _ => (arguments[(field / 8) as usize] >> (field % 8 * 8)) as u32,
                }
            }
            AND => accumulator &= operand,
            JUMP_EQUAL => branch(accumulator == operand),
            JUMP_GREATER => branch(accumulator > operand),
            JUMP_GREATER_OR_EQUAL => branch(accumulator >= operand),
            JUMP_ALWAYS => at += operand as usize,
            RETURN => return (operand, steps),
            other => panic!("instruction {other:#x}"),
        }
    }
}
