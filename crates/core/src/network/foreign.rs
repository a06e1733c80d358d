//! Other packet filters of the machine. Docker has iptables drop all that is forwarded and that no rule of it accepts: what passes this
//! machine has to pass every filter, so what comes from or goes to a bridge of rcx is accepted there as well, after all other rules of
//! the chain. Which of it may pass is decided in the table that all networks share.

use std::net::IpAddr;

use rustix::io::{Errno, Result};

use super::filter::BRIDGES;
use super::nft::rule::{Meta, Rule, Verdict};
use super::nft::{Family, Nft, Transaction};

const TABLE: &str = "filter";
const CHAIN: &str = "FORWARD";
/// What nft(8) shows as the comment of a rule.
const COMMENT: &str = "rcx";
const FAMILIES: [Family; 2] = [Family::Ipv4, Family::Ipv6];

/// Has the filters of the gateways' families pass what is the networks' own, where they pass nothing by themselves.
pub fn pass(nft: &mut Nft, gateways: &[IpAddr]) -> Result<()> {
    for family in FAMILIES {
        let is_used = gateways.iter().any(|gateway| gateway.is_ipv4() == (family == Family::Ipv4));
        if is_used && drops(nft, family)? && own_rules(nft, family)?.is_empty() {
            let mut transaction = Transaction::default();
            let rules = [Meta::InputDevice, Meta::OutputDevice]
                .map(|device| Rule::default().equals(device, BRIDGES.as_bytes()).then(Verdict::Accept));
            transaction.commented_rules(family, TABLE, CHAIN, COMMENT, rules);
            nft.commit(transaction)?;
        }
    }
    Ok(())
}

/// Takes that back.
pub fn forget(nft: &mut Nft) -> Result<()> {
    for family in FAMILIES {
        let mut transaction = Transaction::default();
        for handle in own_rules(nft, family)? {
            transaction.remove_rule(family, TABLE, CHAIN, handle);
        }
        match nft.commit(transaction) {
            // Whoever has the table has just removed them.
            Err(Errno::NOENT) => {}
            other => other?,
        }
    }
    Ok(())
}

fn drops(nft: &mut Nft, family: Family) -> Result<bool> {
    match nft.policy(family, TABLE, CHAIN) {
        Err(Errno::NOENT) => Ok(false),
        policy => Ok(policy? == Some(Verdict::Drop as u32)),
    }
}

fn own_rules(nft: &mut Nft, family: Family) -> Result<Vec<u64>> {
    match nft.rules_with(family, TABLE, CHAIN, COMMENT) {
        Err(Errno::NOENT) => Ok(Vec::new()),
        other => other,
    }
}
