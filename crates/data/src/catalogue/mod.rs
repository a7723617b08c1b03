//! What the items are, and who the users are: properties of any name, each with a type.
//!
//! ```text
//! file ──rows──> Cells ──infer──> Syntax ──parse──> Column ──> Properties ──> Catalogue
//!                 text as it stands  type, evidence   typed       by name       rows have ids
//! ```

mod bits;
mod cells;
mod column;
mod infer;
mod layout;
mod parse;
mod properties;
mod read;
mod report;
mod sections;
mod time;
mod value;

pub use bits::Bits;
pub use column::{Column, ColumnBuilder, ValueError};
pub use properties::{Origin, Properties, Property, PropertyError, PropertySchema};
pub use read::{ItemsOptions, read_items, read_users};
pub use report::{ItemsReport, SkippedColumn, WrongCell};
pub use sections::{CatalogueError, Sections};
pub use value::{
    Declared, MAX_DISTINCT, MAX_NAME_BYTES, MAX_PROPERTIES, MAX_SET_VALUES, MAX_STRING_BYTES, MAX_TEXT_BYTES,
    PropertyType, Value,
};

use crate::ids::{IdTable, ItemIx, UserIx};
use crate::interactions::normalised;

/// Names that the column of genres may have, [`normalised`]; the filter `genre` falls on the first that is there.
pub const GENRE_NAMES: &[&str] = &["genres", "genre", "category", "categories", "tags"];

/// What is known of the items, or of the users, of a data set.
///
/// A row is one item. The first rows are those with interactions, in the order of their index, so that an
/// [`ItemIx`] (or [`UserIx`]) is a row as it stands; items that nobody rated follow, in id order. Nothing
/// here changes an index of the interactions.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    rated: usize,
    unrated: IdTable,
    properties: Properties,
    /// Positions of the properties that the filters of films and the titles of lists fall on.
    title: Option<usize>,
    genres: Option<usize>,
    year: Option<usize>,
}

/// The three properties of a film; every one of them may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item<'a> {
    /// Title, as in the file, year included.
    pub title: Option<&'a str>,
    /// Genres, in the order of the file; empty when none are known.
    pub genres: Vec<&'a str>,
    /// Year of release.
    pub year: Option<u16>,
}

impl Catalogue {
    /// Puts properties together with the ids of their rows: `rated` rows of the interactions, then `unrated`.
    ///
    /// # Errors
    /// When the properties have another number of rows.
    pub fn new(rated: usize, unrated: IdTable, properties: Properties) -> Result<Self, PropertyError> {
        let expected = rated + unrated.len();
        if properties.rows() != expected {
            return Err(PropertyError::Rows { name: "*".to_owned(), found: properties.rows(), expected });
        }
        let find = |name: &str, types: &[PropertyType]| {
            let fits = |of: &Property| normalised(of.name().as_bytes()) == name && types.contains(&of.column().kind());
            properties.list().iter().position(fits)
        };
        let title = find("title", &[PropertyType::Text, PropertyType::String]);
        let genres = GENRE_NAMES.iter().find_map(|name| find(name, &[PropertyType::Set, PropertyType::String]));
        let year = find("year", &[PropertyType::Number]);
        Ok(Self { rated, unrated, properties, title, genres, year })
    }

    /// A catalogue of so many rated items of which nothing is known.
    #[must_use]
    pub fn unknown(rated: usize) -> Self {
        let properties = Properties::none(rated);
        Self { rated, unrated: IdTable::default(), properties, title: None, genres: None, year: None }
    }

