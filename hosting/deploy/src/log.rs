//! The log of a service: two files of a bounded length, whichever process writes to them.
//!
//! Workers and what they start hold the file open and append to it; none of them can be asked to open another. So the
//! supervisor copies a log that has grown long and empties it in place. A supervisor that is stopped or killed blocks no writer and
//! ends none, which one that read from pipes would.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use foretaste_files::PrivateFolder;

use crate::home::{LOG, LOG_BEFORE, ServiceHome};

/// Bytes that either file may have.
const LONGEST: u64 = 16 << 20;
/// Bytes at which the log is cut; the rest is for what is written until that is noticed.
const FULL: u64 = LONGEST - (4 << 20);
/// Bytes of a log that are kept by a cut: the rest is for what is written meanwhile.
const KEPT: u64 = LONGEST - (1 << 20);
/// Between two looks at its length, and between those at a log that grows fast.
const LOOK: Duration = Duration::from_millis(100);
const FAST_LOOK: Duration = Duration::from_millis(10);
/// Bytes between two looks that are fast growth.
const FAST: u64 = 64 << 10;
/// How often what was read while the log was cut is read again.
const TRIES: usize = 5;

/// What was printed last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The last bytes of both files, oldest first.
    pub bytes: Vec<u8>,
    /// Where in the log they end.
    pub end: u64,
}

/// The last bytes that a service and its supervisor have printed, at most `most`; `None` where nothing was deployed.
///
/// # Errors
/// The folder or a file in it is not its owner's alone, or what the system says.
pub fn last(home: &ServiceHome, most: u64) -> io::Result<Option<Tail>> {
    let folder = match home.private() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        folder => folder?,
    };
    let mut read = read_last(&folder, most)?;
    for _ in 1..TRIES {
        // A log that is shorter than what was read of it was cut meanwhile.
        let Some(tail) = &read else { break };
        if length(&folder, LOG)? >= tail.end {
            break;
        }
        read = read_last(&folder, most)?;
    }
    Ok(read)
}

/// What was printed since the log had a given length, to be followed from the new one.
///
/// # Errors
/// As those of [`last`].
pub fn since(home: &ServiceHome, end: u64) -> io::Result<Tail> {
    let folder = home.private()?;
    let mut bytes = Vec::new();
    let mut begin = end;
    let Some(mut log) = folder.read(LOG)? else { return Ok(Tail::default()) };
    if log.metadata()?.len() < end {
        // It was cut: what was not read yet is at the end of the other file.
        if let Some(mut before) = folder.read(LOG_BEFORE)? {
            part(&mut before, end, LONGEST, &mut bytes)?;
        }
        begin = 0;
    }
    let read = part(&mut log, begin, LONGEST, &mut bytes)?;
    Ok(Tail { bytes, end: begin + read })
}

fn read_last(folder: &PrivateFolder, most: u64) -> io::Result<Option<Tail>> {
    let Some(mut log) = folder.read(LOG)? else { return Ok(None) };
    let end = log.metadata()?.len();
    let mut bytes = Vec::new();
    if end < most
        && let Some(mut before) = folder.read(LOG_BEFORE)?
    {
        let length = before.metadata()?.len();
        part(&mut before, length.saturating_sub(most - end), most, &mut bytes)?;
    }
    let begin = end.saturating_sub(most);
    part(&mut log, begin, end - begin, &mut bytes)?;
    Ok(Some(Tail { bytes, end }))
}

fn part(file: &mut File, begin: u64, most: u64, into: &mut Vec<u8>) -> io::Result<u64> {
    file.seek(SeekFrom::Start(begin))?;
    Ok(file.take(most).read_to_end(into)? as u64)
}

fn length(folder: &PrivateFolder, name: &str) -> io::Result<u64> {
    folder.read(name)?.map_or(Ok(0), |file| Ok(file.metadata()?.len()))
}

/// Cuts the log of a service whenever it has grown long.
#[derive(Clone, Debug)]
pub(crate) struct Cutter {
    home: ServiceHome,
    /// Bytes that were cut off.
    cut: Arc<AtomicU64>,
}

