//! Which column of an items file holds what.

use crate::interactions::{ITEM_NAMES, normalised};
use crate::table::{Fields, Separator};

const TITLE_NAMES: &[&str] = &["title", "name", "movietitle", "itemname", "booktitle", "productname", "itemtitle"];
const GENRE_NAMES: &[&str] = &["genres", "genre", "category", "categories", "tags"];
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
/// Columns of `u.item` before its flags: id, title, release date, video release date, address.
const BEFORE_FLAGS: usize = 5;

/// Where things stand in a row, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) id: usize,
    pub(super) title: usize,
    pub(super) genres: Genres,
    pub(super) year: Option<usize>,
    pub(super) header: Option<Vec<String>>,
}

/// How genres are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Genres {
    /// Not at all.
    None,
    /// One column of names with `|` between them.
    Listed(usize),
    /// One column of 0 and 1 for each name, from this column on.
    Flags(usize, Vec<String>),
}

impl Layout {
    /// Decides from the first row. `flag_names` are those of `u.genre`, if there is one.
    pub(super) fn find(
        first: &Fields,
        separator: Separator,
        header: Option<bool>,
        flag_names: Option<&[String]>,
    ) -> Self {
        let names: Vec<String> = first.iter().map(normalised).collect();
        let position = |usual: &[&str]| usual.iter().find_map(|usual| names.iter().position(|name| name == usual));
        let id = position(ITEM_NAMES).or_else(|| position(&["id"]));
        let title = position(TITLE_NAMES);
        let numeric = first.get(0).is_some_and(|field| !field.is_empty() && field.iter().all(u8::is_ascii_digit));
        if header.unwrap_or(!numeric && (id.is_some() || title.is_some())) {
            let found = first.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
            let id = id.unwrap_or(0);
            let title = title.unwrap_or(if id == 0 { 1 } else { 0 });
            let genres = position(GENRE_NAMES).map_or(Genres::None, Genres::Listed);
            return Self { id, title, genres, year: position(YEAR_NAMES), header: Some(found) };
        }
        let flags = flag_names.map_or_else(|| FLAG_GENRES.map(str::to_owned).to_vec(), <[String]>::to_vec);
        if separator == Separator::Pipe && first.len() >= BEFORE_FLAGS + flags.len() {
            return Self { id: 0, title: 1, genres: Genres::Flags(BEFORE_FLAGS, flags), year: Some(2), header: None };
        }
        let genres = if first.len() > 2 { Genres::Listed(2) } else { Genres::None };
        Self { id: 0, title: 1, genres, year: None, header: None }
    }
}

/// The year in brackets that ends a title: `Toy Story (1995)`, `Serial (2006-2007)`.
pub(super) fn year_of_title(title: &str) -> Option<u16> {
    let (_, bracket) = title.trim_end().strip_suffix(')')?.rsplit_once('(')?;
    let year = bracket.get(..4)?;
    let rest = &bracket[4..];
    if rest.starts_with(|c: char| c.is_ascii_digit()) { None } else { plausible(year) }
}

/// The first number of four digits in a date: `01-Jan-1995`, `1995-01-01`, `1995`.
pub(super) fn year_of_date(date: &str) -> Option<u16> {
    date.split(|c: char| !c.is_ascii_digit()).find_map(plausible)
}

fn plausible(digits: &str) -> Option<u16> {
    let year = if digits.len() == 4 { digits.parse().ok()? } else { return None };
    (1800..2200).contains(&year).then_some(year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_found_at_the_end_of_a_title_only() {
        for (title, year) in [
            ("Toy Story (1995)", Some(1995)),
            ("Serial (2006-2007) ", Some(2006)),
            ("2001 (A Space Odyssey)", None),
            ("(1995) Toy", None),
            ("Toy (19955)", None),
            ("Toy (0995)", None),
            ("Tö (é)", None),
            ("Tö (éééé)", None),
            (")", None),
        ] {
            assert_eq!(year_of_title(title), year, "{title}");
        }
        assert_eq!(year_of_date("01-Jan-1995"), Some(1995));
        assert_eq!(year_of_date("1995-01-01T00:00"), Some(1995));
        assert_eq!(year_of_date("soon"), None);
    }
}
