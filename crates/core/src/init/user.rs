//! Who a container's program runs as: Docker's `user[:group]` against the files of the container, read inside it.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::OpenOptionsExt;

use crate::error::{Error, Result};

/// The ids of a process, and where its user is at home.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
    /// Supplementary group ids.
    pub groups: Vec<u32>,
    /// Home directory by passwd(5), when the user has an entry.
    pub home: Option<String>,
}

const CODE: &str = "ERR_RCX_USER_NOT_FOUND";
/// An image can make its passwd as long as it likes; nobody's list of users is longer than this.
const MAX_BYTES: u64 = 4 << 20;

/// Resolves `user[:group]`, each a name or a number. A number needs no entry; a name does.
pub fn resolve(text: &str) -> Result<Identity> {
    lookup(text, &lines("/etc/passwd"), &lines("/etc/group"))
}

/// The home directory of a numeric user, if it has an entry.
pub fn home_of(uid: u32) -> Option<String> {
    lookup(&uid.to_string(), &lines("/etc/passwd"), &[]).ok()?.home
}

/// Adds supplementary groups, each a name or a number, in the order given.
pub fn add_groups(identity: &mut Identity, names: &[String]) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    extend(identity, names, &lines("/etc/group"))
}

fn extend(identity: &mut Identity, names: &[String], group: &[String]) -> Result<()> {
    for name in names {
        let gid = find_group(name, group)?;
        if !identity.groups.contains(&gid) {
            identity.groups.push(gid);
        }
    }
    Ok(())
}

fn lookup(text: &str, passwd: &[String], group: &[String]) -> Result<Identity> {
    let (user, wanted_group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group).filter(|group| !group.is_empty())),
        None => (text, None),
    };
    let user = if user.is_empty() { "0" } else { user };
    let entry = passwd.iter().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| {
        fields.len() >= 6 && (fields[0] == user || (fields[2] == user && user.parse::<u32>().is_ok()))
    });
    let mut identity = match &entry {
        Some(fields) => Identity {
            uid: number(fields[2]).ok_or_else(|| malformed("/etc/passwd", fields))?,
            gid: number(fields[3]).ok_or_else(|| malformed("/etc/passwd", fields))?,
            groups: Vec::new(),
            home: Some(fields[5].to_owned()).filter(|home| !home.is_empty()),
        },
        None => Identity {
            uid: number(user).ok_or_else(|| missing("user", user, "/etc/passwd"))?,
            ..Identity::default()
        },
    };
    let memberships = match (wanted_group, &entry) {
        (Some(name), _) => {
            identity.gid = find_group(name, group)?;
            Vec::new()
        }
        (None, Some(fields)) => memberships(fields[0], group),
        (None, None) => Vec::new(),
    };
    identity.groups = with_primary(identity.gid, memberships);
    Ok(identity)
}

/// The primary group is among the supplementary ones, as after a login: a program that has taken on the group of a setgid file
/// would otherwise be out of its own group, and pass by what that group is denied (CVE-2022-36109).
fn with_primary(gid: u32, memberships: Vec<u32>) -> Vec<u32> {
    let others = memberships.into_iter().filter(|other| *other != gid);
    std::iter::once(gid).chain(others).collect()
}

fn find_group(name: &str, group: &[String]) -> Result<u32> {
    let entry = group.iter().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| {
        fields.len() >= 3 && (fields[0] == name || (fields[2] == name && name.parse::<u32>().is_ok()))
    });
    match entry {
        Some(fields) => number(fields[2]).ok_or_else(|| malformed("/etc/group", &fields)),
        None => number(name).ok_or_else(|| missing("group", name, "/etc/group")),
    }
}

fn memberships(user: &str, group: &[String]) -> Vec<u32> {
    group
        .iter()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let members = fields.get(3)?;
            members.split(',').any(|member| member == user).then(|| number(fields[2]))?
        })
        .collect()
}

/// The kernel's ids are unsigned, but its calls take -1 as "leave as it is".
fn number(text: &str) -> Option<u32> {
    text.parse::<u32>().ok().filter(|id| *id <= i32::MAX.unsigned_abs())
}

fn missing(kind: &str, name: &str, file: &str) -> Error {
    Error::new(CODE, format!("find the {kind} {name}: no such entry in the container's {file}"))
        .hint(format!("use a {kind} that the image has, or a number"))
}

fn malformed(file: &str, fields: &[&str]) -> Error {
    Error::new(CODE, format!("read the container's {file}: the entry of {} has no valid number", fields[0]))
}

/// The lines of a regular file, without blocking on a fifo or device that an image put there.
fn lines(path: &str) -> Vec<String> {
    let open = || -> std::io::Result<File> {
        let file =
            OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
        if file.metadata()?.is_file() { Ok(file) } else { Err(std::io::ErrorKind::InvalidInput.into()) }
    };
    // No file is no entry: `scratch` images have none, and numbers need none.
    let Ok(file) = open() else { return Vec::new() };
    BufReader::new(file.take(MAX_BYTES))
        .split(b'\n')
        .map_while(std::result::Result::ok)
        .map(|line| String::from_utf8_lossy(&line).into_owned())
        .filter(|line| !line.starts_with('#'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(text: &str) -> Result<Identity> {
        let passwd =
            ["root:x:0:0:root:/root:/bin/bash", "www:x:33:33::/var/www:/bin/false"].map(str::to_owned);
        let group = ["root:x:0:", "www:x:33:", "video:x:44:www,nobody", "staff:x:50:"].map(str::to_owned);
        lookup(text, &passwd, &group)
    }

    #[test]
    fn a_name_brings_its_groups_and_home() {
        let identity = ask("www").unwrap();
        assert_eq!((identity.uid, identity.gid, identity.groups), (33, 33, vec![33, 44]));
        assert_eq!(identity.home.as_deref(), Some("/var/www"));
    }

    #[test]
    fn a_number_needs_no_entry_and_is_in_its_primary_group_only() {
        let identity = Identity { uid: 1234, groups: vec![0], ..Identity::default() };
        assert_eq!(ask("1234").unwrap(), identity);
    }

    #[test]
    fn a_given_group_replaces_the_memberships() {
        let identity = ask("www:staff").unwrap();
        assert_eq!((identity.gid, identity.groups), (50, vec![50]));
        assert_eq!(ask("7:8").unwrap().gid, 8);
    }

    #[test]
    fn further_groups_are_names_or_numbers_and_each_is_there_once() {
        let group = ["video:x:44:", "staff:x:50:"].map(str::to_owned);
        let mut identity = Identity { groups: vec![44], ..Identity::default() };
        extend(&mut identity, &["staff", "77", "video"].map(str::to_owned), &group).unwrap();
        assert_eq!(identity.groups, [44, 50, 77]);
        assert_eq!(extend(&mut identity, &["nobody-here".to_owned()], &group).unwrap_err().code, CODE);
    }

    #[test]
    fn unknown_names_and_impossible_numbers_are_refused() {
        for text in ["nobody-here", "www:nogroup", "4294967295", "-1"] {
            assert_eq!(ask(text).unwrap_err().code, CODE, "{text}");
        }
    }

    #[test]
    fn empty_means_root() {
        assert_eq!(ask("").unwrap().uid, 0);
    }
}
