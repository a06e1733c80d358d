//! A profile in the one form that filters are made from, whoever wrote it.

use std::borrow::Cow;

use super::arch::Arch;
use super::syscalls::Call;

/// What a filter answers: an action with its data, as the kernel takes it (`SECCOMP_RET_…`, seccomp(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action(pub u32);

impl Action {
    /// The call is made.
    pub const ALLOW: Self = Self(0x7fff_0000);
    /// It is made, and logged.
    pub const LOG: Self = Self(0x7ffc_0000);
    /// The thread ends.
    pub const KILL_THREAD: Self = Self(0);
    /// The process ends.
    pub const KILL_PROCESS: Self = Self(0x8000_0000);
    /// The thread gets SIGSYS.
    pub const TRAP: Self = Self(0x0003_0000);

    /// The call fails.
    pub const fn errno(errno: u16) -> Self {
        Self(0x0005_0000 | errno as u32)
    }

    /// A tracer is asked, which learns this number.
    pub const fn trace(message: u16) -> Self {
        Self(0x7ff0_0000 | message as u32)
    }

    /// A call that is not ruled out goes on.
    pub fn is_permissive(self) -> bool {
        const ACTION: u32 = 0xffff_0000;
        [Self::ALLOW.0, Self::LOG.0, Self::trace(0).0].contains(&(self.0 & ACTION))
    }
}

/// How an argument is compared (seccomp_rule_add(3)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// Not equal.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Equal.
    Eq,
    /// Greater or equal.
    Ge,
    /// Greater.
    Gt,
    /// Equal in the bits of this mask.
    Masked(u64),
}

/// Something that must be true of an argument. 32-bit conventions compare the lower half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// Which of the six, from 0 on.
    pub argument: u8,
    /// How.
    pub compare: Compare,
    /// With what.
    pub value: u64,
}

/// What is answered to some calls.
#[derive(Debug, Clone)]
pub struct Rule<'a> {
    /// Calls.
    pub calls: Cow<'a, [Call]>,
    /// Answer.
    pub action: Action,
    /// All must be true.
    pub conditions: Cow<'a, [Condition]>,
}

/// A profile for one machine and one set of capabilities.
#[derive(Debug, Clone)]
pub struct Profile<'a> {
    /// For calls without a rule, or whose rules do not apply.
    pub default: Action,
    /// The conventions that may be used; others end the thread, as with libseccomp.
    pub arches: Vec<Arch>,
    /// Rules.
    pub rules: Vec<Rule<'a>>,
    /// `SECCOMP_FILTER_FLAG_…`.
    pub flags: u32,
}
