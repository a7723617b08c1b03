//! Writing a file so that a reader sees the old one or the new one, never a part.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, test_kill_process};

/// How the name of a temporary file ends, after the number of its process.
const TEMPORARY: &str = ".foretaste-tmp";

/// Lets `fill` write a temporary file in the same folder, syncs it, renames it over `path` and syncs the folder. Temporary files that
/// processes left in the folder when they were killed are removed first.
///
/// On an error the temporary file is removed and `path` is as it was, or already the complete new file when only the
/// folder's own sync failed.
///
/// # Errors
/// Those of `fill`, and those of the file system.
pub fn write<T, E: From<io::Error>>(path: &Path, fill: impl FnOnce(&mut File) -> Result<T, E>) -> Result<T, E> {
    write_made_by(path, &|path| File::create_new(path), fill)
}

/// As [`write`], in a file that `create` makes; it must refuse one that is there.
pub(crate) fn write_made_by<T, E: From<io::Error>>(
    path: &Path,
    create: &dyn Fn(&Path) -> io::Result<File>,
    fill: impl FnOnce(&mut File) -> Result<T, E>,
) -> Result<T, E> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sweep(folder);
    let (temporary, mut file) = create_beside(path, create)?;
    // Until it is closed, it is known to be written, also where the numbers of processes are others.
    let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
    let written = fill(&mut file).and_then(|answer| Ok(file.sync_all().map(|()| answer)?));
    drop(file);
    match written.and_then(|answer| Ok(fs::rename(&temporary, path).map(|()| answer)?)) {
        Ok(answer) => {
            File::open(folder)?.sync_all()?;
            Ok(answer)
        }
        Err(error) => {
            // The first error is the one to report; a left-over temporary file does no harm.
            let _ = fs::remove_file(&temporary);
            Err(error)
        }
    }
}

fn create_beside(path: &Path, create: &dyn Fn(&Path) -> io::Result<File>) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a file name"))?;
    for attempt in 0..100 {
        let mut temporary = name.to_owned();
        temporary.push(format!(".{}-{attempt}{TEMPORARY}", std::process::id()));
        let temporary = path.with_file_name(temporary);
        match create(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "100 temporary files stand in the way"))
}

/// Removes the temporary files of processes that are no more.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().and_then(writer).is_some_and(is_gone) {
            let path = entry.path();
            let is_left =
                File::open(&path).is_ok_and(|file| flock(file, FlockOperation::NonBlockingLockExclusive).is_ok());
            if is_left {
                // The next write tries again.
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// The process that a temporary file's name says it belongs to.
fn writer(name: &str) -> Option<Pid> {
    let (_, numbers) = name.strip_suffix(TEMPORARY)?.rsplit_once('.')?;
    let (process, attempt) = numbers.split_once('-')?;
    attempt.parse::<u32>().ok()?;
    Pid::from_raw(process.parse().ok()?)
}

fn is_gone(process: Pid) -> bool {
    matches!(test_kill_process(process), Err(rustix::io::Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn the_new_file_replaces_the_old_one_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        for text in ["a long first text", "short"] {
            let length = write(&path, |file| file.write_all(text.as_bytes()).map(|()| text.len())).unwrap();
            assert_eq!(length, text.len(), "what `fill` returns comes back");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(names(folder.path()), ["x.json"]);
    }

    #[test]
    fn an_error_leaves_the_old_file_and_no_temporary_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        fs::write(&path, "old").unwrap();
        let failed = write(&path, |file| {
            file.write_all(b"half a te")?;
            Err::<(), _>(io::Error::other("the source broke off"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "the source broke off");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(folder.path()), ["x.json"]);
    }

    #[test]
    fn a_reader_sees_the_old_file_until_the_new_one_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        fs::write(&path, "old").unwrap();
        write(&path, |file| {
            file.write_all(b"new")?;
            assert_eq!(fs::read_to_string(&path)?, "old");
            Ok::<_, io::Error>(())
        })
        .unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    fn a_temporary_file_of_an_earlier_process_stands_in_no_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        let left = folder.path().join(format!("x.json.{}-0{TEMPORARY}", std::process::id()));
        fs::write(&left, "half").unwrap();
        write(&path, |file| file.write_all(b"new")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_to_string(&left).unwrap(), "half", "another's file is not touched");
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let gone = child.id();
        child.wait().unwrap();
        let file = |name: &str| fs::write(folder.path().join(name), "half").unwrap();
        let (left, held) = (format!("m.{gone}-0{TEMPORARY}"), format!("m.{gone}-1{TEMPORARY}"));
        let others = [format!("m.{gone}-0.tmp"), format!("m.x{gone}-0{TEMPORARY}"), format!("{gone}-0{TEMPORARY}")];
        [&left, &held].into_iter().chain(&others).for_each(|name| file(name));
        // A process elsewhere, whose numbers are not ours, writes it.
        let writer = File::open(folder.path().join(&held)).unwrap();
        flock(&writer, FlockOperation::NonBlockingLockExclusive).unwrap();
        write(&folder.path().join("x.json"), |file| file.write_all(b"new")).unwrap();
        let mut expected = [&others[..], &[held, "x.json".to_owned()]].concat();
        expected.sort();
        assert_eq!(names(folder.path()), expected);
    }

    #[test]
    fn what_is_no_file_name_is_refused() {
        for path in ["/", "..", ""] {
            let refused = write(Path::new(path), |_| Ok::<_, io::Error>(()));
            assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::InvalidInput, "{path:?}");
        }
        let missing = tempfile::tempdir().unwrap().path().join("no/such/folder/x");
        assert_eq!(write(&missing, |_| Ok::<_, io::Error>(())).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
