//! What is for its owner alone: a folder that was looked at, and files and sockets in it.
//!
//! Whatever is made here has its mode from its first instant, whatever the umask is, and no link is followed in the last part
//! of a path. Modes are 0700 for folders and 0600 for files and sockets.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use crate::whole::write_made_by;

/// The bits of a folder that let others write, and of one in which they may still not rename what is not theirs.
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// Connections that a socket lets wait.
const BACKLOG: i32 = 128;

/// Why a folder or file is not taken for one's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPrivate {
    /// It is a link, or of another kind.
    #[error("{} is {found}, expected {expected} of your own", path.display())]
    Kind {
        /// What was looked at.
        path: PathBuf,
        /// What it is.
        found: &'static str,
        /// What is needed.
        expected: &'static str,
    },
    /// It belongs to another user.
    #[error("{} belongs to user {owner}, expected user {own}", path.display())]
    Owner {
        /// What was looked at.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The user of this process.
        own: u32,
    },
    /// Others could have put something into it.
    #[error("others may write to {0} (mode {mode:03o}): look at what it holds, then `chmod go-rwx {0}`", path.display())]
    Open {
        /// What was looked at.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
}

impl From<NotPrivate> for io::Error {
    fn from(error: NotPrivate) -> Self {
        Self::new(io::ErrorKind::PermissionDenied, error)
    }
}

/// Refuses a folder that others may move away, with whatever is in it, since they may write to the one above.
fn stays_in_place(path: &Path) -> io::Result<()> {
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mode = std::fs::metadata(above)?.permissions().mode();
    if mode & (OTHERS_WRITE | STICKY) == OTHERS_WRITE {
        return Err(NotPrivate::Open { path: above.to_owned(), mode: mode & 0o777 }.into());
    }
    Ok(())
}

/// A folder that belongs to the user of this process, and that no other may write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateFolder(PathBuf);

impl PrivateFolder {
    /// Makes the folder and those above it where they are missing, and looks at it.
    ///
    /// # Errors
    /// [`NotPrivate`] inside, or what the system says.
    pub fn create(path: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Self::open(path)
    }

