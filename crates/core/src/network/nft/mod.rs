//! nf_tables, the kernel's packet filter: tables of chains of rules, changed by transactions (nft(8), nfnetlink's batches).
//!
//! No crate is used: those that are there run the program nft, link a C library, or are under the GPL.

pub mod attributes;
pub mod rule;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NetlinkDeserializable, NetlinkHeader,
    NetlinkMessage, NetlinkPayload, NetlinkSerializable,
};
use rustix::io::{Errno, Result};
use rustix::net::netlink;

use self::attributes::Attributes;
use self::rule::{Rule, Verdict};
use super::netlink::{Answer, Socket, serialize};

/// `NFNL_SUBSYS_NFTABLES`.
const SUBSYSTEM: u16 = 10;
const BATCH_BEGIN: u16 = 16;
const BATCH_END: u16 = 17;
/// `nfgenmsg`: family, version, resource.
const GENERAL_HEADER: usize = 4;
/// Most bytes of elements in a message: an attribute has no more than 64 KiB.
const ELEMENTS: usize = 32 * 1024;

/// What a table sees (`NFPROTO_…`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// IPv4 and IPv6.
    Inet = 1,
    /// IPv4 alone.
    Ipv4 = 2,
    /// What comes in by a device.
    Netdev = 5,
    /// IPv6 alone.
    Ipv6 = 10,
}

/// Where a chain is called (`NF_INET_…`, `NF_NETDEV_INGRESS`).
#[derive(Debug, Clone, Copy)]
pub enum Hook<'a> {
    /// Before the way is chosen.
    Prerouting,
    /// What is passed on.
    Forward,
    /// What this machine sends.
    Output,
    /// Last.
    Postrouting,
    /// All that comes in by a device.
    Ingress(&'a str),
}

/// A chain that the kernel calls.
#[derive(Debug, Clone, Copy)]
pub struct Chain<'a> {
    /// Name in its table.
    pub name: &'a str,
    /// `filter` or `nat`.
    pub kind: &'a str,
    /// Where.
    pub hook: Hook<'a>,
    /// Lower is earlier.
    pub priority: i32,
}

/// Priority of what comes before connections are looked for.
pub const RAW: i32 = -300;
/// Priority of what chooses the way.
pub const MANGLE: i32 = -150;
/// Priority of filters.
pub const FILTER: i32 = 0;
/// Priority of changes of the destination.
pub const DESTINATION_NAT: i32 = -100;
/// Priority of changes of the source.
pub const SOURCE_NAT: i32 = 100;

/// How a table is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// Stays, and it is an error if it is there.
    Lasting,
    /// It ends with the socket that it was made by, and so at the latest with this process, whatever ends that; nobody else can change
    /// it (`NFT_TABLE_F_OWNER`, since Linux 5.12).
    Socket,
}

/// Changes that are made all or not at all.
#[derive(Debug, Default)]
pub struct Transaction {
    messages: Vec<(Message, u16)>,
    generation: Option<u32>,
    tables: Vec<(Family, String)>,
}

impl Transaction {
    /// Changes that are only made while everything is as it was: the kernel refuses them with `ERESTART` if not.
    pub fn at(generation: u32) -> Self {
        Self { generation: Some(generation), ..Self::default() }
    }

    /// Makes a table.
    pub fn table(&mut self, family: Family, name: &str, ownership: Ownership) {
        const OWNER: u32 = 2;
        let flags = if ownership == Ownership::Socket { OWNER } else { 0 };
        self.tables.push((family, name.to_owned()));
        self.add(
            family,
            libc::NFT_MSG_NEWTABLE,
            NLM_F_EXCL,
            Attributes::default().text(1, name).number(2, flags),
        );
    }

    /// Those that it makes.
    pub fn tables(&self) -> Vec<(Family, String)> {
        self.tables.clone()
    }

    /// Removes a table with all that is in it.
    pub fn remove_table(&mut self, family: Family, name: &str) {
        self.add(family, libc::NFT_MSG_DELTABLE, 0, Attributes::default().text(1, name));
    }

    /// Makes a chain that accepts what no rule decides about.
    pub fn chain(&mut self, family: Family, table: &str, chain: Chain<'_>) {
        let (number, device) = match chain.hook {
            Hook::Prerouting | Hook::Ingress(_) => {
                (0, if let Hook::Ingress(name) = chain.hook { Some(name) } else { None })
            }
            Hook::Forward => (2, None),
            Hook::Output => (3, None),
            Hook::Postrouting => (4, None),
        };
        let mut hook = Attributes::default().number(1, number).number(2, chain.priority.cast_unsigned());
        if let Some(device) = device {
            hook = hook.text(3, device);
        }
        let attributes = Attributes::default().text(1, table).text(3, chain.name).list(4, &hook);
        let policy = Verdict::Accept as u32;
        self.add(family, libc::NFT_MSG_NEWCHAIN, 0, attributes.number(5, policy).text(7, chain.kind));
    }

