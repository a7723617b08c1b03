//! Finds the files of a data set and reads them.

use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::{Dataset, LoadError, LoadReport};
use crate::catalogue::{Declared, ItemsOptions, read_items, read_users};
use crate::interactions::{ColumnRead, Progress, ReadOptions, read_interactions};
use crate::table::Source;

/// Interactions files of the MovieLens layouts, best first; each may also be compressed (`.gz`, `.zip`).
const RATINGS_FILES: [&str; 3] = ["ratings.csv", "ratings.dat", "u.data"];
/// Items files of the MovieLens layouts, best first: of 1M the one whose titles kept their commas.
const ITEMS_FILES: [&str; 3] = ["movies.dat", "movies.csv", "u.item"];
const SUFFIXES: [&str; 3] = ["", ".gz", ".zip"];
/// Most bytes read of a `u.genre` file.
const FLAG_NAMES_BYTES: u64 = 1 << 16;

/// What is known beside the interactions, and in which files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tables<'a> {
    /// The file of items; `None` takes a folder's or an archive's own.
    pub items: Option<&'a Path>,
    /// The file of users.
    pub users: Option<&'a Path>,
    /// Properties of items whose type is stated.
    pub item_properties: &'a [Declared],
    /// Properties of users whose type is stated.
    pub user_properties: &'a [Declared],
}

impl Dataset {
    /// Reads a ratings file, or a folder or zip archive in a MovieLens layout; see [`load_with`](Self::load_with).
    ///
    /// # Errors
    /// As [`load_with`](Self::load_with).
    pub fn load(
        path: &Path,
        items: Option<&Path>,
        options: &ReadOptions,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Self, LoadError> {
        Self::load_with(path, &Tables { items, ..Tables::default() }, options, progress)
    }

    /// Reads a ratings file, or a folder or zip archive in a MovieLens layout, and the tables of items and users.
    ///
    /// `options` are for the ratings; of them, `strict` holds for the tables too.
    ///
    /// # Errors
    /// When a file cannot be read (see [`read_interactions`] and [`read_items`]), when a folder has no ratings file, or
    /// when types are stated and there is no table.
    pub fn load_with(
        path: &Path,
        tables: &Tables<'_>,
        options: &ReadOptions,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Self, LoadError> {
        let metadata = std::fs::metadata(path).map_err(|source| LoadError::Path { path: path.to_owned(), source })?;
        let files = if metadata.is_dir() { Files::of_folder(path)? } else { Files::of_file(path)? };
        let items = tables.items.map_or(files.items, |path| Some(Source::file(path).entries(ITEMS_FILES)));
        let declared = [
            ("items", "--items", tables.item_properties, items.is_some()),
            ("users", "--users", tables.user_properties, tables.users.is_some()),
        ];
        for (what, flag, declared, has_file) in declared {
            if let Some(property) = declared.first().filter(|_| !has_file) {
                return Err(LoadError::NoTable { property: property.name.clone(), what, flag });
            }
        }
        let (interactions, ratings) = read_interactions(files.ratings, options, progress)?;
        let table = |ids: &ColumnRead, properties: &[Declared]| ItemsOptions {
            flag_names: files.flag_names.clone(),
            properties: properties.to_vec(),
            id_name: ids.name.clone(),
            strict: options.strict,
            ..ItemsOptions::default()
        };
        let columns = &ratings.columns;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let items =
            items.map(|from| read_items(from, interactions.items(), &table(&columns.item, tables.item_properties)));
        let users = tables.users.map(|path| {
            read_users(Source::file(path), interactions.users(), &table(&columns.user, tables.user_properties))
        });
        let (items, users) = (items.transpose()?, users.transpose()?);
        let mut data = Self::new(&name, interactions);
        let mut report = LoadReport { ratings, items: None, users: None };
        if let Some((catalogue, items)) = items {
            (data.catalogue, report.items) = (catalogue, Some(items));
        }
        if let Some((catalogue, users)) = users {
            (data.users, report.users) = (catalogue, Some(users));
        }
        data.report = Some(report);
        Ok(data)
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
