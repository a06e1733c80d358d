//! Expressions of rules: what is looked at in a packet, and what becomes of it. They work on registers as the machine code that `nft
//! --debug=netlink` shows.

use std::net::IpAddr;

use super::attributes::Attributes;

/// Registers of 16 bytes; two of them that follow one another hold a concatenation (`NFT_REG_1`, `NFT_REG_2`).
const FIRST: u32 = 1;
const SECOND: u32 = 2;
const VERDICT: u32 = 0;
/// `RTN_LOCAL`, in the kernel's byte order.
const LOCAL: u32 = 2;
/// `NFT_META_MARK`.
const MARK: u32 = 3;

/// What is known of a packet without looking into it (`NFT_META_…`).
#[derive(Debug, Clone, Copy)]
pub enum Meta {
    /// EtherType, of what came in.
    Protocol = 1,
    /// Device that it came by, 16 bytes; empty for what this machine sends.
    InputDevice = 6,
    /// Device that it goes by, 16 bytes.
    OutputDevice = 7,
    /// `NFPROTO_IPV4` or `NFPROTO_IPV6`.
    Family = 15,
    /// `IPPROTO_…`.
    Transport = 16,
}

/// Where offsets are counted from (`NFT_PAYLOAD_…`).
#[derive(Debug, Clone, Copy)]
pub enum Header {
    /// Ethernet.
    Link = 0,
    /// IP, ARP.
    Network = 1,
    /// TCP, UDP, ICMP.
    Transport = 2,
}

/// What is known of the connection of a packet (`NFT_CT_…`).
#[derive(Debug, Clone, Copy)]
pub enum Connection {
    /// `NF_CT_STATE_BIT`.
    State = 0,
    /// `IPS_…`.
    Status = 2,
}

/// `NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED)`.
pub const ESTABLISHED_OR_RELATED: u32 = 1 << 1 | 1 << 2;
/// `NF_CT_STATE_BIT(IP_CT_NEW)`.
pub const NEW: u32 = 1 << 3;
/// `IPS_DST_NAT`.
pub const DESTINATION_CHANGED: u32 = 1 << 5;

/// What becomes of a packet (`NF_…`).
#[derive(Debug, Clone, Copy)]
pub enum Verdict {
    /// Gone, and nobody is told.
    Drop = 0,
    /// Passes this chain.
    Accept = 1,
}

/// A comparison (`NFT_CMP_…`).
#[derive(Debug, Clone, Copy)]
enum Comparison {
    Equal = 0,
    Different = 1,
    AtMost = 3,
    AtLeast = 5,
}

/// A rule: what it asks for, one after the other, and what it does when all holds.
#[derive(Debug, Clone, Default)]
pub struct Rule(Attributes);

impl Rule {
    /// The bytes known of a packet are these; of a device's name, its beginning.
    #[must_use]
    pub fn equals(self, key: Meta, value: &[u8]) -> Self {
        self.load_meta(key, FIRST).compare(Comparison::Equal, value)
    }

    /// They are others.
    #[must_use]
    pub fn differs(self, key: Meta, value: &[u8]) -> Self {
        self.load_meta(key, FIRST).compare(Comparison::Different, value)
    }

    /// The pair of devices that it comes and goes by is in a set.
    #[must_use]
    pub fn devices_in(self, set: &str) -> Self {
        self.load_meta(Meta::InputDevice, FIRST).load_meta(Meta::OutputDevice, SECOND).lookup(set)
    }

    /// The device that it comes by is in a set.
    #[must_use]
    pub fn comes_by_one_of(self, set: &str) -> Self {
        self.load_meta(Meta::InputDevice, FIRST).lookup(set)
    }

    /// One of some bits is set.
    #[must_use]
    pub fn connection_has(self, key: Connection, bits: u32) -> Self {
        let ct = Attributes::default().number(1, FIRST).number(2, key as u32);
        // The kernel holds these words in its own byte order.
        let mask = Attributes::default().bytes(1, &bits.to_ne_bytes());
        let none = Attributes::default().bytes(1, &[0; 4]);
        let bitwise = Attributes::default().number(1, FIRST).number(2, FIRST).number(3, 4);
        self.expression("ct", ct)
            .expression("bitwise", bitwise.list(4, &mask).list(5, &none))
            .compare(Comparison::Different, &[0; 4])
    }

    /// The bytes at an offset are these.
    #[must_use]
    pub fn has(self, header: Header, offset: u32, value: &[u8]) -> Self {
        self.load(header, offset, value.len()).compare(Comparison::Equal, value)
    }

    /// They are others.
    #[must_use]
    pub fn has_not(self, header: Header, offset: u32, value: &[u8]) -> Self {
        self.load(header, offset, value.len()).compare(Comparison::Different, value)
    }

    /// A port is in a range.
    #[must_use]
    pub fn port(self, offset: u32, first: u16, last: u16) -> Self {
        if first == last {
            return self.has(Header::Transport, offset, &first.to_be_bytes());
        }
        self.load(Header::Transport, offset, 2)
            .compare(Comparison::AtLeast, &first.to_be_bytes())
            .compare(Comparison::AtMost, &last.to_be_bytes())
    }

    /// It is for an address of this machine (`fib daddr type local`).
    #[must_use]
    pub fn for_this_machine(self) -> Self {
        self.address_type(1 << 1).compare(Comparison::Equal, &LOCAL.to_ne_bytes())
    }

    /// What it comes from is no address of this machine (`fib saddr type != local`).
    #[must_use]
    pub fn comes_from_elsewhere(self) -> Self {
        self.address_type(1).compare(Comparison::Different, &LOCAL.to_ne_bytes())
    }

