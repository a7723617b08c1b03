//! Downloads one archive, checks it, and puts its files in place in one step.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use foretaste_files::PrivateFolder;
use md5::{Digest, Md5};
use tempfile::Builder;
use ureq::Agent;

use super::builtin::{Archive, SOURCE};
use super::{Event, ObtainError, cache, unpack};

/// What an archive is called until it is unpacked.
const ZIP: &str = "archive.zip";
/// How long a source may take to accept the connection, and then to send anything at all.
const PATIENCE: Duration = Duration::from_secs(30);
/// No archive of the table is larger; a longer answer is something else.
const MOST_BYTES: u64 = 2 << 30;
/// A published checksum file is one line.
const MOST_CHECKSUM_BYTES: u64 = 4096;

/// Downloads `archive` from `mirror`, or from GroupLens, and makes `folder` from it. `folder` appears whole or not at
/// all; whatever fails, nothing is left in the cache.
///
/// # Errors
/// When the source does not answer, answers with less than it announced, or the archive's MD5 sum is not the one that
/// GroupLens published.
pub(super) fn download(
    archive: &Archive,
    mirror: Option<&str>,
    cache: &Path,
    folder: &Path,
    events: &mut dyn FnMut(Event<'_>),
) -> Result<(), ObtainError> {
    let source = mirror.unwrap_or(SOURCE).trim_end_matches('/');
    let url = format!("{source}/{}.zip", archive.name);
    let agent = agent();
    let expected = match archive.md5 {
        Some(sum) => sum.to_owned(),
        None => published_sum(&agent, &format!("{url}.md5"))?,
    };
    events(Event::Started { url: &url });
    let refused = |source| io_error("write to the cache folder", cache, source);
    let mode = Permissions::from_mode(0o700);
    let partial = Builder::new().prefix(cache::PARTIAL).permissions(mode).tempdir_in(cache).map_err(refused)?;
    let private = PrivateFolder::open(partial.path()).map_err(refused)?;
    let zip = partial.path().join(ZIP);
    let file = private.create_file(ZIP).map_err(|source| io_error("write", &zip, source))?;
    let (found, bytes) = fetch(&agent, &url, (&zip, file), events)?;
    if found != expected {
        return Err(ObtainError::Sum { url, found, expected, bytes });
    }
    let unpacked = partial.path().join(archive.name);
    unpack::unpack(&zip, &private, archive.name)?;
    put_in_place(&unpacked, folder)?;
    events(Event::Kept { bytes, folder });
    Ok(())
}

fn agent() -> Agent {
    Agent::config_builder()
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_per_read(Some(PATIENCE))
        .user_agent(concat!("foretaste/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// The sum in a file beside the archive: the first word of 32 hexadecimal digits, as `md5` and `md5sum` write it.
fn published_sum(agent: &Agent, url: &str) -> Result<String, ObtainError> {
    let mut response = agent.get(url).call().map_err(|error| refused(url, &error))?;
    let limited = response.body_mut().with_config().limit(MOST_CHECKSUM_BYTES);
    let text = limited.read_to_string().map_err(|error| refused(url, &error))?;
    let is_sum = |word: &&str| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let sum = text.split_whitespace().find(is_sum).map(str::to_ascii_lowercase);
    sum.ok_or_else(|| ObtainError::NoSum { url: url.to_owned() })
}

/// Writes the body of `url` to `path`; returns its MD5 sum and its length.
fn fetch(
    agent: &Agent,
    url: &str,
    (path, mut file): (&Path, File),
    events: &mut dyn FnMut(Event<'_>),
) -> Result<(String, u64), ObtainError> {
    let mut response = agent.get(url).call().map_err(|error| refused(url, &error))?;
    let announced = response.body().content_length();
    if let Some(announced) = announced.filter(|&length| length > MOST_BYTES) {
        return Err(ObtainError::TooLong { url: url.to_owned(), announced, most: MOST_BYTES });
    }
    let broke_off = |got, source| ObtainError::BrokeOff { url: url.to_owned(), got, announced, source };
    let mut body = response.body_mut().with_config().limit(MOST_BYTES).reader();
    let mut sum = Md5::new();
    let mut bytes = 0u64;
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        let got = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(broke_off(bytes, Some(error))),
        };
        sum.update(&buffer[..got]);
        file.write_all(&buffer[..got]).map_err(|source| io_error("write", path, source))?;
        bytes += got as u64;
        events(Event::Received { bytes, announced });
    }
    if announced.is_some_and(|announced| announced != bytes) {
        return Err(broke_off(bytes, None));
    }
    let hex = sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((hex, bytes))
}

/// Says what was refused.
fn refused(url: &str, error: &ureq::Error) -> ObtainError {
    let url = url.to_owned();
    match error {
        ureq::Error::StatusCode(404) => ObtainError::NotThere { url },
        ureq::Error::StatusCode(status) => ObtainError::Status { url, status: *status },
        other => ObtainError::Unreachable { url, why: other.to_string() },
    }
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> ObtainError {
    ObtainError::Io { action, path: path.to_owned(), source }
}

/// Renames; a download that loses a race against another one of the same data uses the winner's files.
fn put_in_place(unpacked: &Path, folder: &Path) -> Result<(), ObtainError> {
    match fs::rename(unpacked, folder) {
        Err(_) if folder.is_dir() => Ok(()),
        outcome => outcome.map_err(|source| io_error("make", folder, source)),
    }
}
