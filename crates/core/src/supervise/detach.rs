//! Leaving a container without ending it: a sequence of keys, Docker's `ctrl-p,ctrl-q` by default.

use crate::error::{Error, Result};

/// Finds the sequence in what is typed, and holds back what may be the start of it.
#[derive(Debug, Clone)]
pub struct DetachKeys {
    keys: Vec<u8>,
    matched: usize,
}

impl DetachKeys {
    /// From Docker's notation: single characters, or `ctrl-` and a letter or one of `@[\]^_`, with commas between.
    ///
    /// # Errors
    /// `ERR_RCX_INVALID_OPTION` for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let keys: Option<Vec<u8>> = text.split(',').map(key).collect();
        keys.filter(|keys| !keys.is_empty()).map(|keys| Self { keys, matched: 0 }).ok_or_else(|| {
            Error::new("ERR_RCX_INVALID_OPTION", format!("read the detach keys: {text}: no such keys"))
                .hint("write them as in ctrl-p,ctrl-q or ctrl-],q")
        })
    }

    /// What of the input goes on, and whether the sequence was complete; what follows it is dropped.
    pub fn filter(&mut self, input: &[u8]) -> (Vec<u8>, bool) {
        let mut passed = Vec::with_capacity(input.len());
        for byte in input {
            // What looked like the start of the sequence was none: it goes on, but for its longest end that still may be one.
            while self.matched > 0 && self.keys[self.matched] != *byte {
                let keep = (0..self.matched)
                    .rev()
                    .find(|length| self.keys[..*length] == self.keys[self.matched - length..self.matched]);
                let keep = keep.unwrap_or(0);
                passed.extend_from_slice(&self.keys[..self.matched - keep]);
                self.matched = keep;
            }
            if self.keys[self.matched] != *byte {
                passed.push(*byte);
                continue;
            }
            self.matched += 1;
            if self.matched == self.keys.len() {
                self.matched = 0;
                return (passed, true);
            }
        }
        (passed, false)
    }
}

fn key(text: &str) -> Option<u8> {
    let [byte] = text.strip_prefix("ctrl-").unwrap_or(text).as_bytes() else { return None };
    if !text.starts_with("ctrl-") {
        return byte.is_ascii_graphic().then_some(*byte);
    }
    match byte.to_ascii_uppercase() {
        control @ (b'@'..=b'_') => Some(control & 0x1f),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &str, pieces: &[&[u8]]) -> (Vec<u8>, bool) {
        let mut keys = DetachKeys::parse(keys).unwrap();
        let mut all = Vec::new();
        for piece in pieces {
            let (passed, complete) = keys.filter(piece);
            all.extend(passed);
            if complete {
                return (all, true);
            }
        }
        (all, false)
    }

    #[test]
    fn the_sequence_is_found_however_it_comes() {
        assert_eq!(typed("ctrl-p,ctrl-q", &[b"ls\x10\x11 more"]), (b"ls".to_vec(), true));
        assert_eq!(typed("ctrl-p,ctrl-q", &[b"a\x10", b"\x11"]), (b"a".to_vec(), true));
        assert_eq!(typed("ctrl-],q", &[b"\x1dq"]), (Vec::new(), true));
        assert_eq!(typed("ctrl-@", &[b"x\0y"]), (b"x".to_vec(), true));
    }

    #[test]
    fn what_only_looked_like_it_goes_on() {
        assert_eq!(typed("ctrl-p,ctrl-q", &[b"\x10", b"\x10x\x11"]), (b"\x10\x10x\x11".to_vec(), false));
        assert_eq!(typed("a,b,a,b,c", &[b"ababababc!"]), (b"abab".to_vec(), true));
        assert_eq!(typed("a,a,b", &[b"aaab"]), (b"a".to_vec(), true));
    }

    #[test]
    fn other_notations_are_refused() {
        for text in ["", "ctrl-", "ctrl-1", "ab", "ctrl-p,", "F1", "ctrl-pp"] {
            assert_eq!(DetachKeys::parse(text).unwrap_err().code, "ERR_RCX_INVALID_OPTION", "{text}");
        }
    }
}
