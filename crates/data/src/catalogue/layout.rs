//! Which column of a file of items or users is which property.

use super::parse::{Split, Syntax};
use super::report::SkippedColumn;
use super::value::{Declared, MAX_NAME_BYTES, MAX_PROPERTIES, PropertyType};
use super::{GENRE_NAMES, ItemsOptions};
use crate::interactions::{ITEM_NAMES, USER_NAMES, normalised};
use crate::table::{Fields, Separator};

const TITLE_NAMES: &[&str] = &["title", "name", "movietitle", "itemname", "booktitle", "productname", "itemtitle"];
const YEAR_NAMES: &[&str] =
    &["year", "releaseyear", "yearofpublication", "publicationyear", "releasedate", "date", "published"];

/// Genres of the 100K data set's `u.item`, in the order of its flags.
const FLAG_GENRES: [&str; 19] = [
    "unknown",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
];
/// Columns of `u.item` before its flags, behind the id.
const BEFORE_FLAGS: [&str; 4] = ["title", "release_date", "video_release_date", "imdb_url"];
/// Columns of `u.user` of the 100K data set, and of `users.dat` of the 1M, behind the id.
const USERS_100K: [&str; 4] = ["age", "gender", "occupation", "zip_code"];
const USERS_1M: [&str; 4] = ["gender", "age", "occupation", "zip_code"];

/// Whom a file is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    Items,
    Users,
}

/// What a column is beyond a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The title of the item.
    Title,
    /// What the filter `genre` falls on.
    Genres,
    /// The property `year`.
    Year,
    /// A date that gives the year where the title does not.
    Date,
    None,
}

/// A column that becomes a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    /// Place in a row, counted from 0.
    pub(super) at: usize,
    /// Name of the property.
    pub(super) name: String,
    /// Name in the header, if there is one.
    pub(super) column: Option<String>,
    pub(super) role: Role,
    /// How it is written, where that was stated by flag or header, and by which.
    pub(super) stated: Option<(Syntax, &'static str)>,
}

/// Where things stand in a row, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) id: usize,
    pub(super) columns: Vec<Planned>,
    /// The column that stands in for a title when no name promises one.
    pub(super) likely_title: Option<usize>,
    /// A column of 0 and 1 for each of these genres, from this place on.
    pub(super) flags: Option<(usize, Vec<String>)>,
    pub(super) header: Option<Vec<String>>,
    /// Fields that a row must have.
    pub(super) needed: usize,
    pub(super) ignored: Vec<SkippedColumn>,
    /// Declared properties that no column has the name of.
    pub(super) undeclared: Vec<String>,
}

impl Layout {
    /// Decides from the first row.
    pub(super) fn find(first: &Fields, separator: Separator, options: &ItemsOptions, about: About) -> Self {
        let heads: Vec<Head> = first.iter().map(Head::of).collect();
        let position =
            |usual: &[&str]| usual.iter().find_map(|usual| heads.iter().position(|head| head.normalised == *usual));
        let same_as_rated = options.id_name.as_ref().map(|name| normalised(name.as_bytes()));
        let id_names = if about == About::Items { ITEM_NAMES } else { USER_NAMES };
        let id = same_as_rated.and_then(|name| position(&[&name])).or_else(|| position(id_names));
        let id = id.or_else(|| position(&["id"]));
        let title = if about == About::Items { position(TITLE_NAMES) } else { None };
        let numeric = first.get(0).is_some_and(|field| !field.is_empty() && field.iter().all(u8::is_ascii_digit));
        let mut layout = if options.header.unwrap_or(!numeric && (id.is_some() || title.is_some())) {
            Self::named(&heads, id.unwrap_or(0), title, about)
        } else {
            Self::by_shape(first, separator, options, about)
        };
        layout.declare(&options.properties);
        layout
    }

    /// By the names of a header.
    fn named(heads: &[Head], id: usize, title: Option<usize>, about: About) -> Self {
        let position = |usual: &[&str]| {
            let found = |usual: &&str| heads.iter().position(|head| head.normalised == **usual);
            usual.iter().find_map(found).filter(|&at| about == About::Items && at != id)
        };
        let (genres, year) = (position(GENRE_NAMES), position(YEAR_NAMES));
        let (mut columns, mut ignored) = (Vec::<Planned>::new(), Vec::new());
        for (at, head) in heads.iter().enumerate().filter(|&(at, _)| at != id) {
            let role = match Some(at) {
                at if at == title => Role::Title,
                at if at == genres => Role::Genres,
                at if at == year && head.normalised == "year" => Role::Year,
                at if at == year => Role::Date,
                _ => Role::None,
            };
            let name = match role {
                Role::Title => "title",
                Role::Year => "year",
                Role::Genres if head.normalised == "genres" => "genres",
                _ => &head.name,
            };
            let reason = if name.is_empty() {
                "it has no name".to_owned()
            } else if name.len() > MAX_NAME_BYTES {
                format!("its name takes {} bytes, allowed are {MAX_NAME_BYTES}", name.len())
            } else if name == "id" {
                format!("`id` is the name of the column `{}`", heads[id].name)
            } else if columns.iter().any(|planned| planned.name == name) {
                "an earlier column has its name".to_owned()
            } else if columns.len() >= MAX_PROPERTIES - 2 && role == Role::None {
                format!("there are more than {MAX_PROPERTIES} properties")
            } else {
                let stated = head.stated.filter(|_| role != Role::Title).map(|syntax| (syntax, "the header says so"));
                columns.push(Planned { at, name: name.to_owned(), column: Some(head.name.clone()), role, stated });
                continue;
            };
            ignored.push(SkippedColumn { column: at + 1, name: head.name.clone(), reason });
        }
        let likely_title = if title.is_none() && about == About::Items { Some(usize::from(id == 0)) } else { None };
        let needed = id.max(title.or(likely_title).unwrap_or(0)) + 1;
        let header = Some(heads.iter().map(|head| head.raw.clone()).collect());
        let undeclared = Vec::new();
        Self { id, columns, likely_title, flags: None, header, needed, ignored, undeclared }
    }

