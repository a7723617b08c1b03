//! Finds the files of a data set and reads them.

use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::Path;

use super::layout::{Choice, ITEMS_FILES, RATINGS_FILES, interactions, is_data, items, parts_or_several};
use super::{Dataset, LoadError, LoadReport};
use crate::catalogue::{Declared, ItemsOptions, read_items, read_users};
use crate::interactions::{ColumnRead, Progress, ReadError, ReadOptions, read_interactions};
use crate::table::Source;

/// Most bytes read of a `u.genre` file.
const FLAG_NAMES_BYTES: u64 = 1 << 16;
/// How deep folders within folders are gone into.
const MOST_FOLDERS: usize = 4;
/// Most files that are read as one table.
const MOST_PARTS: usize = 100_000;

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
    /// Reads interactions: a file, `-` for the standard input, a folder or zip archive in a known layout, or a folder of
    /// parts.
    ///
    /// `items` is the file of titles; without it, a folder's or an archive's own is read. `options` are for the
    /// interactions; of them, `strict` holds for items too. In a folder, the file of a known name is read (see
    /// [`LoadError::Layout`]); or else the only table, or tables whose names differ in numbers alone, as one, in the
    /// order of these numbers. A folder that holds one folder and no table is that folder.
    ///
    /// # Errors
    /// When a file cannot be read (see [`read_interactions`] and [`read_items`]), or when a folder has no interactions,
    /// or several files that could be.
    pub fn load(
        path: &Path,
        items: Option<&Path>,
        options: &ReadOptions,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Self, LoadError> {
        Self::load_with(&[path], &Tables { items, ..Tables::default() }, options, progress)
    }

    /// Reads several files of one table, one after the other, and the tables of items and users.
    ///
    /// As [`load`](Self::load) otherwise. Of several files that bring items with them, the first one's count.
    ///
    /// # Errors
    /// As [`load`](Self::load); when there is no file, or one does not continue the first; and when types are stated and
    /// there is no table that could have them.
    pub fn load_with(
        paths: &[&Path],
        tables: &Tables<'_>,
        options: &ReadOptions,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Self, LoadError> {
        let files = Files::of_all(paths)?;
        let items = match tables.items {
            Some(path) => Some(table_of(path)?.entries(ITEMS_FILES)),
            None => files.items,
        };
        let users = tables.users.map(table_of).transpose()?;
        let declared = [
            ("items", "--items", tables.item_properties, items.is_some()),
            ("users", "--users", tables.user_properties, users.is_some()),
        ];
        for (what, flag, declared, has_file) in declared {
            if let Some(property) = declared.first().filter(|_| !has_file) {
                return Err(LoadError::NoTable { property: property.name.clone(), what, flag });
            }
        }
        let (interactions, ratings) = read_interactions(files.interactions, options, progress)?;
        let table = |ids: &ColumnRead, properties: &[Declared]| ItemsOptions {
            flag_names: files.flag_names.clone(),
            properties: properties.to_vec(),
            // In a table of values the name of a column is an id of its own.
            id_name: ids.name.clone().filter(|_| ratings.table.is_none()),
            strict: options.strict,
            ..ItemsOptions::default()
        };
        let columns = &ratings.columns;
        let items =
            items.map(|from| read_items(from, interactions.items(), &table(&columns.item, tables.item_properties)));
        let users =
            users.map(|from| read_users(from, interactions.users(), &table(&columns.user, tables.user_properties)));
        let (items, users) = (items.transpose()?, users.transpose()?);
        let mut data = Self::new(&name(paths), interactions);
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

    /// Whether these can be read a second time: pipes and the standard input cannot.
    #[must_use]
    pub fn rereadable(paths: &[&Path]) -> bool {
        paths.iter().all(|path| path.is_dir() || Source::file(path).rereadable())
    }
}

/// A name for people.
fn name(paths: &[&Path]) -> String {
    let of = |path: &&Path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    match paths {
        [] => String::new(),
        [path] if path.as_os_str() == "-" => "standard input".to_owned(),
        [path] => of(path),
        [first, rest @ ..] => format!("{} and {} more", of(first), rest.len()),
    }
}

/// Where the parts of a data set are.
struct Files {
    interactions: Source,
    items: Option<Source>,
    flag_names: Option<Vec<String>>,
}

impl Files {
    fn of_all(paths: &[&Path]) -> Result<Self, LoadError> {
        if let [path] = paths {
            return Self::of(path);
        }
        let mut all = paths.iter().map(|path| Self::of(path)).collect::<Result<Vec<_>, _>>()?;
        let items = all.iter_mut().find_map(|files| files.items.take());
        let flag_names = all.iter_mut().find_map(|files| files.flag_names.take());
        let sources = all.into_iter().map(|files| files.interactions).collect();
        Ok(Self { interactions: Source::parts(name(paths), sources), items, flag_names })
    }

    fn of(path: &Path) -> Result<Self, LoadError> {
        if path.as_os_str() == "-" {
            return Ok(Self { interactions: Source::file(path), items: None, flag_names: None });
        }
        let metadata = std::fs::metadata(path).map_err(|source| LoadError::Path { path: path.to_owned(), source })?;
        if metadata.is_dir() { Self::of_folder(path, path, 0) } else { Self::of_file(path) }
    }

    fn of_folder(folder: &Path, given: &Path, depth: usize) -> Result<Self, LoadError> {
        let Entries { names, folders } = entries(folder)?;
        let file = |name: &String| Source::file(folder.join(name));
        let interactions = match interactions(&names) {
            Choice::One(name) => file(&name).entries(RATINGS_FILES),
            Choice::Parts(names) => parts(folder, &names)?,
            Choice::Several(found) => return Err(LoadError::Several { path: folder.to_owned(), found }),
            Choice::Nothing => {
                let partitions = !folders.is_empty() && folders.iter().all(|name| name.contains('='));
                return match &folders[..] {
                    _ if partitions => Self::of_partitions(folder),
                    [one] if depth < MOST_FOLDERS => Self::of_folder(&folder.join(one), given, depth + 1),
                    [] | [_] => Err(LoadError::Layout { path: given.to_owned(), wanted: wanted() }),
                    _ => {
                        let found = folders.iter().map(|name| format!("{name}/")).collect();
                        Err(LoadError::Several { path: folder.to_owned(), found })
                    }
                };
            }
        };
        let flag_names = std::fs::File::open(folder.join("u.genre")).ok().and_then(|file| {
            let mut text = String::new();
            file.take(FLAG_NAMES_BYTES).read_to_string(&mut text).ok()?;
            flag_names(&text)
        });
        let items = items(&names).map(|name| file(&name).entries(ITEMS_FILES));
        Ok(Self { interactions, items, flag_names })
    }

    /// Folders of `key=value`, as Hive and Spark write them: every table in them is a part. The keys are not read.
    fn of_partitions(folder: &Path) -> Result<Self, LoadError> {
        let mut names = Vec::new();
        let mut open = vec![(String::new(), 0)];
        while let Some((prefix, depth)) = open.pop() {
            let Entries { names: found, folders } = entries(&folder.join(&prefix))?;
            let path = |name: &String| if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            names.extend(found.iter().filter(|name| is_data(name)).map(path));
            if depth < MOST_FOLDERS {
                open.extend(folders.iter().map(|name| (path(name), depth + 1)));
            }
        }
        names.sort();
        if names.is_empty() {
            return Err(LoadError::Layout { path: folder.to_owned(), wanted: wanted() });
        }
        Ok(Self { interactions: parts(folder, &names)?, items: None, flag_names: None })
    }

    /// A file; a zip archive may hold the items as well.
    fn of_file(path: &Path) -> Result<Self, LoadError> {
        let source = Source::file(path);
        let Some(names) = source.archived().map_err(ReadError::from)? else {
            return Ok(Self { interactions: source, items: None, flag_names: None });
        };
        let entry = |name: &String| Source::file(path).entries([name.as_str()]);
        let interactions = match interactions(&names) {
            Choice::One(name) => entry(&name),
            Choice::Parts(names) => Source::parts(path.display().to_string(), names.iter().map(entry).collect()),
            // The archive says itself what it holds, or that it is a workbook and no archive.
            Choice::Nothing | Choice::Several(_) => Source::file(path).entries(RATINGS_FILES),
        };
        Ok(Self { interactions, items: items(&names).map(|name| entry(&name)), flag_names: None })
    }
}

/// A table of items, of users or of pairs: a file, or a folder whose only table it is, in one file or in parts.
///
/// # Errors
/// When the folder cannot be read, holds no table, or holds several.
pub fn table_of(path: &Path) -> Result<Source, LoadError> {
    let is_folder = path.as_os_str() != "-" && std::fs::metadata(path).is_ok_and(|metadata| metadata.is_dir());
    if !is_folder {
        return Ok(Source::file(path));
    }
    let names: Vec<String> = entries(path)?.names.into_iter().filter(|name| is_data(name)).collect();
    match parts_or_several(names) {
        Choice::Parts(names) if names.len() == 1 => Ok(Source::file(path.join(&names[0]))),
        Choice::Parts(names) if !names.is_empty() => parts(path, &names),
        Choice::Several(found) => Err(LoadError::Several { path: path.to_owned(), found }),
        _ => Err(LoadError::NoTableIn { path: path.to_owned() }),
    }
}

/// Files and folders in a folder, by name, without what systems leave there.
struct Entries {
    names: Vec<String>,
    folders: Vec<String>,
}

fn entries(folder: &Path) -> Result<Entries, LoadError> {
    let fail = |source| LoadError::Path { path: folder.to_owned(), source };
    let mut found = Entries { names: Vec::new(), folders: Vec::new() };
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        // Follows links; one that leads nowhere is passed over.
        match std::fs::metadata(entry.path()) {
            Ok(metadata) if metadata.is_dir() && !name.starts_with(['.', '_']) => found.folders.push(name),
            Ok(metadata) if metadata.is_file() => found.names.push(name),
            _ => {}
        }
    }
    found.names.sort();
    found.folders.sort();
    Ok(found)
}

fn parts(folder: &Path, names: &[String]) -> Result<Source, LoadError> {
    if names.len() > MOST_PARTS {
        let found = names.iter().take(20).cloned().collect();
        return Err(LoadError::Several { path: folder.to_owned(), found });
    }
    let parts = names.iter().map(|name| Source::file(folder.join(name))).collect();
    Ok(Source::parts(folder.display().to_string(), parts))
}

fn wanted() -> Vec<String> {
    RATINGS_FILES.map(|name| format!("{name}[.gz|.zip]")).to_vec()
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
