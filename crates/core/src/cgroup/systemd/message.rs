//! The part of D-Bus' wire format that calls of systemd need: <https://dbus.freedesktop.org/doc/dbus-specification.html>.

/// A message that is being written, in little-endian order. Alignment counts from the message's begin.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

/// What a property can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `s`.
    Text(String),
    /// `b`.
    Flag(bool),
    /// `t`; systemd's infinity is the largest.
    Number(u64),
    /// `au`.
    Numbers(Vec<u32>),
    /// `ay`: one bit for each processor or memory node.
    Bits(Vec<u8>),
}

impl Value {
    fn signature(&self) -> &'static str {
        match self {
            Self::Text(_) => "s",
            Self::Flag(_) => "b",
            Self::Number(_) => "t",
            Self::Numbers(_) => "au",
            Self::Bits(_) => "ay",
        }
    }
}

/// `a(sv)`: names of properties, and what they are.
pub type Properties = Vec<(&'static str, Value)>;

impl Writer {
    /// The bytes.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    fn align(&mut self, to: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(to), 0);
    }

    fn byte(&mut self, value: u8) {
        self.bytes.push(value);
    }

    fn number(&mut self, value: u32) {
        self.align(4);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// `s`, and `o`.
    pub fn text(&mut self, value: &str) {
        self.number(u32::try_from(value.len()).unwrap_or(u32::MAX));
        self.bytes.extend_from_slice(value.as_bytes());
        self.byte(0);
    }

    /// `b`.
    pub fn flag(&mut self, value: bool) {
        self.number(value.into());
    }

    fn signature(&mut self, value: &str) {
        self.byte(u8::try_from(value.len()).unwrap_or(u8::MAX));
        self.bytes.extend_from_slice(value.as_bytes());
        self.byte(0);
    }

    /// An array whose elements begin at multiples of `alignment`; the padding before the first does not count.
    fn array(&mut self, alignment: usize, fill: impl FnOnce(&mut Self)) {
        self.number(0);
        let length_at = self.bytes.len() - 4;
        self.align(alignment);
        let begin = self.bytes.len();
        fill(self);
        let length = u32::try_from(self.bytes.len() - begin).unwrap_or(u32::MAX);
        self.bytes[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
    }

    fn variant(&mut self, value: &Value) {
        self.signature(value.signature());
        match value {
            Value::Text(text) => self.text(text),
            Value::Flag(flag) => self.flag(*flag),
            Value::Number(number) => {
                self.align(8);
                self.bytes.extend_from_slice(&number.to_le_bytes());
            }
            Value::Numbers(all) => self.array(4, |to| all.iter().for_each(|each| to.number(*each))),
            Value::Bits(bits) => self.array(1, |to| to.bytes.extend_from_slice(bits)),
        }
    }

    /// `a(sv)`.
    pub fn properties(&mut self, properties: &Properties) {
        self.array(8, |to| {
            for (name, value) in properties {
                to.align(8);
                to.text(name);
                to.variant(value);
            }
        });
    }

    /// `a(sa(sv))` without elements.
    pub fn no_units(&mut self) {
        self.array(8, |_| ());
    }
}

/// A call of systemd's manager.
pub fn call(serial: u32, method: &str, signature: &str, body: &[u8]) -> Vec<u8> {
    const CALL: u8 = 1;
    const VERSION: u8 = 1;
    let mut to = Writer::default();
    for byte in [b'l', CALL, 0, VERSION] {
        to.byte(byte);
    }
    to.number(u32::try_from(body.len()).unwrap_or(u32::MAX));
    to.number(serial);
    let fields = [
        (1, "o", "/org/freedesktop/systemd1"),
        (2, "s", "org.freedesktop.systemd1.Manager"),
        (3, "s", method),
        (6, "s", "org.freedesktop.systemd1"),
        (8, "g", signature),
    ];
    to.array(8, |to| {
        for (code, kind, value) in fields {
            to.align(8);
            to.byte(code);
            to.signature(kind);
            if kind == "g" { to.signature(value) } else { to.text(value) }
        }
    });
    to.align(8);
    to.bytes.extend_from_slice(body);
    to.finish()
}

/// What of an answer matters.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The call's.
    pub serial: Option<u32>,
    /// Name of an error: `org.freedesktop.systemd1.UnitExists`.
    pub error: Option<String>,
    /// The error's words.
    pub text: String,
}

/// Bytes before the fields.
pub const HEAD: usize = 16;

/// How long fields, padding and body are that follow the first [`HEAD`] bytes; `None` for what is no message.
pub fn rest_length(head: &[u8; HEAD]) -> Option<usize> {
    const MOST: usize = 1 << 20;
    let number =
        |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]) as usize;
    let length = number(12).checked_next_multiple_of(8)?.checked_add(number(4))?;
    (head[0] == b'l' && length <= MOST).then_some(length)
}

