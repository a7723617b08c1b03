//! `foretaste logs`: what a service and its supervisor have printed.

use std::io::Write;
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};
use foretaste_deploy::{ServiceHome, log};

use super::home;
use crate::args::LogsArgs;
use crate::exit::{Exit, ExitWith, coded};
use crate::output::{self, Shape};

/// Bytes that are looked at for the last lines.
const WINDOW: u64 = 1 << 20;
/// How often a log is looked at for more.
const PACE: Duration = Duration::from_millis(100);

pub(super) fn logs(args: &LogsArgs) -> Result<()> {
    let service = home(&args.state)?.service(&args.name).exit_with(Exit::Usage)?;
    let unknown = || coded(Exit::NotFound, anyhow!("there is no service `{}`", service.name()));
    let tail = log::last(&service, WINDOW)?.ok_or_else(unknown)?;
    let text = String::from_utf8_lossy(&tail.bytes);
    let lines: Vec<&str> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(args.lines)..];
    if args.json.shape() == Shape::Json {
        return output::json(&last);
    }
    let mut out = output::stdout();
    for line in last {
        writeln!(out, "{}", plain(line))?;
    }
    out.flush()?;
    if args.follow { follow(&service, tail.end, &mut out) } else { Ok(()) }
}

/// A line with nothing in it that could command a terminal: whatever a service prints is in its log.
fn plain(line: &str) -> String {
    let parts: Vec<String> = line.split('\t').map(output::printable).collect();
    parts.join("\t")
}

/// Prints what is added, until the reader goes or the process is interrupted.
fn follow(service: &ServiceHome, mut end: u64, out: &mut impl Write) -> Result<()> {
    let mut bytes = Vec::new();
    loop {
        let tail = log::since(service, end)?;
        end = tail.end;
        bytes.extend(tail.bytes);
        // What has no end of line yet is printed with the rest of its line.
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        for line in String::from_utf8_lossy(&bytes[..whole]).lines() {
            writeln!(out, "{}", plain(line))?;
        }
        bytes.drain(..whole);
        out.flush()?;
        thread::sleep(PACE);
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_line_of_a_log_commands_no_terminal() {
        let line = "a\tb \u{1b}[2J\u{1b}]0;title\u{7} \u{9b}31m \r c";
        assert_eq!(plain(line), "a\tb \u{fffd}[2J\u{fffd}]0;title\u{fffd} \u{fffd}31m \u{fffd} c");
    }
}
