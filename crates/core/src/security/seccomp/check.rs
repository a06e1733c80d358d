//! Conditions on arguments as instructions. An argument has 64 bits, a filter compares 32 at a time.

use super::arch::Arch;
use super::bpf::{
    AND, ARGUMENTS, Instruction, JUMP_EQUAL, JUMP_GREATER, JUMP_GREATER_OR_EQUAL, LOAD, RETURN, jump,
    statement,
};
use super::profile::{Action, Compare, Condition};

/// A rule with conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// All must be true.
    conditions: Vec<Condition>,
    action: Action,
}

impl Condition {
    /// An argument that has a value.
    pub const fn equal(argument: u8, value: u32) -> Self {
        Self { argument, compare: Compare::Eq, value: value as u64 }
    }
}

/// A rule's conditions as one check; as one for each where an argument has several, of which then one is enough (runc).
pub fn checks(conditions: &[Condition], action: Action) -> Vec<Check> {
    let repeated = (0..6).any(|index| conditions.iter().filter(|each| each.argument == index).count() > 1);
    if repeated {
        return conditions.iter().map(|each| Check { conditions: vec![*each], action }).collect();
    }
    vec![Check { conditions: conditions.to_vec(), action }]
}

/// The answers of the first check that is true, else the default.
pub fn body(checks: &[Check], default: Action, arch: Arch) -> Vec<Instruction> {
    let mut code = Vec::new();
    for check in checks {
        let parts: Vec<Vec<Line>> =
            check.conditions.iter().map(|condition| lines(condition, arch.is_wide())).collect();
        let mut rest: usize = parts.iter().map(Vec::len).sum();
        for part in parts {
            rest -= part.len();
            code.extend(resolve(&part, rest + 1));
        }
        code.push(statement(RETURN, check.action.0));
    }
    code.push(statement(RETURN, default.0));
    code
}

/// Where a comparison leads.
#[derive(Debug, Clone, Copy)]
enum To {
    /// The next instruction.
    Next,
    /// The condition is true.
    True,
    /// It is not.
    False,
}

#[derive(Debug, Clone, Copy)]
enum Line {
    Plain(Instruction),
    Jump(u16, u32, To, To),
}

/// `beyond`: instructions between the end of these lines and what follows when the check is not true.
fn resolve(lines: &[Line], beyond: usize) -> Vec<Instruction> {
    let place = |index: usize, to: To| {
        let left = lines.len() - index - 1;
        let skip = match to {
            To::Next => 0,
            To::True => left,
            To::False => left + beyond,
        };
        // Six conditions have 36 instructions at most.
        u8::try_from(skip).unwrap_or(u8::MAX)
    };
    lines
        .iter()
        .enumerate()
        .map(|(index, line)| match *line {
            Line::Plain(instruction) => instruction,
            Line::Jump(code, operand, yes, no) => jump(code, operand, place(index, yes), place(index, no)),
        })
        .collect()
}

fn lines(condition: &Condition, wide: bool) -> Vec<Line> {
    let halves =
        Halves { offset: ARGUMENTS + 8 * u32::from(condition.argument), value: condition.value, wide };
    match condition.compare {
        Compare::Eq => halves.equal(u64::MAX),
        Compare::Masked(mask) => halves.equal(mask),
        Compare::Ne => halves.different(),
        Compare::Gt => halves.ordered(JUMP_GREATER, To::True, To::False),
        Compare::Ge => halves.ordered(JUMP_GREATER_OR_EQUAL, To::True, To::False),
        Compare::Le => halves.ordered(JUMP_GREATER, To::False, To::True),
        Compare::Lt => halves.ordered(JUMP_GREATER_OR_EQUAL, To::False, To::True),
    }
}

/// An argument and what it is compared with, the upper half first.
#[derive(Debug, Clone, Copy)]
struct Halves {
    offset: u32,
    value: u64,
    wide: bool,
}

impl Halves {
    fn upper(self) -> (Line, u32) {
        (Line::Plain(statement(LOAD, self.offset + 4)), (self.value >> 32) as u32)
    }

    fn lower(self) -> (Line, u32) {
        (Line::Plain(statement(LOAD, self.offset)), self.value as u32)
    }

    fn equal(self, mask: u64) -> Vec<Line> {
        let half = |(load, value): (Line, u32), mask: u32, yes: To| {
            let keep = (mask != u32::MAX).then(|| Line::Plain(statement(AND, mask)));
            let compare = Line::Jump(JUMP_EQUAL, value, yes, To::False);
            // Nothing of the argument matters, and nothing of it is asked for.
            let all = if mask == 0 && value == 0 { vec![] } else { vec![Some(load), keep, Some(compare)] };
            all.into_iter().flatten().collect::<Vec<_>>()
        };
        let lower = half(self.lower(), mask as u32, To::True);
        if !self.wide {
            return lower;
        }
        let upper = half(self.upper(), (mask >> 32) as u32, To::Next);
        [upper, lower].concat()
    }

    fn different(self) -> Vec<Line> {
        let (load, value) = self.lower();
        let lower = vec![load, Line::Jump(JUMP_EQUAL, value, To::False, To::True)];
        if !self.wide {
            return lower;
        }
        let (load, value) = self.upper();
        [vec![load, Line::Jump(JUMP_EQUAL, value, To::Next, To::True)], lower].concat()
    }

    /// `yes` is where the lower half leads when the comparison is true; the upper half decides alone unless it is equal.
    fn ordered(self, compare: u16, yes: To, no: To) -> Vec<Line> {
        let (load, value) = self.lower();
        let lower = vec![load, Line::Jump(compare, value, yes, no)];
        if !self.wide {
            return lower;
        }
        let (load, value) = self.upper();
        let upper = vec![
            load,
            Line::Jump(JUMP_GREATER, value, yes, To::Next),
            Line::Jump(JUMP_EQUAL, value, To::Next, no),
        ];
        [upper, lower].concat()
    }
}