/// Reads an answer whose bytes are all there; `None` for what cannot be read, and for what is no answer.
pub fn parse(head: &[u8; HEAD], rest: &[u8]) -> Option<Reply> {
    const ANSWERS: [u8; 2] = [2, 3];
    if !ANSWERS.contains(&head[1]) {
        return Some(Reply::default());
    }
    let length = u32::from_le_bytes([head[12], head[13], head[14], head[15]]) as usize;
    let mut fields = Reader { bytes: rest.get(..length)?, at: 0 };
    let mut reply = Reply::default();
    let mut has_text = false;
    while fields.at < length {
        fields.align(8);
        let code = fields.byte()?;
        let kind = fields.signature()?;
        match (code, kind.as_str()) {
            (4, "s") => reply.error = Some(fields.text()?),
            (5, "u") => reply.serial = Some(fields.number()?),
            (8, "g") => has_text = fields.signature()?.starts_with('s'),
            (_, "s" | "o") => drop(fields.text()?),
            (_, "g") => drop(fields.signature()?),
            (_, "u") => drop(fields.number()?),
            _ => return None,
        }
    }
    if has_text {
        let mut body = Reader { bytes: rest.get(length.next_multiple_of(8)..)?, at: 0 };
        reply.text = body.text()?;
    }
    Some(reply)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn align(&mut self, to: usize) {
        self.at = self.at.next_multiple_of(to);
    }

    fn take(&mut self, length: usize) -> Option<&[u8]> {
        let begin = self.at;
        self.at = begin.checked_add(length)?;
        self.bytes.get(begin..self.at)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn number(&mut self) -> Option<u32> {
        self.align(4);
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn text(&mut self) -> Option<String> {
        let length = self.number()? as usize;
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.byte()?;
        Some(text)
    }

    fn signature(&mut self) -> Option<String> {
        let length = self.byte()?.into();
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.byte()?;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_structures_at_multiples_of_eight() {
        let mut to = Writer::default();
        to.properties(&vec![("A", Value::Flag(true)), ("B", Value::Number(7))]);
        let expected: Vec<u8> = [
            // The length, and padding that it does not count.
            &[40, 0, 0, 0, 0, 0, 0, 0][..],
            // The name, the variant's signature, its value at a multiple of four.
            &[1, 0, 0, 0, b'A', 0, 1, b'b', 0, 0, 0, 0, 1, 0, 0, 0],
            // The same with a value at a multiple of eight.
            &[1, 0, 0, 0, b'B', 0, 1, b't', 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        assert_eq!(to.finish(), expected);
    }

    #[test]
    fn answers_say_which_call_they_are_for_and_what_went_wrong() {
        let mut fields = Writer::default();
        fields.byte(4);
        fields.signature("s");
        fields.text("a.b.Failed");
        fields.align(8);
        fields.byte(5);
        fields.signature("u");
        fields.number(9);
        fields.align(8);
        fields.byte(8);
        fields.signature("g");
        fields.signature("s");
        let length = fields.bytes.len();
        fields.align(8);
        let mut body = Writer::default();
        body.text("why");
        let body = body.finish();
        let mut head = [0u8; HEAD];
        (head[0], head[1]) = (b'l', 3);
        head[4..8].copy_from_slice(&u32::try_from(body.len()).unwrap().to_le_bytes());
        head[12..].copy_from_slice(&u32::try_from(length).unwrap().to_le_bytes());
        let mut rest = fields.finish();
        rest.extend_from_slice(&body);
        assert_eq!(rest_length(&head), Some(rest.len()));
        let reply = parse(&head, &rest).unwrap();
        assert_eq!(
            reply,
            Reply { serial: Some(9), error: Some("a.b.Failed".to_owned()), text: "why".to_owned() }
        );
        // Cut short anywhere, it is no message.
        for length in 0..rest.len() {
            assert!(parse(&head, &rest[..length]).is_none() || length >= rest.len() - body.len());
        }
    }

    #[test]
    fn what_is_too_long_or_of_the_other_order_is_no_message() {
        let mut head = [0u8; HEAD];
        head[0] = b'B';
        assert_eq!(rest_length(&head), None);
        head[0] = b'l';
        head[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(rest_length(&head), None);
    }
}