    /// Builds a catalogue of rated items by rising index; the inverse of [`iter`](Self::iter).
    ///
    /// # Errors
    /// When a title or genre is longer than its type allows, or an item has too many genres.
    pub fn from_items<'a>(items: impl IntoIterator<Item = Item<'a>>) -> Result<Self, PropertyError> {
        let items: Vec<Item<'a>> = items.into_iter().collect();
        let origin = || Origin { column: None, evidence: "given".to_owned() };
        let mut properties = Properties::none(items.len());
        if items.iter().any(|item| item.title.is_some()) {
            let titles = items.iter().map(|item| item.title.map(Value::Text));
            properties.add_values("title", origin(), PropertyType::Text, titles)?;
        }
        if items.iter().any(|item| !item.genres.is_empty()) {
            let genres = items.iter().map(|item| Some(Value::Set(item.genres.clone())));
            properties.add_values("genres", origin(), PropertyType::Set, genres)?;
        }
        if items.iter().any(|item| item.year.is_some()) {
            let years = items.iter().map(|item| item.year.map(|year| Value::Number(f64::from(year))));
            properties.add_values("year", origin(), PropertyType::Number, years)?;
        }
        Self::new(items.len(), IdTable::default(), properties)
    }

    /// What is known of these rows, in this order, as of items that all have interactions; of a row that there is not
    /// nothing is.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let properties = self.properties.select(rows);
        let Self { title, genres, year, .. } = *self;
        Self { rated: rows.len(), unrated: IdTable::default(), properties, title, genres, year }
    }

    /// Number of rows: items with interactions and without.
    #[must_use]
    pub fn len(&self) -> usize {
        self.properties.rows()
    }

    /// Whether there are no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of items with interactions: the first so many rows.
    #[must_use]
    pub fn rated(&self) -> usize {
        self.rated
    }

    /// The ids of the items without interactions; the first of them stands in row [`rated`](Self::rated).
    #[must_use]
    pub fn unrated(&self) -> &IdTable {
        &self.unrated
    }

    /// The row of an item without interactions.
    #[must_use]
    pub fn unrated_row(&self, id: &str) -> Option<usize> {
        Some(self.rated + self.unrated.index(id)? as usize)
    }

    /// All properties.
    #[must_use]
    pub fn properties(&self) -> &Properties {
        &self.properties
    }

    /// The property that the filter `genre` falls on: a set or string called genres, genre, category, categories or
    /// tags, the first of them that there is.
    #[must_use]
    pub fn genre_property(&self) -> Option<&Property> {
        self.at(self.genres)
    }

    /// The property that the filters `min_year` and `max_year` fall on: a number called year.
    #[must_use]
    pub fn year_property(&self) -> Option<&Property> {
        self.at(self.year)
    }

    fn at(&self, position: Option<usize>) -> Option<&Property> {
        self.properties.list().get(position?)
    }

    /// The title of an item; `None` when unknown or not an item.
    #[must_use]
    pub fn title(&self, item: ItemIx) -> Option<&str> {
        self.title_of(item.0 as usize)
    }

    /// The title of a row; `None` when unknown or not a row.
    #[must_use]
    pub fn title_of(&self, row: usize) -> Option<&str> {
        self.at(self.title)?.column().strings(row).next()
    }

    /// The year of an item; `None` when unknown, not a whole number of 0 to 65535, or not an item.
    #[must_use]
    pub fn year(&self, item: ItemIx) -> Option<u16> {
        self.year_of(item.0 as usize)
    }

    fn year_of(&self, row: usize) -> Option<u16> {
        let year = self.at(self.year)?.column().number(row)?;
        (year.fract() == 0.0 && (0.0..=65535.0).contains(&year)).then_some(year as u16)
    }

    /// The genres of an item, in the order of the file; none when unknown or not an item.
    pub fn genres(&self, item: ItemIx) -> impl Iterator<Item = &str> {
        self.genres_of(item.0 as usize)
    }

    fn genres_of(&self, row: usize) -> impl Iterator<Item = &str> {
        self.at(self.genres).into_iter().flat_map(move |genres| genres.column().strings(row))
    }

    /// Title, genres and year of an item; nothing when it is not one.
    #[must_use]
    pub fn item(&self, item: ItemIx) -> Item<'_> {
        self.card(item.0 as usize)
    }

    /// Title, genres and year of a row; nothing when it is not one.
    #[must_use]
    pub fn card(&self, row: usize) -> Item<'_> {
        Item { title: self.title_of(row), genres: self.genres_of(row).collect(), year: self.year_of(row) }
    }

    /// What is known of a row beyond its [`card`](Self::card), by name.
    pub fn others(&self, row: usize) -> impl Iterator<Item = (&str, Value<'_>)> {
        let shown =
            |position: Option<usize>, name: &str| self.at(position).map(Property::name).filter(|&of| of == name);
        let shown = [shown(self.title, "title"), shown(self.genres, "genres"), shown(self.year, "year")];
        let whole_year = self.year_of(row).is_some();
        self.properties.of(row).filter(move |(name, _)| {
            let is_shown = shown.contains(&Some(name)) && (*name != "year" || whole_year);
            !is_shown
        })
    }

    /// What is known of a user; nothing when it is not one.
    pub fn of_user(&self, user: UserIx) -> impl Iterator<Item = (&str, Value<'_>)> {
        self.properties.of(user.0 as usize)
    }

    /// All rated items, by rising index.
    pub fn iter(&self) -> impl Iterator<Item = Item<'_>> {
        (0..self.rated).map(|row| self.card(row))
    }

    /// What there is to say of each property.
    #[must_use]
    pub fn schema(&self) -> Vec<PropertySchema> {
        self.properties.list().iter().map(Property::schema).collect()
    }
}

impl Default for Catalogue {
    /// Of nothing.
    fn default() -> Self {
        Self::unknown(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_is_rebuilt_from_its_items() {
        let items = [
            Item { title: Some("A (1990)"), genres: vec!["X", "Y"], year: Some(1990) },
            Item::default(),
            Item { title: Some(""), genres: vec!["Y"], year: None },
        ];
        let catalogue = Catalogue::from_items(items.clone()).unwrap();
        assert_eq!(catalogue.iter().collect::<Vec<_>>(), items);
        assert_eq!(Catalogue::from_items(catalogue.iter()).unwrap(), catalogue);
        assert_eq!(catalogue.item(ItemIx(3)), Item::default());
        assert_eq!(catalogue.others(0).count(), 0);
    }

    #[test]
    fn unknown_items_are_items() {
        let catalogue = Catalogue::unknown(2);
        assert_eq!(catalogue.iter().collect::<Vec<_>>(), vec![Item::default(); 2]);
        assert_eq!(Catalogue::from_items(catalogue.iter()).unwrap(), catalogue);
    }

    #[test]
    fn the_genre_filter_falls_on_the_first_of_the_usual_names() {
        let origin = || Origin { column: None, evidence: String::new() };
        let mut properties = Properties::none(1);
        for (name, kind) in
            [("tags", PropertyType::Set), ("Category", PropertyType::String), ("genre", PropertyType::Text)]
        {
            properties.add_values(name, origin(), kind, [None]).unwrap();
        }
        let catalogue = Catalogue::new(1, IdTable::default(), properties).unwrap();
        assert_eq!(catalogue.genre_property().map(Property::name), Some("Category"), "text is not for filters");
    }

    #[test]
    fn rows_of_another_number_are_refused() {
        let unrated = IdTable::from_sorted(["7"]).unwrap();
        let error = Catalogue::new(2, unrated.clone(), Properties::none(2)).unwrap_err();
        assert_eq!(error.to_string(), "property `*` has 2 rows, expected 3");
        let catalogue = Catalogue::new(2, unrated, Properties::none(3)).unwrap();
        assert_eq!((catalogue.unrated_row("7"), catalogue.unrated_row("8")), (Some(2), None));
    }
}
