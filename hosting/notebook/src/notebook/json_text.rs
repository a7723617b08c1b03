//! JSON as Python's `json.dumps` writes it, which is what notebooks and their clients have always seen.

use std::fmt::Write;

/// JSON that is valid already, laid out with `, ` and `: `, everything beyond ASCII escaped. The order of keys stays.
pub(crate) fn dumped(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 8);
    let (mut in_string, mut escaped) = (false, false);
    for c in json.chars() {
        if in_string {
            push_ascii(&mut out, c);
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == '"' {
                in_string = false;
            }
            continue;
        }
        match c {
            ' ' | '\n' | '\r' | '\t' => {}
            ',' => out.push_str(", "),
            ':' => out.push_str(": "),
            _ => {
                in_string = c == '"';
                out.push(c);
            }
        }
    }
    out
}

/// An ASCII text as a literal in double quotes, which JSON, Python and most languages read alike.
pub(crate) fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4 + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// JSON with `\u` escapes for the characters that shells and interpolating languages read inside of quotes. They can
/// stand only within strings, where JSON allows the escape.
pub(crate) fn without_specials(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\'' | '$' | '#' | '@' | '`' | '!' | '%' => push_escape(&mut out, c as u32),
            _ => out.push(c),
        }
    }
    out
}

fn push_ascii(out: &mut String, c: char) {
    if c.is_ascii() {
        out.push(c);
    } else {
        let mut units = [0; 2];
        for &mut unit in c.encode_utf16(&mut units) {
            push_escape(out, u32::from(unit));
        }
    }
}

fn push_escape(out: &mut String, unit: u32) {
    // Writing to a string cannot fail.
    let _ = write!(out, "\\u{unit:04x}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_that_of_json_dumps() {
        let json = "{\"text/plain\":\"2\", \"b\" : [1,2,{}],\n\"c\":\"a:b,\\\"é😀\"}";
        let expected = r#"{"text/plain": "2", "b": [1, 2, {}], "c": "a:b,\"\u00e9\ud83d\ude00"}"#;
        assert_eq!(dumped(json), expected);
    }

    #[test]
    fn what_is_escaped_still_means_the_same() {
        let value = serde_json::json!({"it's $5 #1 @x `y` 100%!": "\\ \" é 😀 \n"});
        let text = without_specials(&dumped(&value.to_string()));
        assert!(text.is_ascii() && !text.contains(['\'', '$', '#', '@', '`', '!', '%']));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
        let literal: String = serde_json::from_str(&double_quoted(&text)).unwrap();
        assert_eq!(literal, text);
    }
}
