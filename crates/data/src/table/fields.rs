//! A row cut into fields: separators found, quotes undone.

use memchr::{memchr, memmem};

use super::Separator;

/// The fields of one row; used again for the next, so that a row costs no allocation.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Fields {
    /// Number of fields; an empty row has one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether nothing was split yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A field, with spaces and tabs around it dropped; `None` beyond the last.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        Some(trim(&self.text[start..end]))
    }

    /// All fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Takes fields that are cut already.
    pub(crate) fn take<'a>(&mut self, fields: impl Iterator<Item = &'a [u8]>) {
        self.text.clear();
        self.ends.clear();
        for field in fields {
            self.text.extend_from_slice(field);
            self.ends.push(self.text.len());
        }
    }

    /// Cuts a row, given without its line end.
    ///
    /// In a quoting dialect a field whose first byte is `"` runs to the closing `"`, `""` within being one `"`; what
    /// follows up to the next separator is taken as it is.
    pub fn split(&mut self, row: &[u8], separator: Separator) {
        self.text.clear();
        self.ends.clear();
        let bytes = separator.bytes();
        let mut rest = row;
        loop {
            if separator.quotes() && rest.first() == Some(&b'"') {
                rest = self.unquote(&rest[1..]);
            }
            let next = if let [byte] = *bytes { memchr(byte, rest) } else { memmem::find(rest, bytes) };
            self.text.extend_from_slice(&rest[..next.unwrap_or(rest.len())]);
            self.ends.push(self.text.len());
            let Some(at) = next else { return };
            rest = &rest[at + bytes.len()..];
        }
    }

    /// Takes the quoted part, given from behind its opening quote; returns what follows its closing one.
    fn unquote<'a>(&mut self, mut rest: &'a [u8]) -> &'a [u8] {
        while let Some(at) = memchr(b'"', rest) {
            self.text.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            if rest.first() != Some(&b'"') {
                return rest;
            }
            self.text.push(b'"');
            rest = &rest[1..];
        }
        self.text.extend_from_slice(rest);
        &[]
    }
}

/// Drops spaces and tabs at both ends.
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Length of the row that starts `bytes` in a quoting dialect, without its terminator; `None` when a quote is open at
/// their end. `terminated` is `None` at a row that the end of `bytes` ends.
pub(super) fn quoted_row(bytes: &[u8], separator: u8, terminator: u8) -> Option<(usize, RowEnd)> {
    let mut at = 0;
    loop {
        if bytes.get(at) == Some(&b'"') {
            at += 1;
            loop {
                at += memchr(b'"', &bytes[at..])? + 1;
                if bytes.get(at) != Some(&b'"') {
                    break;
                }
                at += 1;
            }
        }
        let Some(next) = memchr::memchr2(separator, terminator, &bytes[at..]) else {
            return Some((bytes.len(), RowEnd::EndOfBytes));
        };
        at += next;
        if bytes[at] == terminator {
            return Some((at, RowEnd::Terminator));
        }
        at += 1;
    }
}

/// What ended a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowEnd {
    Terminator,
    EndOfBytes,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(row: &str, separator: Separator) -> Vec<String> {
        let mut fields = Fields::default();
        fields.split(row.as_bytes(), separator);
        fields.iter().map(|field| String::from_utf8(field.to_vec()).unwrap()).collect()
    }

    #[test]
    fn quotes_hold_separators_and_quotes() {
        assert_eq!(split("1,\"a, \"\"b\"\"\",c", Separator::Comma), ["1", "a, \"b\"", "c"]);
        assert_eq!(split("\"\",\"x\"y,\"", Separator::Comma), ["", "xy", ""]);
        assert_eq!(split("1|\"a|b", Separator::Pipe), ["1", "\"a", "b"]);
    }

    #[test]
    fn a_double_colon_is_found_from_the_left() {
        assert_eq!(split("1::a:b::::c", Separator::DoubleColon), ["1", "a:b", "", "c"]);
        assert_eq!(split("a:::b", Separator::DoubleColon), ["a", ":b"]);
    }

    #[test]
    fn spaces_around_a_field_are_dropped() {
        assert_eq!(split(" 1 ;\t2 ; ;", Separator::Semicolon), ["1", "2", "", ""]);
    }

    #[test]
    fn a_quoted_row_may_span_lines() {
        assert_eq!(quoted_row(b"1,\"a\nb\"\n2", b',', b'\n'), Some((7, RowEnd::Terminator)));
        assert_eq!(quoted_row(b"1,\"a\nb", b',', b'\n'), None);
        assert_eq!(quoted_row(b"1,a\"b", b',', b'\n'), Some((5, RowEnd::EndOfBytes)));
    }
}