    /// It is for no address of this machine.
    #[must_use]
    pub fn for_elsewhere(self) -> Self {
        self.address_type(1 << 1).compare(Comparison::Different, &LOCAL.to_ne_bytes())
    }

    /// Some bits of a byte are these.
    #[must_use]
    pub fn has_bits(self, header: Header, offset: u32, mask: u8, value: u8) -> Self {
        let bits = Attributes::default().bytes(1, &[mask]);
        let none = Attributes::default().bytes(1, &[0]);
        let bitwise = Attributes::default().number(1, FIRST).number(2, FIRST).number(3, 1);
        self.load(header, offset, 1)
            .expression("bitwise", bitwise.list(4, &bits).list(5, &none))
            .compare(Comparison::Equal, &[value])
    }

    /// A socket of this machine has it that takes what is for others' addresses (`IP_TRANSPARENT`, ip(7)).
    #[must_use]
    pub fn has_transparent_socket(self) -> Self {
        const TRANSPARENT: u32 = 0;
        let socket = Attributes::default().number(1, TRANSPARENT).number(2, FIRST);
        self.expression("socket", socket).compare(Comparison::Equal, &[1])
    }

    /// Marks it, for the choice of its way (`ip rule`).
    #[must_use]
    pub fn mark(self, mark: u32) -> Self {
        let meta = Attributes::default().number(3, FIRST).number(2, MARK);
        self.immediate(FIRST, &mark.to_ne_bytes()).expression("meta", meta)
    }

    /// Gives it to the socket that listens at a port, whatever address it is for.
    #[must_use]
    pub fn give_to_listener(self, port: u16) -> Self {
        const ANY_FAMILY: u32 = 0;
        let tproxy = Attributes::default().number(1, ANY_FAMILY).number(3, FIRST);
        self.immediate(FIRST, &port.to_be_bytes()).expression("tproxy", tproxy)
    }

    /// No connection is looked for, or remembered.
    #[must_use]
    pub fn untracked(self) -> Self {
        self.expression("notrack", Attributes::default())
    }

    /// Decides.
    #[must_use]
    pub fn then(self, verdict: Verdict) -> Self {
        let code = Attributes::default().number(1, verdict as u32);
        let data = Attributes::default().list(2, &code);
        self.expression("immediate", Attributes::default().number(1, VERDICT).list(2, &data))
    }

    /// Changes the destination of a connection; the port stays without another one.
    #[must_use]
    pub fn redirect_to(self, address: IpAddr, port: Option<u16>) -> Self {
        const DESTINATION_NAT: u32 = 1;
        let (family, bytes) = match address {
            IpAddr::V4(address) => (libc::NFPROTO_IPV4, address.octets().to_vec()),
            IpAddr::V6(address) => (libc::NFPROTO_IPV6, address.octets().to_vec()),
        };
        let mut nat = Attributes::default().number(1, DESTINATION_NAT).number(2, family.unsigned_abs());
        nat = nat.number(3, FIRST);
        let mut rule = self.immediate(FIRST, &bytes);
        if let Some(port) = port {
            nat = nat.number(5, SECOND);
            rule = rule.immediate(SECOND, &port.to_be_bytes());
        }
        rule.expression("nat", nat)
    }

    /// Changes the source of a connection to the address of the device that it goes by.
    #[must_use]
    pub fn masquerade(self) -> Self {
        self.expression("masq", Attributes::default())
    }

    /// Writes a port into the packet itself; no connection is looked at, so the way back needs a rule of its own.
    #[must_use]
    pub fn set_port(self, offset: u32, port: u16, checksum: u32) -> Self {
        const INTERNET_CHECKSUM: u32 = 1;
        let payload = Attributes::default()
            .number(5, FIRST)
            .number(2, Header::Transport as u32)
            .number(3, offset)
            .number(4, 2)
            .number(6, INTERNET_CHECKSUM)
            .number(7, checksum);
        self.immediate(FIRST, &port.to_be_bytes()).expression("payload", payload)
    }

    /// As in a message.
    pub fn expressions(&self) -> &Attributes {
        &self.0
    }

    /// Of the source or the destination (`NFTA_FIB_F_…`).
    fn address_type(self, which: u32) -> Self {
        const ADDRESS_TYPE: u32 = 3;
        let fib = Attributes::default().number(1, FIRST).number(2, ADDRESS_TYPE).number(3, which);
        self.expression("fib", fib)
    }

    fn load_meta(self, key: Meta, register: u32) -> Self {
        self.expression("meta", Attributes::default().number(1, register).number(2, key as u32))
    }

    fn load(self, header: Header, offset: u32, length: usize) -> Self {
        let length = u32::try_from(length).unwrap_or(0);
        let payload = Attributes::default().number(1, FIRST).number(2, header as u32);
        self.expression("payload", payload.number(3, offset).number(4, length))
    }

    fn lookup(self, set: &str) -> Self {
        self.expression("lookup", Attributes::default().text(1, set).number(2, FIRST))
    }

    fn compare(self, how: Comparison, value: &[u8]) -> Self {
        let data = Attributes::default().bytes(1, value);
        self.expression("cmp", Attributes::default().number(1, FIRST).number(2, how as u32).list(3, &data))
    }

    fn immediate(self, register: u32, value: &[u8]) -> Self {
        let data = Attributes::default().bytes(1, value);
        self.expression("immediate", Attributes::default().number(1, register).list(2, &data))
    }

    fn expression(mut self, name: &str, data: Attributes) -> Self {
        const ELEMENT: u16 = 1;
        let expression = Attributes::default().text(1, name).list(2, &data);
        self.0 = self.0.list(ELEMENT, &expression);
        self
    }
}