    /// Looks at a folder that is there. Others lose the right to read it, if they had it.
    ///
    /// # Errors
    /// [`NotPrivate`] inside, or what the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
        let folder = match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(folder) => folder,
            // Which of the two a link to a folder is differs from system to system.
            Err(rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR) => {
                let is_link = path.symlink_metadata()?.is_symlink();
                let found = if is_link { "a symbolic link" } else { "no folder" };
                return Err(NotPrivate::Kind { path: path.to_owned(), found, expected: "a folder" }.into());
            }
            Err(error) => return Err(error.into()),
        };
        let folder = File::from(folder);
        let mode = own(path, &folder, &[own_user()])?;
        if mode & 0o077 != 0 {
            rustix::fs::fchmod(&folder, Mode::from_raw_mode(mode & 0o700))?;
        }
        stays_in_place(path)?;
        Ok(Self(path.to_owned()))
    }

    /// As [`create`](Self::create), for what others may read: a folder that is there may be the system's, and keeps its mode.
    ///
    /// # Errors
    /// [`NotPrivate`] inside, or what the system says.
    pub fn create_readable(path: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        own(path, &File::open(path)?, &[own_user(), 0])?;
        Ok(Self(path.to_owned()))
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes a folder in it, which must not be there.
    ///
    /// # Errors
    /// What the system says.
    pub fn create_folder(&self, name: &str) -> io::Result<Self> {
        let path = self.0.join(name);
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    /// Makes a file in it, which must not be there.
    ///
    /// # Errors
    /// What the system says.
    pub fn create_file(&self, name: &str) -> io::Result<File> {
        create_new(&self.0.join(name))
    }

    /// Writes a file whole or not at all, and syncs it and the folder.
    ///
    /// # Errors
    /// What the system says; the file is then as it was.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        write_private(&self.0.join(name), |file| file.write_all(bytes))
    }

    /// Opens a file to be read; `None` where there is none.
    ///
    /// # Errors
    /// [`NotPrivate`] inside, or what the system says.
    pub fn read(&self, name: &str) -> io::Result<Option<File>> {
        match self.opened(name, OpenOptions::new().read(true)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// Opens a file to be written at its end, and makes it where it is missing.
    ///
    /// # Errors
    /// [`NotPrivate`] inside, or what the system says.
    pub fn append(&self, name: &str) -> io::Result<File> {
        self.opened(name, OpenOptions::new().create(true).append(true))
    }

    /// The lock of that name, held as long as the file is open; `None` where another process holds it.
    ///
    /// # Errors
    /// [`NotPrivate`] inside, or what the system says.
    pub fn lock(&self, name: &str) -> io::Result<Option<File>> {
        held(self.append(name)?)
    }

    /// Holds the folder itself until the file is closed, so that it is not taken for abandoned: by who asks the same, or by
    /// systemd-tmpfiles. `None` where another process holds it.
    ///
    /// # Errors
    /// What the system says.
    pub fn hold(&self) -> io::Result<Option<File>> {
        held(File::open(&self.0)?)
    }

    /// A socket that listens at that name, in place of one that was left there.
    ///
    /// # Errors
    /// What the system says; the path has too many bytes for a socket, say.
    pub fn listen(&self, name: &str) -> io::Result<UnixListener> {
        let socket = self.bound(name, SocketType::STREAM)?;
        rustix::net::listen(&socket, BACKLOG)?;
        Ok(socket.into())
    }

    /// A socket that takes messages at that name, in place of one that was left there.
    ///
    /// # Errors
    /// What the system says; the path has too many bytes for a socket, say.
    pub fn receive(&self, name: &str) -> io::Result<UnixDatagram> {
        Ok(self.bound(name, SocketType::DGRAM)?.into())
    }

    /// Removes what has that name, if it is there.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match std::fs::remove_file(self.0.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn opened(&self, name: &str, options: &mut OpenOptions) -> io::Result<File> {
        let path = self.0.join(name);
        // A pipe in its place does not keep us waiting.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = match options.mode(0o600).custom_flags(flags.bits().cast_signed()).open(&path) {
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                return Err(NotPrivate::Kind { path, found: "a symbolic link", expected: "a file" }.into());
            }
            opened => opened?,
        };
        if !file.metadata()?.is_file() {
            return Err(NotPrivate::Kind { path, found: "no file", expected: "a file" }.into());
        }
        if own(&path, &file, &[own_user()])? & 0o077 != 0 {
            rustix::fs::fchmod(&file, Mode::RUSR | Mode::WUSR)?;
        }
        Ok(file)
    }

    fn bound(&self, name: &str, kind: SocketType) -> io::Result<OwnedFd> {
        self.remove(name)?;
        let address = SocketAddrUnix::new(self.0.join(name))?;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)?;
        // The name in the file system takes its mode from the socket, less the umask.
        rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
        rustix::net::bind(&socket, &address)?;
        Ok(socket)
    }
}

/// The file, if no other process holds it.
fn held(file: File) -> io::Result<Option<File>> {
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Makes a file for its owner alone, which must not be there.
/// As [`write`](crate::write), a file for its owner alone.
///
/// # Errors
/// Those of `fill`, and those of the file system.
pub fn write_private<T, E: From<io::Error>>(path: &Path, fill: impl FnOnce(&mut File) -> Result<T, E>) -> Result<T, E> {
    write_made_by(path, &create_new, fill)
}

fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Looks at what is open: whether it belongs to one of `owners` and no other may write to it. Returns its mode.
fn own(path: &Path, file: &File, owners: &[u32]) -> io::Result<u32> {
    let found = file.metadata()?;
    if !owners.contains(&found.uid()) {
        return Err(NotPrivate::Owner { path: path.to_owned(), owner: found.uid(), own: own_user() }.into());
    }
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o022 != 0 {
        return Err(NotPrivate::Open { path: path.to_owned(), mode }.into());
    }
    Ok(mode)
}

fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}
