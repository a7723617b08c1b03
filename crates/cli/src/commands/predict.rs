//! `foretaste predict`: scores of given pairs, to compare with other programs.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow};

use super::{recommender_of, refused};
use crate::args::PredictArgs;
use crate::exit::{Exit, ExitWith};
use crate::output;

/// Longest line of a pairs file: two ids of the longest kind, every character of them a doubled quote.
const MOST_LINE_BYTES: u64 = 4096;

pub(super) fn run(args: &PredictArgs) -> Result<()> {
    // Opened before the fit: a wrong name should not cost the user a wait.
    let mut pairs = open(&args.pairs)?;
    let recommender = recommender_of(&args.model)?;
    let mut out = output::stdout();
    writeln!(out, "user,item,score")?;
    let mut line = String::new();
    for number in 1u64.. {
        line.clear();
        let context = || format!("{}, line {number}", args.pairs.display());
        let got =
            pairs.by_ref().take(MOST_LINE_BYTES).read_line(&mut line).with_context(context).exit_with(Exit::Data)?;
        if got == 0 {
            break;
        }
        let row = line.trim_end_matches(['\r', '\n']).trim_start_matches('\u{feff}');
        if row.is_empty() {
            continue;
        }
        let Some((user, item)) = pair(row) else {
            let error = anyhow!("{}: `{row}` is not `user,item`", context());
            return Err(error).exit_with(Exit::Data);
        };
        if number == 1 && (user.as_str(), item.as_str()) == ("user", "item") {
            continue;
        }
        let score = recommender.predict(&user, &item).map_err(refused).with_context(context)?;
        writeln!(out, "{},{},{score}", quoted(&user), quoted(&item))?;
    }
    Ok(out.flush()?)
}

fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).with_context(|| format!("cannot read the pairs in {}", path.display()));
    Ok(Box::new(BufReader::new(file.exit_with(Exit::Data)?)))
}

/// Two fields, each plain or quoted as in RFC 4180.
fn pair(row: &str) -> Option<(String, String)> {
    let (user, rest) = field(row)?;
    let (item, rest) = field(rest.strip_prefix(',')?)?;
    (rest.is_empty() && !user.is_empty() && !item.is_empty()).then_some((user, item))
}

fn field(row: &str) -> Option<(String, &str)> {
    let Some(mut rest) = row.strip_prefix('"') else {
        let end = row.find(',').unwrap_or(row.len());
        return Some((row[..end].to_owned(), &row[end..]));
    };
    let mut text = String::new();
    loop {
        let end = rest.find('"')?;
        text.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        let Some(after) = rest.strip_prefix('"') else { return Some((text, rest)) };
        text.push('"');
        rest = after;
    }
}

fn quoted(text: &str) -> String {
    let plain = !text.contains([',', '"', '\r', '\n']);
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_plain_and_quoted() {
        assert_eq!(pair("1,2"), Some(("1".into(), "2".into())));
        assert_eq!(pair("\"a,\"\"b\"\"\",2"), Some(("a,\"b\"".into(), "2".into())));
        for broken in ["1", "1,", ",2", "1,2,3", "\"1,2", "\"1\"x,2"] {
            assert_eq!(pair(broken), None, "{broken}");
        }
    }

    #[test]
    fn what_is_written_can_be_read_again() {
        for id in ["1", "a b", "a,b", "say \"x\"", "日本"] {
            assert_eq!(pair(&format!("{},{}", quoted(id), quoted("9"))), Some((id.into(), "9".into())));
        }
    }
}
