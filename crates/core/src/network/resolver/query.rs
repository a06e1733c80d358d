//! Reading of queries, from programs that may send anything.
//!
//! `simple-dns` reads no question of a type or class that it has no name for (SSHFP, TLSA) and reserves memory for as many records as
//! the header claims. What has to be known is little: one name, two numbers, and whether there is an OPT record.

/// The header's length (RFC 1035, 4.1.1).
const HEADER: usize = 12;
/// Longest label and name (RFC 1035, 2.3.4).
const MOST_LABEL: usize = 63;
const MOST_NAME: usize = 255;
/// The pseudo-record of EDNS (RFC 6891, 6.1.1).
const OPT: u16 = 41;

/// A type of records, as its number.
pub mod kind {
    pub const A: u16 = 1;
    pub const PTR: u16 = 12;
    pub const AAAA: u16 = 28;
    pub const ANY: u16 = 255;
}

/// A class of records, as its number.
pub mod class {
    pub const IN: u16 = 1;
    pub const ANY: u16 = 255;
}

/// How a query went (RFC 1035, 4.1.1).
pub mod code {
    pub const FORMERR: u8 = 1;
    pub const SERVFAIL: u8 = 2;
    pub const NOTIMP: u8 = 4;
    pub const REFUSED: u8 = 5;
}

/// A query with one question.
#[derive(Debug)]
pub struct Query<'a> {
    /// All of it.
    pub message: &'a [u8],
    /// Name, type and class as they came.
    pub question: &'a [u8],
    /// The name's labels.
    pub labels: Vec<&'a [u8]>,
    /// Type of the records asked for.
    pub kind: u16,
    /// Their class.
    pub class: u16,
    /// Present when the asker speaks EDNS.
    pub edns: Option<Edns>,
}

/// What an OPT record says (RFC 6891, 6.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edns {
    /// So large an answer may be in one datagram.
    pub size: u16,
    /// Zero is the only one there is.
    pub version: u8,
}

/// Why something is no query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// Nothing that may be answered: two servers could go on answering each other.
    Silent,
    /// The answer's code.
    Code(u8),
}

impl<'a> Query<'a> {
    /// Reads a query.
    ///
    /// # Errors
    /// Silence for what has no header or is itself an answer; NOTIMP for another operation than a query; FORMERR for everything that
    /// RFC 1035, 4.1 does not allow, for more than one question (RFC 9619) and more than one OPT record (RFC 6891, 6.1.1).
    pub fn parse(message: &'a [u8]) -> Result<Self, Unfit> {
        const MALFORMED: Unfit = Unfit::Code(code::FORMERR);
        let mut reader = Reader { message, at: 4 };
        let &[_, _, flags, _, ..] = message else { return Err(Unfit::Silent) };
        let [questions, answers, authorities, additional] = reader.counts().ok_or(Unfit::Silent)?;
        if flags & 0x80 != 0 {
            return Err(Unfit::Silent);
        }
        if flags & 0x78 != 0 {
            return Err(Unfit::Code(code::NOTIMP));
        }
        if questions != 1 {
            return Err(MALFORMED);
        }
        let labels = reader.labels().ok_or(MALFORMED)?;
        let kind = reader.number().ok_or(MALFORMED)?;
        let class = reader.number().ok_or(MALFORMED)?;
        let question = message.get(HEADER..reader.at).ok_or(MALFORMED)?;
        let mut edns = None;
        // Each takes bytes of the message, or it ends here: the counts need not be trusted.
        for place in 0..u32::from(answers) + u32::from(authorities) + u32::from(additional) {
            let (found, opt) = reader.record().ok_or(MALFORMED)?;
            if found != OPT {
                continue;
            }
            if edns.is_some() || place < u32::from(answers) + u32::from(authorities) {
                return Err(MALFORMED);
            }
            edns = Some(opt);
        }
        Ok(Self { message, question, labels, kind, class, edns })
    }

    /// The name as text, without a dot at the end. `None` when it is nothing that a container can be called: a dot inside of a label
    /// would read like two labels.
    pub fn name(&self) -> Option<String> {
        let mut name = String::new();
        for label in &self.labels {
            if label.contains(&b'.') {
                return None;
            }
            if !name.is_empty() {
                name.push('.');
            }
            name.push_str(std::str::from_utf8(label).ok()?);
        }
        Some(name)
    }
}

/// Whether an answer is to this question: the case of its name may be another (RFC 4343, 4.1). An error may come without one.
pub fn answers(question: &[u8], answer: &[u8]) -> bool {
    match answer {
        [_, _, flags, code, 0, 0, ..] => flags & 0x80 != 0 && code & 0xf != 0 && answer.len() >= HEADER,
        [_, _, flags, _, 0, 1, ..] => {
            flags & 0x80 != 0
                && answer
                    .get(HEADER..HEADER + question.len())
                    .is_some_and(|found| found.eq_ignore_ascii_case(question))
        }
        _ => false,
    }
}

struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.message.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    fn counts(&mut self) -> Option<[u16; 4]> {
        Some([self.number()?, self.number()?, self.number()?, self.number()?])
    }

    /// A name that points nowhere: there is nothing before a question that it could share a part with.
    fn labels(&mut self) -> Option<Vec<&'a [u8]>> {
        let (mut labels, mut length) = (Vec::new(), 1);
        loop {
            let next = usize::from(self.byte()?);
            if next == 0 {
                return Some(labels);
            }
            length += next + 1;
            if next > MOST_LABEL || length > MOST_NAME {
                return None;
            }
            labels.push(self.take(next)?);
        }
    }

    /// Steps over a record; its type, and what it says in case it is an OPT record.
    fn record(&mut self) -> Option<(u16, Edns)> {
        loop {
            match self.byte()? {
                0 => break,
                // The rest of the name is elsewhere (RFC 1035, 4.1.4), and of no interest.
                0xc0.. => {
                    self.byte()?;
                    break;
                }
                length if usize::from(length) > MOST_LABEL => return None,
                length => {
                    self.take(length.into())?;
                }
            }
        }
        let (kind, size) = (self.number()?, self.number()?);
        let &[_, version, _, _] = self.take(4)? else { return None };
        let length = self.number()?;
        self.take(usize::from(length))?;
        Some((kind, Edns { size, version }))
    }
}
