//! Bytes as a JSON string that loses none of them.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// Bytes that should be UTF-8. Each that is not becomes one of the code points U+DC80 to U+DCFF, as Python's
/// `surrogateescape` has it: `text.encode("utf-8", "surrogateescape")` gives the very bytes back, whatever they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ByteText(pub(super) Vec<u8>);

impl Serialize for ByteText {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error;
        match std::str::from_utf8(&self.0) {
            Ok(text) => to.serialize_str(text),
            Err(_) => {
                RawValue::from_string(json(&self.0).map_err(S::Error::custom)?).map_err(S::Error::custom)?.serialize(to)
            }
        }
    }
}

fn json(bytes: &[u8]) -> Result<String, serde_json::Error> {
    use std::fmt::Write;
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 2 + 2);
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        let quoted = serde_json::to_string(chunk.valid())?;
        out.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\udc{byte:02x}");
        }
    }
    out.push('"');
    Ok(out)
}

impl From<&str> for ByteText {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_is_lost_or_replaced() {
        let json = |bytes: &[u8]| serde_json::to_string(&ByteText(bytes.to_vec())).unwrap();
        assert_eq!(json("é \"q\"\n".as_bytes()), r#""é \"q\"\n""#);
        assert_eq!(json(b"\x89PNG\r\n\xff\xfe\""), r#""\udc89PNG\r\n\udcff\udcfe\"""#);
        // A character cut short, and a surrogate that was encoded.
        assert_eq!(json(b"\xc3"), r#""\udcc3""#);
        assert_eq!(json(b"\xed\xa0\x80"), r#""\udced\udca0\udc80""#);
    }
}
