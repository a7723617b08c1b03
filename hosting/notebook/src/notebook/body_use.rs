//! Whether a cell decodes the request's body itself, as some notebooks do: then it must be given the text.

/// Whether Python code calls `loads` on the body of a request: on `….["body"]`, on `….get("body")`, or on a variable that
/// was given one of these. What is decoded already would be an error there, whatever its content type.
pub(super) fn decodes_body(source: &str) -> bool {
    let lines: Vec<String> = source.lines().filter(|line| !line.trim_start().starts_with('#')).map(squeezed).collect();
    let code = lines.concat();
    code.match_indices("loads(").any(|(at, call)| {
        let argument = argument(&code[at + call.len()..]);
        is_body(argument) || (is_name(argument) && lines.iter().any(|line| assigns_body(line, argument)))
    })
}

/// A line without white space, all its quotes double.
fn squeezed(line: &str) -> String {
    line.chars().filter(|c| !c.is_whitespace()).map(|c| if c == '\'' { '"' } else { c }).collect()
}

/// What stands before the bracket that closes, or before the first comma outside of brackets.
fn argument(code: &str) -> &str {
    let mut depth = 0_usize;
    let end = code.find(|c| match c {
        '(' | '[' | '{' => {
            depth += 1;
            false
        }
        ')' | ']' | '}' | ',' if depth == 0 => true,
        ')' | ']' | '}' => {
            depth -= 1;
            false
        }
        _ => false,
    });
    &code[..end.unwrap_or(code.len())]
}

fn is_body(expression: &str) -> bool {
    expression.ends_with("[\"body\"]") || expression.ends_with(".get(\"body\")")
}

fn is_name(expression: &str) -> bool {
    !expression.is_empty() && expression.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn assigns_body(line: &str, name: &str) -> bool {
    line.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')).is_some_and(is_body)
}

#[cfg(test)]
mod tests {
    use super::decodes_body;

    #[test]
    fn a_body_that_is_decoded_twice_is_found() {
        for source in [
            "json.loads(json.loads(REQUEST)['body'])",
            "req = json.loads(REQUEST)\nbody = json.loads( req[\"body\"] )['args']",
            "loads(req.get('body'), strict=False)",
            "request = json.loads(REQUEST)\nraw = request['body']\nargs = json.loads(raw)",
            "json.loads(\n    req['body']\n)",
        ] {
            assert!(decodes_body(source), "{source}");
        }
    }

    #[test]
    fn a_body_that_is_used_as_it_comes_is_left_alone() {
        for source in [
            "json.loads(REQUEST)['body']",
            "body = json.loads(REQUEST)['body']\nbody['args']",
            "json.loads(req['body']['payload'])",
            "body = req['body']\njson.loads(other)",
            "# json.loads(req['body'])",
            "json.loads(",
            "",
        ] {
            assert!(!decodes_body(source), "{source}");
        }
    }
}
