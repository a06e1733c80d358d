//! Whether the machine passes packets on: it has to for what comes from a network with a way out, and must not for an internal one.

use std::fs;
use std::io::ErrorKind;
use std::net::IpAddr;

use super::CODE;
use super::filter::BRIDGES;
use crate::error::{Context, Result};

const IPV4: &str = "/proc/sys/net/ipv4/ip_forward";
const IPV6: &str = "/proc/sys/net/ipv6/conf/all/forwarding";

/// Devices of a machine that does not forward: it should not begin to be a router between them. None where it is one.
pub fn led_nowhere() -> rustix::io::Result<Vec<String>> {
    let is_off = fs::read_to_string(IPV4).is_ok_and(|text| text.trim() == "0");
    if !is_off {
        return Ok(Vec::new());
    }
    let devices = fs::read_dir("/proc/sys/net/ipv4/conf").map_err(errno)?;
    let names = devices.map(|entry| Ok(entry.map_err(errno)?.file_name().to_string_lossy().into_owned()));
    names.filter(|name| name.as_ref().map_or(true, |name| is_outside(name))).collect()
}

fn is_outside(name: &str) -> bool {
    !["all", "default", "lo"].contains(&name) && !name.starts_with(BRIDGES)
}

fn errno(error: std::io::Error) -> rustix::io::Errno {
    rustix::io::Errno::from_io_error(&error).unwrap_or(rustix::io::Errno::IO)
}

/// Has the machine forward, for the families of some gateways.
pub fn turn_on(gateways: &[IpAddr]) -> Result<()> {
    const STEP: &str = "have the machine forward packets";
    let is_on =
        |path: &str| fs::read_to_string(path).map(|text| text.trim() != "0").step_at(CODE, STEP, path);
    if gateways.iter().any(IpAddr::is_ipv4) && !is_on(IPV4)? {
        fs::write(IPV4, "1").step_at(CODE, STEP, IPV4)?;
    }
    if gateways.iter().any(IpAddr::is_ipv6) && !is_on(IPV6)? {
        keep_router_advertisements().step_at(CODE, STEP, IPV6)?;
        fs::write(IPV6, "1").step_at(CODE, STEP, IPV6)?;
    }
    Ok(())
}

/// A machine that forwards ignores the advertisements that its own addresses and routes come from, unless told not to (`accept_ra`
/// in the kernel's ip-sysctl.rst).
fn keep_router_advertisements() -> std::io::Result<()> {
    for entry in fs::read_dir("/proc/sys/net/ipv6/conf")? {
        let path = entry?.path().join("accept_ra");
        match fs::read_to_string(&path) {
            Ok(text) if text.trim() == "1" => fs::write(&path, "2")?,
            // A device that has just gone.
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Has the machine forward nothing that comes from a bridge: a program that makes packets by itself (`CAP_NET_RAW`) needs no route to
/// send them to other networks. Said at each start, because whoever turns forwarding on for the machine turns it on for every device.
pub fn keep_inside(bridge: &str) -> Result<()> {
    for family in ["ipv4", "ipv6"] {
        let path = format!("/proc/sys/net/{family}/conf/{bridge}/forwarding");
        match fs::write(&path, "0") {
            // A machine without IPv6.
            Err(error) if family == "ipv6" && error.kind() == ErrorKind::NotFound => {}
            other => other.step_at(CODE, "keep what comes from the bridge on this machine", path)?,
        }
    }
    Ok(())
}
