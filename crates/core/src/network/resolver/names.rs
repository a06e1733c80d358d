//! The names of containers: a folder for each network, with a file for each address.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use simple_dns::Name;

use super::answer::Found;
use super::query::{Query, class, kind};
use super::stamp::Stamp;
use super::{Network, random};
use crate::error::{Context, Error, Result};
use crate::identity::ProcessIdentity;

const CODE: &str = super::super::CODE;
/// A larger file is none of ours, in bytes.
const MOST_TEXT: u64 = 65536;

/// What a container is called in a network: what is in the file of its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// Its id.
    pub container: String,
    /// Its monitor: a record that a killed one has left behind counts for nothing.
    pub process: ProcessIdentity,
    /// Its name, its short id, and its aliases. The first that is a name for DNS is what its address is answered with.
    pub names: Vec<String>,
}

/// Has a container's names answered for in a network. The folder is made when there is none, for this user alone.
///
/// # Errors
/// `ERR_RCX_NETWORK` with the file and the kernel's errno.
pub fn publish(folder: &Path, address: IpAddr, names: &Names) -> Result<()> {
    const STEP: &str = "write down a container's names";
    let path = folder.join(address.to_string());
    // Under another name first: nobody ever reads half of it. No other process writes for this address.
    let temporary = folder.join(format!(".{address}-{}", std::process::id()));
    let text = serde_json::to_vec(names).map_err(|error| Error::new(CODE, format!("{STEP}: {error}")))?;
    DirBuilder::new().recursive(true).mode(0o700).create(folder).step_at(CODE, STEP, folder.display())?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options.open(&temporary).and_then(|mut file| file.write_all(&text));
    written
        .and_then(|()| fs::rename(&temporary, &path))
        .inspect_err(|_| drop(fs::remove_file(&temporary)))
        .step_at(CODE, STEP, path.display())
}

/// Ends that. A file that is gone, or that the address's next container has written, is no error.
///
/// # Errors
/// `ERR_RCX_NETWORK` with the file and the kernel's errno.
pub fn withdraw(folder: &Path, address: IpAddr, container: &str) -> Result<()> {
    let path = folder.join(address.to_string());
    if read(&path).is_none_or(|names| names.container != container) {
        return Ok(());
    }
    match fs::remove_file(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other.step_at(CODE, "remove a container's names", path.display()),
    }
}

/// What the folders say, read again when they have changed.
#[derive(Debug, Default)]
pub struct Table {
    folders: HashMap<PathBuf, Folder>,
}

#[derive(Debug, Default)]
struct Folder {
    /// `None` when it has to be read again in any case.
    read: Option<Stamp>,
    records: Vec<(IpAddr, Names)>,
}

impl Table {
    /// What a query is about, when that is a container of one of the networks. A name that has no address of the type asked for
    /// is one all the same: if it were asked for elsewhere, NXDOMAIN could come back, which is about all types (RFC 8020).
    pub fn find(&mut self, networks: &[Network], query: &Query<'_>) -> Option<Found> {
        if query.class != class::IN && query.class != class::ANY {
            return None;
        }
        self.folders.retain(|folder, _| networks.iter().any(|network| network.folder == *folder));
        let name = query.name()?.to_ascii_lowercase();
        match address_of(&name) {
            Some(address) => self.name(networks, address, query.kind),
            None => self.addresses(networks, &name, query.kind),
        }
    }

    /// Of all containers with the name, in the first network that has any of the type, as Docker does.
    fn addresses(&mut self, networks: &[Network], name: &str, wanted: u16) -> Option<Found> {
        let mut known = false;
        for network in networks {
            let records = self.records(&network.folder);
            let mut addresses = Vec::new();
            for (address, record) in
                records.iter().filter(|(_, record)| is_called(record, name, &network.name))
            {
                let fits = match address {
                    IpAddr::V4(_) => wanted == kind::A || wanted == kind::ANY,
                    IpAddr::V6(_) => wanted == kind::AAAA || wanted == kind::ANY,
                };
                if (fits || !known) && record.process.exists() {
                    known = true;
                    addresses.extend(fits.then_some(*address));
                }
            }
            if !addresses.is_empty() {
                // Most programs take the first: each container gets its part of the work.
                addresses.sort_by_cached_key(|_| random());
                return Some(Found::Addresses(addresses));
            }
        }
        known.then(|| Found::Addresses(Vec::new()))
    }

