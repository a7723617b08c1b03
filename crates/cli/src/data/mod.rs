//! From the word DATA on the command line to a place on disk.

mod load;

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use foretaste::artifact;
use foretaste_datasets::{self as datasets, Archive, Event};

use crate::exit::{Exit, coded};
use crate::output::{self, Progress};
pub(crate) use load::{Loaded, fitted, load, load_ratings, model_takes_no_fit, ready};

/// DATA that is read from the standard input.
const STDIN: &str = "-";

/// What DATA names.
#[derive(Debug)]
pub(crate) enum Place {
    /// The generated catalogue.
    Demo,
    /// A ratings file, or a folder in a MovieLens layout.
    Ratings(PathBuf),
    /// A model file.
    Model(PathBuf),
    /// A published data set.
    BuiltIn(&'static Archive),
}

/// Finds what DATA names: something that exists at that path, else a built-in name.
///
/// # Errors
/// When it is neither; the message says what was looked for and which name is near.
pub(crate) fn resolve(data: &str) -> Result<Place> {
    let path = Path::new(data);
    if path.is_file() && artifact::is_model_file(path) {
        return Ok(Place::Model(path.to_owned()));
    }
    if path.exists() || data == STDIN {
        return Ok(Place::Ratings(path.to_owned()));
    }
    if data == datasets::DEMO {
        return Ok(Place::Demo);
    }
    datasets::find(data).map(Place::BuiltIn).ok_or_else(|| coded(Exit::NotFound, anyhow!("{}", unknown(data))))
}

/// A folder on this disk with the published data: from the cache, or downloaded into it.
///
/// # Errors
/// When the download fails or is not what was published.
pub(crate) fn obtain(archive: &Archive, mirror: Option<&str>) -> Result<PathBuf> {
    let mut progress = Progress::bytes("downloading");
    let folder = datasets::obtain(archive, mirror, &mut |event| match event {
        Event::Started { url } => output::note(&format!("downloading {url}")),
        Event::Received { bytes, announced } => progress.at(bytes, announced),
        Event::Kept { bytes, folder } => output::note(&format!(
            "kept {} in {}; GroupLens' conditions of use are in the README there",
            output::bytes(bytes),
            folder.display()
        )),
    });
    folder.map_err(|error| if error.is_of_the_source() { coded(Exit::Download, error) } else { error.into() })
}

/// Whether that is the name of a built-in data set.
#[cfg(target_os = "linux")]
pub(crate) fn is_built_in(name: &str) -> bool {
    datasets::names().any(|known| known == name)
}

/// The names of built-in data sets.
#[cfg(target_os = "linux")]
pub(crate) fn names() -> String {
    datasets::names().collect::<Vec<_>>().join(", ")
}

fn unknown(data: &str) -> String {
    let near = datasets::nearest(data).map_or_else(String::new, |name| format!(" Did you mean `{name}`?"));
    let names = datasets::names().collect::<Vec<_>>().join(", ");
    format!("there is no file or folder `{data}`, and it is no built-in name.{near} Built-in names: {names}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_names_are_found_without_a_file() {
        assert!(matches!(resolve("demo").unwrap(), Place::Demo));
        assert!(matches!(resolve("ml-25m").unwrap(), Place::BuiltIn(archive) if archive.name == "ml-25m"));
    }

    #[test]
    fn what_exists_at_the_path_goes_before_a_name() {
        assert!(matches!(resolve(env!("CARGO_MANIFEST_DIR")).unwrap(), Place::Ratings(_)));
    }

    #[test]
    fn a_misspelt_name_is_answered_with_the_near_one() {
        let message = resolve("ml1m").unwrap_err().to_string();
        assert!(message.contains("no file or folder `ml1m`") && message.contains("Did you mean `ml-1m`?"), "{message}");
        assert!(!resolve("ratings.csv").unwrap_err().to_string().contains("Did you mean"));
    }
}