    /// Adds rules at the end of a chain.
    pub fn rules(&mut self, family: Family, table: &str, chain: &str, rules: impl IntoIterator<Item = Rule>) {
        for rule in rules {
            let attributes = Attributes::default().text(1, table).text(2, chain);
            self.add(family, libc::NFT_MSG_NEWRULE, NLM_F_APPEND, attributes.list(4, rule.expressions()));
        }
    }

    /// Adds rules at the end of a chain, with a comment by which they can be found again.
    pub fn commented_rules(
        &mut self,
        family: Family,
        table: &str,
        chain: &str,
        comment: &str,
        rules: impl IntoIterator<Item = Rule>,
    ) {
        for rule in rules {
            let attributes = Attributes::default().text(1, table).text(2, chain);
            let attributes = attributes.list(4, rule.expressions()).bytes(7, &user_data(comment));
            self.add(family, libc::NFT_MSG_NEWRULE, NLM_F_APPEND, attributes);
        }
    }

    /// Removes a rule by its number.
    pub fn remove_rule(&mut self, family: Family, table: &str, chain: &str, handle: u64) {
        let attributes = Attributes::default().text(1, table).text(2, chain);
        self.add(family, libc::NFT_MSG_DELRULE, 0, attributes.bytes(3, &handle.to_be_bytes()));
    }

    /// Makes a set; `kind` is the number by which nft(8) shows its elements, `length` that of an element in bytes.
    pub fn set(&mut self, family: Family, table: &str, name: &str, (kind, length): (u32, u32)) {
        // The kernel wants a number to refer to it by in the same transaction.
        const ID: u32 = 1;
        // For nft(8) alone: names of devices are kept as this machine keeps them (NFTNL_UDATA_SET_KEYBYTEORDER, host's).
        const HOST_ORDER: [u8; 6] = [0, 4, 1, 0, 0, 0];
        let attributes = Attributes::default().text(1, table).text(2, name).number(3, 0);
        self.add(
            family,
            libc::NFT_MSG_NEWSET,
            0,
            attributes.number(4, kind).number(5, length).number(10, ID).bytes(13, &HOST_ORDER),
        );
    }

    /// Adds elements to a set; those that are there stay.
    pub fn elements(&mut self, family: Family, table: &str, set: &str, keys: &[Vec<u8>]) {
        self.each_element(family, libc::NFT_MSG_NEWSETELEM, (table, set), keys);
    }

    /// Removes elements of a set, which have to be there.
    pub fn remove_elements(&mut self, family: Family, table: &str, set: &str, keys: &[Vec<u8>]) {
        self.each_element(family, libc::NFT_MSG_DELSETELEM, (table, set), keys);
    }

    fn each_element(&mut self, family: Family, kind: i32, (table, set): (&str, &str), keys: &[Vec<u8>]) {
        let most = keys.first().map_or(1, |key| ELEMENTS / (key.len() + 16));
        for keys in keys.chunks(most.max(1)) {
            let list = keys.iter().fold(Attributes::default(), |list, key| {
                let value = Attributes::default().bytes(1, key);
                list.list(1, &Attributes::default().list(1, &value))
            });
            self.add(family, kind, 0, Attributes::default().text(1, table).text(2, set).list(3, &list));
        }
    }

    fn add(&mut self, family: Family, kind: i32, flags: u16, attributes: Attributes) {
        let removals = [libc::NFT_MSG_DELTABLE, libc::NFT_MSG_DELSETELEM, libc::NFT_MSG_DELRULE];
        let made = !removals.contains(&kind);
        let flags = if made { flags | NLM_F_CREATE } else { flags };
        self.messages.push((Message::new(family as u8, kind, &attributes), flags));
    }
}

/// A socket to the packet filter of the network namespace that it was opened in.
#[derive(Debug)]
pub struct Nft(Socket);

impl Nft {
    /// Opens one in the network namespace of the calling thread.
    pub fn open() -> Result<Self> {
        Socket::open(Some(netlink::NETFILTER)).map(Self)
    }

    /// Makes the changes of a transaction.
    ///
    /// # Errors
    /// That of the first message that the kernel refuses; then nothing is changed.
    pub fn commit(&mut self, transaction: Transaction) -> Result<()> {
        if transaction.messages.is_empty() {
            return Ok(());
        }
        let first = self.0.next_sequence();
        let mut begin = Message::batch(BATCH_BEGIN);
        if let Some(generation) = transaction.generation {
            begin.bytes.extend(Attributes::default().number(1, generation).as_bytes());
        }
        let mut bytes = serialize(begin, 0, first);
        let mut last = first;
        let count = transaction.messages.len();
        for (at, (message, flags)) in transaction.messages.into_iter().enumerate() {
            last = self.0.next_sequence();
            // The others are answered only if they fail, and before the last.
            let flags = if at + 1 == count { flags | NLM_F_ACK } else { flags };
            bytes.extend(serialize(message, flags, last));
        }
        let end = self.0.next_sequence();
        bytes.extend(serialize(Message::batch(BATCH_END), 0, end));
        self.0.send(&bytes)?;
        let mut result = Ok(());
        self.0.answers::<Message>(|sequence, answer| match answer {
            Answer::Done(done) if (first..=last).contains(&sequence) => {
                // The whole is refused by an answer to its beginning.
                let is_over = sequence == last || sequence == first;
                result = std::mem::replace(&mut result, Ok(())).and(done);
                is_over
            }
            _ => false,
        })?;
        result
    }