    fn name(&mut self, networks: &[Network], address: IpAddr, wanted: u16) -> Option<Found> {
        networks.iter().find_map(|network| {
            let mut records = self.records(&network.folder).iter();
            let (_, record) = records.find(|(found, record)| *found == address && record.process.exists())?;
            let names = record.names.iter().map(|name| format!("{name}.{}", network.name));
            // A container may be called what no name of DNS can be (RFC 1035, 2.3.4).
            let name = names
                .filter(|_| wanted == kind::PTR || wanted == kind::ANY)
                .find(|name| Name::new(name).is_ok());
            Some(name.map_or(Found::Addresses(Vec::new()), Found::Name))
        })
    }

    fn records(&mut self, path: &Path) -> &[(IpAddr, Names)] {
        let folder = self.folders.entry(path.to_owned()).or_default();
        let now = Stamp::of(path);
        if now.is_none() || now != folder.read {
            folder.records = read_all(path);
            folder.read = now;
        }
        &folder.records
    }
}

fn is_called(record: &Names, name: &str, network: &str) -> bool {
    record.names.iter().any(|known| {
        let rest = name.get(known.len()..);
        name.get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known))
            && rest.is_some_and(|rest| {
                rest.is_empty()
                    || rest.strip_prefix('.').is_some_and(|rest| rest.eq_ignore_ascii_case(network))
            })
    })
}

fn read_all(folder: &Path) -> Vec<(IpAddr, Names)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let records = entries.flatten().filter_map(|entry| {
        // Names of temporary files begin with a dot, so they are no addresses.
        let address = entry.file_name().to_str()?.parse().ok()?;
        Some((address, read(&entry.path())?))
    });
    records.collect()
}

fn read(path: &Path) -> Option<Names> {
    let mut text = Vec::new();
    File::open(path).ok()?.take(MOST_TEXT).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// The address that a name in lower case stands for (RFC 1035, 3.5; RFC 3596, 2.5).
fn address_of(name: &str) -> Option<IpAddr> {
    if let Some(bytes) = name.strip_suffix(".in-addr.arpa") {
        let mut parts = bytes.rsplit('.');
        // `parse` would take a plus sign, too.
        let mut next = || parts.next().filter(|part| !part.starts_with('+'))?.parse().ok();
        let address = Ipv4Addr::new(next()?, next()?, next()?, next()?);
        return parts.next().is_none().then_some(address.into());
    }
    let digits: Vec<&str> = name.strip_suffix(".ip6.arpa")?.rsplit('.').collect();
    if digits.len() != 32 || digits.iter().any(|digit| digit.len() != 1 || *digit == "+") {
        return None;
    }
    u128::from_str_radix(&digits.concat(), 16).ok().map(|bits| Ipv6Addr::from_bits(bits).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_addresses_are_read() {
        let of = |name: &str| address_of(name).map(|address| address.to_string());
        assert_eq!(of("2.0.18.172.in-addr.arpa").as_deref(), Some("172.18.0.2"));
        assert_eq!(of(&format!("2.{}d.f.ip6.arpa", "0.".repeat(29))).as_deref(), Some("fd00::2"));
        let wrong = [
            "in-addr.arpa",
            "0.18.172.in-addr.arpa",
            "1.2.0.18.172.in-addr.arpa",
            "256.0.18.172.in-addr.arpa",
            "+2.0.18.172.in-addr.arpa",
            ".0.18.172.in-addr.arpa",
            "2.0.18.172.in-addr.arpa.net",
            "2.0.d.f.ip6.arpa",
        ];
        for name in wrong {
            assert_eq!(of(name), None, "{name}");
        }
        assert_eq!(of(&format!("2.{}d.+.ip6.arpa", "0.".repeat(29))), None);
    }

    #[test]
    fn a_name_is_the_whole_name() {
        let process = ProcessIdentity { pid: 1, start_time: String::new(), boot_id: String::new() };
        let record = Names { container: String::new(), process, names: vec!["Db".into(), "a.b".into()] };
        for name in ["db", "db.net", "a.b", "a.b.net"] {
            assert!(is_called(&record, name, "Net"), "{name}");
        }
        for name in ["", "d", "dbx", "db.", "db.ne", "db.net.net", "a", "b", "ü"] {
            assert!(!is_called(&record, name, "Net"), "{name}");
        }
    }
}
