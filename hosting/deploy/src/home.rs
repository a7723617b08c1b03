//! Where services keep what must outlive their processes.

use std::io;
use std::path::{Path, PathBuf};

use foretaste_files::PrivateFolder;

/// A socket's path may have 108 bytes; this is what the longest name below a service's folder needs.
const MOST_PATH: usize = 108 - "/control.sock".len() - 1;

/// What is in a service's folder.
pub(crate) const RECORD: &str = "service.json";
pub(crate) const RECORD_COPY: &str = "service.json.copy";
pub(crate) const UNREADABLE: &str = "service.json.unreadable";
pub(crate) const LOG: &str = "log";
pub(crate) const LOG_BEFORE: &str = "log.1";
pub(crate) const LOCK: &str = "lock";
pub(crate) const CONTROL: &str = "control.sock";
pub(crate) const NOTIFY: &str = "notify.sock";

/// Why a service has no place.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The path is too long for sockets in it.
    #[error("the folder {} has {} bytes, allowed are {MOST_PATH}: FORETASTE_STATE can name a shorter one", path.display(), path.as_os_str().len())]
    TooDeep {
        /// The folder.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("cannot use the folder {}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Not a name of a service.
    #[error(
        "`{found}` is no name of a service, expected 1 to 40 lower-case letters, digits and dashes, a letter first"
    )]
    Name {
        /// What was given.
        found: String,
    },
}

/// Whether a text can name a service: a folder, and a host in a container network.
pub(crate) fn is_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&name.len())
        && name.bytes().all(legal)
        && name.as_bytes()[0].is_ascii_lowercase()
        && !name.ends_with('-')
}

/// The folder of all services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// The services of a folder, which need not exist yet.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The service of a name, which need not exist yet.
    ///
    /// # Errors
    /// [`HomeError::Name`] or [`HomeError::TooDeep`].
    pub fn service(&self, name: &str) -> Result<ServiceHome, HomeError> {
        if !is_name(name) {
            return Err(HomeError::Name { found: name.to_owned() });
        }
        let path = self.0.join(name);
        if path.as_os_str().len() > MOST_PATH {
            return Err(HomeError::TooDeep { path });
        }
        Ok(ServiceHome(path))
    }

    /// Every service that was ever deployed, by name.
    ///
    /// # Errors
    /// [`HomeError::Io`]: the folder is there and cannot be read.
    pub fn services(&self) -> Result<Vec<ServiceHome>, HomeError> {
        let failed = |source| HomeError::Io { path: self.0.clone(), source };
        let entries = match std::fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut services = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            if let Some(service) = name.to_str().and_then(|name| self.service(name).ok())
                && (service.record().exists() || service.folder().join(UNREADABLE).exists())
            {
                services.push(service);
            }
        }
        services.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(services)
    }
}

/// The folder of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceHome(PathBuf);

impl ServiceHome {
    /// The folder, as given to the processes of the service.
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The service's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// A name that no service of another folder has: the kernel knows but one set of names. FNV-1a (Fowler, Noll, Vo).
    pub(crate) fn label(&self) -> String {
        let hash = self.0.as_os_str().as_encoded_bytes().iter();
        let hash = hash.fold(0x811c_9dc5_u32, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        format!("{}.{hash:08x}", self.name())
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// What the service and its supervisor print; what was cut off it is in the file beside it.
    #[must_use]
    pub(crate) fn log(&self) -> PathBuf {
        self.0.join(LOG)
    }

    pub(crate) fn record(&self) -> PathBuf {
        self.0.join(RECORD)
    }

    pub(crate) fn control(&self) -> PathBuf {
        self.0.join(CONTROL)
    }

    pub(crate) fn notify(&self) -> PathBuf {
        self.0.join(NOTIFY)
    }

    /// Makes the folder, for its owner alone.
    pub(crate) fn create(&self) -> Result<(), HomeError> {
        let made = PrivateFolder::create(&self.0).map(drop);
        made.map_err(|source| HomeError::Io { path: self.0.clone(), source })
    }

    /// The folder, looked at.
    pub(crate) fn private(&self) -> io::Result<PrivateFolder> {
        PrivateFolder::open(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_folder_and_no_other_place() {
        let home = Home::new("/tmp/x".into());
        assert_eq!(home.service("films-2").unwrap().folder(), Path::new("/tmp/x/films-2"));
        for name in ["", "..", "a/b", "Films", "2films", "a b", "-a", "a-", &"a".repeat(41)] {
            assert!(matches!(home.service(name), Err(HomeError::Name { .. })), "{name}");
        }
        let deep = Home::new(Path::new("/tmp").join("d".repeat(90)));
        assert!(matches!(deep.service("films"), Err(HomeError::TooDeep { .. })));
    }
}
