//! A data set: ratings and what is known of the items, from a file, a folder or thin air.

mod demo;
mod error;
mod layout;
mod load;
mod summary;
mod synthetic;
mod words;

pub use error::LoadError;
pub use load::{Tables, table_of};
pub use summary::{Bin, Quantiles, Summary, TopItem};
pub use synthetic::{
    SyntheticError, SyntheticParams, SyntheticProgress, SyntheticReport, write_synthetic, write_synthetic_file,
};

use serde::Serialize;

use crate::catalogue::{Catalogue, ItemsReport};
use crate::ids::IdTable;
use crate::interactions::{Interactions, ReadReport};

/// Interactions, titles, and how they were read.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Name for people: of the file or folder, or `demo`.
    pub name: String,
    /// Who rated what.
    pub interactions: Interactions,
    /// What the items are; unknown when there is no file of items.
    pub catalogue: Catalogue,
    /// Who the users are; unknown when there is no file of users.
    pub users: Catalogue,
    /// What happened to the rows; `None` for data that did not come from a ratings file.
    pub report: Option<LoadReport>,
}

/// What happened to the rows of a data set's files.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadReport {
    /// The ratings file.
    pub ratings: ReadReport,
    /// The items file, if there is one.
    pub items: Option<ItemsReport>,
    /// The users file, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<ItemsReport>,
}

impl Dataset {
    /// Interactions of which nothing else is known.
    #[must_use]
    pub fn new(name: &str, interactions: Interactions) -> Self {
        let catalogue = Catalogue::unknown(interactions.items().len());
        let users = Catalogue::unknown(interactions.users().len());
        Self { name: name.to_owned(), interactions, catalogue, users, report: None }
    }

    /// These interactions with what is known here of their items and users, found by id; O(what is known).
    #[must_use]
    pub fn about(&self, name: &str, interactions: Interactions) -> Self {
        let row = |rated: &IdTable, known: &Catalogue, id: &str| {
            let rated = rated.index(id).map(|row| row as usize);
            rated.or_else(|| known.unrated_row(id)).unwrap_or(usize::MAX)
        };
        let of = |ids: &IdTable, rated: &IdTable, known: &Catalogue| {
            known.select(&ids.iter().map(|id| row(rated, known, id)).collect::<Vec<_>>())
        };
        let catalogue = of(interactions.items(), self.interactions.items(), &self.catalogue);
        let users = of(interactions.users(), self.interactions.users(), &self.users);
        Self { name: name.to_owned(), interactions, catalogue, users, report: None }
    }

    /// The blake3 hash of ids, values and times in hexadecimal, the same in whatever order or format they came; see
    /// [`Interactions::hash`].
    #[must_use]
    pub fn hash(&self) -> String {
        blake3::Hash::from(self.interactions.hash()).to_hex().to_string()
    }

    /// [`Interactions::hash_v1`] in hexadecimal.
    #[must_use]
    pub fn hash_v1(&self) -> String {
        blake3::Hash::from(self.interactions.hash_v1()).to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ItemIx, UserIx};

    #[test]
    fn what_is_known_follows_the_ids_of_a_part() {
        let demo = Dataset::demo().unwrap();
        let part = demo.interactions.subset(|entry| entry % 37 == 5);
        assert!(part.items().len() < demo.interactions.items().len(), "some items have to be gone");
        let about = demo.about("part", part.clone());
        assert_eq!((about.catalogue.len(), about.users.len()), (part.items().len(), part.users().len()));
        for (row, id) in (0u32..).zip(part.items().iter()) {
            let before = demo.interactions.item(id).unwrap();
            assert_eq!(about.catalogue.item(ItemIx(row)), demo.catalogue.item(before), "{id}");
        }
        for (row, id) in (0u32..).zip(part.users().iter()) {
            let before = demo.interactions.user(id).unwrap();
            let known = |of: &Catalogue, row: UserIx| {
                of.of_user(row).map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>()
            };
            assert_eq!(known(&about.users, UserIx(row)), known(&demo.users, before), "{id}");
        }
    }
}