impl Cutter {
    /// Looks after the log, in a thread of its own, until the process ends.
    pub(crate) fn start(home: &ServiceHome) -> io::Result<Self> {
        let cutter = Self { home: home.clone(), cut: Arc::default() };
        let own = cutter.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            let mut before = 0;
            loop {
                let now = std::fs::metadata(own.home.log()).map_or(0, |log| log.len());
                // A disk that is full, say, is no reason to look away for good.
                let left = if now < FULL { now } else { own.cut().map_or(now, |()| 0) };
                thread::sleep(if now.saturating_sub(before) >= FAST { FAST_LOOK } else { LOOK });
                before = left;
            }
        })?;
        Ok(cutter)
    }

    /// Bytes that were printed since the supervisor began, and before it to the present log.
    pub(crate) fn printed(&self) -> u64 {
        self.cut.load(Ordering::Relaxed) + std::fs::metadata(self.home.log()).map_or(0, |log| log.len())
    }

    fn cut(&self) -> io::Result<()> {
        let cut = cut(&self.home.private()?)?;
        self.cut.fetch_add(cut, Ordering::Relaxed);
        Ok(())
    }
}

/// Moves what the log holds to the other file, of a longer log the last lines; returns the bytes taken off. What is printed
/// between the last read and the cut, a matter of microseconds, is lost.
fn cut(folder: &PrivateFolder) -> io::Result<u64> {
    let Some(mut log) = folder.read(LOG)? else { return Ok(0) };
    let begin = log.metadata()?.len().saturating_sub(KEPT);
    log.seek(SeekFrom::Start(begin))?;
    let mut rest = BufReader::new(log.take(LONGEST));
    let emptied = folder.append(LOG)?;
    if begin > 0 {
        rest.read_until(b'\n', &mut Vec::new())?;
    }
    // On a full disk the lines are given up, and the bound is not.
    let _ = folder.append(LOG_BEFORE).and_then(|mut before| {
        before.set_len(0)?;
        io::copy(&mut rest, &mut before)
    });
    let length = emptied.metadata()?.len();
    emptied.set_len(0)?;
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    fn home() -> (tempfile::TempDir, ServiceHome) {
        let folder = tempfile::tempdir().unwrap();
        let home = ServiceHome::at(folder.path().join("films"));
        home.create().unwrap();
        (folder, home)
    }

    fn printed(home: &ServiceHome, text: &str) {
        home.private().unwrap().append(LOG).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn text(tail: &Tail) -> &str {
        std::str::from_utf8(&tail.bytes).unwrap()
    }

    #[test]
    fn a_cut_moves_every_line_and_both_files_are_read_in_order() {
        let (_folder, home) = home();
        assert_eq!(last(&home, 100).unwrap(), None);
        let mut held = home.private().unwrap().append(LOG).unwrap();
        held.write_all(b"one\ntwo\n").unwrap();
        let seen = last(&home, 100).unwrap().unwrap();
        held.write_all(b"three\n").unwrap();
        assert_eq!(cut(&home.private().unwrap()).unwrap(), 14);
        held.write_all(b"four\n").unwrap();
        let tail = last(&home, 100).unwrap().unwrap();
        assert_eq!(
            (text(&tail), tail.end),
            ("one\ntwo\nthree\nfour\n", 5),
            "a writer that held it goes on at the begin"
        );
        assert_eq!(text(&last(&home, 11).unwrap().unwrap()), "three\nfour\n");
        assert_eq!(text(&last(&home, 4).unwrap().unwrap()), "our\n");
        let followed = since(&home, seen.end).unwrap();
        assert_eq!((text(&followed), followed.end), ("three\nfour\n", 5), "one that follows misses nothing");
        printed(&home, "five\n");
        assert_eq!(text(&since(&home, followed.end).unwrap()), "five\n");
        let mode = std::fs::metadata(home.folder().join(LOG_BEFORE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn of_a_log_that_is_too_long_the_last_whole_lines_stay() {
        let (_folder, home) = home();
        let line = format!("{}\n", "x".repeat(999));
        printed(&home, &line.repeat(20 << 10));
        printed(&home, "last\n");
        cut(&home.private().unwrap()).unwrap();
        let before = std::fs::read_to_string(home.folder().join(LOG_BEFORE)).unwrap();
        assert!((KEPT - 2000..=LONGEST).contains(&(before.len() as u64)), "{}", before.len());
        assert!(before.starts_with(&line) && before.ends_with("x\nlast\n"));
        assert_eq!(std::fs::metadata(home.log()).unwrap().len(), 0);
    }

    #[test]
    fn a_link_in_the_place_of_the_other_file_is_not_followed() {
        let (folder, home) = home();
        let precious = folder.path().join("precious");
        std::fs::write(&precious, "precious").unwrap();
        std::os::unix::fs::symlink(&precious, home.folder().join(LOG_BEFORE)).unwrap();
        printed(&home, "one\n");
        cut(&home.private().unwrap()).unwrap();
        assert_eq!(std::fs::read_to_string(&precious).unwrap(), "precious");
    }
}
