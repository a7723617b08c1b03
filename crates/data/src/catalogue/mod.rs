//! What the items are: title, genres, year. Every one of them may be unknown.

mod columns;
mod read;

pub use read::{ItemsOptions, ItemsReport, read_items};

use crate::ids::ItemIx;

/// Titles, genres and years of the items of one data set, by item index.
///
/// Titles stand in one arena; a genre's name is stored once, an item refers to it by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    text: String,
    titles: Vec<Option<(u32, u32)>>,
    years: Vec<Option<u16>>,
    genre_names: Vec<String>,
    genre_ends: Vec<u32>,
    genres: Vec<u32>,
}

/// What is known of one item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item<'a> {
    /// Title, as in the file, year included.
    pub title: Option<&'a str>,
    /// Genres, in the order of the file; empty when none are known.
    pub genres: Vec<&'a str>,
    /// Year of release.
    pub year: Option<u16>,
}

/// A catalogue that outgrows 32-bit offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("titles or genres take {size} places together, allowed are {}", u32::MAX)]
pub struct CatalogueError {
    /// Bytes of titles, or number of genres of all items.
    pub size: usize,
}

impl Catalogue {
    /// A catalogue of so many items of which nothing is known.
    #[must_use]
    pub fn unknown(items: usize) -> Self {
        Self { titles: vec![None; items], years: vec![None; items], genre_ends: vec![0; items], ..Self::default() }
    }

    /// Builds a catalogue from its items by rising index; the inverse of [`iter`](Self::iter).
    ///
    /// # Errors
    /// When titles take more than 4 GiB together.
    pub fn from_items<'a>(items: impl IntoIterator<Item = Item<'a>>) -> Result<Self, CatalogueError> {
        let mut catalogue = Self::default();
        let mut numbers = hashbrown::HashMap::<String, u32>::new();
        for item in items {
            let title = item.title.map(|title| {
                let start = catalogue.text.len();
                catalogue.text.push_str(title);
                (start, catalogue.text.len())
            });
            let title = match title {
                Some((start, end)) => Some((offset(start)?, offset(end)?)),
                None => None,
            };
            catalogue.titles.push(title);
            catalogue.years.push(item.year);
            for genre in item.genres {
                let number = match numbers.get(genre) {
                    Some(&number) => number,
                    None => {
                        let number = offset(catalogue.genre_names.len())?;
                        catalogue.genre_names.push(genre.to_owned());
                        numbers.insert(genre.to_owned(), number);
                        number
                    }
                };
                catalogue.genres.push(number);
            }
            catalogue.genre_ends.push(offset(catalogue.genres.len())?);
        }
        Ok(catalogue)
    }

    /// Number of items, known or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.titles.len()
    }

    /// Whether there are no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.titles.is_empty()
    }

    /// The title of an item; `None` when unknown or not an item.
    #[must_use]
    pub fn title(&self, item: ItemIx) -> Option<&str> {
        let (start, end) = (*self.titles.get(item.0 as usize)?)?;
        self.text.get(start as usize..end as usize)
    }

    /// The year of an item; `None` when unknown or not an item.
    #[must_use]
    pub fn year(&self, item: ItemIx) -> Option<u16> {
        *self.years.get(item.0 as usize)?
    }

    /// The genres of an item, in the order of the file; none when unknown or not an item.
    pub fn genres(&self, item: ItemIx) -> impl Iterator<Item = &str> {
        let at = item.0 as usize;
        let end = self.genre_ends.get(at).copied().unwrap_or(0) as usize;
        let start = if at == 0 { 0 } else { self.genre_ends.get(at - 1).copied().unwrap_or(0) as usize };
        let numbers = self.genres.get(start..end).unwrap_or(&[]);
        numbers.iter().map(|&number| self.genre_names[number as usize].as_str())
    }

    /// All that is known of an item; nothing when it is not one.
    #[must_use]
    pub fn item(&self, item: ItemIx) -> Item<'_> {
        Item { title: self.title(item), genres: self.genres(item).collect(), year: self.year(item) }
    }

    /// All items, by rising index.
    pub fn iter(&self) -> impl Iterator<Item = Item<'_>> {
        (0u32..).take(self.len()).map(|index| self.item(ItemIx(index)))
    }

    /// Names of all genres, in the order in which they first came.
    #[must_use]
    pub fn genre_names(&self) -> &[String] {
        &self.genre_names
    }
}

fn offset(size: usize) -> Result<u32, CatalogueError> {
    u32::try_from(size).map_err(|_| CatalogueError { size })
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
    }

    #[test]
    fn unknown_items_are_items() {
        let catalogue = Catalogue::unknown(2);
        assert_eq!(catalogue.iter().collect::<Vec<_>>(), vec![Item::default(); 2]);
    }
}