    /// By the shapes of MovieLens' files without a header.
    fn by_shape(first: &Fields, separator: Separator, options: &ItemsOptions, about: About) -> Self {
        let flag_names = options.flag_names.clone().unwrap_or_else(|| FLAG_GENRES.map(str::to_owned).to_vec());
        let with_flags = about == About::Items
            && separator == Separator::Pipe
            && first.len() > BEFORE_FLAGS.len() + flag_names.len();
        let gender = |at: usize| matches!(first.get(at), Some(b"M" | b"F"));
        let known: &[&str] = match about {
            About::Items if with_flags => &BEFORE_FLAGS,
            About::Items => &["title", "genres"],
            About::Users if first.len() == 5 && gender(2) => &USERS_100K,
            About::Users if first.len() == 5 && gender(1) => &USERS_1M,
            About::Users => &[],
        };
        let places = if with_flags { BEFORE_FLAGS.len() + 1 } else { first.len().min(MAX_PROPERTIES - 1) };
        let planned = |at: usize| {
            let name = known.get(at - 1).map_or_else(|| format!("column{}", at + 1), |&name| name.to_owned());
            let role = match name.as_str() {
                "title" => Role::Title,
                "genres" => Role::Genres,
                "release_date" if with_flags => Role::Date,
                _ => Role::None,
            };
            Planned { at, name, column: None, role, stated: None }
        };
        Self {
            id: 0,
            columns: (1..places).map(planned).collect(),
            likely_title: None,
            flags: with_flags.then_some((BEFORE_FLAGS.len() + 1, flag_names)),
            header: None,
            needed: if about == About::Items { 2 } else { 1 },
            ignored: Vec::new(),
            undeclared: Vec::new(),
        }
    }

    /// Takes the types that were stated by flag: by name of the property or of the column.
    fn declare(&mut self, declared: &[Declared]) {
        for Declared { name, kind } in declared {
            let wanted = normalised(name.as_bytes());
            let exact = self.columns.iter().position(|planned| planned.name == *name);
            let near = || {
                let fits = |of: &str| normalised(of.as_bytes()) == wanted;
                self.columns
                    .iter()
                    .position(|planned| fits(&planned.name) || planned.column.as_deref().is_some_and(fits))
            };
            match exact.or_else(near) {
                Some(at) => self.columns[at].stated = Some((Syntax::declared(*kind, Split::Pipe), "declared")),
                None => self.undeclared.push(name.clone()),
            }
        }
    }
}

/// A field of the header.
struct Head {
    /// As it stands.
    raw: String,
    /// Without a type behind it.
    name: String,
    normalised: String,
    /// What the type behind it says.
    stated: Option<Syntax>,
}

impl Head {
    /// RecBole writes types behind the names of its columns: `class:token_seq`.
    fn of(field: &[u8]) -> Self {
        let raw = String::from_utf8_lossy(field).into_owned();
        let clean: String = raw.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let (name, stated) = match clean.rsplit_once(':') {
            Some((name, "token")) => (name, Some(Syntax::String)),
            Some((name, "float")) => (name, Some(Syntax::Number)),
            Some((name, "token_seq")) => (name, Some(Syntax::Set(Split::Space))),
            Some((name, "float_seq")) => (name, Some(Syntax::Text)),
            _ => (clean.as_str(), None),
        };
        let name = name.trim().to_owned();
        Self { normalised: normalised(name.as_bytes()), raw, name, stated }
    }
}

impl Planned {
    /// The type that was stated.
    pub(super) fn stated_kind(&self) -> Option<PropertyType> {
        self.stated.map(|(syntax, _)| syntax.kind())
    }

    /// What is said of the column when it becomes no property.
    pub(super) fn skipped(&self, reason: &str) -> SkippedColumn {
        let name = self.column.as_ref().unwrap_or(&self.name).clone();
        SkippedColumn { column: self.at + 1, name, reason: reason.to_owned() }
    }
}