    /// Keys of all elements of a set.
    pub fn elements_of(&mut self, family: Family, table: &str, set: &str) -> Result<Vec<Vec<u8>>> {
        let attributes = Attributes::default().text(1, table).text(2, set);
        let message = Message::new(family as u8, libc::NFT_MSG_GETSETELEM, &attributes);
        let mut keys = Vec::new();
        self.0.ask(message, NLM_F_DUMP, |message| keys.extend(message.keys()))?;
        Ok(keys)
    }

    /// What a chain that the kernel calls does with what no rule decides about (`NF_…`); `None` for a chain that others call.
    pub fn policy(&mut self, family: Family, table: &str, chain: &str) -> Result<Option<u32>> {
        let attributes = Attributes::default().text(1, table).text(3, chain);
        let message = Message::new(family as u8, libc::NFT_MSG_GETCHAIN, &attributes);
        let mut policy = None;
        self.0.ask(message, NLM_F_ACK, |message| policy = message.number(5))?;
        Ok(policy)
    }

    /// Numbers of the rules of a chain that have a comment.
    pub fn rules_with(
        &mut self,
        family: Family,
        table: &str,
        chain: &str,
        comment: &str,
    ) -> Result<Vec<u64>> {
        let attributes = Attributes::default().text(1, table).text(2, chain);
        let message = Message::new(family as u8, libc::NFT_MSG_GETRULE, &attributes);
        let (wanted, mut handles) = (user_data(comment), Vec::new());
        self.0.ask(message, NLM_F_DUMP, |message: Message| {
            let attributes = message.bytes.get(GENERAL_HEADER..).unwrap_or_default();
            let handle = attributes::find(attributes, 3).and_then(|handle| handle.try_into().ok());
            if attributes::find(attributes, 7).is_some_and(|data| data == wanted) {
                handles.extend(handle.map(u64::from_be_bytes));
            }
        })?;
        Ok(handles)
    }

    /// A number that every transaction changes, see [`Transaction::at`].
    pub fn generation(&mut self) -> Result<u32> {
        let message = Message::new(0, libc::NFT_MSG_GETGEN, &Attributes::default());
        let mut generation = None;
        self.0.ask(message, NLM_F_ACK, |message| generation = message.number(1))?;
        generation.ok_or(Errno::BADMSG)
    }
}

/// A comment as nft(8) keeps it (`NFTNL_UDATA_RULE_COMMENT`).
fn user_data(comment: &str) -> Vec<u8> {
    let length = u8::try_from(comment.len() + 1).unwrap_or_default();
    [&[0, length], comment.as_bytes(), &[0]].concat()
}

/// A message of nfnetlink.
#[derive(Debug)]
struct Message {
    kind: u16,
    bytes: Vec<u8>,
}

impl Message {
    fn new(family: u8, kind: i32, attributes: &Attributes) -> Self {
        let kind = SUBSYSTEM << 8 | u16::try_from(kind).unwrap_or_default();
        let mut bytes = vec![family, 0, 0, 0];
        bytes.extend(attributes.as_bytes());
        Self { kind, bytes }
    }

    fn batch(kind: u16) -> Self {
        let [high, low] = SUBSYSTEM.to_be_bytes();
        Self { kind, bytes: vec![0, 0, high, low] }
    }

    fn number(&self, kind: u16) -> Option<u32> {
        let value = attributes::find(self.bytes.get(GENERAL_HEADER..)?, kind)?;
        Some(u32::from_be_bytes(value.try_into().ok()?))
    }

    fn keys(&self) -> Vec<Vec<u8>> {
        let attributes = self.bytes.get(GENERAL_HEADER..).unwrap_or_default();
        let mut list = attributes::find(attributes, 3).unwrap_or_default();
        let mut keys = Vec::new();
        while let Some(element) = attributes::find(list, 1) {
            let key = attributes::find(element, 1).and_then(|key| attributes::find(key, 1));
            keys.extend(key.map(<[u8]>::to_vec));
            let size = (element.len() + 4).next_multiple_of(4);
            list = list.get(size..).unwrap_or_default();
        }
        keys
    }
}

impl NetlinkSerializable for Message {
    fn message_type(&self) -> u16 {
        self.kind
    }

    fn buffer_len(&self) -> usize {
        self.bytes.len()
    }

    fn serialize(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.bytes);
    }
}

impl NetlinkDeserializable for Message {
    type Error = Errno;

    fn deserialize(header: &NetlinkHeader, payload: &[u8]) -> std::result::Result<Self, Errno> {
        Ok(Self { kind: header.message_type, bytes: payload.to_vec() })
    }
}

impl From<Message> for NetlinkMessage<Message> {
    fn from(message: Message) -> Self {
        Self::new(NetlinkHeader::default(), NetlinkPayload::InnerMessage(message))
    }
}
