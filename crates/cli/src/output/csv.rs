//! Fields of delimited text.

/// A field of a CSV file, quoted where it must be (RFC 4180).
pub(crate) fn csv_field(text: &str) -> String {
    let plain = !text.contains([',', '"', '\r', '\n']);
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foretaste::table::{Fields, Separator};

    #[test]
    fn what_is_written_can_be_read_again() {
        let mut fields = Fields::default();
        for id in ["1", "a b", "a,b", "say \"x\"", "\"", "日本", "x;y"] {
            fields.split(format!("{},{}", csv_field(id), csv_field("9")).as_bytes(), Separator::Comma);
            assert_eq!(fields.iter().collect::<Vec<_>>(), [id.as_bytes(), b"9"]);
        }
    }
}
