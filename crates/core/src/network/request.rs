//! What TypeScript wants a container's network to be like.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

use super::proxy::Protocol;
use super::resolver::{Network, Upstream};

/// The networks that a container is attached to. Without one it has a network namespace with a loopback device alone.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkRequest {
    /// A device for each network, in the order of their names inside.
    pub interfaces: Vec<Interface>,
    /// Ports of the machine that lead to the container.
    #[serde(default)]
    pub ports: Vec<PublishedPort>,
    /// Id of the container.
    #[serde(default)]
    pub container: String,
    /// Whom the name server asks for names that no network has; without it there is none.
    #[serde(default)]
    pub name_server: Option<Upstream>,
    /// Runtime directory of an ordinary user, whose networks these are; the machine's own without one.
    #[serde(skip)]
    pub user: Option<PathBuf>,
    /// Path of the runtime binary, unless this process is of it.
    #[serde(skip)]
    pub runtime: Option<PathBuf>,
}

/// Ports of the machine that lead to a container: as many of it, one after the other, or one of several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishedPort {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Addresses of the machine; the unspecified one is all of its family. One of a family that the machine does not have is passed
    /// over if there are others.
    pub addresses: Vec<IpAddr>,
    /// First port of the machine; 0 for one that is free.
    pub first: u16,
    /// Last port of the machine.
    pub last: u16,
    /// The port of the container that the first leads to.
    pub port: u16,
    /// Only the first that is free of these leads there.
    #[serde(default)]
    pub any: bool,
    /// Addresses of the container, one of each family at most.
    pub to: Vec<IpAddr>,
}

/// A device of a container, whose other end is a port of a bridge.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Interface {
    /// Name inside: `eth0`.
    pub name: String,
    /// Name of the other end, which no other device of the machine has: 15 bytes at most.
    pub host_name: String,
    /// Inside.
    pub mac: MacAddress,
    /// Largest packet in bytes; the kernel's default when absent.
    #[serde(default)]
    pub mtu: Option<u32>,
    /// Inside.
    pub addresses: Vec<Address>,
    /// Where everything goes that has no other way, one of each family at most.
    #[serde(default)]
    pub gateways: Vec<IpAddr>,
    /// It may send what carries other addresses than its own: it is a router.
    #[serde(default)]
    pub may_route: bool,
    /// Name of the network.
    #[serde(default)]
    pub network: String,
    /// What the container is called in it; the first is what its address stands for.
    #[serde(default)]
    pub names: Vec<String>,
    /// Where the names of the network's containers are.
    #[serde(default)]
    pub folder: PathBuf,
    /// The bridge.
    pub bridge: Bridge,
}

impl Interface {
    /// The network, as a name server knows it.
    pub fn named(&self) -> Network {
        Network { name: self.network.clone(), folder: self.folder.clone() }
    }
}

/// A bridge of the machine, made when it is missing.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bridge {
    /// Name: 15 bytes at most.
    pub name: String,
    /// Its own.
    pub mac: MacAddress,
    /// Of the machine in this network.
    pub addresses: Vec<Address>,
    /// The machine takes what comes from this network for itself and sends it nowhere else.
    #[serde(default)]
    pub internal: bool,
}

/// An address with the length of its network's prefix: `172.30.0.2/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// Address.
    pub ip: IpAddr,
    /// Bits.
    pub prefix: u8,
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let read = || {
            let (ip, prefix) = text.split_once('/')?;
            let (ip, prefix): (IpAddr, u8) = (ip.parse().ok()?, prefix.parse().ok()?);
            (prefix <= if ip.is_ipv6() { 128 } else { 32 }).then_some(Self { ip, prefix })
        };
        read().ok_or_else(|| serde::de::Error::custom(format!("{text} is no address with a prefix")))
    }
}

/// The address of a device in an Ethernet: `02:42:ac:1e:00:02`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MacAddress(pub [u8; 6]);

impl<'de> Deserialize<'de> for MacAddress {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let bytes: Option<Vec<u8>> = text
            .split(':')
            .map(|byte| u8::from_str_radix(byte, 16).ok().filter(|_| byte.len() == 2))
            .collect();
        bytes
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom(format!("{text} is no MAC address")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_strictly() {
        let address = |text: &str| serde_json::from_value::<Address>(text.into());
        assert_eq!(address("10.1.0.2/16").unwrap(), Address { ip: "10.1.0.2".parse().unwrap(), prefix: 16 });
        assert_eq!(address("fd00::2/64").unwrap(), Address { ip: "fd00::2".parse().unwrap(), prefix: 64 });
        for text in ["10.1.0.2", "10.1.0.2/33", "10.1.0.2/-1", "10.1.0/16", "fd00::2/129", "/16"] {
            assert!(address(text).is_err(), "{text}");
        }
        let mac = |text: &str| serde_json::from_value::<MacAddress>(text.into());
        assert_eq!(mac("02:42:ac:1e:00:02").unwrap(), MacAddress([2, 0x42, 0xac, 0x1e, 0, 2]));
        for text in ["02:42:ac:1e:00", "02:42:ac:1e:00:02:03", "2:42:ac:1e:00:02", "02:42:ac:1e:00:0g", ""] {
            assert!(mac(text).is_err(), "{text}");
        }
    }
}
