//! The device rules of a container: a list in v1, the input of a small program in v2.

use std::path::Path;

use oci_spec::runtime::{LinuxDeviceCgroup, LinuxDeviceType, LinuxResources};

use super::set;
use crate::error::Result;

/// One rule; `None` matches every number. Later rules win, as in the runtime-spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Allow or deny.
    pub allow: bool,
    /// `b`, `c`, or both.
    pub kind: Option<Kind>,
    /// Major number.
    pub major: Option<u32>,
    /// Minor number.
    pub minor: Option<u32>,
    /// Which accesses the rule is about.
    pub access: Access,
}

/// Block or character device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Block device.
    Block,
    /// Character device.
    Char,
}

/// Set of accesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Open for reading.
    pub read: bool,
    /// Open for writing.
    pub write: bool,
    /// Create the node.
    pub mknod: bool,
}

impl Access {
    fn parse(text: &str) -> Self {
        Self { read: text.contains('r'), write: text.contains('w'), mknod: text.contains('m') }
    }

    fn letters(self) -> String {
        [(self.read, 'r'), (self.write, 'w'), (self.mknod, 'm')]
            .iter()
            .filter(|(on, _)| *on)
            .map(|(_, c)| *c)
            .collect()
    }
}

/// The rules of a spec, or `None` when it has none: then the container is not filtered.
pub fn rules(resources: Option<&LinuxResources>) -> Result<Option<Vec<Rule>>> {
    let listed = resources.and_then(|resources| resources.devices().as_ref()).filter(|list| !list.is_empty());
    Ok(listed.map(|list| list.iter().map(rule).chain(always()).collect()))
}

/// What every container may use: the runtime-spec's default devices and terminals. A node may be made for anything, since a
/// node that may not be opened is harmless and archives hold some.
fn always() -> impl Iterator<Item = Rule> {
    const OPEN: [(u32, Option<u32>); 9] = [
        (1, Some(3)),
        (1, Some(5)),
        (1, Some(7)),
        (1, Some(8)),
        (1, Some(9)),
        (5, Some(0)),
        (5, Some(1)),
        (5, Some(2)),
        (136, None),
    ];
    let make = Access { read: false, write: false, mknod: true };
    let all = Access { read: true, write: true, mknod: true };
    let nodes = [Kind::Char, Kind::Block].map(|kind| Rule {
        allow: true,
        kind: Some(kind),
        major: None,
        minor: None,
        access: make,
    });
    let open = OPEN.map(|(major, minor)| Rule {
        allow: true,
        kind: Some(Kind::Char),
        major: Some(major),
        minor,
        access: all,
    });
    nodes.into_iter().chain(open)
}

fn rule(entry: &LinuxDeviceCgroup) -> Rule {
    let number = |value: Option<i64>| value.and_then(|n| u32::try_from(n).ok());
    Rule {
        allow: entry.allow(),
        kind: match entry.typ() {
            Some(LinuxDeviceType::B) => Some(Kind::Block),
            Some(LinuxDeviceType::C | LinuxDeviceType::U) => Some(Kind::Char),
            _ => None,
        },
        major: number(entry.major()),
        minor: number(entry.minor()),
        access: entry
            .access()
            .as_deref()
            .map_or(Access { read: true, write: true, mknod: true }, Access::parse),
    }
}

/// Writes the rules to `devices.deny` and `devices.allow`, in order.
pub fn apply_legacy(dir: &Path, rules: &[Rule]) -> Result<()> {
    for rule in rules {
        let file = if rule.allow { "devices.allow" } else { "devices.deny" };
        for line in legacy_lines(rule) {
            set(dir, file, &line)?;
        }
    }
    Ok(())
}

/// The kernel takes `a` for everything, whatever numbers and accesses follow it: a rule for some devices of both kinds is two.
fn legacy_lines(rule: &Rule) -> Vec<String> {
    let number = |value: Option<u32>| value.map_or_else(|| "*".to_owned(), |n| n.to_string());
    let line = |letter: char| {
        format!("{letter} {}:{} {}", number(rule.major), number(rule.minor), rule.access.letters())
    };
    let all = Access { read: true, write: true, mknod: true };
    match rule.kind {
        None if rule.major.is_none() && rule.minor.is_none() && rule.access == all => vec!["a".to_owned()],
        None => vec![line('b'), line('c')],
        Some(Kind::Block) => vec![line('b')],
        Some(Kind::Char) => vec![line('c')],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_become_lines_of_the_v1_files() {
        let json = r#"{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":136,"access":"rw"}]}"#;
        let resources: LinuxResources = serde_json::from_str(json).unwrap();
        let rules = rules(Some(&resources)).unwrap().unwrap();
        let lines: Vec<_> = rules.iter().flat_map(legacy_lines).collect();
        assert_eq!(lines[..4], ["a", "c 136:* rw", "c *:* m", "b *:* m"]);
        assert!(lines.contains(&"c 1:3 rwm".to_owned()));
    }

    #[test]
    fn a_rule_for_some_devices_of_both_kinds_does_not_become_one_for_all() {
        let json = r#"{"devices":[{"allow":true,"type":"a","major":7,"access":"rm"}]}"#;
        let resources: LinuxResources = serde_json::from_str(json).unwrap();
        let rules = rules(Some(&resources)).unwrap().unwrap();
        assert_eq!(legacy_lines(&rules[0]), ["b 7:* rm", "c 7:* rm"]);
    }
}
