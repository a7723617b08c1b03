//! A file of lines that grows by one line at a time, each on the disk before it counts.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

/// A file of lines that this process alone writes.
#[derive(Debug)]
pub struct Journal(File);

impl Journal {
    /// The journal at a path, made where it is missing, and its lines. A last line without an end was torn by a power cut or a
    /// kill: it is taken away. `None` where another process writes it.
    ///
    /// # Errors
    /// What the system says; a line that is no UTF-8 is [`InvalidData`](io::ErrorKind::InvalidData).
    pub fn open(path: &Path) -> io::Result<Option<(Self, Vec<String>)>> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        bytes.truncate(whole);
        let text = String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::Start(whole as u64))?;
        // The name of a new file is on the disk with the folder.
        if let Some(folder) = path.parent().filter(|_| whole == 0) {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder)?.sync_all()?;
        }
        Ok(Some((Self(file), text.lines().map(str::to_owned).collect())))
    }

    /// Adds a line, and returns when it is on the disk.
    ///
    /// # Errors
    /// What the system says; a line with a line feed in it is [`InvalidInput`](io::ErrorKind::InvalidInput).
    pub fn add(&mut self, line: &str) -> io::Result<()> {
        if line.contains('\n') {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a line feed inside of a line"));
        }
        self.0.write_all(format!("{line}\n").as_bytes())?;
        self.0.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_and_a_torn_one_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let (mut journal, lines) = Journal::open(&path).unwrap().unwrap();
        assert!(lines.is_empty());
        journal.add("one").unwrap();
        journal.add("two").unwrap();
        assert!(journal.add("a\nb").is_err());
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 2]).unwrap();
        let (mut journal, lines) = Journal::open(&path).unwrap().unwrap();
        assert_eq!(lines, ["one"]);
        journal.add("two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), whole);
    }

    #[test]
    fn one_process_at_a_time_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let first = Journal::open(&path).unwrap().unwrap();
        assert!(Journal::open(&path).unwrap().is_none());
        drop(first);
        assert!(Journal::open(&path).unwrap().is_some());
    }
}
