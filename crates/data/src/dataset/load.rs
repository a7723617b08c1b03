//! Finds the files of a data set and reads them.

use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::{Dataset, LoadError, LoadReport};
use crate::catalogue::{Catalogue, ItemsOptions, read_items};
use crate::interactions::{Progress, ReadOptions, read_interactions};
use crate::table::Source;

/// Interactions files of the MovieLens layouts, best first; each may also be compressed (`.gz`, `.zip`).
const RATINGS_FILES: [&str; 3] = ["ratings.csv", "ratings.dat", "u.data"];
/// Items files of the MovieLens layouts, best first: of 1M the one whose titles kept their commas.
const ITEMS_FILES: [&str; 3] = ["movies.dat", "movies.csv", "u.item"];
const SUFFIXES: [&str; 3] = ["", ".gz", ".zip"];
/// Most bytes read of a `u.genre` file.
const FLAG_NAMES_BYTES: u64 = 1 << 16;

impl Dataset {
    /// Reads a ratings file, or a folder or zip archive in a MovieLens layout.
    ///
    /// `items` is the file of titles; without it, a folder's or an archive's own is read. `options` are for the ratings;
    /// of them, `strict` holds for items too.
    ///
    /// # Errors
    /// When a file cannot be read (see [`read_interactions`] and [`read_items`]), or when a folder has no ratings file.
    pub fn load(
        path: &Path,
        items: Option<&Path>,
        options: &ReadOptions,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Self, LoadError> {
        let metadata = std::fs::metadata(path).map_err(|source| LoadError::Path { path: path.to_owned(), source })?;
        let files = if metadata.is_dir() { Files::of_folder(path)? } else { Files::of_file(path)? };
        let (interactions, report) = read_interactions(files.ratings, options, progress)?;
        let items = items.map_or(files.items, |path| Some(Source::file(path).entries(ITEMS_FILES)));
        let items = items.map(|source| {
            let id_name = report.header.as_ref().and_then(|header| header.get(report.columns[1] - 1)).cloned();
            let (flag_names, strict) = (files.flag_names, options.strict);
            let options = ItemsOptions { flag_names, strict, id_name, ..ItemsOptions::default() };
            read_items(source, interactions.items(), &options)
        });
        let (catalogue, items) = match items.transpose()? {
            Some((catalogue, report)) => (catalogue, Some(report)),
            None => (Catalogue::unknown(interactions.items().len()), None),
        };
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(Self { name, interactions, catalogue, report: Some(LoadReport { ratings: report, items }) })
    }
}

/// Where the parts of a data set are.
struct Files {
    ratings: Source,
    items: Option<Source>,
    flag_names: Option<Vec<String>>,
}

impl Files {
    fn of_folder(folder: &Path) -> Result<Self, LoadError> {
        let Some(ratings) = first_of(folder, &RATINGS_FILES) else {
            let wanted = RATINGS_FILES.map(|name| format!("{name}[.gz|.zip]")).to_vec();
            return Err(LoadError::Layout { path: folder.to_owned(), wanted });
        };
        let flag_names = std::fs::File::open(folder.join("u.genre")).ok().and_then(|file| {
            let mut text = String::new();
            file.take(FLAG_NAMES_BYTES).read_to_string(&mut text).ok()?;
            flag_names(&text)
        });
        let items = first_of(folder, &ITEMS_FILES).map(|path| Source::file(path).entries(ITEMS_FILES));
        Ok(Self { ratings: Source::file(ratings).entries(RATINGS_FILES), items, flag_names })
    }

    /// A file; a zip archive may hold the items as well.
    fn of_file(path: &Path) -> Result<Self, LoadError> {
        let items = Source::file(path).entries(ITEMS_FILES);
        let has_items = items.has_entry().map_err(crate::interactions::ReadError::from)?;
        let ratings = Source::file(path).entries(RATINGS_FILES);
        Ok(Self { ratings, items: has_items.then_some(items), flag_names: None })
    }
}

fn first_of(folder: &Path, names: &[&str]) -> Option<PathBuf> {
    let all = names.iter().flat_map(|name| SUFFIXES.map(|suffix| folder.join(format!("{name}{suffix}"))));
    all.into_iter().find(|path| path.is_file())
}

/// Names of genre flags, `name|number` a line, by rising number from 0.
fn flag_names(text: &str) -> Option<Vec<String>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let names = lines.enumerate().map(|(at, line)| {
        let (name, number) = line.split_once('|')?;
        (number.parse() == Ok(at)).then(|| name.to_owned())
    });
    names.collect::<Option<Vec<_>>>().filter(|names| !names.is_empty())
}
