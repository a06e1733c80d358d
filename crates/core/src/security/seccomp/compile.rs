//! From a profile to a program of the kernel's classic BPF: for each convention a balanced search over ranges of numbers, so
//! that a call costs a handful of instructions and the kernel's cache of always-allowed calls is built quickly.

use std::collections::BTreeMap;

use super::arch::{Arch, X32_BIT};
use super::bpf::{
    ARCH, Instruction, JUMP_ALWAYS, JUMP_EQUAL, JUMP_GREATER_OR_EQUAL, LOAD, NUMBER, RETURN, jump, statement,
};
use super::check::{Check, checks};
use super::profile::{Action, Condition, Profile};
use super::syscalls::{multiplexed, number};
use crate::error::{Error, Result};

/// The kernel's limit (`BPF_MAXINSNS`).
const LONGEST: usize = 4096;
/// Most ranges that share the instructions with their answers: conditional jumps reach 255 instructions.
const BLOCK: usize = 100;
/// From here on arm has its private calls, far from all others.
const ARM_PRIVATE: u32 = 0x000f_0000;

/// What is answered to a range of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Return(Action),
    /// That depends on the arguments: an index into a convention's checks.
    Check(usize),
}

/// Runs of numbers with the same answer, by their first number.
type Ranges = Vec<(u32, Answer)>;

/// Makes the program.
pub fn compile(profile: &Profile<'_>) -> Result<Vec<Instruction>> {
    let mut code = vec![statement(LOAD, ARCH)];
    for arch in [Arch::X86_64, Arch::X86, Arch::Aarch64, Arch::Arm] {
        if !profile.arches.contains(&arch) {
            continue;
        }
        let section = section(profile, arch);
        code.push(jump(JUMP_EQUAL, arch.audit(), 1, 0));
        code.push(statement(JUMP_ALWAYS, length(&section)));
        code.extend(section);
    }
    code.push(statement(RETURN, Action::KILL_THREAD.0));
    if code.len() <= LONGEST {
        return Ok(code);
    }
    Err(Error::new(
        "ERR_RCX_SECCOMP_PROFILE",
        format!(
            "make a filter of the seccomp profile: it has {} instructions, the kernel takes {LONGEST}",
            code.len()
        ),
    )
    .hint("use fewer conditions on arguments"))
}

fn section(profile: &Profile<'_>, arch: Arch) -> Vec<Instruction> {
    let mut code = vec![statement(LOAD, NUMBER)];
    if arch == Arch::X86_64 {
        let other = if profile.arches.contains(&Arch::X32) {
            answers(profile, Arch::X32)
        } else {
            vec![statement(RETURN, Action::KILL_THREAD.0)]
        };
        code.push(jump(JUMP_GREATER_OR_EQUAL, X32_BIT, 0, 1));
        let own = answers(profile, arch);
        code.push(statement(JUMP_ALWAYS, length(&own)));
        code.extend(own);
        code.extend(other);
    } else {
        code.extend(answers(profile, arch));
    }
    code
}

fn answers(profile: &Profile<'_>, arch: Arch) -> Vec<Instruction> {
    let (ranges, checks) = ranges(profile, arch);
    let bodies: Vec<_> = checks.iter().map(|list| super::check::body(list, profile.default, arch)).collect();
    search(&ranges, &bodies)
}

/// The rules by number. Of several for a call one without conditions counts, whatever stands beside it, else all of them in their
/// order: so does libseccomp. A rule with the default's own answer says nothing (runc).
fn ranges(profile: &Profile<'_>, arch: Arch) -> (Ranges, Vec<Vec<Check>>) {
    let mut fixed: Vec<(u32, Action)> = Vec::with_capacity(512);
    let mut conditional: BTreeMap<u32, Vec<Check>> = BTreeMap::new();
    let mut last = 0;
    for rule in &profile.rules {
        for call in rule.calls.iter() {
            let number = number(*call, arch);
            last = last.max(number.filter(|number| *number < ARM_PRIVATE).unwrap_or(0));
            if rule.action == profile.default {
                continue;
            }
            match number {
                Some(number) if rule.conditions.is_empty() => fixed.push((number, rule.action)),
                Some(number) => {
                    conditional.entry(number).or_default().extend(checks(&rule.conditions, rule.action));
                }
                None => {}
            }
            if arch == Arch::X86
                && let Some(way) = multiplexed(*call)
            {
                let operation = [Condition::equal(0, way.operation)];
                conditional.entry(way.door).or_default().extend(checks(&operation, rule.action));
            }
        }
    }
    // Stable: of several the first stays first.
    fixed.sort_by_key(|(number, _)| *number);
    fixed.dedup_by_key(|(number, _)| *number);
    joined(profile, arch, last, &fixed, conditional)
}

