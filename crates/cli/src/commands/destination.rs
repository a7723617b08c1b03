//! Where a command writes: whether it can is found out before any work is done.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use tempfile::NamedTempFile;

use crate::exit::{Exit, coded};
use crate::output::{self, Stdout, bytes};

/// Refuses a file that cannot be written: no folder, no permission, no space at all, something that is no file, or
/// one of the files that are `read`. Leaves nothing behind.
pub(super) fn check(path: &Path, read: &[&Path]) -> Result<()> {
    let shown = path.display();
    let cannot = || format!("cannot write {shown}");
    if path.file_name().is_none() || path.is_dir() {
        return Err(coded(Exit::Usage, anyhow!("cannot write {shown}: it is a folder, expected the name of a file")));
    }
    if path.exists() && !path.is_file() {
        let what = "it is a device or a pipe, expected a regular file or a name that is free";
        return Err(coded(Exit::Usage, anyhow!("cannot write {shown}: {what}")));
    }
    let there = path.canonicalize().ok();
    if there.is_some() && read.iter().any(|read| read.canonicalize().ok() == there) {
        return Err(coded(Exit::Usage, anyhow!("cannot write {shown}: it is read too; choose another name")));
    }
    let folder = folder_of(path);
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(anyhow!("{} is no folder", folder.display())).with_context(cannot),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let missing = anyhow!("there is no folder {}; create it first, or choose another", folder.display());
            return Err(missing).with_context(cannot);
        }
        Err(error) => return Err(error).with_context(cannot),
    }
    // Only trying tells: permissions, read-only file systems and used-up inodes all have their own rules.
    let probe = NamedTempFile::new_in(folder).map_err(|error| reason(&error, folder)).with_context(cannot)?;
    drop(probe);
    has_space(path, 1)
}

/// Refuses a file of at least `bytes` bytes where less is free.
pub(super) fn has_space(path: &Path, needed: u64) -> Result<()> {
    let folder = folder_of(path);
    match free(folder) {
        Some(free) if free < needed => Err(anyhow!(
            "cannot write {}: it takes at least {}, and {} are free in {}",
            path.display(),
            bytes(needed),
            bytes(free),
            folder.display()
        )),
        _ => Ok(()),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn reason(error: &io::Error, folder: &Path) -> anyhow::Error {
    // The crate that makes the file adds the name that it tried, which helps no user.
    let said = error.kind();
    anyhow!("the folder {} takes no new file: {said}", folder.display())
}

/// Bytes that this process may still write to the file system of a folder; `None` where it states no size, as those
/// that the kernel makes up do.
fn free(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    let blocks = if rustix::process::geteuid().is_root() { found.f_bfree } else { found.f_bavail };
    (found.f_blocks > 0).then(|| blocks.saturating_mul(found.f_frsize))
}

/// A file that appears whole when it is finished, or stdout.
pub(super) enum Destination {
    /// Data for the reader of the pipe or the terminal.
    Stdout(BufWriter<Stdout>),
    /// A file beside the one it will replace.
    File(BufWriter<NamedTempFile>, std::path::PathBuf),
}

impl Destination {
    /// Begins to write. Call [`check`] before the work whose result is written.
    pub(super) fn open(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self::Stdout(output::stdout())) };
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As any new file: what the umask leaves of it.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder_of(path)).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self::File(BufWriter::new(file), path.to_owned()))
    }

    /// Writes what is held back; a file takes its name.
    pub(super) fn finish(self) -> Result<()> {
        match self {
            Self::Stdout(mut out) => Ok(out.flush()?),
            Self::File(out, path) => {
                let cannot = || format!("cannot write {}", path.display());
                let file = out.into_inner().map_err(io::IntoInnerError::into_error).with_context(cannot)?;
                file.as_file().sync_all().with_context(cannot)?;
                file.persist(&path).map_err(|error| error.error).with_context(cannot)?;
                File::open(folder_of(&path)).and_then(|folder| folder.sync_all()).with_context(cannot)
            }
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::File(out, _) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::File(out, _) => out.flush(),
        }
    }
}
