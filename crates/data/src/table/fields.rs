//! A row cut into fields: separators found, quotes undone.

use memchr::{memchr, memchr2, memmem};

use super::{Format, Quote, Separator};

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

    /// Drops the last field when it is empty and stands beyond the first `width`: the row ends in a separator.
    pub fn drop_trailing(&mut self, width: usize) {
        if self.len() > width.max(1) && self.get(self.len() - 1).is_some_and(<[u8]>::is_empty) {
            self.ends.pop();
        }
    }

    /// Cuts a row, given without its line end, with the usual quotes of the separator.
    pub fn split(&mut self, row: &[u8], separator: Separator) {
        self.cut(row, Format::usual(separator));
    }

    /// Cuts a row, given without its line end.
    ///
    /// A field whose first byte is the quote runs to the closing one, a doubled or escaped quote within being one; what
    /// follows up to the next separator is taken as it is.
    pub fn cut(&mut self, row: &[u8], format: Format) {
        self.text.clear();
        self.ends.clear();
        let bytes = format.separator.bytes();
        let spaced = format.separator == Separator::Space;
        let mut rest = if spaced { trim(row) } else { row };
        loop {
            if let Some(quote) = format.quote.byte()
                && rest.first() == Some(&quote)
            {
                rest = self.unquote(&rest[1..], quote, format.quote.escapes());
            }
            let next = match *bytes {
                _ if spaced => memchr2(b' ', b'\t', rest),
                [byte] => memchr(byte, rest),
                _ => memmem::find(rest, bytes),
            };
            self.text.extend_from_slice(&rest[..next.unwrap_or(rest.len())]);
            self.ends.push(self.text.len());
            let Some(at) = next else { return };
            rest = if spaced { trim(&rest[at..]) } else { &rest[at + bytes.len()..] };
        }
    }

    /// Takes the quoted part, given from behind its opening quote; returns what follows its closing one.
    fn unquote<'a>(&mut self, mut rest: &'a [u8], quote: u8, escaped: bool) -> &'a [u8] {
        loop {
            let at = if escaped { memchr2(quote, b'\\', rest) } else { memchr(quote, rest) };
            let Some(at) = at else { break };
            self.text.extend_from_slice(&rest[..at]);
            let found = rest[at];
            rest = &rest[at + 1..];
            let within =
                if found == quote { (!escaped || rest.first() == Some(&quote)).then_some(quote) } else { None };
            match rest.first() {
                // A doubled quote, in both ways of writing.
                Some(&next) if within.is_some() && next == quote => self.text.push(quote),
                _ if found == quote => return rest,
                Some(&next) if next == quote || next == b'\\' => self.text.push(next),
                _ => {
                    self.text.push(found);
                    continue;
                }
            }
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

/// Place behind the quote that closes a field, given from behind the one that opens it; `None` if none does.
pub(super) fn closing(bytes: &[u8], quote: Quote) -> Option<usize> {
    let byte = quote.byte()?;
    let mut at = 0;
    loop {
        let found = if quote.escapes() { memchr2(byte, b'\\', &bytes[at..]) } else { memchr(byte, &bytes[at..]) };
        at += found?;
        if bytes[at] == b'\\' && quote.escapes() {
            at = bytes.len().min(at + 2);
        } else if bytes.get(at + 1) == Some(&byte) {
            at += 2;
        } else {
            return Some(at + 1);
        }
    }
}

/// Length of the row that starts `bytes` in a quoting dialect, without its terminator; `None` when a quote is open at
/// their end. `terminated` is `None` at a row that the end of `bytes` ends.
pub(super) fn quoted_row(bytes: &[u8], format: Format) -> Option<(usize, RowEnd)> {
    let separator = format.separator.bytes();
    let second = if format.separator == Separator::Space { b'\t' } else { separator[0] };
    let mut at = 0;
    let mut may_open = true;
    loop {
        if may_open && bytes.get(at).copied().is_some_and(|byte| Some(byte) == format.quote.byte()) {
            at += 1 + closing(&bytes[at + 1..], format.quote)?;
        }
        let Some(next) = memchr::memchr3(separator[0], second, format.terminator, &bytes[at..]) else {
            return Some((bytes.len(), RowEnd::EndOfBytes));
        };
        at += next;
        if bytes[at] == format.terminator {
            return Some((at, RowEnd::Terminator));
        }
        let whole = bytes[at..].starts_with(separator);
        may_open = whole || separator.len() == 1;
        at += if whole { separator.len() } else { 1 };
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

    fn cut(row: &str, separator: Separator, quote: Quote) -> Vec<String> {
        let mut fields = Fields::default();
        fields.cut(row.as_bytes(), Format { quote, ..Format::usual(separator) });
        fields.iter().map(|field| String::from_utf8(field.to_vec()).unwrap()).collect()
    }

    fn split(row: &str, separator: Separator) -> Vec<String> {
        cut(row, separator, Format::usual(separator).quote)
    }

    #[test]
    fn quotes_hold_separators_and_quotes() {
        assert_eq!(split("1,\"a, \"\"b\"\"\",c", Separator::Comma), ["1", "a, \"b\"", "c"]);
        assert_eq!(split("\"\",\"x\"y,\"", Separator::Comma), ["", "xy", ""]);
        assert_eq!(split("1|\"a|b", Separator::Pipe), ["1", "\"a", "b"]);
        assert_eq!(cut("1|'a|''b'''|2", Separator::Pipe, Quote::Single), ["1", "a|'b'", "2"]);
        assert_eq!(cut("\"a\\\"::b\\\\\"::2", Separator::DoubleColon, Quote::Backslash), ["a\"::b\\", "2"]);
        assert_eq!(
            cut("'o\\'neil';'d\\\\';'f''g'", Separator::Semicolon, Quote::SingleBackslash),
            ["o'neil", "d\\", "f'g"]
        );
        assert_eq!(cut("\"a\"\"b\",\"c\\d\"", Separator::Comma, Quote::Backslash), ["a\"b", "c\\d"]);
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
    fn spaces_separate_however_many_they_are() {
        assert_eq!(split("  1  10 \t 4.5 ", Separator::Space), ["1", "10", "4.5"]);
        assert_eq!(cut("'a b'  2 3", Separator::Space, Quote::Single), ["a b", "2", "3"]);
    }

    #[test]
    fn an_empty_field_behind_the_last_column_is_none() {
        let mut fields = Fields::default();
        fields.split(b"1,2,,", Separator::Comma);
        fields.drop_trailing(3);
        assert_eq!(fields.len(), 3);
        fields.drop_trailing(3);
        assert_eq!(fields.len(), 3);
    }

    #[test]
    fn a_quoted_row_may_span_lines() {
        let comma = Format::usual(Separator::Comma);
        assert_eq!(quoted_row(b"1,\"a\nb\"\n2", comma), Some((7, RowEnd::Terminator)));
        assert_eq!(quoted_row(b"1,\"a\nb", comma), None);
        assert_eq!(quoted_row(b"1,a\"b", comma), Some((5, RowEnd::EndOfBytes)));
        let colons = Format { quote: Quote::Backslash, ..Format::usual(Separator::DoubleColon) };
        assert_eq!(quoted_row(b"1::\"a\\\"\nb\"\n2", colons), Some((10, RowEnd::Terminator)));
        assert_eq!(quoted_row(b"1:\"a\n2", colons), Some((4, RowEnd::Terminator)));
    }
}
