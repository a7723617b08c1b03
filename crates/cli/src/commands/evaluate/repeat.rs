//! A report made again, by the command that stands in it: equal to the last byte, or what differs is named.
//!
//! Times are the only figures that no run can make again: they are taken over from the report.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use foretaste_eval::Report;
use serde_json::Value;

use super::evaluated;
use crate::args::{Cli, Command};
use crate::exit::{Exit, coded};
use crate::output;

/// Runs the command of a report again and prints the report.
pub(super) fn run(path: &Path) -> Result<()> {
    let read = || format!("cannot repeat {}", path.display());
    let text =
        std::fs::read_to_string(path).map_err(|error| coded(Exit::NotFound, anyhow!(error))).with_context(read)?;
    let no_report = |error| coded(Exit::Data, anyhow!("it is no report that `evaluate --json` printed: {error}"));
    let told: Report = serde_json::from_str(&text).map_err(no_report).with_context(read)?;
    let refused = |why: String| Err(coded(Exit::Data, anyhow!(why))).with_context(read);
    let version = env!("CARGO_PKG_VERSION");
    if told.foretaste_version != version {
        return refused(format!("foretaste {} made it, this is {version}", told.foretaste_version));
    }
    let Some(words) = words(&told.command) else {
        return refused(format!("its command `{}` is no line of a shell", told.command));
    };
    let command = match Cli::try_parse_from(words) {
        Ok(Cli { command: Command::Evaluate(args) }) if args.report.is_none() => args,
        Ok(_) => return refused(format!("its command `{}` is no evaluation", told.command)),
        Err(error) => return refused(format!("its command `{}` is not understood: {error}", told.command)),
    };
    let mut again = evaluated(&command)?;
    if again.data_hash != told.data_hash {
        return refused(format!(
            "the data have the hash {}, those of the report had {}",
            again.data_hash, told.data_hash
        ));
    }
    again.command.clone_from(&told.command);
    for (again, told) in again.models.iter_mut().zip(&told.models) {
        again.fit_cpu_seconds = told.fit_cpu_seconds;
        again.list_microseconds = told.list_microseconds;
    }
    // Both as text is read: what is rounded on the way is rounded in both.
    let found = serde_json::to_string(&again).and_then(|text| serde_json::from_str::<Value>(&text));
    let expected: Value = serde_json::from_str(&text).map_err(no_report).with_context(read)?;
    if let Some(difference) = difference("", &expected, &found?) {
        return Err(coded(Exit::Failure, anyhow!("{difference}"))).with_context(read);
    }
    output::json(&again)
}

/// The words of a line that a shell would see: blanks separate, single quotes hold together, a backslash stands before a quote.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut chars) = (Vec::new(), None::<String>, line.chars());
    while let Some(c) = chars.next() {
        match c {
            ' ' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

/// The first place in which two documents differ.
fn difference(at: &str, expected: &Value, found: &Value) -> Option<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let names = expected.keys().chain(found.keys().filter(|name| !expected.contains_key(*name)));
            names.into_iter().find_map(|name| {
                let of = |map: &serde_json::Map<String, Value>| map.get(name).cloned().unwrap_or_default();
                difference(&format!("{at}/{name}"), &of(expected), &of(found))
            })
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let pairs = expected.iter().zip(found).enumerate();
            pairs
                .into_iter()
                .find_map(|(place, (expected, found))| difference(&format!("{at}/{place}"), expected, found))
        }
        _ if expected == found => None,
        _ => Some(format!("{at} is {found}, the report says {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_is_split_as_a_shell_splits_it() {
        let line = r"foretaste evaluate 'my data' --model blend --set 'members=ease + .5 ials' 'it'\''s' ''";
        let expected =
            ["foretaste", "evaluate", "my data", "--model", "blend", "--set", "members=ease + .5 ials", "it's", ""];
        assert_eq!(words(line).unwrap(), expected);
        assert_eq!(words("foretaste 'open"), None);
    }

    #[test]
    fn the_first_difference_is_named() {
        let one = json!({"a": [1, {"b": 2.5}], "c": null});
        assert_eq!(difference("", &one, &one), None);
        let other = json!({"a": [1, {"b": 2.25}], "c": null});
        assert_eq!(difference("", &one, &other).unwrap(), "/a/1/b is 2.25, the report says 2.5");
        assert_eq!(difference("", &one, &json!({"a": []})).unwrap(), r#"/a is [], the report says [1,{"b":2.5}]"#);
    }
}
