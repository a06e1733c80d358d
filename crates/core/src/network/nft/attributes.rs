//! Attributes of netlink messages, as nf_tables has them: numbers in network order, strings with their zero, attributes in attributes
//! (`include/uapi/linux/netfilter/nf_tables.h`).

/// The kernel takes nested attributes that say so (netlink(7)).
const NESTED: u16 = 1 << 15;
const HEADER: usize = 4;

/// A list of attributes. Each is of 65,531 bytes at most: whoever makes long ones has to split them.
#[derive(Debug, Clone, Default)]
pub struct Attributes(Vec<u8>);

impl Attributes {
    /// Adds one of bytes.
    #[must_use]
    pub fn bytes(mut self, kind: u16, value: &[u8]) -> Self {
        debug_assert!(value.len() <= usize::from(u16::MAX) - HEADER, "an attribute's length has 16 bits");
        let length = u16::try_from(value.len() + HEADER).unwrap_or(u16::MAX);
        self.0.extend(length.to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, kind: u16, value: u32) -> Self {
        self.bytes(kind, &value.to_be_bytes())
    }

    /// Adds a text.
    #[must_use]
    pub fn text(self, kind: u16, value: &str) -> Self {
        self.bytes(kind, &[value.as_bytes(), &[0]].concat())
    }

    /// Adds a list.
    #[must_use]
    pub fn list(self, kind: u16, value: &Self) -> Self {
        self.bytes(kind | NESTED, &value.0)
    }

    /// All of them, as in a message.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Finds the value of one in a message.
pub fn find(mut bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let (length, kind) = (bytes.get(..2)?, bytes.get(2..HEADER)?);
        let length = usize::from(u16::from_ne_bytes(length.try_into().ok()?));
        let kind = u16::from_ne_bytes(kind.try_into().ok()?) & !NESTED;
        let value = bytes.get(HEADER..length)?;
        if kind == wanted {
            return Some(value);
        }
        bytes = bytes.get(length.next_multiple_of(4)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_again_and_nothing_else_is() {
        let inner = Attributes::default().number(1, 7);
        let attributes = Attributes::default().text(1, "rcx").list(2, &inner).bytes(3, &[1, 2, 3, 4, 5]);
        assert_eq!(find(attributes.as_bytes(), 1), Some(&b"rcx\0"[..]));
        assert_eq!(find(find(attributes.as_bytes(), 2).unwrap(), 1), Some(&[0, 0, 0, 7][..]));
        assert_eq!(find(attributes.as_bytes(), 3), Some(&[1, 2, 3, 4, 5][..]));
        assert_eq!(find(attributes.as_bytes(), 4), None);
        for damaged in [&[][..], &[8][..], &[200, 0, 1, 0, 0][..], &[0, 0, 1, 0, 0, 0][..], &[3, 0, 2, 0][..]]
        {
            assert_eq!(find(damaged, 1), None);
        }
    }
}
