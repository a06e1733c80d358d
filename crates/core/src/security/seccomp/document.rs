//! A profile as JSON: Docker's format, of which the runtime-spec's `linux.seccomp` is a part. Numbers have 64 bits, more than
//! JavaScript's can hold: so it is read here.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::arch::Arch;
use super::profile::{Action, Compare, Condition, Profile, Rule};
use super::syscalls::find;
use crate::error::{Error, Result};
use crate::kernel;
use crate::security::capabilities::bit;

const CODE: &str = "ERR_RCX_SECCOMP_PROFILE";
/// The largest errno of the kernel (`MAX_ERRNO`); a filter's larger ones are cut to it.
const LARGEST_ERRNO: u32 = 4095;
const SECCOMP_FILTER_FLAG_LOG: u32 = 2;
const SECCOMP_FILTER_FLAG_SPEC_ALLOW: u32 = 4;

/// What a profile's rules may depend on.
#[derive(Debug, Clone, Copy)]
pub struct Machine {
    /// Bounding capabilities of the container.
    pub bounding: u64,
    /// Version of the kernel, e.g. `(6, 1)`.
    pub kernel: (u32, u32),
    /// The convention of its own programs.
    pub native: Arch,
}

/// The document. A member that nobody knows is refused: a condition that was misspelt would open a call to everybody.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    default_action: ActionName,
    default_errno_ret: Option<u32>,
    architectures: Option<Vec<String>>,
    arch_map: Option<Vec<ArchMap>>,
    flags: Option<Vec<Flag>>,
    syscalls: Option<Vec<Call>>,
    listener_path: Option<String>,
    listener_metadata: Option<String>,
    /// The number stands in `defaultErrnoRet` (podman).
    #[serde(rename = "defaultErrno")]
    _default_errno: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ArchMap {
    architecture: String,
    sub_architectures: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Call {
    name: Option<String>,
    names: Option<Vec<String>>,
    action: ActionName,
    errno_ret: Option<u32>,
    args: Option<Vec<Argument>>,
    includes: Option<Filter>,
    excludes: Option<Filter>,
    #[serde(rename = "comment")]
    _comment: Option<IgnoredAny>,
    /// The number stands in `errnoRet` (podman).
    #[serde(rename = "errno")]
    _errno: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Argument {
    index: u32,
    value: u64,
    value_two: Option<u64>,
    op: Operator,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filter {
    caps: Option<Vec<String>>,
    arches: Option<Vec<String>>,
    min_kernel: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum ActionName {
    #[serde(rename = "SCMP_ACT_KILL", alias = "SCMP_ACT_KILL_THREAD")]
    KillThread,
    #[serde(rename = "SCMP_ACT_KILL_PROCESS")]
    KillProcess,
    #[serde(rename = "SCMP_ACT_TRAP")]
    Trap,
    #[serde(rename = "SCMP_ACT_ERRNO")]
    Errno,
    #[serde(rename = "SCMP_ACT_TRACE")]
    Trace,
    #[serde(rename = "SCMP_ACT_ALLOW")]
    Allow,
    #[serde(rename = "SCMP_ACT_LOG")]
    Log,
    #[serde(rename = "SCMP_ACT_NOTIFY")]
    Notify,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum Operator {
    #[serde(rename = "SCMP_CMP_NE")]
    Ne,
    #[serde(rename = "SCMP_CMP_LT")]
    Lt,
    #[serde(rename = "SCMP_CMP_LE")]
    Le,
    #[serde(rename = "SCMP_CMP_EQ")]
    Eq,
    #[serde(rename = "SCMP_CMP_GE")]
    Ge,
    #[serde(rename = "SCMP_CMP_GT")]
    Gt,
    #[serde(rename = "SCMP_CMP_MASKED_EQ")]
    MaskedEq,
}

#[derive(Debug, Clone, Copy, Deserialize)]
enum Flag {
    /// A container's program has one thread when it gets its filter.
    #[serde(rename = "SECCOMP_FILTER_FLAG_TSYNC")]
    Tsync,
    #[serde(rename = "SECCOMP_FILTER_FLAG_LOG")]
    Log,
    #[serde(rename = "SECCOMP_FILTER_FLAG_SPEC_ALLOW")]
    SpecAllow,
}

/// Reads a profile for a machine.
///
/// # Errors
/// `ERR_RCX_SECCOMP_PROFILE` with the place in the text: line and column, or `syscalls[3].args[0]`.
pub fn parse(text: &str, machine: Machine) -> Result<Profile<'static>> {
    let document: Document = serde_json::from_str(text).map_err(|e| bad(e.to_string()))?;
    if document.listener_path.is_some() || document.listener_metadata.is_some() {
        return Err(notify("listenerPath"));
    }
    let mut rules = Vec::new();
    for (index, call) in document.syscalls.iter().flatten().enumerate() {
        let place = format!("syscalls[{index}]");
        let included = match &call.includes {
            Some(filter) => filter.holds(machine, &format!("{place}.includes"), Side::Includes)?,
            None => true,
        };
        let excluded = match &call.excludes {
            Some(filter) => filter.holds(machine, &format!("{place}.excludes"), Side::Excludes)?,
            None => false,
        };
        // What does not apply here must be well-formed all the same: it may apply when the container is started elsewhere.
        let rule = call.rule(&place)?;
        if included && !excluded {
            rules.push(rule);
        }
    }
    Ok(Profile {
        default: action(document.default_action, document.default_errno_ret, "defaultAction")?,
        arches: arches(&document, machine.native)?,
        rules,
        flags: document.flags.iter().flatten().fold(0, |flags, flag| flags | flag.bits()),
    })
}

/// The text without the white space between its parts, as Docker keeps it.
pub fn compact(text: &str) -> String {
    let (mut kept, mut quoted, mut escaped) = (String::with_capacity(text.len()), false, false);
    for letter in text.chars() {
        if !quoted && matches!(letter, ' ' | '\t' | '\n' | '\r') {
            continue;
        }
        (quoted, escaped) = match letter {
            '"' if !escaped => (!quoted, false),
            '\\' => (quoted, quoted && !escaped),
            _ => (quoted, false),
        };
        kept.push(letter);
    }
    kept
}

fn bad(why: impl std::fmt::Display) -> Error {
    Error::new(CODE, format!("read the seccomp profile: {why}"))
}

fn notify(place: &str) -> Error {
    bad(format!("{place}: rcx has no listener for SCMP_ACT_NOTIFY"))
        .hint("use SCMP_ACT_ERRNO or SCMP_ACT_ALLOW instead")
}

/// Those that the profile allows beside the machine's own.
fn arches(document: &Document, native: Arch) -> Result<Vec<Arch>> {
    let parse =
        |name: &String| Arch::parse(name, native).map_err(|()| bad(format!("no architecture: {name}")));
    let mut found = vec![native];
    let listed = document.architectures.iter().flatten();
    let maps = document.arch_map.as_deref().unwrap_or_default();
    if listed.clone().next().is_some() && !maps.is_empty() {
        return Err(bad("architectures and archMap are both given"));
    }
    for name in listed {
        found.extend(parse(name)?);
    }
    for map in maps {
        parse(&map.architecture)?;
        for name in map.sub_architectures.iter().flatten() {
            let arch = parse(name)?;
            if map.architecture == native.name() {
                found.extend(arch);
            }
        }
    }
    Ok(found)
}

fn action(name: ActionName, number: Option<u32>, place: &str) -> Result<Action> {
    let number = number.unwrap_or(libc::EPERM.unsigned_abs());
    let most = if matches!(name, ActionName::Trace) { u32::from(u16::MAX) } else { LARGEST_ERRNO };
    let data = || match u16::try_from(number) {
        Ok(data) if number <= most => Ok(data),
        _ => Err(bad(format!("{place}: {number} is more than {most}"))),
    };
    Ok(match name {
        ActionName::KillThread => Action::KILL_THREAD,
        ActionName::KillProcess => Action::KILL_PROCESS,
        ActionName::Trap => Action::TRAP,
        ActionName::Errno => Action::errno(data()?),
        ActionName::Trace => Action::trace(data()?),
        ActionName::Allow => Action::ALLOW,
        ActionName::Log => Action::LOG,
        ActionName::Notify => return Err(notify(place)),
    })
}

impl Flag {
    fn bits(self) -> u32 {
        match self {
            Self::Tsync => 0,
            Self::Log => SECCOMP_FILTER_FLAG_LOG,
            Self::SpecAllow => SECCOMP_FILTER_FLAG_SPEC_ALLOW,
        }
    }
}

impl Call {
    fn rule(&self, place: &str) -> Result<Rule<'static>> {
        let names = match (&self.name, &self.names) {
            (Some(name), names) if names.as_ref().is_none_or(Vec::is_empty) => std::slice::from_ref(name),
            (Some(_), _) => return Err(bad(format!("{place}: name and names are both given"))),
            (None, Some(names)) => names,
            (None, None) => return Err(bad(format!("{place}: names is missing"))),
        };
        if let Some(at) = names.iter().position(String::is_empty) {
            return Err(bad(format!("{place}.names[{at}] is empty")));
        }
        let conditions = self.args.iter().flatten().enumerate();
        Ok(Rule {
            // A profile may be newer than this table, or be made for other processors.
            calls: names.iter().filter_map(|name| find(name)).collect::<Vec<_>>().into(),
            action: action(self.action, self.errno_ret, &format!("{place}.action"))?,
            conditions: conditions
                .map(|(at, argument)| argument.condition(&format!("{place}.args[{at}]")))
                .collect::<Result<Cow<'static, [Condition]>>>()?,
        })
    }
}

impl Argument {
    fn condition(&self, place: &str) -> Result<Condition> {
        let argument = u8::try_from(self.index).ok().filter(|index| *index < 6);
        let argument = argument.ok_or_else(|| bad(format!("{place}.index: {} is not 0 to 5", self.index)))?;
        let (compare, value) = match self.op {
            Operator::Ne => (Compare::Ne, self.value),
            Operator::Lt => (Compare::Lt, self.value),
            Operator::Le => (Compare::Le, self.value),
            Operator::Eq => (Compare::Eq, self.value),
            Operator::Ge => (Compare::Ge, self.value),
            Operator::Gt => (Compare::Gt, self.value),
            Operator::MaskedEq => (Compare::Masked(self.value), self.value_two.unwrap_or(0)),
        };
        Ok(Condition { argument, compare, value })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Everything that is named must be there.
    Includes,
    /// Anything is enough.
    Excludes,
}

impl Filter {
    fn holds(&self, machine: Machine, place: &str, side: Side) -> Result<bool> {
        let capability = |name: &String| machine.bounding & bit(name) != 0;
        let caps = self.caps.as_deref().filter(|list| !list.is_empty()).map(|list| match side {
            Side::Includes => list.iter().all(capability),
            Side::Excludes => list.iter().any(capability),
        });
        let arches = self.arches.as_deref().filter(|list| !list.is_empty());
        let arches = arches.map(|list| list.iter().any(|name| name == machine.native.go_name()));
        let kernel = match &self.min_kernel {
            Some(text) => Some(
                machine.kernel
                    >= kernel::version(text)
                        .ok_or_else(|| bad(format!("{place}.minKernel: {text:?} is no version")))?,
            ),
            None => None,
        };
        let mut given = [caps, arches, kernel].into_iter().flatten();
        Ok(match side {
            Side::Includes => given.all(|each| each),
            Side::Excludes => given.any(|each| each),
        })
    }
}