fn joined(
    profile: &Profile<'_>,
    arch: Arch,
    last: u32,
    fixed: &[(u32, Action)],
    mut conditional: BTreeMap<u32, Vec<Check>>,
) -> (Ranges, Vec<Vec<Check>>) {
    conditional.retain(|number, _| fixed.binary_search_by_key(number, |(fixed, _)| *fixed).is_err());
    let (numbers, checks): (Vec<u32>, Vec<Vec<Check>>) = conditional.into_iter().unzip();
    let mut all: Ranges = fixed.iter().map(|(number, action)| (*number, Answer::Return(*action))).collect();
    all.extend(numbers.into_iter().enumerate().map(|(index, number)| (number, Answer::Check(index))));
    all.sort_unstable_by_key(|(number, _)| *number);
    // What is newer than the profile does not exist, so that libraries fall back to what they used before (runc). A profile that
    // names no call of this convention knows nothing of its age.
    let is_open = profile.default.is_permissive() || last == 0;
    let newer = if is_open { profile.default } else { Action::errno(ENOSYS) };
    let rest = |number| Answer::Return(if number > last { newer } else { profile.default });
    let mut ranges: Ranges = Vec::with_capacity(all.len());
    let mut add = |first: u32, answer: Answer| {
        if ranges.last().is_none_or(|(_, before)| *before != answer) {
            ranges.push((first + arch.offset(), answer));
        }
    };
    let mut next = 0;
    for (number, answer) in all {
        if number > next {
            add(next, rest(next));
            if number > last + 1 && next <= last {
                add(last + 1, rest(last + 1));
            }
        }
        add(number, answer);
        next = number + 1;
    }
    if next <= last {
        add(next, rest(next));
    }
    add(next.max(last + 1), rest(u32::MAX));
    (ranges, checks)
}

const ENOSYS: u16 = libc::ENOSYS as u16;

fn length(code: &[Instruction]) -> u32 {
    u32::try_from(code.len()).unwrap_or(u32::MAX)
}

/// A balanced tree of comparisons over the ranges.
fn search(ranges: &[(u32, Answer)], bodies: &[Vec<Instruction>]) -> Vec<Instruction> {
    if ranges.len() <= BLOCK {
        return block(ranges, bodies);
    }
    let (lower, upper) = ranges.split_at(ranges.len() / 2);
    let (below, above) = (search(lower, bodies), search(upper, bodies));
    let first = upper.first().map_or(0, |(first, _)| *first);
    let mut code = vec![jump(JUMP_GREATER_OR_EQUAL, first, 0, 1), statement(JUMP_ALWAYS, length(&below))];
    code.extend(below);
    code.extend(above);
    code
}

/// The comparisons of one block, then one instruction for each answer, then the checks that some of these lead to.
fn block(ranges: &[(u32, Answer)], bodies: &[Vec<Instruction>]) -> Vec<Instruction> {
    let mut answers: Vec<Answer> = Vec::new();
    for (_, answer) in ranges {
        if !answers.contains(answer) {
            answers.push(*answer);
        }
    }
    let comparisons = ranges.len().saturating_sub(1);
    let mut code = Vec::with_capacity(comparisons + answers.len());
    let place = |answer: &Answer| comparisons + answers.iter().position(|known| known == answer).unwrap_or(0);
    compare(ranges, &place, &mut code);
    let mut after: Vec<Instruction> = Vec::new();
    for (index, answer) in answers.iter().enumerate() {
        match answer {
            Answer::Return(action) => code.push(statement(RETURN, action.0)),
            Answer::Check(check) => {
                let behind = answers.len() - index - 1 + after.len();
                code.push(statement(JUMP_ALWAYS, u32::try_from(behind).unwrap_or(u32::MAX)));
                after.extend(bodies.get(*check).into_iter().flatten());
            }
        }
    }
    code.extend(after);
    code
}

/// The comparisons over some ranges, appended; the place where they begin.
fn compare(ranges: &[(u32, Answer)], place: &dyn Fn(&Answer) -> usize, code: &mut Vec<Instruction>) -> usize {
    if let [(_, answer)] = ranges {
        return place(answer);
    }
    let at = code.len();
    code.push(0);
    let (lower, upper) = ranges.split_at(ranges.len() / 2);
    let below = compare(lower, place, code);
    let above = compare(upper, place, code);
    let first = upper.first().map_or(0, |(first, _)| *first);
    // No further than a block is long.
    let reach = |target: usize| u8::try_from(target - at - 1).unwrap_or(u8::MAX);
    code[at] = jump(JUMP_GREATER_OR_EQUAL, first, reach(above), reach(below));
    at
}
