//! `foretaste logs`: what a service and its supervisor have printed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

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
    let path = service.log();
    let mut log = open(&path, &args.name)?;
    let end = log.seek(SeekFrom::End(0))?;
    let begin = end.saturating_sub(WINDOW);
    log.seek(SeekFrom::Start(begin))?;
    let mut bytes = Vec::new();
    (&mut log).take(end - begin).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(args.lines)..];
    if args.json.shape() == Shape::Json {
        return output::json(&last);
    }
    let mut out = output::stdout();
    for line in last {
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    if args.follow { follow(log, &path, &args.name, &mut out) } else { Ok(()) }
}

fn open(path: &Path, name: &str) -> Result<File> {
    File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => coded(Exit::NotFound, anyhow!("there is no service `{name}`")),
        _ => error.into(),
    })
}

/// Prints what is added, until the reader goes or the process is interrupted.
fn follow(mut log: File, path: &Path, name: &str, out: &mut impl Write) -> Result<()> {
    loop {
        io::copy(&mut log, out)?;
        out.flush()?;
        thread::sleep(PACE);
        // A log that grew long is set aside and begun anew.
        if std::fs::metadata(path).context("the log is gone")?.len() < log.stream_position()? {
            log = open(path, name)?;
        }
    }
}
