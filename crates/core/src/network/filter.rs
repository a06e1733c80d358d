//! The packet filter between networks: a table of the machine, `inet rcx`, that all networks of all stores share.
//!
//! It hardly changes: what it lists is the bridges, and every rule is as fast with a thousand containers as with one. It is made by
//! whoever starts a container first, and goes with the last network.

use rustix::io::{Errno, Result};

use super::nft::rule::{Connection, DESTINATION_CHANGED, ESTABLISHED_OR_RELATED, Meta, NEW, Rule, Verdict};
use super::nft::{Chain, FILTER, Family, Hook, Nft, Ownership, SOURCE_NAT, Transaction};

/// What the name of every bridge begins with, and no other device's.
pub const BRIDGES: &str = "rcx-";
const TABLE: &str = "rcx";
/// Pairs of one bridge: what comes and goes by the same.
const SAME: &str = "bridges";
/// Devices that led nowhere but to this machine before there were containers.
const OUTSIDE: &str = "outside";
/// Bytes of a device's name in a register, and the number by which nft(8) shows it.
const NAME: usize = 16;
const NAME_KIND: u32 = 41;
/// Numbers of a concatenation stand side by side, six bits each.
const PAIR_KIND: u32 = NAME_KIND << 6 | NAME_KIND;
const TRIES: usize = 8;

/// Has the table list a bridge, and makes it where it is missing. What comes by `uplink` was asked for; `outside` are the devices of a machine that did not forward.
pub fn ensure(
    nft: &mut Nft,
    bridge: &str,
    uplink: Option<&str>,
    outside: impl Fn() -> Result<Vec<String>>,
) -> Result<()> {
    for _ in 0..TRIES {
        match nft.commit(listed(bridge)) {
            Err(Errno::NOENT) => {}
            other => return other,
        }
        match nft.commit(table(bridge, uplink, &outside()?)) {
            // Somebody else was faster.
            Err(Errno::EXIST) => {}
            other => return other,
        }
    }
    Err(Errno::BUSY)
}

/// Has it list a bridge no more, and removes it after the last; true when it was.
pub fn remove(nft: &mut Nft, bridge: &str) -> Result<bool> {
    for _ in 0..TRIES {
        let generation = nft.generation()?;
        let bridges = match nft.elements_of(Family::Inet, TABLE, SAME) {
            Err(Errno::NOENT) => return Ok(true),
            other => other?,
        };
        let own = pair(bridge);
        let is_listed = bridges.contains(&own);
        if !is_listed && !bridges.is_empty() {
            return Ok(false);
        }
        let mut transaction = Transaction::at(generation);
        let is_last = bridges.iter().all(|each| *each == own);
        if is_last {
            transaction.remove_table(Family::Inet, TABLE);
        } else {
            transaction.remove_elements(Family::Inet, TABLE, SAME, &[own]);
        }
        match nft.commit(transaction) {
            // Something was changed since it was looked at.
            Err(Errno::RESTART) => {}
            other => return other.map(|()| is_last),
        }
    }
    Err(Errno::BUSY)
}

fn listed(bridge: &str) -> Transaction {
    let mut transaction = Transaction::default();
    transaction.elements(Family::Inet, TABLE, SAME, &[pair(bridge)]);
    transaction
}

fn table(bridge: &str, uplink: Option<&str>, outside: &[String]) -> Transaction {
    let mut made = Transaction::default();
    let prefix = BRIDGES.as_bytes();
    made.table(Family::Inet, TABLE, Ownership::Lasting);
    made.set(Family::Inet, TABLE, SAME, (PAIR_KIND, 2 * NAME as u32));
    made.elements(Family::Inet, TABLE, SAME, &[pair(bridge)]);
    let chain = Chain { name: "forward", kind: "filter", hook: Hook::Forward, priority: FILTER };
    made.chain(Family::Inet, TABLE, chain);
    let to_container = || Rule::default().equals(Meta::OutputDevice, prefix);
    let mut rules = vec![
        // Where br_netfilter is loaded, what stays on a bridge comes by here as well.
        Rule::default().devices_in(SAME).then(Verdict::Accept),
        to_container().connection_has(Connection::State, ESTABLISHED_OR_RELATED).then(Verdict::Accept),
        to_container().connection_has(Connection::Status, DESTINATION_CHANGED).then(Verdict::Accept),
        // From other networks, and from hosts that have made a route to this one.
        to_container().then(Verdict::Drop),
    ];
    if let Some(uplink) = uplink {
        // Answers and refusals to what was not tracked on its way out.
        rules.insert(0, Rule::default().equals(Meta::InputDevice, &padded(uplink)).then(Verdict::Accept));
    }
    if !outside.is_empty() {
        made.set(Family::Inet, TABLE, OUTSIDE, (NAME_KIND, NAME as u32));
        let keys: Vec<_> = outside.iter().map(|name| padded(name)).collect();
        made.elements(Family::Inet, TABLE, OUTSIDE, &keys);
        // This machine forwards now, but is still no router for its neighbours.
        let new = Rule::default().comes_by_one_of(OUTSIDE).connection_has(Connection::State, NEW);
        rules.push(new.then(Verdict::Drop));
    }
    made.rules(Family::Inet, TABLE, chain.name, rules);
    let chain = Chain { name: "postrouting", kind: "nat", hook: Hook::Postrouting, priority: SOURCE_NAT };
    made.chain(Family::Inet, TABLE, chain);
    let from_container = || Rule::default().equals(Meta::InputDevice, prefix);
    let rules = [
        from_container().differs(Meta::OutputDevice, prefix).masquerade(),
        // To a port of this machine that leads back to the same network: the answer has to come by here, too.
        Rule::default().devices_in(SAME).connection_has(Connection::Status, DESTINATION_CHANGED).masquerade(),
    ];
    made.rules(Family::Inet, TABLE, chain.name, rules);
    made
}

fn pair(bridge: &str) -> Vec<u8> {
    [padded(bridge), padded(bridge)].concat()
}

fn padded(name: &str) -> Vec<u8> {
    let mut bytes = name.as_bytes().to_vec();
    bytes.resize(NAME, 0);
    bytes
}
