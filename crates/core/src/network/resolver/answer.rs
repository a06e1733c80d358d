//! Answers that are made here.

use std::net::IpAddr;

use simple_dns::rdata::{OPT, PTR, RData};
use simple_dns::{
    CLASS, Label, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, ResourceRecord, TYPE,
};

use super::query::Query;

/// In seconds. Docker's 600 are too long for programs that keep answers (nginx, systemd-resolved): a container that is started anew
/// may have another address. A few keep a busy one from asking for each of its connections.
const TIME_TO_LIVE: u32 = 5;
/// What every client takes (RFC 1035, 4.2.1), and the most that a length of two bytes can say.
const DATAGRAM: usize = 512;
const STREAM: usize = 65535;
/// So large a query is read at most.
const OWN_SIZE: u16 = super::server::MOST_QUERY as u16;
/// An IPv6 address in an answer: pointer to the name, type, class, time to live, length (RFC 1035, 4.1.3), and the address.
const LARGEST: usize = 2 + 2 + 2 + 4 + 2 + 16;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Addresses of the type asked for: none when the name has only others.
    Addresses(Vec<IpAddr>),
    /// A name, for an address.
    Name(String),
}

/// The answer to a query for a name of a container; not larger than what the asker takes.
pub fn found(query: &Query<'_>, found: &Found, stream: bool) -> Option<Vec<u8>> {
    let name = name_of(query);
    let record = |data| ResourceRecord::new(name.clone(), CLASS::IN, TIME_TO_LIVE, data);
    let mut packet = begin(query, &name);
    // RFC 6891, 6.1.3.
    if query.edns.is_some_and(|edns| edns.version != 0) {
        *packet.rcode_mut() = RCODE::BADVERS;
        return finish(query, &packet);
    }
    match found {
        Found::Addresses(addresses) => packet.answers.extend(addresses.iter().map(|address| match address {
            IpAddr::V4(address) => record(RData::A((*address).into())),
            IpAddr::V6(address) => record(RData::AAAA((*address).into())),
        })),
        Found::Name(name) => packet.answers.push(record(RData::PTR(PTR(Name::new(name).ok()?)))),
    }
    let most =
        if stream { STREAM } else { query.edns.map_or(DATAGRAM, |edns| edns.size.into()).max(DATAGRAM) };
    loop {
        let message = finish(query, &packet)?;
        let Some(excess) = message.len().checked_sub(most + 1) else { return Some(message) };
        // Those that fit stay: musl before 1.2.4 does not ask again by TCP.
        packet.answers.truncate(packet.answers.len().checked_sub(1)?.saturating_sub(excess / LARGEST));
        packet.set_flags(PacketFlag::TRUNCATION);
    }
}

/// An answer that says only how the query went.
pub fn failure(query: &Query<'_>, code: u8) -> Option<Vec<u8>> {
    let name = name_of(query);
    let mut packet = begin(query, &name);
    *packet.rcode_mut() = u16::from(code).into();
    finish(query, &packet)
}

/// An answer to something whose question is not known.
pub fn complaint(message: &[u8], code: u8) -> Option<Vec<u8>> {
    let &[first, second, flags, ..] = message else { return None };
    let mut packet = Packet::new_reply(u16::from_be_bytes([first, second]));
    *packet.rcode_mut() = u16::from(code).into();
    let mut bytes = packet.build_bytes_vec().ok()?;
    // Operation and RD as they came (RFC 1035, 4.1.1): the library has not every operation.
    *bytes.get_mut(2)? |= flags & 0x79;
    Some(bytes)
}

fn name_of<'a>(query: &Query<'a>) -> Name<'a> {
    let labels: Vec<Label<'_>> = query.labels.iter().map(|label| Label::new_unchecked(*label)).collect();
    Name::new_with_labels(&labels)
}

fn begin<'a>(query: &Query<'_>, name: &Name<'a>) -> Packet<'a> {
    let id = query.message.first_chunk().map_or(0, |id| u16::from_be_bytes(*id));
    let mut packet = Packet::new_reply(id);
    packet.set_flags(PacketFlag::RECURSION_AVAILABLE);
    if query.message.get(2).is_some_and(|flags| flags & 1 != 0) {
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
    }
    let (kind, class) = (QTYPE::TYPE(TYPE::A), QCLASS::CLASS(CLASS::IN));
    packet.questions.push(Question::new(name.clone(), kind, class, false));
    if query.edns.is_some() {
        *packet.opt_mut() = Some(OPT { opt_codes: Vec::new(), udp_packet_size: OWN_SIZE, version: 0 });
    }
    packet
}

/// The question is put there as it came: the library has not every type and class. It is as long as the one in its place.
fn finish(query: &Query<'_>, packet: &Packet<'_>) -> Option<Vec<u8>> {
    let mut bytes = packet.build_bytes_vec_compressed().ok()?;
    bytes.get_mut(12..)?.get_mut(..query.question.len())?.copy_from_slice(query.question);
    Some(bytes)
}
