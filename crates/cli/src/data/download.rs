//! Downloads one archive, checks it, and puts its files in place in one step.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use md5::{Digest, Md5};
use tempfile::Builder;
use ureq::Agent;

use super::builtin::{Archive, SOURCE};
use super::{cache, unpack};
use crate::exit::{Exit, ExitWith};
use crate::output::{self, Progress};

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
pub(super) fn download(archive: &Archive, mirror: Option<&str>, cache: &Path, folder: &Path) -> Result<()> {
    let source = mirror.unwrap_or(SOURCE).trim_end_matches('/');
    let url = format!("{source}/{}.zip", archive.name);
    let agent = agent();
    let expected = match archive.md5 {
        Some(sum) => sum.to_owned(),
        None => published_sum(&agent, &format!("{url}.md5")).exit_with(Exit::Download)?,
    };
    output::note(&format!("downloading {url}"));
    let partial = Builder::new()
        .prefix(cache::PARTIAL)
        .tempdir_in(cache)
        .with_context(|| format!("cannot write to the cache folder {}", cache.display()))?;
    let zip = partial.path().join("archive.zip");
    let (sum, length) = fetch(&agent, &url, &zip).exit_with(Exit::Download)?;
    if sum != expected {
        let error = anyhow!(
            "{url} is not what was published: its MD5 sum is {sum}, expected {expected}; \
             the {} that came were thrown away",
            output::bytes(length)
        );
        return Err(error).exit_with(Exit::Download);
    }
    let unpacked = partial.path().join(archive.name);
    unpack::unpack(&zip, &unpacked).exit_with(Exit::Download)?;
    put_in_place(&unpacked, folder)?;
    output::note(&format!(
        "kept {} in {}; GroupLens' conditions of use are in the README there",
        output::bytes(length),
        folder.display()
    ));
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
fn published_sum(agent: &Agent, url: &str) -> Result<String> {
    let mut response = agent.get(url).call().map_err(|error| refused(url, error))?;
    let limited = response.body_mut().with_config().limit(MOST_CHECKSUM_BYTES);
    let text = limited.read_to_string().map_err(|error| refused(url, error))?;
    let is_sum = |word: &&str| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let sum = text.split_whitespace().find(is_sum).map(str::to_ascii_lowercase);
    sum.with_context(|| format!("{url} holds no MD5 sum, so the archive beside it cannot be checked"))
}

/// Writes the body of `url` to `path`; returns its MD5 sum and its length.
fn fetch(agent: &Agent, url: &str, path: &Path) -> Result<(String, u64)> {
    let mut response = agent.get(url).call().map_err(|error| refused(url, error))?;
    let announced = response.body().content_length();
    if let Some(length) = announced.filter(|&length| length > MOST_BYTES) {
        bail!("{url} announces {}, expected at most {}", output::bytes(length), output::bytes(MOST_BYTES));
    }
    let mut body = response.body_mut().with_config().limit(MOST_BYTES).reader();
    let mut file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut progress = Progress::bytes("downloading");
    let mut sum = Md5::new();
    let mut length = 0u64;
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        let got = match body.read(&mut buffer) {
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error).with_context(|| broke_off(url, length, announced)),
        };
        if got == 0 {
            break;
        }
        sum.update(&buffer[..got]);
        file.write_all(&buffer[..got]).with_context(|| format!("cannot write {}", path.display()))?;
        length += got as u64;
        progress.at(length, announced);
    }
    if announced.is_some_and(|announced| announced != length) {
        bail!(broke_off(url, length, announced));
    }
    let hex = sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((hex, length))
}

fn broke_off(url: &str, length: u64, announced: Option<u64>) -> String {
    let of = announced.map_or_else(String::new, |length| format!(" of {}", output::bytes(length)));
    format!("{url} broke off after {}{of}", output::bytes(length))
}

/// Says what was refused and what the user can do.
fn refused(url: &str, error: ureq::Error) -> anyhow::Error {
    match error {
        ureq::Error::StatusCode(404) => anyhow!("{url} does not exist (404)"),
        ureq::Error::StatusCode(status) => anyhow!("{url} answers with status {status}"),
        other => anyhow!(
            "cannot reach {url}: {other}. Without network there is `demo`; any file or folder you have works too, \
             and --mirror URL names another source"
        ),
    }
}

/// Renames; who loses a race against another download of the same data uses the winner's.
fn put_in_place(unpacked: &Path, folder: &Path) -> Result<()> {
    match fs::rename(unpacked, folder) {
        Err(_) if folder.is_dir() => Ok(()),
        outcome => outcome.with_context(|| format!("cannot make {}", folder.display())),
    }
}
