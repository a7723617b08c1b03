//! Takes out of a MovieLens archive what foretaste reads.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};
use zip::ZipArchive;

/// Files worth their space, by the last part of their name; tags, links and genome scores are left behind.
const WANTED: &[&str] = &[
    "ratings.csv",
    "ratings.dat",
    "u.data", // ratings of latest to 32M, of 1M and 10M, of 100K
    "movies.csv",
    "movies.dat",
    "u.item",
    "u.genre", // titles likewise
    "README",
    "README.txt",
    "README.html", // conditions of use
];

/// More than the largest ratings file of the table.
const MOST_BYTES: u64 = 4 << 30;

/// Unpacks the wanted files side by side into `folder`, which must not exist.
///
/// # Errors
/// When the archive is damaged, holds no ratings, or a file in it is larger than any of MovieLens.
pub(super) fn unpack(zip: &Path, folder: &Path) -> Result<()> {
    let file = File::open(zip).context("cannot read the downloaded archive")?;
    let mut archive = ZipArchive::new(file).context("the downloaded archive is damaged")?;
    fs::create_dir(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut has_ratings = false;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).context("the downloaded archive is damaged")?;
        // Only the last part is used, and only if it is in the list: no entry can name a place outside `folder`.
        let Some(name) = wanted(&String::from_utf8_lossy(entry.name_raw())) else { continue };
        let path = folder.join(name);
        let mut out = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        let length =
            io::copy(&mut entry.take(MOST_BYTES), &mut out).with_context(|| format!("cannot unpack {name}"))?;
        if length == MOST_BYTES {
            bail!("{name} in the archive is larger than any file of MovieLens");
        }
        has_ratings |= WANTED[..3].contains(&name);
    }
    if !has_ratings {
        bail!("the archive holds none of {}", WANTED[..3].join(", "));
    }
    Ok(())
}

fn wanted(entry: &str) -> Option<&'static str> {
    let last = entry.rsplit('/').next()?;
    WANTED.iter().find(|name| **name == last).copied()
}
